"""``evaluation.json``: every figure of one method on one set of cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from bonescan.core.findings import DISCLAIMER
from bonescan.evaluation import amount, outlines, patients, places
from bonescan.evaluation.columns import Columns
from bonescan.evaluation.numbers import finite
from bonescan.evaluation.readers import Reader, compare_readers
from bonescan.evaluation.records import Header, Record
from bonescan.evaluation.strata import strata
from bonescan.io.cohort import Cohort

SCHEMA = "bonescan.evaluation/1"


def document_of(
    header: Header,
    records: Sequence[Record],
    cohorts: Sequence[Cohort],
    *,
    command: str = "",
    readers: Sequence[Reader] = (),
) -> dict[str, Any]:
    """Compute every figure.

    Args:
        header: What the records are of.
        records: One a study.
        cohorts: As read, for the distribution of sites over the whole of them.
        command: The command line, for the record.
        readers: Their calls.

    Returns:
        Plain values for JSON; null stands for what is not defined or not known.
    """
    columns = Columns(header.method, records)
    simulated = [cohort.simulated for cohort in header.cohorts]
    everyone = np.ones(len(columns), np.bool_)
    right = {"call": (columns.present == columns.truth, everyone), "report": places.report_right(columns)}
    return {
        "schema": SCHEMA,
        "disclaimer": DISCLAIMER,
        "data": data_words(header),
        "command": command,
        "method": _rounded(asdict(header.method)),
        "cohorts": [
            asdict(facts) | {"studies": len(cohort)} for facts, cohort in zip(header.cohorts, cohorts, strict=True)
        ],
        "split": header.split,
        "studies": len(columns),
        "patients": int(columns.patient.max()) + 1,
        "metastatic": int(columns.truth.sum()),
        "studies_that_taught_the_method": _taught(records),
        "sites_in_cohorts": places.table_3([case for cohort in cohorts for case in cohort]),
        "calls": patients.table_4(columns),
        "auc": patients.areas(columns),
        "calibration": patients.calibration(columns),
        "dice": outlines.dice(columns),
        "surface_dice": outlines.surface_dice(columns),
        "region_dice": outlines.region_dice(columns),
        "lesions": outlines.detection(columns),
        "localisation": places.localisation(columns),
        "report_accuracy": places.report_accuracy(columns),
        "bstbi_against_truth": amount.against_truth(columns),
        "bstbi_against_alp": amount.against_alp(columns, simulated),
        "needs_review": patients.review(columns, right),
        "seconds": patients.seconds(columns),
        "strata": strata(columns),
        "readers": compare_readers(columns, list(readers)) if readers else None,
    }


def taught_words(document: Mapping[str, Any]) -> str | None:
    """What to say where the method is asked about studies that it was trained on, or None."""
    count, studies = document["studies_that_taught_the_method"], document["studies"]
    if not count:
        return None
    return (
        f"{count:,} of these {studies:,} studies taught {document['method']['name']}: the figures say how well it "
        "remembers them, not how well it does on others."
    )


def _taught(records: Sequence[Record]) -> int | None:
    known = [record.taught for record in records if record.taught is not None]
    return sum(known) if known else None


def data_words(header: Header) -> str:
    """What the figures are of, in words that go with every one of them."""
    kinds = {cohort.simulated for cohort in header.cohorts}
    if kinds == {True}:
        return "simulated patients, which say little about real ones"
    if kinds == {False}:
        return "patients of whom nothing says that they are simulated"
    return "patients of whom some are simulated, which say little about real ones"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, (list, tuple)) else value
