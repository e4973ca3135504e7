"""Spots that both sides of the body share."""

import numpy as np
import pytest

from bonescan.core.anatomy import Region
from bonescan.training.joint.pairs import NUMBERS, contrast

pytestmark = pytest.mark.train


def regions():
    made = np.zeros((2, 512, 128), np.uint8)
    made[:, 90:130, 24:36] = made[:, 90:130, 92:104] = Region.SCAPULA
    return made


def numbers(**known):
    values = np.full((1, NUMBERS), 0.5, np.float32)
    for position, value in known.items():
        values[0, int(position[1:])] = value
    return values


def test_a_pair_is_warm_on_both_sides_at_mirrored_places():
    factor = contrast(regions(), numbers(_0=0.1), 1.0)
    assert factor.shape == (2, 512, 128)
    assert factor.min() == 1
    back = factor[1]
    left, right = back[:, :64], back[:, 64:]
    (row, column), (other_row, other_column) = (np.unravel_index(half.argmax(), half.shape) for half in (left, right))
    assert abs(row - other_row) <= 3
    assert abs(column - (127 - (other_column + 64))) <= 1
    assert regions()[1, row, column] == Region.SCAPULA
    assert row >= 90 + 0.35 * 39 - 1
    assert left.max() == pytest.approx(1.5, abs=0.05)


def test_the_front_sees_less():
    factor = contrast(regions(), numbers(_0=0.1, _6=0.0), 1.0)
    assert 1 < factor[0].max() < factor[1].max()


def test_without_the_region_nothing_is_added():
    assert (contrast(regions(), numbers(_0=0.5), 1.0) == 1).all()  # no femur here


def test_the_edge_cuts_a_spot():
    made = np.zeros((2, 512, 128), np.uint8)
    made[:, :6, :6] = made[:, :6, -6:] = Region.SCAPULA
    assert contrast(made, numbers(_0=0.1), 2.0).max() > 1.5
