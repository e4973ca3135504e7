"""BSTBI: predicted against true, and against alkaline phosphatase where it was measured in real patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from bonescan.evaluation.columns import Columns, Floats, Numbers
from bonescan.evaluation.numbers import Number, number
from bonescan.evaluation.records import Record
from bonescan.metrics.agreement import Correlation, bland_altman, pearson, spearman
from bonescan.metrics.bootstrap import DRAWS, LEAST_PATIENTS, bootstrap, independent

LEAST_ALP = 4
"""Fewer studies than this have no interval."""


class Pairs(NamedTuple):
    """Two measures of the same studies, and the number of the patient; all (n,)."""

    first: Floats
    second: Floats
    patient: Numbers


def reported_bstbi(record: Record) -> float | None:
    """BSTBI as reported: 0 where no metastasis is."""
    if record.bstbi_drawn is None:
        return None
    return record.bstbi_drawn if record.present else 0.0


def pairs_with_truth(columns: Columns, *, metastatic: bool) -> Pairs:
    """True BSTBI and the reported one; of all studies, or of the metastatic alone."""
    both = zip(columns.records, columns.patient, strict=True)
    return _pairs([(r.bstbi_true, reported_bstbi(r), k) for r, k in both if r.metastasis or not metastatic])


def against_truth(columns: Columns) -> dict[str, Any] | None:
    """Predicted against true BSTBI, pooled over the views, as reported; None where nothing is outlined."""
    pairs = pairs_with_truth(columns, metastatic=False)
    true, found, _ = pairs
    if len(true) < 2:
        return None
    limits = bland_altman(true, found)
    return {
        "pearson": correlation(pearson, pairs),
        "spearman": correlation(spearman, pairs),
        "pearson_of_metastatic": correlation(pearson, pairs_with_truth(columns, metastatic=True)),
        "mean_absolute_difference": number(float(np.abs(found - true).mean()), n=len(true)),
        "bland_altman": number(limits.bias, (limits.low, limits.high), limits.n),
    }


def alp_pairs(columns: Columns, simulated: Sequence[bool]) -> Pairs:
    """Reported BSTBI and ALP in U/L of metastatic studies of patients who were not under treatment.

    A simulated cohort gives none, whatever its table says: no model of ours knows what the blood would have held.

    Args:
        columns: The studies.
        simulated: Whether each cohort is simulated.
    """
    rows = [
        (reported_bstbi(r), r.alp_u_l, k)
        for r, k in zip(columns.records, columns.patient, strict=True)
        if r.metastasis and not simulated[r.cohort] and not (r.treatment_start_days or 0) > 0
    ]
    return _pairs(rows)


def above_zero(pairs: Pairs) -> Pairs:
    """The studies in which both measures have a logarithm."""
    above = (pairs.first > 0) & (pairs.second > 0)
    return Pairs(pairs.first[above], pairs.second[above], pairs.patient[above])


def against_alp(columns: Columns, simulated: Sequence[bool]) -> dict[str, Any] | None:
    """BSTBI against ALP as in the paper, and by ranks and logarithms; None for fewer than four studies."""
    pairs = alp_pairs(columns, simulated)
    index, alp, _ = pairs
    if len(index) < LEAST_ALP:
        return None
    above = above_zero(pairs)
    return {
        "pearson": correlation(pearson, pairs),
        "spearman": correlation(spearman, pairs),
        "pearson_of_logarithms": correlation(pearson, Pairs(np.log(above.first), np.log(above.second), above.patient)),
        "bstbi": {"mean": float(index.mean()), "standard_deviation": float(index.std(ddof=1))},
        "alp_u_l": {"mean": float(alp.mean()), "standard_deviation": float(alp.std(ddof=1))},
    }


def correlation(measure: Callable[[Floats, Floats], Correlation], pairs: Pairs) -> Number:
    """A correlation; without a P, and with a bootstrap interval over patients, where one has several of the studies."""
    found = measure(pairs.first, pairs.second)
    if independent(pairs.patient):
        return number(found.value, (found.low, found.high), found.n, p=None if np.isnan(found.p) else found.p)
    enough = len(np.unique(pairs.patient)) >= LEAST_PATIENTS

    def of(studies: Numbers) -> float:
        return measure(pairs.first[studies], pairs.second[studies]).value

    return number(found.value, bootstrap(pairs.patient, of, draws=DRAWS) if enough else None, found.n, p=None)


def _pairs(rows: Sequence[tuple[float | None, float | None, int]]) -> Pairs:
    """Those of which both measures are known."""
    table = np.array([row for row in rows if None not in row], np.float64).reshape(-1, 3)
    return Pairs(table[:, 0], table[:, 1], table[:, 2].astype(np.intp))
