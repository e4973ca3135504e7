"""Dice against values worked out by hand."""

import numpy as np
import pytest

from bonescan.metrics.dice import DEFINITIONS, dice_figures, dice_parts


def test_dice_has_four_definitions():
    overlap, drawn, true = np.array([50.0, 0, 0, 0]), np.array([100.0, 10, 0, 0]), np.array([60.0, 0, 40, 0])
    figures = dice_figures(overlap, drawn, true)
    assert tuple(figures) == DEFINITIONS
    assert figures["pooled"] == pytest.approx(100 / 210)
    assert figures["lesion_bearing"] == pytest.approx((100 / 160 + 0) / 2)
    assert figures["all_empty_one"] == pytest.approx((100 / 160 + 0 + 0 + 1) / 4)
    assert figures["all_false_zero"] == pytest.approx((100 / 160 + 0 + 0) / 3)


def test_dice_of_nothing_is_not_defined():
    figures = dice_figures(np.zeros(2), np.zeros(2), np.zeros(2))
    assert figures["all_empty_one"] == 1
    assert np.isnan(figures["pooled"])


def test_the_paper_s_argument_holds_in_one_definition_alone():
    # "20% of the data contains the ROI ... Dice can still reach 0.8 when all is predicted as background".
    true = np.array([100.0] * 2 + [0.0] * 8)
    figures = dice_figures(np.zeros(10), np.zeros(10), true)
    assert figures["all_empty_one"] == pytest.approx(0.8)
    assert [figures[name] for name in ("pooled", "lesion_bearing", "all_false_zero")] == [0, 0, 0]


def test_parts_are_sums_over_images():
    rng = np.random.default_rng(0)
    true, drawn = rng.integers(0, 50, 12).astype(float), rng.integers(0, 50, 12).astype(float)
    overlap = np.minimum(true, drawn)
    twice = [np.concatenate([a, a]) for a in (overlap, drawn, true)]
    for name, parts in dice_parts(overlap, drawn, true).items():
        assert parts.value == pytest.approx(dice_figures(*twice)[name])
