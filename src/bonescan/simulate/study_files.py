"""The folder of one simulated study: DICOM, annotations, region maps, record and truth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

import numpy as np
from pydantic import TypeAdapter

from bonescan.core.errors import UnreadableInputError, UsageError
from bonescan.core.files import staged_folder, write_bytes, write_text
from bonescan.io.cohort import write_masks
from bonescan.io.cohort_case import TRUTH
from bonescan.io.dicom_writer import write_nm
from bonescan.io.labelme import write_labelme
from bonescan.simulate.parameters import PatientParameters
from bonescan.simulate.patient import render
from bonescan.simulate.serial import Visit
from bonescan.simulate.truth import SimulatedStudy

Annotation = Literal["masks", "labelme"]
ANNOTATIONS: tuple[Annotation, ...] = ("masks", "labelme")
_RECORD = "parameters.json"
_VISIT = "visit.json"


@dataclass(frozen=True)
class Extras:
    """What is written of each study besides its DICOM file, region maps, record and truth.

    Attributes:
        annotations: "masks" (PNG), "labelme" (JSON, with pictures to open them on), or both.
        noiseless: Whether the noiseless images are wanted.
    """

    annotations: tuple[Annotation, ...] = ("masks",)
    noiseless: bool = False

    @staticmethod
    def of(annotations: Iterable[str], *, noiseless: bool = False) -> Extras:
        """Check the names of annotations.

        Raises:
            UsageError: There is none, or an unknown one.
        """
        names = tuple(annotations)
        chosen = tuple(name for name in ANNOTATIONS if name in names)
        if not chosen or set(names) - set(ANNOTATIONS):
            raise UsageError(f"annotations are {', '.join(names) or 'none'}", expected="masks, labelme or both")
        return Extras(chosen, noiseless)


@dataclass(frozen=True)
class VisitFacts:
    """What is known of one of several scans of a patient; `Visit` without its record, and with dates.

    Attributes:
        patient_id: The patient's pseudonym.
        number, days, course, lesions, fates, resolved, change: See `Visit`.
        scan_date: Date of the scan, YYYYMMDD.
        treatment_start_days: Days from start of treatment to the scan, or None.
    """

    patient_id: str
    number: int
    days: int
    course: str
    lesions: tuple[int, ...]
    fates: tuple[str, ...]
    resolved: tuple[int, ...]
    change: str
    scan_date: str
    treatment_start_days: int | None

    @staticmethod
    def of(visit: Visit, patient_id: str, first: date, treated_after_days: int | None) -> VisitFacts:
        """Facts of a visit of a patient whose first scan was on a day, and whose treatment began some days later."""
        treated = None if treated_after_days is None else visit.days - treated_after_days
        day = f"{first + timedelta(days=visit.days):%Y%m%d}"
        return VisitFacts(
            patient_id,
            visit.number,
            visit.days,
            visit.course,
            visit.lesions,
            visit.fates,
            visit.resolved,
            visit.change,
            day,
            treated,
        )


_ADAPTER: TypeAdapter[VisitFacts] = TypeAdapter(VisitFacts)


def write_study(
    folder: Path, simulated: SimulatedStudy, *, extras: Extras | None = None, visit: VisitFacts | None = None
) -> None:
    """Write ``<folder>/<study_id>/`` as a whole; the same arguments give the same bytes.

    Args:
        folder: Folder of the cohort.
        simulated: The study.
        extras: What to write besides; masks only by default.
        visit: Which of several scans of a patient it is.

    Raises:
        OutputError: A file cannot be written.
    """
    extras = extras or Extras()
    parameters, study = simulated.parameters, simulated.study
    name = parameters.study_id
    day = visit.scan_date if visit else _some_day(name)
    study = replace(study, scan=replace(study.scan, acquisition_date=day))
    with staged_folder(folder / name) as staged:
        write_nm(
            study,
            staged / f"{name}.dcm",
            patient_id=visit.patient_id if visit else None,
            rle=True,
            age_years=parameters.age_years,
            scan_speed_mm_s=parameters.camera.speed_cm_per_min / 6,
        )
        masks = simulated.labels if "masks" in extras.annotations else {}
        write_masks(staged.parent, staged.name, masks, simulated.regions)
        if "labelme" in extras.annotations:
            _write_labelme(staged / "masks", simulated)
        if extras.noiseless:
            write_bytes(staged / "noiseless.npz", _noiseless(simulated))
        write_text(staged / _RECORD, parameters.to_json())
        if visit:
            write_text(staged / _VISIT, json.dumps(asdict(visit), indent=1) + "\n")
        write_text(staged / TRUTH, json.dumps(truth_of(simulated, visit), indent=1) + "\n")


def _some_day(study_id: str) -> str:
    """A date for a study that is its patient's only one, since archives sort by dates; always the same for its name."""
    return f"{date(2020, 1, 1) + timedelta(days=crc32(study_id.encode()) % 1500):%Y%m%d}"


