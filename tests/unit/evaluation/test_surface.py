"""Surface Dice against outlines whose distance is known."""

import numpy as np
import pytest

from bonescan.evaluation.surface import surface_counts
from tests.bodies import disc

SIZE = (80, 80)


@pytest.mark.parametrize(("shift", "expected"), [(0, 1.0), (2, 1.0), (30, 0.0)])
def test_within_the_tolerance_all_counts_beyond_it_nothing(shift, expected):
    square = np.zeros(SIZE, bool)
    square[20:40, 10:20] = True
    near, all_ = surface_counts(np.roll(square, shift, axis=1), square)
    assert near / all_ == expected


def test_a_larger_outline_is_as_far_as_its_radius_says():
    small, large = disc(SIZE, 40, 40, 20), disc(SIZE, 40, 40, 23)
    near, all_ = surface_counts(large, small)
    assert near / all_ < 0.2
    assert surface_counts(large, small, tolerance_px=4.0)[0] == all_


def test_what_is_drawn_on_nothing_is_all_wrong():
    spot = disc(SIZE, 40, 40, 5)
    near, all_ = surface_counts(spot, np.zeros(SIZE, bool))
    assert near == 0
    assert all_ > 20
    assert surface_counts(np.zeros(SIZE, bool), np.zeros(SIZE, bool)) == (0, 0)


def test_the_edge_of_the_view_is_an_edge():
    corner = np.zeros(SIZE, bool)
    corner[:5, :5] = True
    assert surface_counts(corner, corner) == (32, 32)
