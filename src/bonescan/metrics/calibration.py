"""Whether probabilities mean what they say: Brier score and reliability."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bonescan.metrics.proportions import Share

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.intp]


class Bin(NamedTuple):
    """Cases of similar probability.

    Attributes:
        predicted: Their mean probability.
        observed: How many of them are positive.
        cases: Their indices.
    """

    predicted: float
    observed: Share
    cases: Numbers


def brier(probabilities: Floats, truth: Bools) -> float:
    """Mean squared difference of probability and truth (1 or 0): 0 is perfect; NaN of no case.

    Source: Brier, Mon Weather Rev 1950.

    Example:
        >>> brier(np.array([0.5, 0.5]), np.array([True, False]))
        0.25
    """
    return float(np.mean((probabilities - truth) ** 2)) if len(truth) else float("nan")


def reliability(probabilities: Floats, truth: Bools, bins: int = 10) -> list[Bin]:
    """Cases in order of probability, cut into groups of equal number: mean probability against share of positives.

    Args:
        probabilities: (n,) from 0 to 1.
        truth: (n,).
        bins: Groups, fewer where there are fewer cases.
    """
    order = np.argsort(probabilities, kind="stable")
    groups = [group for group in np.array_split(order, max(1, min(bins, len(order)))) if group.size]
    return [Bin(float(probabilities[g].mean()), Share(int(truth[g].sum()), len(g)), g) for g in groups]


def calibration_error(probabilities: Floats, truth: Bools, bins: int = 10) -> float:
    """Expected calibration error: mean over cases of |probability - share of positives| of their group."""
    found = reliability(probabilities, truth, bins)
    if not found:
        return float("nan")
    return sum(b.observed.n * abs(b.predicted - b.observed.value) for b in found) / len(truth)
