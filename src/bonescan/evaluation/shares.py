"""Shares of studies and their differences, where a patient has one study or several."""

from __future__ import annotations

from typing import Any

import numpy as np

from bonescan.evaluation.columns import Bools, Columns, Numbers
from bonescan.evaluation.numbers import Number, finite, share
from bonescan.evaluation.outlines import ratio
from bonescan.metrics.bootstrap import independent
from bonescan.metrics.dice import Parts
from bonescan.metrics.proportions import Share, mcnemar

INTERVALS = "Wilson intervals; of a bootstrap over patients where one of them has several of the studies."
NO_P = (
    "Some patients have several studies, which are not independent: tests that take them for that have no P here, "
    "and intervals that do are of a bootstrap over patients."
)


def share_of(columns: Columns, good: Bools, chosen: Bools | Numbers) -> Number:
    """A share of studies: with Wilson's interval, or `outlines.ratio`'s where a patient has several of them.

    Args:
        columns: The studies.
        good: (n,) which of them count.
        chosen: (n,) which of them it is a share of, or their indices.
    """
    studies = np.arange(len(columns))[chosen]
    counted = good[studies]
    found = share(Share(int(counted.sum()), len(studies)))
    if independent(columns.patient[studies]):
        return found
    return found | ratio(columns, Parts(counted.astype(np.float64), np.ones(len(studies))), studies)


def paired(columns: Columns, first: Bools, second: Bools, chosen: Bools) -> dict[str, Any]:
    """McNemar's exact test of two readings of the same studies, and how often one alone is right.

    Args:
        columns: The studies.
        first: (n,) where one is right.
        second: (n,) where the other is.
        chosen: (n,) of which studies it is asked.

    Returns:
        Without a P where there is no study, or a patient has several of them.
    """
    only_first, only_second = (int((a & ~b)[chosen].sum()) for a, b in ((first, second), (second, first)))
    tested = chosen.any() and independent(columns.patient[chosen])
    p = finite(mcnemar(only_first, only_second)) if tested else None
    return {"mcnemar_p": p, "only_first": only_first, "only_second": only_second}
