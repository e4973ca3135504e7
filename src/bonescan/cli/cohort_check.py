"""`bonescan cohort check`: what is in a cohort, and all that is wrong with it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bonescan.cli.failure import exit_code, explain
from bonescan.cli.output import aligned, progress, say, say_json
from bonescan.core.errors import CohortError

if TYPE_CHECKING:
    from bonescan.io.cohort_case import CohortCase
    from bonescan.io.cohort_check import Looked

TO_CHECK = "sites-to-check.txt"
"""Studies whose sites a region map suggested; who has looked at one deletes its line."""

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the cohort.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def check(folder: Folder, *, as_json: JsonOption = False) -> None:
    """Check a whole cohort: table, scans and annotations.

    Says what is there, and every fault at once.
    """
    from bonescan.io.cohort_check import look_at
    from bonescan.io.cohort_fill import studies_of

    cases: tuple[CohortCase, ...] = ()
    waiting: list[str] = []
    faults: list[str] = []
    looked: list[Looked] = []
    try:
        cases, waiting = studies_of(folder)
    except CohortError as error:
        if not error.faults:
            raise
        faults += error.faults
    with progress("Checking", len(cases)) as report:
        for number, case in enumerate(cases, start=1):
            looked.append(look_at(case))
            report(number, len(cases))
    faults += [fault for entry in looked for fault in entry.faults]
    facts = _facts(cases, looked, waiting, _to_check(folder, cases))
    if as_json:
        say_json({"folder": str(folder), **facts, "faults": faults})
    else:
        if not faults or cases:
            _say_facts(folder, cases, facts)
        say("no fault found" if not faults else f"{len(faults)} fault{'' if len(faults) == 1 else 's'}")
    for fault in faults:
        explain(fault)
    if faults:
        raise typer.Exit(exit_code(CohortError("")))


def _to_check(folder: Path, cases: tuple[CohortCase, ...]) -> int:
    """How many rows have suggested sites that nobody has looked at."""
    path = folder / TO_CHECK
    # People edit it, in the encoding of their editor; only the names of studies, in ASCII, matter.
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines() if path.is_file() else []
    noted = {line.split()[0] for line in lines if line.strip()}
    return sum(case.study_id in noted for case in cases)


def _facts(cases: tuple[CohortCase, ...], looked: list[Looked], waiting: list[str], to_check: int) -> dict[str, Any]:
    return {
        "studies": len(cases),
        "patients": len({case.patient_id for case in cases}),
        "metastasis": sum(case.metastasis for case in cases),
        "benign": sum(case.benign for case in cases),
        "sites": dict(Counter(site.value for case in cases for site in case.sites).most_common()),
        "splits": dict(Counter(case.split or "" for case in cases)),
        "views": sum(entry.views for entry in looked),
        "annotated_views": sum(entry.annotated for entry in looked),
        "sites_to_check": to_check,
        "waiting": waiting,
    }


def _say_facts(folder: Path, cases: tuple[CohortCase, ...], facts: dict[str, Any]) -> None:
    sites = ", ".join(f"{site} {count}" for site, count in facts["sites"].items())
    rows = [
        ("studies", f"{facts['studies']} of {facts['patients']} patients"),
        ("metastasis", f"{facts['metastasis']}" + (f" ({sites})" if sites else "")),
        ("benign uptake", f"{facts['benign']}"),
        ("annotated", f"{facts['annotated_views']} of {facts['views']} views"),
        *sides(cases),
    ]
    if facts["waiting"]:
        rows.append(
            ("waiting", f"{len(facts['waiting'])} studies for a row; bonescan cohort fill {folder} says for what")
        )
    if facts["sites_to_check"]:
        rows.append(("to check", f"sites of {facts['sites_to_check']}, listed in {TO_CHECK}"))
    for line in aligned(rows):
        say(line)


def sides(cases: tuple[CohortCase, ...]) -> list[tuple[str, str]]:
    """Studies, patients and metastatic studies of each side of the split."""
    rows = []
    for name in ("train", "val", "test", None):
        side = [case for case in cases if case.split == name]
        if side:
            patients = len({case.patient_id for case in side})
            metastatic = sum(case.metastasis for case in side)
            rows.append(
                (name or "no split", f"{len(side)} studies of {patients} patients, {metastatic} with metastases")
            )
    return rows
