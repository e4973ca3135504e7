"""Sites: the paper's Table 3, localisation site by site and exact, and report accuracy as the paper counts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bonescan.core.anatomy import SITES
from bonescan.evaluation.columns import Bools, Columns
from bonescan.evaluation.numbers import Number, number
from bonescan.evaluation.shares import share_of
from bonescan.io.cohort_case import CohortCase
from bonescan.metrics.roc import delong


def table_3(cases: Sequence[CohortCase]) -> list[dict[str, Any]]:
    """Studies with metastases at each site, on each side of the split and in all.

    Source: paper, Table 3.
    """
    sides = [side for side in ("train", "val", "test", None) if any(case.split == side for case in cases)]
    rows = [_row(side or "no split", [case for case in cases if case.split == side]) for side in sides]
    return [*rows, _row("all", cases)]


def _row(name: str, cases: Sequence[CohortCase]) -> dict[str, Any]:
    metastatic = [case for case in cases if case.metastasis]
    return {
        "side": name,
        "sites": {str(site): sum(site in case.sites for case in metastatic) for site in SITES},
        "metastatic": len(metastatic),
        "others": len(cases) - len(metastatic),
        "with_benign_uptake": sum(case.benign for case in cases),
        "all": len(cases),
    }


def localisation(columns: Columns) -> dict[str, Any] | None:
    """Localisation of truly metastatic studies, ungated and gated; None where the method or the table names no site.

    Metastatic studies without sites in the table are left out: where theirs are is not known.

    Ungated: what the sites alone say, whether metastasis is reported or not. Gated: as reported, so that a missed
    study has no site right. The paper's 40 of 54 is ungated.
    """
    said, ungated, found = columns.sites_said, columns.sites_ungated, columns.site_probabilities
    if said is None or ungated is None or found is None or not columns.located.any():
        return None
    true, metastatic = columns.sites_true, columns.located
    return {
        "exact_ungated": share_of(columns, (ungated == true).all(axis=1), metastatic),
        "exact_gated": share_of(columns, (said == true).all(axis=1) & columns.present, metastatic),
        "ungated": _by_site(columns, ungated),
        "gated": _by_site(columns, said),
        "auc": {
            str(site): _area(found[metastatic, k], true[metastatic, k], columns.patient[metastatic])
            for k, site in enumerate(SITES)
        },
    }


def report_right(columns: Columns) -> tuple[Bools, Bools] | None:
    """Reports: true normals, and true metastatic studies whose sites are all right.

    Source: paper, (59 + 37) / 123.

    Returns:
        (n,) whether each is right, and (n,) of which it is known: not of metastatic studies without sites in the
        table. None where the method names no sites, or the table none of any metastatic study.
    """
    said = columns.sites_said
    if said is None:
        return None
    exact = (said == columns.sites_true).all(axis=1)
    return judged_reports(columns, columns.present, exact)


def judged_reports(columns: Columns, present: Bools, exact: Bools) -> tuple[Bools, Bools] | None:
    """`report_right` of anybody.

    Args:
        columns: The studies, for their truth.
        present: (n,) metastasis as reported.
        exact: (n,) whether the sites reported are those of the table.
    """
    if columns.truth.any() and not columns.located.any():
        return None
    return np.where(columns.truth, present & exact, ~present), columns.located | ~columns.truth


def report_accuracy(columns: Columns) -> Number | None:
    """Share of right reports among those of which it is known; None as in `report_right`."""
    found = report_right(columns)
    if found is None:
        return None
    right, known = found
    return share_of(columns, right, known)


def _by_site(columns: Columns, said: Bools) -> dict[str, Any]:
    true, metastatic = columns.sites_true, columns.located
    return {
        str(site): {
            "sensitivity": share_of(columns, said[:, k], metastatic & true[:, k]),
            "specificity": share_of(columns, ~said[:, k], metastatic & ~true[:, k]),
        }
        for k, site in enumerate(SITES)
    }


def _area(scores: Any, truth: Bools, patients: Any) -> Number:
    area = delong(scores, truth, patients)
    return number(area.value, (area.low, area.high), len(truth), positive=int(truth.sum()))
