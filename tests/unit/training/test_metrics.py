"""Figures against values worked out by hand."""

import numpy as np
import pytest

from bonescan.training.metrics import (
    auc,
    bootstrap,
    dice_figures,
    fewest_errors_threshold,
    sensitive_threshold,
    wilson,
    youden_threshold,
)

pytestmark = pytest.mark.train

SCORES = np.array([0.1, 0.4, 0.35, 0.8, 0.2])
TRUTH = np.array([False, False, True, True, False])


def test_auc_counts_pairs_and_halves_ties():
    assert auc(SCORES, TRUTH) == pytest.approx(5 / 6)
    assert auc(np.zeros(4), np.array([True, False, True, False])) == 0.5
    assert np.isnan(auc(SCORES, np.ones(5, bool)))


def test_youden_takes_the_best_cut():
    # Between 0.2 and 0.35: both positives called, two of three negatives not.
    assert youden_threshold(SCORES, TRUTH) == pytest.approx(0.275)
    assert youden_threshold(SCORES, np.zeros(5, bool)) == 0.5


def test_the_sensitive_threshold_calls_the_share_asked_for():
    scores, truth = np.linspace(0, 1, 101), np.ones(101, bool)
    for share in (0.8, 0.95, 1.0):
        assert (scores >= sensitive_threshold(scores, truth, share)).mean() >= share
    assert sensitive_threshold(scores, ~truth, 0.9) == 0.5


def test_fewest_errors_takes_the_middle_of_the_best_cuts():
    # One error with the cut between 0.2 and 0.35 (0.4 is called wrongly) or between 0.4 and 0.8 (0.35 is missed).
    assert fewest_errors_threshold(SCORES, TRUTH) in (pytest.approx(0.275), pytest.approx(0.6))
    assert fewest_errors_threshold(np.array([0.1, 0.2, 0.6, 0.9, 0.3]), TRUTH) == pytest.approx(0.45)
    assert fewest_errors_threshold(SCORES, np.ones(5, bool)) == 0.5


def test_a_site_that_cannot_be_told_is_not_called_everywhere():
    truth = np.arange(20) < 4
    assert not (np.full(20, 0.3) >= fewest_errors_threshold(np.full(20, 0.3), truth)).any()


def test_dice_has_four_definitions():
    overlap, drawn, true = np.array([50.0, 0, 0, 0]), np.array([100.0, 10, 0, 0]), np.array([60.0, 0, 40, 0])
    figures = dice_figures(overlap, drawn, true)
    assert figures["pooled"] == pytest.approx(100 / 210)
    assert figures["lesion_bearing"] == pytest.approx((100 / 160 + 0) / 2)
    assert figures["all_empty_one"] == pytest.approx((100 / 160 + 0 + 0 + 1) / 4)
    assert figures["all_false_zero"] == pytest.approx((100 / 160 + 0 + 0) / 3)


def test_dice_of_nothing_is_not_defined():
    figures = dice_figures(np.zeros(2), np.zeros(2), np.zeros(2))
    assert figures["all_empty_one"] == 1
    assert np.isnan(figures["pooled"])


@pytest.mark.parametrize(
    ("good", "all_", "low", "high"), [(109, 123, 0.818, 0.931), (50, 54, 0.825, 0.971), (40, 54, 0.611, 0.839)]
)
def test_wilson_intervals_of_the_paper_s_figures(good, all_, low, high):
    assert wilson(good, all_) == pytest.approx((low, high), abs=6e-4)


def test_the_bootstrap_interval_holds_the_mean():
    values = np.random.default_rng(0).normal(3, 1, 200)
    low, high = bootstrap(200, lambda i: float(values[i].mean()))
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(200), rel=0.2)
