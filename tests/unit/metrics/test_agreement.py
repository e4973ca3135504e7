"""Correlations and differences against scipy and closed forms."""

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from bonescan.metrics.agreement import bland_altman, fisher_interval, pearson, spearman


def pairs(n=60):
    rng = np.random.default_rng(0)
    first = rng.lognormal(0, 1, n)
    return first, first * rng.lognormal(0, 0.4, n)


def test_pearson_is_scipy_s_with_its_interval():
    first, second = pairs()
    expected = pearsonr(first, second)
    found = pearson(first, second)
    assert found[:4] == pytest.approx((expected.statistic, *expected.confidence_interval(), expected.pvalue))
    assert found.n == 60


def test_the_paper_s_correlation_has_this_interval():
    assert fisher_interval(0.72, 50) == pytest.approx((0.55, 0.83), abs=5e-3)


def test_spearman_sees_order_alone():
    first, second = pairs()
    found = spearman(first, second)
    assert found.value == pytest.approx(spearmanr(first, second).statistic)
    assert spearman(np.log(first), second**3) == pytest.approx(found)
    plain = fisher_interval(found.value, 60)
    assert found.low < plain[0]
    assert found.high > plain[1]


@pytest.mark.parametrize(("first", "second"), [([1, 2], [2, 3]), ([1, 1, 1, 1], [1, 2, 3, 4]), ([], [])])
def test_too_little_has_no_correlation(first, second):
    for correlation in (pearson, spearman):
        assert np.isnan(correlation(np.array(first, float), np.array(second, float)).value)


def test_a_line_is_certain():
    found = pearson(np.arange(10.0), 3 * np.arange(10.0))
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))
    assert np.isnan(fisher_interval(0.9, 3)).all()


def test_limits_of_agreement_hold_95_percent():
    rng = np.random.default_rng(1)
    first = rng.normal(0, 5, 5000)
    second = first + rng.normal(0.3, 0.1, 5000)
    found = bland_altman(first, second)
    assert found.bias == pytest.approx(0.3, abs=0.01)
    difference = second - first
    assert np.mean((difference > found.low) & (difference < found.high)) == pytest.approx(0.95, abs=0.01)
    assert np.isnan(bland_altman(first[:1], second[:1]).bias)
