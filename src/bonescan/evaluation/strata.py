"""Where it fails: the same figures for lesions and patients of one kind at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from bonescan.core.anatomy import SITES
from bonescan.evaluation.columns import Columns
from bonescan.evaluation.numbers import Number
from bonescan.evaluation.outlines import dice_of, ratio
from bonescan.evaluation.records import Lesion, Record
from bonescan.evaluation.shares import share_of
from bonescan.metrics.dice import Parts

AREA_CM2 = (1.0, 2.0, 4.0, 8.0, 16.0)
CONTRAST = (1.25, 1.5, 2.0, 3.0)
ROSE = (5.0, 10.0, 20.0, 40.0)
UPTAKE = (2.0, 3.0, 5.0, 8.0)
COUNTS_MILLION = (0.5, 0.75, 1.0, 1.5)
BURDEN = (0.01, 0.03, 0.1, 0.3)

Row = dict[str, Any]
"""``class``, and figures."""


def strata(columns: Columns) -> dict[str, list[Row]]:
    """All strata that the truth knows; those of which it knows nothing are left out.

    Lesions as in `outlines.detection`, as drawn; Dice pooled and as drawn, intervals over patients; patients as
    reported.
    """
    lesions = [(i, view.view, lesion) for i, view in columns.views for lesion in view.lesions]
    found: dict[str, list[Row]] = {
        "lesion_area_cm2": _lesions(columns, lesions, AREA_CM2, lambda x: x.area_mm2 and x.area_mm2 / 100),
        "lesion_contrast_seen": _lesions(columns, lesions, CONTRAST, lambda x: x.contrast),
        "lesion_visibility": _lesions(columns, lesions, ROSE, lambda x: x.rose),
        "lesion_uptake_simulated": _lesions(columns, lesions, UPTAKE, lambda x: x.uptake),
        "lesion_site": [_hit(columns, str(s), [r for r in lesions if r[2].site == s]) for s in SITES],
        "lesion_view": [_hit(columns, v, [r for r in lesions if r[1] == v]) for v in ("anterior", "posterior")],
        "counts_of_a_view_million": _patients(columns, COUNTS_MILLION, _mean_counts_million),
        "true_bstbi": _patients(columns, BURDEN, lambda r: r.bstbi_true if r.metastasis else None),
        "kind_of_patient": _kinds(columns),
    }
    return {name: kept for name, rows in found.items() if (kept := [row for row in rows if row["n"]]) and len(kept) > 1}


def classes(edges: Sequence[float]) -> list[tuple[str, float, float]]:
    """Names and bounds of the classes between edges, the lower bound included.

    Example:
        >>> [name for name, _, _ in classes((1.0, 2.5))]
        ['< 1', '1–2.5', '≥ 2.5']
    """
    bounds = [-math.inf, *edges, math.inf]
    names = [f"< {edges[0]:g}", *(f"{a:g}–{b:g}" for a, b in pairwise(edges)), f"≥ {edges[-1]:g}"]
    return [(name, low, high) for name, low, high in zip(names, bounds[:-1], bounds[1:], strict=True)]


def _lesions(
    columns: Columns,
    lesions: Sequence[tuple[int, str, Lesion]],
    edges: Sequence[float],
    value: Callable[[Lesion], float | None],
) -> list[Row]:
    known = [(v, row) for row in lesions if (v := value(row[2])) is not None]
    return [_hit(columns, name, [row for v, row in known if low <= v < high]) for name, low, high in classes(edges)]


def _hit(columns: Columns, name: str, lesions: Sequence[tuple[int, str, Lesion]]) -> Row:
    """Share of lesions hit; the interval is over patients, whose lesions are alike."""
    hits = np.array([x.score is not None for _, _, x in lesions], np.float64)
    studies = np.array([i for i, _, _ in lesions], np.intp)
    row: Row = {"class": name, "n": len(lesions)}
    if lesions:
        row["sensitivity"] = ratio(columns, Parts(hits, np.ones(len(hits))), studies)
    return row


def _mean_counts_million(record: Record) -> float | None:
    """Mean counts of its views, in million; None of pictures, whose grey levels are no counts."""
    counts = [view.counts for view in record.views if view.counts is not None]
    return sum(counts) / len(counts) / 1e6 if counts and len(counts) == len(record.views) else None


def _patients(columns: Columns, edges: Sequence[float], value: Callable[[Record], float | None]) -> list[Row]:
    """Of studies, by a value that is known of them: Dice of metastases and calls."""
    known = [(i, v) for i, r in enumerate(columns.records) if (v := value(r)) is not None]
    return [
        _group(columns, name, np.array([i for i, v in known if low <= v < high], np.intp), dice=True)
        for name, low, high in classes(edges)
    ]


def _kinds(columns: Columns) -> list[Row]:
    def where(kind: Callable[[Record], bool]) -> Any:
        return np.array([i for i, r in enumerate(columns.records) if kind(r)], np.intp)

    return [
        _group(columns, "nothing abnormal", where(lambda r: not r.metastasis and not r.benign)),
        _group(columns, "benign uptake alone", where(lambda r: not r.metastasis and r.benign)),
        _group(columns, "metastases alone", where(lambda r: r.metastasis and not r.benign)),
        _group(columns, "metastases and benign uptake", where(lambda r: r.metastasis and r.benign)),
        _group(columns, "diffuse disease", where(lambda r: bool(r.superscan))),
    ]


def _group(columns: Columns, name: str, studies: Any, *, dice: bool = False) -> Row:
    row: Row = {"class": name, "n": len(studies)}
    if not len(studies):
        return row
    truth, right = columns.truth[studies], columns.present == columns.truth
    asked = {"accuracy": studies, "sensitivity": studies[truth], "specificity": studies[~truth]}
    row |= {key: share_of(columns, right, chosen) for key, chosen in asked.items() if len(chosen)}
    if dice and (found := _dice(columns.take(studies))):
        row["dice_pooled"] = found
    return row


def _dice(columns: Columns) -> Number | None:
    parts, study = dice_of(columns, "metastasis", reported=False, by_study=False)["pooled"]
    if not parts.below.any():
        return None
    return ratio(columns, parts, study)
