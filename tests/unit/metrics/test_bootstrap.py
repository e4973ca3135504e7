"""Intervals of patients drawn with replacement."""

import numpy as np
import pytest

from bonescan.metrics.bootstrap import bootstrap, interval, ratio_draws, weights


def test_the_bootstrap_interval_holds_the_mean():
    values = np.random.default_rng(0).normal(3, 1, 200)
    low, high = bootstrap(np.arange(200), lambda i: float(values[i].mean()))
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(200), rel=0.2)


def test_every_draw_has_as_many_patients():
    drawn = weights(30, draws=50)
    assert drawn.shape == (50, 30)
    assert (drawn.sum(axis=1) == 30).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones(30), abs=0.6)
    assert np.array_equal(drawn, weights(30, draws=50))


def test_a_ratio_of_sums_is_drawn_as_its_patients_are():
    rng = np.random.default_rng(1)
    above, below = rng.random(60), 1 + rng.random(60)
    patients = np.repeat(np.arange(20), 3)
    found = interval(ratio_draws(above, below, patients, weights(20)))

    def statistic(i):
        return above[i].sum() / below[i].sum()

    assert found == pytest.approx(bootstrap(patients, statistic, draws=2000), abs=0.01)


def test_views_of_one_patient_are_not_two_patients():
    values = np.repeat(np.random.default_rng(2).random(40), 2)
    together = interval(ratio_draws(values, np.ones(80), np.repeat(np.arange(40), 2), weights(40)))
    apart = interval(ratio_draws(values, np.ones(80), np.arange(80), weights(80)))
    assert together[1] - together[0] > 1.2 * (apart[1] - apart[0])


def test_studies_of_one_patient_are_not_two_patients():
    values = np.random.default_rng(3).random(40)
    once = bootstrap(np.arange(40), lambda i: float(values[i].mean()))
    shuffled = np.random.default_rng(4).permutation(np.repeat(np.arange(40), 3))
    thrice = bootstrap(10 + 7 * shuffled, lambda i: float(values[shuffled[i]].mean()))
    assert thrice == pytest.approx(once)


def test_draws_without_a_denominator_are_left_out():
    draws = ratio_draws(np.zeros(2), np.array([1.0, 0.0]), np.arange(2), weights(2, draws=100))
    assert np.isnan(draws).any()
    assert interval(draws) == (0, 0)
    assert np.isnan(interval(np.full(3, np.nan))).all()
