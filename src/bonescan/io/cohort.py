"""A cohort: a folder of studies with one table, which training, evaluation and simulation all speak.

::

    <cohort>/cohort.csv                               one row a study, columns `COLUMNS`
    <cohort>/<study_id>/<study_id>.dcm                or whatever `files` names
    <cohort>/<study_id>/masks/anterior.png            8-bit labels (`MaskLabel`), or anterior.json from LabelMe
    <cohort>/<study_id>/labelme/anterior.json         the same, saved beside the picture that `cohort_new` makes
    <cohort>/<study_id>/masks/regions_anterior.png    8-bit region map (`Region`), optional

A LabelMe file may also lie beside the picture that it annotates, under the picture's name.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bonescan.core.errors import CohortError
from bonescan.core.files import write_text
from bonescan.io.cohort_case import SPLITS, CohortCase, Split
from bonescan.io.cohort_rows import COLUMNS, parse_row, row_of
from bonescan.io.label_masks import write_masks
from bonescan.io.split import split_patients

__all__ = [
    "SPLITS",
    "Cohort",
    "CohortCase",
    "Split",
    "read_cohort",
    "split_patients",
    "write_cohort",
    "write_masks",
]

TABLE = "cohort.csv"


@dataclass(frozen=True)
class Cohort:
    """Studies and their labels."""

    folder: Path
    cases: tuple[CohortCase, ...]

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[CohortCase]:
        return iter(self.cases)

    def __getitem__(self, study_id: str) -> CohortCase:
        for case in self.cases:
            if case.study_id == study_id:
                return case
        raise KeyError(study_id)

    def split(self, name: Split) -> tuple[CohortCase, ...]:
        """The cases on one side of the split."""
        return tuple(case for case in self.cases if case.split == name)

    def with_splits(self, splits: Mapping[str, Split]) -> Cohort:
        """A copy whose cases have the splits of `splits` (study_id → split)."""
        return replace(self, cases=tuple(replace(case, split=splits[case.study_id]) for case in self.cases))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the table, whatever the order of its rows: says which cohort a model was trained on."""
        rows = sorted(self.cases, key=lambda case: case.study_id)
        return hashlib.sha256(_table(rows).encode("utf-8")).hexdigest()


def read_cohort(folder: Path | str) -> Cohort:
    """Read and check ``cohort.csv``, and that every file it names exists.

    Raises:
        CohortError: The table is missing or has faults; the message lists every fault with file and row.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "a.dcm").touch()
        >>> from bonescan.core.anatomy import Site
        >>> write_cohort(folder, [CohortCase("A", "P1", ("a.dcm",), metastasis=True, sites=(Site.SPINE,))])
        >>> read_cohort(folder)["A"].sites
        (<Site.SPINE: 'spine'>,)
    """
    folder = Path(folder)
    faults: list[str] = []
    cases: list[CohortCase] = []
    rows_of: dict[str, int] = {}
    for number, row in _rows(folder):
        values, wrong = parse_row(row)
        if values is not None:
            case = CohortCase(**values, folder=folder)
            wrong += [f"file {name} does not exist" for name in case.files if not (folder / name).is_file()]
            if case.study_id in rows_of:
                wrong.append(f"study_id {case.study_id} is already in row {rows_of[case.study_id]}")
            rows_of.setdefault(case.study_id, number)
            cases.append(case)
        faults += [f"{TABLE} row {number}: {text}" for text in wrong]
    faults += _leaks(cases) + _shared_files(cases)
    if not cases and not faults:
        faults.append(f"{TABLE}: no row")
    if faults:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        error = CohortError(f"the cohort {folder.name} has {count}: " + "; ".join(faults))
        error.faults = tuple(faults)
        raise error
    return Cohort(folder, tuple(cases))


def write_cohort(folder: Path | str, cases: Iterable[CohortCase]) -> None:
    """Write ``cohort.csv`` for studies whose files lie in `folder`, through a temporary name.

    Raises:
        CohortError: Two cases share a study_id, a patient is on two sides of the split, or a file is of two patients.
        OutputError: The table cannot be written.
    """
    cases = list(cases)
    ids = Counter(case.study_id for case in cases)
    faults = [f"study_id {name} appears {count} times" for name, count in ids.items() if count > 1]
    for case in cases:
        faults += [f"{case.study_id}: {text}" for text in parse_row(row_of(case))[1]]
    faults += _leaks(cases) + _shared_files(cases)
    if faults:
        raise CohortError("the cohort cannot be written: " + "; ".join(faults))
    write_text(Path(folder) / TABLE, _table(cases))


def _table(cases: Iterable[CohortCase]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row_of(case) for case in cases)
    return out.getvalue()


def _rows(folder: Path) -> list[tuple[int, dict[str, str]]]:
    """Rows with the number that a spreadsheet shows."""
    path = folder / TABLE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        hint = f"Name the folder that holds the table, or make it with 'bonescan cohort fill {folder}'"
        raise CohortError(f"no {TABLE} in {folder}", hint=hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise CohortError(f"{TABLE} in {folder} cannot be read as UTF-8 text") from error
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise CohortError(f"{TABLE} in {folder} is not comma-separated text ({error})") from error
    faults = [f"column {name} is missing" for name in COLUMNS if name not in header]
    faults += [f"column {name} is unknown" for name in header if name not in COLUMNS]
    faults += [f"row {n}: {len(row)} cells for {len(header)} columns" for n, row in rows if len(row) != len(header)]
    if faults:
        raise CohortError(f"{TABLE} in {folder}: " + "; ".join(faults), expected=f"the columns {', '.join(COLUMNS)}")
    return [(number, dict(zip(header, row, strict=True))) for number, row in rows]


def _leaks(cases: Iterable[CohortCase]) -> list[str]:
    sides: dict[str, dict[str, str]] = {}
    for case in cases:
        if case.split is not None:
            sides.setdefault(case.patient_id, {})[case.split] = case.study_id
    return [
        f"patient of study {min(by_split.values())} is in {' and '.join(sorted(by_split))}"
        for by_split in sides.values()
        if len(by_split) > 1
    ]


def _shared_files(cases: Iterable[CohortCase]) -> list[str]:
    """A scan has one patient, or it could be trained on and tested on; one patient's may be in rows of two readers."""
    first: dict[PurePosixPath, CohortCase] = {}
    return [
        f"file {name} is of two patients, in studies {other.study_id} and {case.study_id}"
        for case in cases
        for name in case.files
        if (other := first.setdefault(PurePosixPath(name), case)).patient_id != case.patient_id
    ]
