"""Methods side by side on the same cases, with paired tests.

Areas under the curve by DeLong's test, right and wrong calls and reports by McNemar's, and differences of Dice and of
shares by a bootstrap in which both methods have the same draws of patients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from bonescan.core.errors import UsageError
from bonescan.core.findings import DISCLAIMER
from bonescan.evaluation import patients, places
from bonescan.evaluation.columns import Bools, Columns, Floats, Numbers
from bonescan.evaluation.document import data_words
from bonescan.evaluation.numbers import Number, finite, number
from bonescan.evaluation.outlines import dice_of, draws_of, enough, named_parts, ratio
from bonescan.evaluation.records import CASES, Header, read_records
from bonescan.evaluation.shares import paired, share_of
from bonescan.metrics.bootstrap import interval
from bonescan.metrics.dice import Parts
from bonescan.metrics.roc import delong_test

SCHEMA = "bonescan.comparison/1"

_Parts = tuple[Parts, Numbers]


@dataclass(frozen=True, eq=False)
class Compared:
    """One method on the cases that all have.

    Attributes:
        name: Of the method, or of its folder where two methods have one name.
        header: What its records are of.
        columns: Its studies.
    """

    name: str
    header: Header
    columns: Columns


def read_compared(folders: Sequence[Path]) -> list[Compared]:
    """Read the records of earlier evaluations, and keep the studies that all of them have.

    Args:
        folders: What `bonescan evaluate -o` has written.

    Raises:
        UsageError: Fewer than two, or they are of other cohorts, scans or annotations, or have no study in common.
        UnreadableInputError: A folder holds no records.
    """
    if len(folders) < 2:
        raise UsageError(f"{len(folders)} folder to compare", expected="at least two")
    read = [read_records(folder / CASES) for folder in folders]
    if len({frozenset(cohort.fingerprint for cohort in header.cohorts) for header, _ in read}) > 1:
        raise UsageError("the evaluations are of different cohorts", hint="Evaluate all methods on the same ones")
    # Records from before it was kept do not say what the cohort held.
    held = {(cohort.fingerprint, cohort.content) for header, _ in read for cohort in header.cohorts if cohort.content}
    if len(held) > len({fingerprint for fingerprint, _ in held}):
        raise UsageError(
            "the evaluations are of one cohort with different scans or annotations",
            hint="Evaluate all methods again, each in a new folder",
        )
    common = set.intersection(*({record.study_id for record in records} for _, records in read))
    if not common:
        raise UsageError("the evaluations have no study in common", hint="Evaluate the same split with all methods")
    twice = Counter(header.method.name for header, _ in read)
    labels = [h.method.name if twice[h.method.name] == 1 else f.name for f, (h, _) in zip(folders, read, strict=True)]
    if len(set(labels)) < len(labels):
        raise UsageError("two of the folders have one name", hint="Rename one of them")
    compared = []
    for label, (header, records) in zip(labels, read, strict=True):
        kept = sorted((r for r in records if r.study_id in common), key=lambda record: record.study_id)
        compared.append(Compared(label, header, Columns(header.method, kept)))
    return compared


def comparison(methods: Sequence[Compared], *, command: str = "") -> dict[str, Any]:
    """One row a method, and one a pair of methods; differences are first minus second."""
    first = methods[0]
    return {
        "schema": SCHEMA,
        "disclaimer": DISCLAIMER,
        "data": data_words(first.header),
        "command": command,
        "cohorts": [vars(cohort) for cohort in first.header.cohorts],
        "studies": len(first.columns),
        "patients": len(np.unique(first.columns.patient)),
        "metastatic": int(first.columns.truth.sum()),
        "methods": {x.name: _method(x) for x in methods},
        "pairs": [_pair(a, b) for a, b in combinations(methods, 2)],
    }


RATIOS: dict[str, str] = {
    "dice_metastasis_as_drawn": "Dice of metastases, pooled, as drawn",
    "dice_metastasis_as_reported": "Dice of metastases, pooled, as reported",
    "dice_metastasis_lesion_bearing": "Dice of metastases, mean of views with them, as drawn",
    "dice_bladder": "Dice of the bladder, pooled",
    "lesion_sensitivity": "lesions hit",
    "lesions_named_right": "lesions hit that are named right",
    "false_alarms_a_study": "false alarms a study",
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "sites_exact_ungated": "all six sites right, ungated",
    "report_accuracy": "report accuracy",
}
"""Name → words of every figure that is a ratio of sums over patients."""


def _ratios(columns: Columns) -> dict[str, _Parts]:
    """Those that the method allows, each as a ratio of sums with the study of each image."""
    found: dict[str, _Parts] = {}
    wanted: tuple[tuple[str, str, bool, str], ...] = (
        ("dice_metastasis_as_drawn", "metastasis", False, "pooled"),
        ("dice_metastasis_as_reported", "metastasis", True, "pooled"),
        ("dice_metastasis_lesion_bearing", "metastasis", False, "lesion_bearing"),
        ("dice_bladder", "bladder", False, "pooled"),
    )
    for name, label, reported, definition in wanted:
        parts, study = dice_of(columns, label, reported=reported, by_study=False)[definition]
        if len(study):
            found[name] = parts, study
    views = [(i, view) for i, view in columns.views if view.metastasis is not None]
    if views:
        study = np.array([i for i, _ in views], np.intp)
        hits = [sum(lesion.score is not None for lesion in view.lesions) for _, view in views]
        lesions = np.array([len(view.lesions) for _, view in views], np.float64)
        alarms = np.array([len(view.alarms) for _, view in views], np.float64)
        found["lesion_sensitivity"] = Parts(np.array(hits, np.float64), lesions), study
        found["false_alarms_a_study"] = Parts(alarms, 1 / np.bincount(study)[study]), study
    named, study = named_parts(columns)
    if len(study):
        found["lesions_named_right"] = named, study
    for name, (right, chosen) in _answers(columns).items():
        at = np.flatnonzero(chosen)
        found[name] = Parts(right[at].astype(np.float64), np.ones(len(at))), at
    return found


def _answers(columns: Columns) -> dict[str, tuple[Bools, Bools]]:
    """Name → (n,) whether the answer is right, and of which studies it is asked."""
    truth = columns.truth
    call, everyone = columns.present == truth, np.ones(len(columns), np.bool_)
    found = {"accuracy": (call, everyone), "sensitivity": (call, truth), "specificity": (call, ~truth)}
    ungated, reports = columns.sites_ungated, places.report_right(columns)
    if ungated is not None and columns.located.any():
        found["sites_exact_ungated"] = (ungated == columns.sites_true).all(axis=1), columns.located
    if reports is not None:
        found["report_accuracy"] = reports
    return found


def _method(compared: Compared) -> dict[str, Any]:
    columns = compared.columns
    facts = columns.method
    answers = _answers(columns)
    calibration = patients.calibration(columns)
    shares = {name: share_of(columns, right, chosen) for name, (right, chosen) in answers.items()}
    others = {name: ratio(columns, *found) for name, found in _ratios(columns).items() if name not in answers}
    return {
        "version": facts.version,
        "sha256": facts.sha256,
        "scored_by": facts.scored_by,
        "auc": patients.areas(columns)["metastasis"]["patient"],
        **{name: (shares | others).get(name) for name in RATIOS},
        "brier": calibration and calibration["brier"],
        "seconds": patients.seconds(columns),
    }


def _pair(a: Compared, b: Compared) -> dict[str, Any]:
    found_a, found_b = _ratios(a.columns), _ratios(b.columns)
    answers_a, answers_b = _answers(a.columns), _answers(b.columns)
    row: dict[str, Any] = {"first": a.name, "second": b.name, "auc": _areas(a.columns, b.columns)}
    for name in RATIOS:
        if name not in found_a or name not in found_b:
            row[name] = None
            continue
        row[name] = _difference(a.columns, found_a[name], b.columns, found_b[name])
        if name in answers_a:
            (right_a, chosen), (right_b, _) = answers_a[name], answers_b[name]
            row[name] |= paired(a.columns, right_a, right_b, chosen)
    return row


def _areas(a: Columns, b: Columns) -> Number:
    known = np.isfinite(a.score) & np.isfinite(b.score)
    test = delong_test(a.score[known], b.score[known], a.truth[known], a.patient[known])
    return number(test.value, (test.low, test.high), int(known.sum()), delong_p=finite(test.p))


def _difference(a: Columns, parts_a: _Parts, b: Columns, parts_b: _Parts) -> Number:
    """A difference with the interval of its draws, which are the same patients for both methods.

    Without an interval where `outlines.ratio` gives one of the two none.
    """
    value = parts_a[0].value - parts_b[0].value
    if not (enough(a, *parts_a) and enough(b, *parts_b)):
        return number(value, n=len(parts_a[1]))
    draws: Floats = draws_of(a, *parts_a) - draws_of(b, *parts_b)
    return number(value, interval(draws), len(parts_a[1]))
