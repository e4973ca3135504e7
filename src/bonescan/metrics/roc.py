"""ROC curves: area with DeLong's interval, also of clustered cases, and DeLong's test of two on the same cases.

DeLong's variance comes from the placement of each case: of a positive, the share of negatives that score lower; of a
negative, the share of positives that score higher. Windows of one patient are not independent, so placements are
summed over each patient first where clusters are given; with one case a cluster that is DeLong's own formula.

Source: DeLong, DeLong, Clarke-Pearson, Biometrics 1988; clusters: Obuchowski, Biometrics 1997; placements by ranks:
Sun and Xu, IEEE Signal Process Lett 2014.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bonescan.metrics.proportions import Z95

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.integer]


class Area(NamedTuple):
    """Area under a ROC curve with its 95 % interval; NaN where one class is absent."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """Difference of two areas on the same cases, first minus second, with 95 % interval and two-sided P."""

    value: float
    low: float
    high: float
    p: float


def auc(scores: Floats, truth: Bools) -> float:
    """Area under the ROC curve (Mann-Whitney, ties count half); NaN where one class is absent.

    Example:
        >>> auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
        0.75
    """
    from scipy.stats import rankdata

    positives, negatives = int(truth.sum()), int((~truth).sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def curve(scores: Floats, truth: Bools) -> tuple[Floats, Floats, Floats]:
    """The ROC curve, one point a distinct score, from (0, 0) to (1, 1).

    Args:
        scores: (n,) higher is more positive.
        truth: (n,).

    Returns:
        False positive rate, true positive rate and threshold (score at or above is positive; the first is infinite).
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    hits, alarms = np.cumsum(truth[order])[last], np.cumsum(~truth[order])[last]
    false_rate = np.append(0.0, alarms / max(int(alarms[-1]), 1))
    true_rate = np.append(0.0, hits / max(int(hits[-1]), 1))
    return false_rate, true_rate, np.append(np.inf, scores[order][last])


def delong(scores: Floats, truth: Bools, clusters: Numbers | None = None) -> Area:
    """Area under the curve with DeLong's 95 % interval, cut at 0 and 1; of no width where the classes part fully.

    Args:
        scores: (n,) higher is more positive.
        truth: (n,).
        clusters: (n,) which patient each case belongs to; every case its own where None.

    Example:
        >>> area = delong(np.array([1, 2, 3, 4, 5, 6.0]), np.array([0, 0, 1, 0, 1, 1], bool))
        >>> round(area.value, 4), round(area.low, 4), area.high
        (0.8889, 0.5809, 1.0)
    """
    area = auc(scores, truth)
    if not math.isfinite(area):
        return Area(area, math.nan, math.nan)
    variance = float(_covariance([scores], truth, clusters)[0, 0])
    if not math.isfinite(variance):
        return Area(area, math.nan, math.nan)
    half = Z95 * math.sqrt(max(0.0, variance))
    return Area(area, max(0.0, area - half), min(1.0, area + half))


def delong_test(first: Floats, second: Floats, truth: Bools, clusters: Numbers | None = None) -> Difference:
    """DeLong's test of two methods on the same cases.

    Args:
        first: (n,) scores of one method.
        second: (n,) scores of the other, on the same cases.
        truth: (n,).
        clusters: As in `delong`.

    Returns:
        First minus second. P is 1 where the two do not differ at all, and NaN where one class is absent, or where they
        differ without a variance to weigh that against, as where one parts the classes fully and the other not at all.
    """
    difference = auc(first, truth) - auc(second, truth)
    if not math.isfinite(difference):
        return Difference(math.nan, math.nan, math.nan, math.nan)
    covariance = _covariance([first, second], truth, clusters)
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if not math.isfinite(variance):
        return Difference(difference, math.nan, math.nan, math.nan)
    error = math.sqrt(max(0.0, variance))
    half = Z95 * error
    alike = 1.0 if difference == 0 else math.nan
    p = math.erfc(abs(difference) / error / math.sqrt(2)) if error > 0 else alike
    return Difference(difference, difference - half, difference + half, p)


def _covariance(scores: list[Floats], truth: Bools, clusters: Numbers | None) -> npt.NDArray[np.float64]:
    """(methods, methods) covariance of the areas; NaN where one class has a single cluster."""
    groups = np.arange(len(truth)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    count = int(groups.max()) + 1
    centred = np.stack([_placements(score, truth) - auc(score, truth) for score in scores])
    # Of each cluster, what its positives and its negatives add, for every method.
    upper = np.stack([np.bincount(groups[truth], row[truth], count) for row in centred])
    lower = np.stack([np.bincount(groups[~truth], row[~truth], count) for row in centred])
    m, n = int(truth.sum()), int((~truth).sum())
    with_upper, with_lower = len(np.unique(groups[truth])), len(np.unique(groups[~truth]))
    if with_upper < 2 or with_lower < 2:
        return np.full((len(scores), len(scores)), np.nan)
    cross = upper @ lower.T
    return np.asarray(
        upper @ upper.T * (with_upper / (with_upper - 1) / m**2)
        + lower @ lower.T * (with_lower / (with_lower - 1) / n**2)
        + (cross + cross.T) * (count / (count - 1) / (m * n))
    )


def _placements(scores: Floats, truth: Bools) -> Floats:
    """(n,) of a positive the share of negatives below it, of a negative the share of positives above; ties half."""
    from scipy.stats import rankdata

    m, n = int(truth.sum()), int((~truth).sum())
    among_all = rankdata(scores)
    placed = np.empty(len(scores))
    placed[truth] = (among_all[truth] - rankdata(scores[truth])) / n
    placed[~truth] = 1 - (among_all[~truth] - rankdata(scores[~truth])) / m
    return placed
