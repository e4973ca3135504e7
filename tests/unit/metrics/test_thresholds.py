"""Thresholds against cuts worked out by hand."""

import numpy as np
import pytest

from bonescan.metrics.thresholds import fewest_errors_threshold, sensitive_threshold, youden_threshold

SCORES = np.array([0.1, 0.4, 0.35, 0.8, 0.2])
TRUTH = np.array([False, False, True, True, False])


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
