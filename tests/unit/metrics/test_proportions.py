"""Proportions against the paper's figures and scipy."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, chi2_contingency

from bonescan.metrics.proportions import Share, chi_square, mcnemar, wilson


@pytest.mark.parametrize(
    ("good", "all_", "low", "high"),
    [(109, 123, 0.818, 0.931), (50, 54, 0.825, 0.971), (59, 69, 0.753, 0.919), (40, 54, 0.611, 0.839)],
)
def test_wilson_intervals_of_the_paper_s_figures(good, all_, low, high):
    assert wilson(good, all_) == pytest.approx((low, high), abs=6e-4)
    assert Share(good, all_).interval == wilson(good, all_)


@pytest.mark.parametrize(("good", "all_"), [(0, 20), (20, 20), (3, 7), (480, 1000)])
def test_wilson_is_scipy_s(good, all_):
    expected = binomtest(good, all_).proportion_ci(method="wilson")
    assert wilson(good, all_) == pytest.approx(tuple(expected), abs=1e-12)


def test_nothing_is_known_of_no_case():
    assert wilson(0, 0) == (0.0, 1.0)
    assert math.isnan(Share(0, 0).value)
    assert math.isnan(chi_square(Share(0, 0), Share(1, 2)))


@pytest.mark.parametrize("counts", [(109, 14, 74, 49), (3, 7, 8, 2), (1, 99, 5, 95)])
def test_chi_square_is_scipy_s_without_correction(counts):
    a, b, c, d = counts
    expected = chi2_contingency([[a, b], [c, d]], correction=False).pvalue
    assert chi_square(Share(a, a + b), Share(c, c + d)) == pytest.approx(expected, rel=1e-9)


def test_chi_square_of_equal_shares_is_one():
    assert chi_square(Share(69, 69), Share(50, 50)) == 1.0
    assert chi_square(Share(0, 5), Share(0, 9)) == 1.0
    assert chi_square(Share(47, 54), Share(47, 54)) == 1.0


@pytest.mark.parametrize(("one", "other"), [(5, 0), (3, 9), (12, 4), (1, 1), (40, 61), (0, 1)])
def test_mcnemar_is_the_exact_binomial_test(one, other):
    expected = binomtest(one, one + other, 0.5).pvalue
    assert mcnemar(one, other) == pytest.approx(expected, rel=1e-9)
    assert mcnemar(other, one) == mcnemar(one, other)


def test_readings_that_agree_do_not_differ():
    assert mcnemar(0, 0) == 1.0


def test_the_wilson_interval_covers_as_often_as_it_says():
    drawn = np.random.default_rng(0).binomial(80, 0.9, 4000)
    held = [wilson(int(k), 80)[0] <= 0.9 <= wilson(int(k), 80)[1] for k in drawn]
    assert 0.93 <= np.mean(held) <= 0.97
