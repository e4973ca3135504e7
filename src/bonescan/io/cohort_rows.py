"""One row of ``cohort.csv``: text to values and back, with every fault named."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from bonescan.core.anatomy import SITES, Site

if TYPE_CHECKING:
    from bonescan.io.cohort_case import CohortCase

COLUMNS = (
    "study_id",
    "patient_id",
    "files",
    "split",
    "metastasis",
    "sites",
    "benign",
    "primary",
    "sex",
    "age_years",
    "alp_u_l",
    "treatment_start_days",
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_T = TypeVar("_T")


def row_of(case: CohortCase) -> dict[str, str]:
    """Return the cells of a case."""
    return {
        "study_id": case.study_id,
        "patient_id": case.patient_id,
        "files": ";".join(case.files),
        "split": case.split or "",
        "metastasis": str(int(case.metastasis)),
        "sites": ";".join(site for site in SITES if site in case.sites),
        "benign": str(int(case.benign)),
        "primary": case.primary,
        "sex": case.sex or "",
        "age_years": _number_text(case.age_years),
        "alp_u_l": _number_text(case.alp_u_l),
        "treatment_start_days": _number_text(case.treatment_start_days),
    }


def parse_row(row: dict[str, str]) -> tuple[dict[str, Any] | None, list[str]]:
    """Turn cells into the arguments of `CohortCase`.

    Returns:
        The values, or None where a cell could not be understood; and the faults, each naming its column.
    """
    faults: list[str] = []

    def take(column: str, parse: Callable[[str], _T]) -> _T | None:
        try:
            return parse(row[column].strip())
        except ValueError as error:
            faults.append(f"{column} {error}")
            return None

    values: dict[str, Any] = {
        "study_id": take("study_id", _name),
        "patient_id": take("patient_id", _filled),
        "files": take("files", _files),
        "split": take("split", _one_of("train", "val", "test")),
        "metastasis": take("metastasis", _flag),
        "sites": take("sites", _sites),
        "benign": take("benign", _flag),
        "primary": take("primary", str),
        "sex": take("sex", _one_of("M", "F", "O")),
        "age_years": take("age_years", _number(0, 130)),
        "alp_u_l": take("alp_u_l", _number(0, 1e6)),
        "treatment_start_days": take("treatment_start_days", _number(-1e5, 1e5)),
    }
    readable = not faults
    if values["sites"] and values["metastasis"] is False:
        faults.append("sites are named though metastasis is 0")
    return (values if readable else None), faults


def _name(text: str) -> str:
    if not _NAME.match(text):
        raise ValueError(f"{text!r} is no name of letters, digits, '.', '_' and '-'")
    return text


def _filled(text: str) -> str:
    if not text:
        raise ValueError("is empty")
    return text


def _files(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(";") if name.strip())
    if not names:
        raise ValueError("is empty")
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or re.match(r"[A-Za-z]:", name):
            raise ValueError(f"{name!r} is no path below the folder of the cohort, in the form a/b.dcm")
    return names


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"


def _sites(text: str) -> tuple[Site, ...]:
    names = [name.strip() for name in text.split(";") if name.strip()]
    unknown = [name for name in names if name not in set(SITES)]
    if unknown:
        raise ValueError(f"{', '.join(unknown)!r} is none of {', '.join(SITES)}")
    return tuple(site for site in SITES if site in names)


def _one_of(*choices: str) -> Callable[[str], str | None]:
    def parse(text: str) -> str | None:
        if text and text not in choices:
            raise ValueError(f"{text!r} is none of {', '.join(choices)}")
        return text or None

    return parse


def _number(low: float, high: float) -> Callable[[str], float | None]:
    def parse(text: str) -> float | None:
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ValueError(f"{text!r} is no number from {low:g} to {high:g}")
        return value

    return parse


def _number_text(value: float | None) -> str:
    return "" if value is None else repr(float(value)).removesuffix(".0")
