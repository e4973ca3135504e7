"""Areas against pairs counted one by one, DeLong against its definition."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonescan.metrics.bootstrap import bootstrap
from bonescan.metrics.proportions import Z95
from bonescan.metrics.roc import auc, curve, delong, delong_test

SCORES = np.array([0.1, 0.4, 0.35, 0.8, 0.2])
TRUTH = np.array([False, False, True, True, False])


def psi(positive, negative):
    return float(positive > negative) + 0.5 * (positive == negative)


def covariance_by_pairs(first, second, truth):
    """DeLong's covariance of two areas from its definition, every pair by itself."""
    parts = []
    for scores in (first, second):
        upper = [np.mean([psi(x, y) for y in scores[~truth]]) for x in scores[truth]]
        lower = [np.mean([psi(x, y) for x in scores[truth]]) for y in scores[~truth]]
        parts.append((upper, lower))
    (a, b), (c, d) = parts
    return np.cov(a, c)[0, 1] / truth.sum() + np.cov(b, d)[0, 1] / (~truth).sum()


def cases(n=40, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.4
    first = np.round(truth + rng.normal(0, 1, n), 1)  # rounded, so that there are ties
    return first, np.round(first + rng.normal(0, 1, n), 1), truth


def test_auc_counts_pairs_and_halves_ties():
    assert auc(SCORES, TRUTH) == pytest.approx(5 / 6)
    assert auc(np.zeros(4), np.array([True, False, True, False])) == 0.5
    assert np.isnan(auc(SCORES, np.ones(5, bool)))


@pytest.mark.parametrize("seed", range(5))
def test_delong_is_its_definition(seed):
    first, _, truth = cases(seed=seed)
    area = delong(first, truth)
    pairs = list(itertools.product(first[truth], first[~truth]))
    value = np.mean([psi(*pair) for pair in pairs])
    half = Z95 * np.sqrt(covariance_by_pairs(first, first, truth))
    assert area == pytest.approx((value, max(0, value - half), min(1, value + half)))


@pytest.mark.parametrize("seed", range(5))
def test_delong_s_test_is_its_definition(seed):
    first, second, truth = cases(seed=seed)
    found = delong_test(first, second, truth)
    variance = (
        covariance_by_pairs(first, first, truth)
        + covariance_by_pairs(second, second, truth)
        - 2 * covariance_by_pairs(first, second, truth)
    )
    assert found.value == pytest.approx(auc(first, truth) - auc(second, truth))
    assert found.high - found.low == pytest.approx(2 * Z95 * np.sqrt(variance))
    assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


def test_a_cluster_of_one_is_a_case():
    first, _, truth = cases()
    assert delong(first, truth, np.arange(len(truth))) == pytest.approx(delong(first, truth))


def test_copies_of_a_case_in_its_cluster_teach_nothing():
    first, _, truth = cases()
    thrice = delong(np.repeat(first, 3), np.repeat(truth, 3), np.repeat(np.arange(len(truth)), 3))
    assert thrice == pytest.approx(delong(first, truth))
    alone = delong(np.repeat(first, 3), np.repeat(truth, 3))
    assert alone.high - alone.low < 0.7 * (thrice.high - thrice.low)


def test_clusters_agree_with_the_bootstrap_of_patients():
    rng = np.random.default_rng(3)
    level, truth = rng.normal(0, 1, (80, 1)), rng.random((80, 5)) < 0.4
    scores = truth * 1.5 + level + rng.normal(0, 0.5, (80, 5))
    clusters = np.repeat(np.arange(80), 5)
    area = delong(scores.ravel(), truth.ravel(), clusters)
    low, high = bootstrap(np.arange(80), lambda i: auc(scores[i].ravel(), truth[i].ravel()), draws=600)
    assert (area.low, area.high) == pytest.approx((low, high), abs=0.02)


def test_the_same_scores_do_not_differ():
    first, _, truth = cases()
    assert delong_test(first, 2 * first + 1, truth) == (0, 0, 0, 1)


def test_a_difference_without_a_variance_has_no_p():
    truth = np.arange(8) >= 4
    found = delong_test(truth.astype(float), np.zeros(8), truth)
    assert found.value == 0.5
    assert np.isnan(found.p)


def test_one_class_has_no_area():
    assert np.isnan(delong(SCORES, np.zeros(5, bool))).all()
    assert np.isnan(delong_test(SCORES, SCORES, np.ones(5, bool))).all()


def test_a_single_positive_has_an_area_and_no_interval():
    area = delong(SCORES, np.arange(5) == 3)
    assert area.value == 1
    assert np.isnan(area.low)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_the_area_under_the_curve_is_the_area(rows):
    scores, truth = np.array([float(r[0]) for r in rows]), np.array([r[1] for r in rows])
    false_rate, true_rate, threshold = curve(scores, truth)
    assert (np.diff(false_rate) >= 0).all()
    assert (np.diff(threshold) < 0).all()
    if truth.any() and not truth.all():
        assert (true_rate[-1], false_rate[-1]) == (1, 1)
        assert np.trapezoid(true_rate, false_rate) == pytest.approx(auc(scores, truth))