def truth_of(simulated: SimulatedStudy, visit: VisitFacts | None = None) -> dict[str, Any]:
    """All that is true of a study, as plain values: with visits also the course, and each lesion's number and fate."""
    truth: dict[str, Any] = dict(simulated.truth_document())
    if visit:
        truth["visit"] = asdict(visit)
        for row, lesion, fate in zip(truth["foci"], visit.lesions, visit.fates, strict=True):
            row |= {"lesion": lesion, "fate": fate}
    return truth


def read_truth(folder: Path, study_id: str) -> dict[str, Any]:
    """Read ``truth.json`` of a study.

    Raises:
        UnreadableInputError: It is not there or no truth document.
    """
    try:
        truth = json.loads((folder / study_id / TRUTH).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableInputError(f"{TRUTH} of {study_id} cannot be read") from error
    if not isinstance(truth, dict):
        raise UnreadableInputError(f"{TRUTH} of {study_id} is no table")
    return truth


def rebuild(folder: Path, study_id: str, *, phantoms: Path | None = None) -> tuple[SimulatedStudy, VisitFacts | None]:
    """Rebuild one study from its record alone.

    Args:
        folder: Folder of the cohort.
        study_id: The study.
        phantoms: Folder of the voxel phantoms, where the record's body is "voxel".

    Returns:
        The study, and which of several scans of a patient it is.

    Raises:
        UnreadableInputError: The record is missing or damaged.
        UsageError: The body is a voxel phantom, and no folder of them is given.
    """
    place = folder / study_id
    try:
        parameters = PatientParameters.from_json((place / _RECORD).read_text(encoding="utf-8"))
        text = (place / _VISIT).read_text(encoding="utf-8") if (place / _VISIT).is_file() else None
        visit = None if text is None else _ADAPTER.validate_json(text)
    except (OSError, ValueError) as error:
        raise UnreadableInputError(
            f"the record of {study_id} cannot be read", expected=f"{_RECORD} as bonescan simulate writes it"
        ) from error
    if parameters.body == "voxel" and phantoms is None:
        raise UsageError(f"{study_id} has a voxel body", hint="Name the folder of phantoms with --phantoms")
    return render(parameters, phantoms=phantoms), visit


def _write_labelme(masks: Path, simulated: SimulatedStudy) -> None:
    """LabelMe files of both views, each with an 8-bit picture of the counts to open it on."""
    from PIL import Image

    for view in simulated.study.views:
        top = max(float(np.percentile(view.counts, 99.7)), 1.0)
        grey = np.rint(255 * (1 - np.sqrt(np.minimum(view.counts / top, 1)))).astype(np.uint8)
        buffer = BytesIO()
        Image.fromarray(grey).save(buffer, "PNG", compress_level=6)
        picture = f"view_{view.name}.png"
        write_bytes(masks / picture, buffer.getvalue())
        write_labelme(masks / f"{view.name}.json", simulated.labels[view.name], image_path=picture)


def _noiseless(simulated: SimulatedStudy) -> bytes:
    """Expected counts of both views: a NumPy archive of (row, column) float32 ``anterior`` and ``posterior``."""
    buffer = BytesIO()
    arrays: dict[str, Any] = {str(view): image for view, image in simulated.expected.items()}
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()
