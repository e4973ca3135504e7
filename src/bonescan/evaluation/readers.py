"""Readers beside the method: their calls on the same cases, and what counts alone can say (the paper's Tables 4 and 5).

``readers.csv`` has the columns study_id, reader, metastasis (0 or 1) and, if wanted, sites (``;``-separated). With
``counts.csv``, of the columns reader, true_positive, false_negative, true_negative and false_positive, nothing is known
of single cases: Pearson's chi-square alone is possible then.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from bonescan.core.anatomy import SITES
from bonescan.core.errors import UnreadableInputError
from bonescan.evaluation import places
from bonescan.evaluation.columns import Bools, Columns
from bonescan.evaluation.numbers import finite, share
from bonescan.evaluation.patients import calls
from bonescan.evaluation.shares import paired, share_of
from bonescan.metrics.bootstrap import independent
from bonescan.metrics.proportions import Share, chi_square

COUNTS = ("true_positive", "false_negative", "true_negative", "false_positive")
_NEEDED = ("study_id", "reader", "metastasis")
_NAMED = 5
"""So many unknown studies are named."""
MEASURES = ("accuracy", "sensitivity", "specificity")


@dataclass(frozen=True)
class Reader:
    """Calls of one reader.

    Attributes:
        name: Of the reader, as in the file.
        calls: study_id → whether metastasis is reported.
        sites: study_id → sites named; empty where the file has no such column.
    """

    name: str
    calls: dict[str, bool] = field(default_factory=dict)
    sites: dict[str, frozenset[str]] = field(default_factory=dict)


def read_readers(path: Path, studies: Collection[str]) -> list[Reader]:
    """Read ``readers.csv``.

    Args:
        path: The file.
        studies: study_id of every study of the cohorts, on whatever side of the split.

    Raises:
        UnreadableInputError: It is missing or has faults, which are listed with their rows, or names studies that are
            not in the cohorts.
    """
    readers: dict[str, Reader] = {}
    faults = []
    for number, row in _rows(path, _NEEDED, optional=("sites",)):
        name, study, call = (row[key] for key in ("reader", "study_id", "metastasis"))
        reader = readers.setdefault(name, Reader(name))
        named = frozenset(site.strip() for site in row.get("sites", "").split(";") if site.strip())
        if not name or not study:
            faults.append(f"row {number}: reader or study_id is empty")
        elif call not in {"0", "1"}:
            faults.append(f"row {number}: metastasis {call!r} is neither 0 nor 1")
        elif named - set(SITES):
            faults.append(f"row {number}: {', '.join(sorted(named - set(SITES)))} is none of {', '.join(SITES)}")
        elif study in reader.calls:
            faults.append(f"row {number}: {study} was read by this reader before")
        else:
            reader.calls[study] = call == "1"
            if "sites" in row:
                reader.sites[study] = named
    _raise(path, faults)
    read = dict.fromkeys(study for reader in readers.values() for study in reader.calls)
    # Left out in silence, they would leave a reader with other cases than were read.
    if strangers := [study for study in read if study not in studies]:
        more = f" and {len(strangers) - _NAMED} more" if len(strangers) > _NAMED else ""
        raise UnreadableInputError(
            f"{path.name} names studies that are not in the cohort: {', '.join(strangers[:_NAMED])}{more}",
            hint="Check the study_id of the file against cohort.csv, and --cohort",
        )
    return list(readers.values())


def compare_readers(columns: Columns, readers: list[Reader]) -> dict[str, Any]:
    """Tables 4 and 5 of readers and the method.

    Each pair is compared on the cases that both have read: by Pearson's chi-square without continuity correction, as
    the paper did, and by McNemar's exact test, which is right for readings of the same cases. Neither has a P where a
    patient has several of them.

    Raises:
        UnreadableInputError: A reader has read none of the cases.
    """
    everyone = np.ones(len(columns), np.bool_)
    everybody = {columns.method.name: (everyone, columns.present)}
    report = places.report_accuracy(columns)
    table: dict[str, Any] = {
        columns.method.name: calls(columns, columns.present, everyone) | ({"report_accuracy": report} if report else {})
    }
    for reader in readers:
        read = np.array([r.study_id in reader.calls for r in columns.records])
        if not read.any():
            raise UnreadableInputError(
                f"the reader {reader.name} has read none of the {len(columns)} cases",
                hint="Check the study_id of the file, and --split",
            )
        called = np.array([reader.calls.get(r.study_id, False) for r in columns.records])
        name = reader.name if reader.name not in everybody else f"{reader.name} (reader)"
        everybody[name] = (read, called)
        table[name] = calls(columns, called, read) | _reports(columns, reader, read, called)
    pairs = [_pair(columns, a, b, everybody) for a, b in combinations(everybody, 2)]
    return {"calls": table, "pairs": pairs}


def _reports(columns: Columns, reader: Reader, read: Bools, called: Bools) -> dict[str, Any]:
    """Report accuracy of a reader who names sites."""
    exact = np.array([reader.sites.get(r.study_id) == frozenset(r.sites) for r in columns.records])
    found = places.judged_reports(columns, called, exact) if reader.sites else None
    if found is None:
        return {}
    right, known = found
    return {"report_accuracy": share_of(columns, right, read & known)}


def _pair(columns: Columns, first: str, second: str, everybody: Mapping[str, tuple[Bools, Bools]]) -> dict[str, Any]:
    (read_a, a), (read_b, b) = everybody[first], everybody[second]
    truth = columns.truth
    right_a, right_b = a == truth, b == truth
    row: dict[str, Any] = {"first": first, "second": second}
    for measure, chosen in zip(MEASURES, (np.ones(len(truth), np.bool_), truth, ~truth), strict=True):
        both = read_a & read_b & chosen
        n = int(both.sum())
        p = finite(chi_square(Share(int(right_a[both].sum()), n), Share(int(right_b[both].sum()), n)))
        row[measure] = {
            "chi_square_p": p if independent(columns.patient[both]) else None,
            **paired(columns, right_a, right_b, both),
            "n": n,
        }
    return row


def compare_counts(path: Path) -> dict[str, Any]:
    """Tables 4 and 5 from a file of counts alone.

    Args:
        path: ``counts.csv``.

    Raises:
        UnreadableInputError: It is missing or has faults.

    Source: paper, Tables 4 and 5.
    """
    table: dict[str, dict[str, Share]] = {}
    faults = []
    for number, row in _rows(path, ("reader", *COUNTS)):
        if not all(row[key].isdecimal() for key in COUNTS) or not row["reader"] or row["reader"] in table:
            faults.append(f"row {number}: no name, one that was there before, or a count that is no whole number")
            continue
        hit, missed, cleared, alarmed = (int(row[key]) for key in COUNTS)
        table[row["reader"]] = {
            "accuracy": Share(hit + cleared, hit + missed + cleared + alarmed),
            "sensitivity": Share(hit, hit + missed),
            "specificity": Share(cleared, cleared + alarmed),
        }
    _raise(path, faults)
    pairs = [
        {"first": a, "second": b}
        | {m: {"chi_square_p": finite(chi_square(table[a][m], table[b][m]))} for m in MEASURES}
        for a, b in combinations(table, 2)
    ]
    return {"calls": {n: {m: share(s) for m, s in shares.items()} for n, shares in table.items()}, "pairs": pairs}


def _rows(path: Path, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            header = reader.fieldnames or []
            found = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableInputError(f"{path.name} cannot be read as a table") from error
    faults = [f"column {name} is missing" for name in needed if name not in header]
    faults += [f"column {name} is unknown" for name in header if name not in (*needed, *optional)]
    # The table's reader keeps what stands beyond the last column under None.
    known = len(header)
    faults += [f"row {n}: {known + len(row[None])} cells for {known} columns" for n, row in found if None in row]
    if not found:
        faults.append("row 2: nothing stands below the columns")
    _raise(path, faults, f"the columns {', '.join(needed)}" + (f" and, if wanted, {optional[0]}" if optional else ""))
    return [(number, {name: cell.strip() for name, cell in row.items()}) for number, row in found]


def _raise(path: Path, faults: list[str], expected: str = "") -> None:
    if faults:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        raise UnreadableInputError(f"{path.name} has {count}: " + "; ".join(faults), expected=expected)
