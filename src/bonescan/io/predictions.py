"""Predictions of any method on the studies of a cohort, so that it is judged by the same rules as a bundle.

::

    <folder>/predictions.json               what made them, and the thresholds of its probabilities
    <folder>/predictions.csv                one row a study, columns `COLUMNS`
    <folder>/<study_id>/anterior.png        8-bit labels (`MaskLabel`) in the geometry of the input view
    <folder>/<study_id>/posterior.png

A method that says nothing of a patient leaves `probability` empty, one that names no sites leaves all six empty, and
one that outlines nothing writes no masks. Masks are what the method draws before anything is decided about the patient.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bonescan.core.anatomy import SITES, MaskLabel, Site
from bonescan.core.errors import UnreadableInputError
from bonescan.core.files import write_bytes, write_text
from bonescan.core.study import Labels, ViewName
from bonescan.io.label_masks import encode_label_png, read_label_png

ABOUT, TABLE = "predictions.json", "predictions.csv"
COLUMNS = ("study_id", "probability", *(str(site) for site in SITES), "seconds")


class PredictionsThresholds(BaseModel):
    """Probabilities at and above which the answer is yes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    patient: float = Field(0.5, ge=0, le=1)
    sites: dict[Site, float] = Field(default_factory=lambda: dict.fromkeys(SITES, 0.5))


class PredictionsAbout(BaseModel):
    """The document `predictions.json`.

    Attributes:
        name: Of the method, e.g. "nnunet".
        version: Of the method.
        made_with: How the predictions were made: commands, versions, training budget.
        thresholds: One half throughout where the method was not tuned.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["bonescan.predictions/1"] = Field("bonescan.predictions/1", alias="schema")
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+-]*$")
    version: str
    made_with: str | dict[str, Any] = ""
    thresholds: PredictionsThresholds = Field(default_factory=PredictionsThresholds)


@dataclass(frozen=True)
class PredictedStudy:
    """One row.

    Attributes:
        study_id: Of the cohort.
        probability: Of metastasis in the patient, 0 to 1, or None.
        sites: Probability of each of the six sites, 0 to 1, or None.
        seconds: From raw input to the answer, or None.
    """

    study_id: str
    probability: float | None = None
    sites: Mapping[Site, float] | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Predictions:
    """A folder of predictions.

    Attributes:
        folder: Where it lies.
        about: What `predictions.json` says.
        studies: study_id → row.
        sha256: SHA-256 of both documents, and of the masks where there are any.
    """

    folder: Path
    about: PredictionsAbout
    studies: Mapping[str, PredictedStudy] = field(repr=False)
    sha256: str

    def read_masks(self, study_id: str) -> dict[ViewName, Labels]:
        """Masks of a study: view → (row, column) uint8 `MaskLabel`; empty where the method outlines nothing.

        Raises:
            CohortError: A mask has another form or other values.
        """
        paths = _masks(self.folder, study_id)
        return {view: read_label_png(path, highest=max(MaskLabel)) for view, path in paths.items()}


def write_predicted_masks(folder: Path, study_id: str, masks: Mapping[ViewName, Labels]) -> None:
    """Write the masks of one study; may be called long before `write_predictions`.

    Args:
        folder: Of the predictions.
        study_id: The study.
        masks: View → (row, column) uint8 `MaskLabel` in the geometry of the input view.

    Raises:
        OutputError: A file cannot be written.
    """
    for view, array in masks.items():
        write_bytes(folder / study_id / f"{view}.png", encode_label_png(array))


def write_predictions(folder: Path, about: PredictionsAbout, studies: Iterable[PredictedStudy]) -> None:
    """Write both documents, the table last: a folder that has one is complete.

    Raises:
        OutputError: A file cannot be written.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> about = PredictionsAbout(name="guess", version="1")
        >>> write_predictions(folder, about, [PredictedStudy("A", probability=0.25)])
        >>> read_predictions(folder).studies["A"].probability
        0.25
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_cells(study) for study in studies)
    write_text(folder / ABOUT, about.model_dump_json(by_alias=True, indent=1) + "\n")
    write_text(folder / TABLE, out.getvalue())


