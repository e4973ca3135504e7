"""What is kept of each study: enough for every figure, and nothing that names a patient."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from bonescan.core.errors import UnreadableInputError, UsageError
from bonescan.core.files import write_text

CASES = "cases.jsonl"
SCHEMA = "bonescan.evaluation-cases/1"


class Pixels(NamedTuple):
    """Pixel sums of one class in one view."""

    both: int
    drawn: int
    true: int


@dataclass(frozen=True)
class Lesion:
    """A true lesion: one 8-connected group of metastasis pixels in one view.

    Attributes:
        area_px: Its pixels.
        area_mm2: The same in mm², or None where the pixel spacing is unknown.
        contrast: Its mean counts over the median of what surrounds it.
        site: Of most of its pixels by the region map of the cohort, or None.
        uptake: Its uptake over that of the bone, as it was simulated; None where that is not known.
        rose: Its counts above that level in standard deviations of all its counts, or None where pixels are no counts.
            Source: Rose, J Opt Soc Am 1948, who asks for 5 to be sure.
        score: Mean probability of the surest mark that overlaps with it (1 of masks alone), or None where none does.
        named: Where it is hit, the site of most of its drawn pixels by the method's own region map, "" where that shows
            no bone; None where it is not hit, or the method knows no regions.
    """

    area_px: int
    area_mm2: float | None
    contrast: float
    site: str | None
    uptake: float | None
    score: float | None
    rose: float | None = None
    named: str | None = None


@dataclass(frozen=True)
class ViewRecord:
    """One view, before anything is decided about the patient.

    Attributes:
        view: Its name.
        counts: Total counts, or None where pixels are no counts.
        true_window: (7) whether each window holds metastasis, and bladder; None where nothing is annotated.
        windows: (7) probability of metastasis and of bladder in each window: of the window classifier where there is
            one, else the highest of the maps; None of masks alone.
        score: Probability of metastasis in the view, or None.
        metastasis, bladder, benign: Pixel sums, or None where nothing is annotated or nothing outlined.
        lesions: True lesions large enough to count.
        alarms: Scores of the marks that hit none of them.
        alarms_benign: How many of these lie on true benign uptake; says nothing where `benign` is None.
        regions: Name of a skeletal region → pixel sums, where the method and the cohort know regions.
        surface: Boundary pixels of drawn and true metastases within 2 pixels of the other's, and all of them.
    """

    view: str
    counts: float | None
    true_window: tuple[tuple[bool, bool], ...] | None = None
    windows: tuple[tuple[float, float], ...] | None = None
    score: float | None = None
    metastasis: Pixels | None = None
    bladder: Pixels | None = None
    benign: Pixels | None = None
    lesions: tuple[Lesion, ...] = ()
    alarms: tuple[float, ...] = ()
    alarms_benign: int = 0
    surface: tuple[int, int] | None = None
    regions: dict[str, Pixels] | None = None


@dataclass(frozen=True)
class Record:
    """One study.

    Attributes:
        study_id: Of the cohort.
        cohort: Number of the cohort, from 0.
        patient: Number of the patient, from 0; studies of one patient share it.
        metastasis, sites, benign: The truth of the table; sites in the order of `Site`.
        probability: Of metastasis, or None where the method gives none.
        present: What is reported.
        site_probabilities: Of the six sites, or None.
        sites_said: The sites of the report: none where no metastasis is reported.
        bstbi_drawn: BSTBI of what is drawn, whether reported or not.
        bstbi_true: BSTBI of the annotation.
        seconds: From file to lesions and burden, or None.
        needs_review: Whether the method asks for a second look, or None where it never does.
        alp_u_l, treatment_start_days: Of the table.
        superscan: Of a simulated patient's truth, else None.
        views: Its views.
        taught: Whether a scan of it taught the method, or None where that is not known.
    """

    study_id: str
    cohort: int
    patient: int
    metastasis: bool
    sites: tuple[str, ...]
    benign: bool
    probability: float | None
    present: bool
    site_probabilities: tuple[float, ...] | None
    sites_said: tuple[str, ...] | None
    bstbi_drawn: float | None
    bstbi_true: float | None
    seconds: float | None
    needs_review: bool | None
    alp_u_l: float | None
    treatment_start_days: float | None
    superscan: bool | None
    views: tuple[ViewRecord, ...]
    taught: bool | None = None


@dataclass(frozen=True)
class MethodFacts:
    """Who answered.

    Attributes:
        name, version: Of the bundle or the predictions.
        kind: "bundle" or "predictions".
        sha256: Of the bundle, or of the documents and masks of the predictions.
        threshold: Of the patient's probability.
        site_thresholds: Of the six sites, in the order of `Site`.
        scored_by: "probability", or "lesion pixels" where the method gives no probability.
        simulated_only: Whether it was trained on simulated patients only, or None where that is not known.
        made_with: How predictions were made.
    """

    name: str
    version: str
    kind: str
    sha256: str
    threshold: float
    site_thresholds: tuple[float, ...]
    scored_by: str = "probability"
    simulated_only: bool | None = None
    made_with: Any = ""


@dataclass(frozen=True)
class CohortFacts:
    """What was evaluated on.

    Attributes:
        name: Of its folder.
        fingerprint: SHA-256 of its table.
        simulated: Whether any of it is.
        content: SHA-256 of the scans and annotations of all its studies; empty in records from before it was kept.
    """

    name: str
    fingerprint: str
    simulated: bool
    content: str = ""


@dataclass(frozen=True)
class Header:
    """First line of `cases.jsonl`: what its records are of. Records of different headers are never mixed."""

    method: MethodFacts
    cohorts: tuple[CohortFacts, ...]
    split: str
    schema: str = SCHEMA


_HEADER: TypeAdapter[Header] = TypeAdapter(Header)
_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


def line_of(item: Header | Record) -> str:
    """One line of JSON, floats rounded to six digits."""
    adapter: TypeAdapter[Any] = _HEADER if isinstance(item, Header) else _RECORD
    plain = adapter.dump_python(item, mode="json")
    return json.dumps(plain if isinstance(item, Header) else _rounded(plain), separators=(",", ":")) + "\n"


def read_records(path: Path, *, unfinished: bool = False) -> tuple[Header, list[Record]]:
    """Read a file of records.

    Args:
        path: ``cases.jsonl``.
        unfinished: Whether the last line may be cut, as a killed process leaves it; it is then left out.

    Raises:
        UnreadableInputError: It is missing or damaged.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInputError(
            f"no {CASES} in {path.parent}", hint="Name a folder that 'bonescan evaluate -o' has written"
        ) from error
    lines = text.splitlines(keepends=True)
    if unfinished and lines and not lines[-1].endswith("\n"):
        lines.pop()
    try:
        header = _HEADER.validate_json(lines[0])
        return header, [_RECORD.validate_json(line) for line in lines[1:]]
    except (ValidationError, IndexError) as error:
        raise UnreadableInputError(f"{path.name} in {path.parent} is damaged", expected=f"schema {SCHEMA}") from error


def write_records(path: Path, header: Header, records: Iterable[Record]) -> None:
    """Write a file of records as a whole.

    Raises:
        OutputError: It cannot be written.
    """
    write_text(path, line_of(header) + "".join(map(line_of, records)))


def check_same(found: Header, wanted: Header, folder: Path) -> None:
    """Refuse to mix records.

    Raises:
        UsageError: The folder holds records of another method, cohort, version of its scans or annotations (or nobody
            knows which), or split.
    """
    bare = [[replace(cohort, content="") for cohort in header.cohorts] for header in (found, wanted)]
    parts = {
        "model": found.method != wanted.method,
        "cohort": bare[0] != bare[1],
        "version of the scans or annotations": [x.content for x in found.cohorts]
        != [x.content for x in wanted.cohorts],
        "split": found.split != wanted.split,
    }
    if differing := [name for name, differs in parts.items() if differs]:
        raise UsageError(
            f"{folder} holds an evaluation of another {' and '.join(differing)}", hint="Choose another folder"
        )


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value
