"""Brier and reliability of probabilities that are right, and of ones that are not."""

import numpy as np
import pytest

from bonescan.metrics.calibration import brier, calibration_error, reliability


def drawn(n=20_000):
    rng = np.random.default_rng(0)
    probabilities = rng.random(n)
    return probabilities, rng.random(n) < probabilities


def test_brier_of_a_forecast_worked_out_by_hand():
    assert brier(np.array([0.9, 0.2, 0.6]), np.array([True, False, False])) == pytest.approx((0.01 + 0.04 + 0.36) / 3)
    assert np.isnan(brier(np.zeros(0), np.zeros(0, bool)))


def test_true_probabilities_are_reliable():
    probabilities, truth = drawn()
    bins = reliability(probabilities, truth)
    assert [b.observed.n for b in bins] == [2000] * 10
    assert [b.observed.value for b in bins] == pytest.approx([b.predicted for b in bins], abs=0.04)
    assert calibration_error(probabilities, truth) < 0.02


def test_exaggerated_ones_are_not():
    probabilities, truth = drawn()
    exaggerated = np.clip(2 * probabilities - 0.5, 0, 1)
    assert calibration_error(exaggerated, truth) > 0.1
    assert brier(exaggerated, truth) > brier(probabilities, truth)


def test_few_cases_make_few_groups():
    assert len(reliability(np.array([0.1, 0.9, 0.8]), np.array([False, True, True]))) == 3
    assert reliability(np.zeros(0), np.zeros(0, bool)) == []
    assert np.isnan(calibration_error(np.zeros(0), np.zeros(0, bool)))