def read_predictions(folder: Path | str) -> Predictions:
    """Read and check both documents; of the masks only the bytes, until they are asked for.

    Raises:
        UnreadableInputError: One is missing or has faults; the message lists every fault of the table with its row.
    """
    folder = Path(folder)
    texts = [_read(folder / name) for name in (ABOUT, TABLE)]
    try:
        about = PredictionsAbout.model_validate_json(texts[0])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "document"
        raise UnreadableInputError(f"{ABOUT} of {folder.name} at {where}: {first['msg']}") from error
    rows = csv.DictReader(io.StringIO(texts[1].decode("utf-8-sig"), newline=""))
    if rows.fieldnames is None or set(rows.fieldnames) != set(COLUMNS):
        found = ", ".join(rows.fieldnames or ()) or "nothing"
        raise UnreadableInputError(
            f"{TABLE} of {folder.name} has the columns {found}", expected=f"the columns {', '.join(COLUMNS)}"
        )
    studies: dict[str, PredictedStudy] = {}
    faults: list[str] = []
    for row in rows:
        try:
            study = _parse(row)
            if study.study_id in studies:
                raise ValueError(f"study_id {study.study_id} was there before")
            studies[study.study_id] = study
        except ValueError as error:
            faults.append(f"row {rows.line_num}: {error}")
    if faults:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        raise UnreadableInputError(f"{TABLE} of {folder.name} has {count}: " + "; ".join(faults))
    return Predictions(folder, about, studies, _sha256(folder, texts, studies))


def _masks(folder: Path, study_id: str) -> dict[ViewName, Path]:
    paths = {view: folder / study_id / f"{view}.png" for view in ViewName}
    return {view: path for view, path in paths.items() if path.is_file()}


def _sha256(folder: Path, texts: Iterable[bytes], studies: Iterable[str]) -> str:
    """Of the documents and of every mask with its name."""
    found = hashlib.sha256(b"\0".join(texts))
    for study in sorted(studies):
        for view, path in _masks(folder, study).items():
            try:
                mask = path.read_bytes()
            except OSError as error:
                raise UnreadableInputError(f"the predicted {view} mask of {study} cannot be read") from error
            found.update(f"{study}/{view}\0".encode() + hashlib.sha256(mask).digest())
    return found.hexdigest()


def _read(path: Path) -> bytes:
    try:
        text = path.read_bytes()
        text.decode("utf-8-sig")
    except FileNotFoundError as error:
        hint = "Name a folder written by 'bonescan.io.predictions', or see docs/usage/evaluation.md for the format"
        raise UnreadableInputError(f"no {path.name} in {path.parent}", hint=hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInputError(f"{path.name} in {path.parent} cannot be read as UTF-8 text") from error
    return text


def _cells(study: PredictedStudy) -> dict[str, str]:
    sites = {str(site): f"{study.sites[site]:.6g}" for site in SITES} if study.sites else {}
    cells = {"study_id": study.study_id, **sites}
    if study.probability is not None:
        cells["probability"] = f"{study.probability:.6g}"
    if study.seconds is not None:
        cells["seconds"] = f"{study.seconds:.4g}"
    return cells


def _parse(row: Mapping[str, str | None]) -> PredictedStudy:
    name = (row["study_id"] or "").strip()
    if not name or Path(name).name != name:
        raise ValueError(f"study_id {name!r} is no name of a study")
    sites = {site: _number(row, site, highest=1) for site in SITES}
    named = {site: value for site, value in sites.items() if value is not None}
    if named and len(named) < len(SITES):
        raise ValueError("some of the six sites are empty; either all are or none is")
    probability = _number(row, "probability", highest=1)
    return PredictedStudy(name, probability, named or None, _number(row, "seconds", highest=float("inf")))


def _number(row: Mapping[str, str | None], column: str, *, highest: float) -> float | None:
    text = (row[column] or "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= highest:
        raise ValueError(f"{column} {text!r} is no number from 0 to {highest:g}")
    return value
