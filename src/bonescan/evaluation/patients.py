"""Patient level: the paper's Table 4, ROC curves, calibration, flagged studies, time."""

from __future__ import annotations

from typing import Any

import numpy as np

from bonescan.evaluation.columns import Bools, Columns, Floats, Numbers
from bonescan.evaluation.numbers import Number, finite, number
from bonescan.evaluation.shares import share_of
from bonescan.metrics.calibration import brier, calibration_error, reliability
from bonescan.metrics.roc import delong


def calls(columns: Columns, present: Bools, read: Bools) -> dict[str, Number]:
    """Accuracy, sensitivity, specificity and predictive values, each a `share_of` studies.

    Args:
        columns: The studies, for their truth.
        present: (n,) metastasis as reported.
        read: (n,) which of them were read.

    Source: paper, Table 4.
    """
    truth = columns.truth
    right = present == truth
    return {
        "accuracy": share_of(columns, right, read),
        "sensitivity": share_of(columns, right, read & truth),
        "specificity": share_of(columns, right, read & ~truth),
        "positive_predictive_value": share_of(columns, right, read & present),
        "negative_predictive_value": share_of(columns, right, read & ~present),
    }


def table_4(columns: Columns) -> dict[str, Any]:
    """Calls at the method's threshold, and at one half as in the paper."""
    everyone = np.ones(len(columns), np.bool_)
    tables: dict[str, Any] = {
        "at_threshold": {"threshold": finite(columns.method.threshold)} | calls(columns, columns.present, everyone)
    }
    if columns.method.scored_by == "probability" and np.isfinite(columns.score).all():
        tables["at_half"] = {"threshold": 0.5} | calls(columns, columns.score >= 0.5, everyone)
    return tables


def scores(columns: Columns, name: str, level: str) -> tuple[Floats, Bools, Numbers]:
    """What a ROC curve is made of: (n,) scores, truths and patients.

    Args:
        columns: The studies.
        name: "metastasis" or "bladder".
        level: "window"; "view", whose score is that of the method or of its surest window; or "patient".
    """
    which = ("metastasis", "bladder").index(name)
    if level == "patient" and name == "metastasis":
        known = np.isfinite(columns.score)
        return columns.score[known], columns.truth[known], columns.patient[known]
    rows: list[tuple[float, bool, int]] = []
    by_study: dict[int, list[tuple[float, bool]]] = {}
    for study, view in columns.views:
        pixels = view.metastasis if name == "metastasis" else view.bladder
        if pixels is None or view.windows is None or view.true_window is None:
            continue
        patient = int(columns.patient[study])
        found, true = [w[which] for w in view.windows], [w[which] for w in view.true_window]
        if level == "window":
            rows += [(a, b, patient) for a, b in zip(found, true, strict=True)]
            continue
        score = view.score if name == "metastasis" and view.score is not None else max(found)
        if level == "view":
            rows.append((score, pixels.true > 0, patient))
        else:
            by_study.setdefault(study, []).append((score, pixels.true > 0))
    for study, pairs in by_study.items():
        rows.append((max(s for s, _ in pairs), any(t for _, t in pairs), int(columns.patient[study])))
    table = np.array(rows, np.float64).reshape(-1, 3)
    return table[:, 0], table[:, 1] > 0, table[:, 2].astype(np.intp)


def areas(columns: Columns) -> dict[str, dict[str, Number]]:
    """Area under the ROC curve of metastasis and bladder, of windows, views and patients, with DeLong's interval.

    Source: paper, "Diagnostic Classification Model Results", which does not state the level.
    """
    tables: dict[str, dict[str, Number]] = {}
    for name in ("metastasis", "bladder"):
        tables[name] = {}
        for level in ("window", "view", "patient"):
            found, truth, patients = scores(columns, name, level)
            area = delong(found, truth, patients)
            tables[name][level] = number(area.value, (area.low, area.high), len(truth), positive=int(truth.sum()))
    return tables


def calibration(columns: Columns) -> dict[str, Any] | None:
    """Brier score, calibration error and the groups of a reliability plot; None without probabilities."""
    if columns.method.scored_by != "probability" or not np.isfinite(columns.score).all():
        return None
    found, truth = columns.score, columns.truth
    return {
        "brier": finite(brier(found, truth)),
        "brier_of_the_prevalence": finite(float(truth.mean() * (1 - truth.mean()))),
        "calibration_error": finite(calibration_error(found, truth)),
        "bins": [
            {"predicted": finite(b.predicted), "observed": share_of(columns, truth, b.cases)}
            for b in reliability(found, truth)
        ],
    }


def review(columns: Columns, right: dict[str, tuple[Bools, Bools] | None]) -> dict[str, Any] | None:
    """Errors among the studies flagged "needs review" and among the others; None where the method never flags.

    Args:
        columns: The studies.
        right: Name of an answer → (n,) whether it is right, and (n,) of which studies that is known.
    """
    flags = [r.needs_review for r in columns.records]
    if any(flag is None for flag in flags):
        return None
    flagged = np.array(flags, np.bool_)
    errors = {
        name: {
            "flagged": share_of(columns, ~good, known & flagged),
            "unflagged": share_of(columns, ~good, known & ~flagged),
        }
        for name, (good, known) in ((name, found) for name, found in right.items() if found is not None)
    }
    return {"flagged": share_of(columns, flagged, np.ones(len(columns), np.bool_)), "errors": errors}


def seconds(columns: Columns) -> Number | None:
    """Time of a study from file to lesions and burden: median, 90th percentile, mean and standard deviation."""
    known = np.array([r.seconds for r in columns.records if r.seconds is not None])
    if not known.size:
        return None
    return {
        "median": finite(float(np.median(known))),
        "p90": finite(float(np.percentile(known, 90))),
        "mean": finite(float(known.mean())),
        "standard_deviation": finite(float(known.std(ddof=1))) if known.size > 1 else None,
        "n": int(known.size),
    }
