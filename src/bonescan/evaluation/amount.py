"""BSTBI: predicted against true, and against alkaline phosphatase where it was measured in real patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bonescan.evaluation.columns import Columns, Floats
from bonescan.evaluation.numbers import number
from bonescan.evaluation.records import Record
from bonescan.metrics.agreement import Correlation, bland_altman, pearson, spearman

LEAST_ALP = 4
"""Fewer patients than this have no interval."""


def reported_bstbi(record: Record) -> float | None:
    """BSTBI as reported: 0 where no metastasis is."""
    if record.bstbi_drawn is None:
        return None
    return record.bstbi_drawn if record.present else 0.0


def pairs_with_truth(columns: Columns, *, metastatic: bool) -> tuple[Floats, Floats]:
    """(n,) true BSTBI and the reported one; of all patients, or of the metastatic alone."""
    rows = [(r.bstbi_true, reported_bstbi(r)) for r in columns.records if r.metastasis or not metastatic]
    return _both(rows)


def against_truth(columns: Columns) -> dict[str, Any] | None:
    """Predicted against true BSTBI, pooled over the views, as reported; None where nothing is outlined."""
    true, found = pairs_with_truth(columns, metastatic=False)
    if len(true) < 2:
        return None
    sick_true, sick_found = pairs_with_truth(columns, metastatic=True)
    limits = bland_altman(true, found)
    return {
        "pearson": correlation(pearson(true, found)),
        "spearman": correlation(spearman(true, found)),
        "pearson_of_metastatic": correlation(pearson(sick_true, sick_found)),
        "mean_absolute_difference": number(float(np.abs(found - true).mean()), n=len(true)),
        "bland_altman": number(limits.bias, (limits.low, limits.high), limits.n),
    }


def alp_pairs(columns: Columns, simulated: Sequence[bool]) -> tuple[Floats, Floats]:
    """(n,) reported BSTBI and ALP in U/L of metastatic patients who were not under treatment.

    A simulated cohort gives none, whatever its table says: no model of ours knows what the blood would have held.

    Args:
        columns: The studies.
        simulated: Whether each cohort is simulated.
    """
    rows = [
        (reported_bstbi(r), r.alp_u_l)
        for r in columns.records
        if r.metastasis and not simulated[r.cohort] and not (r.treatment_start_days or 0) > 0
    ]
    return _both(rows)


def against_alp(columns: Columns, simulated: Sequence[bool]) -> dict[str, Any] | None:
    """BSTBI against ALP as in the paper, and by ranks and logarithms; None for fewer than four patients."""
    index, alp = alp_pairs(columns, simulated)
    if len(index) < LEAST_ALP:
        return None
    both = (index > 0) & (alp > 0)
    return {
        "pearson": correlation(pearson(index, alp)),
        "spearman": correlation(spearman(index, alp)),
        "pearson_of_logarithms": correlation(pearson(np.log(index[both]), np.log(alp[both]))),
        "bstbi": {"mean": float(index.mean()), "standard_deviation": float(index.std(ddof=1))},
        "alp_u_l": {"mean": float(alp.mean()), "standard_deviation": float(alp.std(ddof=1))},
    }


def correlation(found: Correlation) -> dict[str, Any]:
    """A correlation for the document."""
    return number(found.value, (found.low, found.high), found.n, p=None if np.isnan(found.p) else found.p)


def _both(rows: Sequence[tuple[float | None, float | None]]) -> tuple[Floats, Floats]:
    known = [(a, b) for a, b in rows if a is not None and b is not None]
    table = np.array(known, np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
