"""Correlation of two measures with intervals, and how far they are apart."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bonescan.metrics.proportions import Z95

Floats = npt.NDArray[np.floating]


class Correlation(NamedTuple):
    """A correlation coefficient with 95 % interval and two-sided P; NaN where it is not defined."""

    value: float
    low: float
    high: float
    p: float
    n: int


class Agreement(NamedTuple):
    """Bland-Altman: mean difference (second minus first) and the limits that hold 95 % of normal differences."""

    bias: float
    low: float
    high: float
    n: int


def pearson(first: Floats, second: Floats) -> Correlation:
    """Pearson's r with the interval by Fisher's z.

    Source: Fisher, Metron 1921.
    """
    from scipy.stats import pearsonr

    if not _spread(first, second):
        return Correlation(math.nan, math.nan, math.nan, math.nan, len(first))
    found = pearsonr(first, second)
    r = float(found.statistic)
    return Correlation(r, *fisher_interval(r, len(first)), float(found.pvalue), len(first))


def spearman(first: Floats, second: Floats) -> Correlation:
    """Spearman's rho with the interval by Fisher's z and the variance of Bonett and Wright.

    Source: Bonett and Wright, Psychometrika 2000.
    """
    from scipy.stats import spearmanr

    if not _spread(first, second):
        return Correlation(math.nan, math.nan, math.nan, math.nan, len(first))
    found = spearmanr(first, second)
    rho = float(found.statistic)
    return Correlation(rho, *fisher_interval(rho, len(first), 1 + rho * rho / 2), float(found.pvalue), len(first))


def fisher_interval(r: float, n: int, inflation: float = 1.0) -> tuple[float, float]:
    """95 % interval of a correlation by Fisher's z; NaN for fewer than four pairs.

    Args:
        r: The coefficient, -1 to 1.
        n: Pairs.
        inflation: Variance of z times n - 3; 1 for Pearson's r.

    Example:
        >>> [round(v, 2) for v in fisher_interval(0.72, 50)]  # the paper's BSTBI against ALP
        [0.55, 0.83]
    """
    if n < 4 or not math.isfinite(r):
        return math.nan, math.nan
    if abs(r) >= 1:
        return r, r
    half = Z95 * math.sqrt(inflation / (n - 3))
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def bland_altman(first: Floats, second: Floats) -> Agreement:
    """Mean of second minus first, and 1.96 standard deviations either side.

    Source: Bland and Altman, Lancet 1986.
    """
    difference = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    if len(difference) < 2:
        return Agreement(math.nan, math.nan, math.nan, len(difference))
    bias, spread = float(difference.mean()), float(difference.std(ddof=1))
    return Agreement(bias, bias - Z95 * spread, bias + Z95 * spread, len(difference))


def _spread(first: Floats, second: Floats) -> bool:
    """Whether there are three pairs or more, and both measures vary."""
    return len(first) >= 3 and float(np.ptp(first)) > 0 and float(np.ptp(second)) > 0
