"""Thresholds tuned on cases whose truth is known; scores at or above are positive."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bonescan.metrics.sigmoid import fit_sigmoid, logit

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]


def balanced_threshold(scores: Floats, truth: Bools) -> float:
    """Threshold at which sensitivity and specificity are nearest to each other; scores at or above it are positive.

    Where the two classes part well, sensitivity + specificity hardly changes over a wide range of thresholds, and
    Youden's index picks one of them by chance; where the two are equal is a place of its own.

    Between two neighbouring scores the middle is taken, so that it does not sit on a case, and of several equally good
    thresholds the one with the larger sum. 0.5 where one class is absent.

    Example:
        >>> balanced_threshold(np.array([0.1, 0.3, 0.7, 0.9]), np.array([False, False, True, True]))
        0.5
    """
    if truth.all() or not truth.any():
        return 0.5
    values = np.unique(scores)
    candidates = np.concatenate([(values[1:] + values[:-1]) / 2, values[-1:]])
    called = np.sort(scores[truth]), np.sort(scores[~truth])
    sensitivity, false = (1 - np.searchsorted(part, candidates) / len(part) for part in called)
    specificity = 1 - false
    order = np.lexsort((-(sensitivity + specificity), np.abs(sensitivity - specificity)))
    return float(candidates[order[0]])


def sensitive_threshold(scores: Floats, truth: Bools, sensitivity: float) -> float:
    """Largest threshold that still calls the given share of the positives; 0.5 where there is no positive.

    Example:
        >>> sensitive_threshold(np.arange(10) / 10, np.ones(10, bool), 0.9)
        0.1
    """
    if not truth.any():
        return 0.5
    positive = np.sort(scores[truth])
    # So many may be missed; 1 - 0.9 is a little below a tenth, which must not cost one of ten.
    missed = int(np.floor(len(positive) * (1 - sensitivity) + 1e-9))
    return float(positive[min(len(positive) - 1, missed)])


def even_odds_threshold(probabilities: Floats, truth: Bools) -> float:
    """Threshold at which yes and no are as likely by a sigmoid fitted to the cases.

    It has the fewest errors to be expected. The threshold with the fewest errors counted follows the chance of who is
    among the cases where these are not many hundreds.

    Where the probabilities tell nothing, or the wrong way round, nothing is called unless most cases are positive. 0.5
    where one class is absent.

    Args:
        probabilities: From 0 to 1.
        truth: The same shape.
    """
    if truth.all() or not truth.any():
        return 0.5
    slope, offset = fit_sigmoid(logit(probabilities), truth)
    if slope <= 0 or np.ptp(probabilities) == 0:
        return 0.0 if truth.mean() > 0.5 else 1.0
    return float(1 / (1 + np.exp(np.clip(offset / slope, -60, 60))))


def over_or_likeliest(probabilities: Floats, limits: Floats | float) -> Bools:
    """What is over its limit; the most probable one where nothing is.

    Args:
        probabilities: (n, kinds), from 0 to 1.
        limits: Of each kind, or of all alike.

    Returns:
        (n, kinds), at least one in each row.

    Example:
        >>> over_or_likeliest(np.array([[0.9, 0.6, 0.1], [0.2, 0.3, 0.1]]), 0.5)
        array([[ True,  True, False],
               [False,  True, False]])
    """
    over: Bools = probabilities >= limits
    likeliest = np.arange(probabilities.shape[1]) == probabilities.argmax(axis=1)[:, None]
    return np.asarray(np.where(np.any(over, axis=1)[:, None], over, likeliest))
