"""Proportions with Wilson intervals, and tests whether two of them differ."""

from __future__ import annotations

import math
from typing import NamedTuple

Z95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


class Share(NamedTuple):
    """A proportion of cases.

    Attributes:
        good: Cases that count.
        n: Cases in all.
    """

    good: int
    n: int

    @property
    def value(self) -> float:
        """The proportion; NaN of no case."""
        return self.good / self.n if self.n else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval."""
        return wilson(self.good, self.n)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % Wilson interval of a proportion; (0, 1) of no trial.

    Source: Wilson, J Am Stat Assoc 1927.

    Example:
        >>> [round(v, 3) for v in wilson(109, 123)]
        [0.818, 0.931]
    """
    if trials == 0:
        return 0.0, 1.0
    z = Z95
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2)) / (1 + z * z / trials)
    return max(0.0, centre - half), min(1.0, centre + half)


def chi_square(first: Share, second: Share) -> float:
    """P of Pearson's chi-square test, one degree of freedom, without continuity correction.

    The test is for two groups of different cases. The paper applies it to readings of the same cases, for which
    `mcnemar` is right; it is here to reproduce that paper, and for counts alone.

    Args:
        first: A proportion.
        second: The other.

    Returns:
        P; 1 where both are all or nothing alike, NaN where there is no case.

    Source: paper, Table 5 (found by reproducing it).

    Example:
        >>> round(chi_square(Share(109, 123), Share(74, 123)), 8) < 0.001
        True
        >>> round(chi_square(Share(109, 123), Share(107, 123)), 3)
        0.697
    """
    if first.n == 0 or second.n == 0:
        return math.nan
    good, n = first.good + second.good, first.n + second.n
    if good in (0, n):
        return 1.0
    pooled = good / n
    variance = pooled * (1 - pooled) * (1 / first.n + 1 / second.n)
    return math.erfc(abs(first.value - second.value) / math.sqrt(2 * variance))


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided P of the exact McNemar test, for two readings of the same cases.

    Args:
        only_first: Cases that the first reading alone has right.
        only_second: Cases that the second alone has right.

    Returns:
        P of the discordant cases under a fair coin: twice the smaller tail, at most 1; 1 where there is none.

    Source: McNemar, Psychometrika 1947, by the binomial distribution.

    Example:
        >>> mcnemar(5, 0)
        0.0625
    """
    from scipy.stats import binom

    discordant = only_first + only_second
    if discordant == 0:
        return 1.0
    return float(min(1.0, 2 * binom.cdf(min(only_first, only_second), discordant, 0.5)))
