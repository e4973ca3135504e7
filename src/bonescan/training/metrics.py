"""Figures of training runs: area under the curve, thresholds, and Dice in its four definitions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]


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


def youden_threshold(scores: Floats, truth: Bools) -> float:
    """Threshold with the largest sensitivity + specificity - 1; scores at or above it are positive.

    Between two neighbouring scores the middle is taken, so that it does not sit on a case. 0.5 where one class is
    absent.

    Example:
        >>> youden_threshold(np.array([0.1, 0.3, 0.7, 0.9]), np.array([False, False, True, True]))
        0.5
    """
    if truth.all() or not truth.any():
        return 0.5
    values = np.unique(scores)
    candidates = np.concatenate([(values[1:] + values[:-1]) / 2, values[-1:]])
    best, chosen = -1.0, 0.5
    for candidate in candidates:
        called = scores >= candidate
        gain = called[truth].mean() - called[~truth].mean()
        if gain > best:
            best, chosen = float(gain), float(candidate)
    return chosen


def sensitive_threshold(scores: Floats, truth: Bools, sensitivity: float) -> float:
    """Largest threshold that still calls the given share of the positives; 0.5 where there is no positive."""
    if not truth.any():
        return 0.5
    return float(np.quantile(scores[truth], 1 - sensitivity, method="lower"))


def dice_figures(overlap: Floats, predicted: Floats, true: Floats) -> dict[str, float]:
    """Dice in four definitions from the pixel sums of each image.

    Args:
        overlap: (images,) pixels in both.
        predicted: (images,) pixels predicted.
        true: (images,) pixels of the truth.

    Returns:
        ``pooled`` over all pixels; ``lesion_bearing``, mean over images with the class; ``all_empty_one``, mean over
        all images, both empty counts 1; ``all_false_zero``, mean over all images where there is anything, so that what
        is drawn on an empty image counts 0 and nothing counts 1 for free. NaN where there is nothing to average.

    Source: the project's four named definitions; the paper does not say which one it uses.
    """
    total = predicted + true
    each = np.divide(2 * overlap, total, out=np.ones(len(total)), where=total > 0)

    def mean(values: Floats) -> float:
        return float(values.mean()) if values.size else float("nan")

    pooled = 2 * overlap.sum() / total.sum() if total.sum() > 0 else float("nan")
    return {
        "pooled": float(pooled),
        "lesion_bearing": mean(each[true > 0]),
        "all_empty_one": mean(each),
        "all_false_zero": mean(each[total > 0]),
    }


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % Wilson interval of a proportion.

    Example:
        >>> [round(v, 3) for v in wilson(109, 123)]
        [0.818, 0.931]
    """
    if trials == 0:
        return 0.0, 1.0
    z = 1.959963984540054
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2)) / (1 + z * z / trials)
    return float(centre - half), float(centre + half)


def fewest_errors_threshold(scores: Floats, truth: Bools) -> float:
    """Threshold with the fewest wrong calls, the middle one of several, between two scores.

    0.5 where one class is absent.

    Example:
        >>> fewest_errors_threshold(np.array([0.1, 0.3, 0.7, 0.9]), np.array([False, False, True, True]))
        0.5
    """
    if truth.all() or not truth.any():
        return 0.5
    values = np.concatenate([[0.0], np.unique(scores), [1.0]])
    candidates = (values[1:] + values[:-1]) / 2
    errors = ((scores[None, :] >= candidates[:, None]) != truth).sum(axis=1)
    best = candidates[errors == errors.min()]
    return float(best[len(best) // 2])


def bootstrap(
    cases: int, statistic: Callable[[npt.NDArray[np.int64]], float], *, draws: int = 400, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of a statistic of cases drawn with replacement.

    Args:
        cases: How many there are.
        statistic: Of the indices of the drawn cases; draws where it is not defined are left out.
        draws: Number of draws.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    values = np.array([statistic(rng.integers(cases, size=cases)) for _ in range(draws)])
    values = values[np.isfinite(values)]
    if not values.size:
        return float("nan"), float("nan")
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
