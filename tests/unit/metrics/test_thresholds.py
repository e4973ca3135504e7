"""Thresholds against cuts worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonescan.metrics.thresholds import (
    balanced_threshold,
    even_odds_threshold,
    over_or_likeliest,
    sensitive_threshold,
)

SCORES = np.array([0.1, 0.4, 0.35, 0.8, 0.2])
TRUTH = np.array([False, False, True, True, False])


def test_the_balanced_threshold_weighs_both_errors_alike():
    # Between 0.35 and 0.4: one of two positives, two of three negatives right; lower cuts call 2/2 and 2/3, or less.
    assert balanced_threshold(SCORES, TRUTH) == pytest.approx(0.375)
    assert balanced_threshold(SCORES, np.zeros(5, bool)) == 0.5


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(2, 60))
def test_sensitivity_and_specificity_are_as_near_as_any_threshold_brings_them(seed, positives, negatives):
    rng = np.random.default_rng(seed)
    scores = np.round(np.concatenate([rng.beta(4, 2, positives), rng.beta(2, 4, negatives)]), 2)
    truth = np.arange(len(scores)) < positives

    def apart(threshold):
        called = scores >= threshold
        return abs(called[truth].mean() - (1 - called[~truth].mean()))

    assert apart(balanced_threshold(scores, truth)) <= min(map(apart, np.unique(scores))) + 1e-9


def test_the_sensitive_threshold_calls_the_share_asked_for():
    scores, truth = np.linspace(0, 1, 101), np.ones(101, bool)
    for share in (0.8, 0.95, 1.0):
        assert (scores >= sensitive_threshold(scores, truth, share)).mean() >= share
    assert sensitive_threshold(scores, ~truth, 0.9) == 0.5


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 1.0]))
def test_no_higher_threshold_calls_the_share_asked_for(seed, positives, share):
    scores = np.round(np.random.default_rng(seed).random(positives), 2)
    limit = sensitive_threshold(scores, np.ones(positives, bool), share)
    assert (scores >= limit).mean() >= share - 1e-9
    higher = scores[scores > limit]
    assert not higher.size or (scores >= higher.min()).mean() < share - 1e-9


def test_a_site_that_cannot_be_told_is_not_called_everywhere():
    truth = np.arange(20) < 4
    assert not (np.full(20, 0.3) >= even_odds_threshold(np.full(20, 0.3), truth)).any()


def test_even_odds_undoes_a_probability_that_is_off():
    """Odds that are four times too small: one half is said where one fifth is meant."""
    rng = np.random.default_rng(0)
    said = rng.beta(1, 1, 20_000)
    truth = rng.random(said.size) < 4 * said / (4 * said + 1 - said)
    assert even_odds_threshold(said, truth) == pytest.approx(0.2, abs=0.01)
    assert even_odds_threshold(said, ~truth) == 1.0, "the wrong way round, and few are positive"
    assert even_odds_threshold(said, np.ones(said.size, bool)) == 0.5


def test_even_odds_errs_no_more_on_others_than_the_fewest_errors_counted():
    """Eighty cases to choose on, as many as a site has: the counted minimum follows their chance."""
    rng = np.random.default_rng(0)

    def draw(count):
        truth = rng.random(count) < 0.4
        return 1 / (1 + np.exp(-rng.normal(np.where(truth, 1, -1), 1.5))), truth

    scores, truth = draw(20_000)

    def fewest_counted(few, true):
        return min(few, key=lambda limit: ((few >= limit) != true).sum())

    def errors(rule):
        return np.mean([((scores >= rule(*draw(80))) != truth).mean() for _ in range(60)])

    assert errors(even_odds_threshold) < errors(fewest_counted)


@given(st.integers(0, 2**32 - 1))
def test_what_is_over_its_limit_is_said_and_never_nothing(seed):
    rng = np.random.default_rng(seed)
    found, limits = rng.random((30, 6)), rng.uniform(0.3, 1.1, 6)
    said = over_or_likeliest(found, limits)
    some = (found >= limits).any(axis=1)
    assert (said[some] == (found >= limits)[some]).all()
    assert (said[~some].sum(axis=1) == 1).all()
    assert (found[~some][said[~some]] == found[~some].max(axis=1)).all()
