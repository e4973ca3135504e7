"""Writes a study as a standard NM whole-body image: one object, one frame a view.

The object follows the NM Image IOD (DICOM PS3.3 A.5 and C.8.4): 16-bit counts, frames told apart by Detector Vector,
each detector item naming its view by a code of CID 26. It is what the simulator and the examples write, and passes
``dciodvfy`` without an error.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence as Items
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import UsageError
from bonescan.core.files import write_bytes
from bonescan.core.study import Study, Units, View
from bonescan.io.codes import VIEW_CODES, Code
from bonescan.io.dicom_header import SIMULATED_BY

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

NM_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.20"
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_RLE = "1.2.840.10008.1.2.5"
_UID_SPACE = uuid.UUID("5b0d3b4e-6f1c-5a3e-9d39-0a1f3c2f7e11")

_TECHNETIUM = Code("72454006", "SCT", "^99m^Technetium")
_TRACERS = {
    "medronate": Code("96390006", "SCT", "Technetium Tc^99m^ medronate"),
    "mdp": Code("96390006", "SCT", "Technetium Tc^99m^ medronate"),
    "oxidronate": Code("53951001", "SCT", "Technetium Tc^99m^ oxidronate"),
    "hdp": Code("53951001", "SCT", "Technetium Tc^99m^ oxidronate"),
}
"""Source: DICOM PS3.16 CID 25."""


def uid_of(seed: str, role: str) -> str:
    """Return a UID that depends on `seed` and `role` alone, in the ``2.25`` (UUID) root.

    Example:
        >>> uid_of("SIM0001", "study") == uid_of("SIM0001", "study") != uid_of("SIM0001", "series")
        True
    """
    return f"2.25.{uuid.uuid5(_UID_SPACE, f'{seed}/{role}').int}"


def write_nm(
    study: Study,
    path: Path | str,
    *,
    patient_id: str | None = None,
    seed: str | None = None,
    rle: bool = False,
    age_years: float | None = None,
    scan_speed_mm_s: float | None = None,
) -> None:
    """Write the views of `study` as one NM whole-body object.

    The same arguments give the same bytes. Counts are rounded to whole numbers.

    Args:
        study: One or two views of equal shape, in counts of at most 65535.
        path: File to write, through a temporary name.
        patient_id: PatientID to write; the name of the study by default. Never a real patient's.
        seed: What UIDs are derived from; the name of the study by default. The study's own StudyInstanceUID is kept.
        rle: Compress losslessly (RLE); else Explicit VR Little Endian.
        age_years: Patient's age.
        scan_speed_mm_s: Speed of the table.

    Raises:
        UsageError: The views cannot be stored as counts of one NM object.
        OutputError: The file cannot be written.
    """
    dataset = nm_dataset(
        study, patient_id=patient_id, seed=seed, rle=rle, age_years=age_years, scan_speed_mm_s=scan_speed_mm_s
    )
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    write_bytes(Path(path), buffer.getvalue())


def nm_dataset(
    study: Study,
    *,
    patient_id: str | None = None,
    seed: str | None = None,
    rle: bool = False,
    age_years: float | None = None,
    scan_speed_mm_s: float | None = None,
) -> Dataset:
    """Build what `write_nm` writes, as a pydicom dataset."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID

    frames = _frames(study.views)
    seed = study.name if seed is None else seed
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(_EXPLICIT_LITTLE)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    _identify(dataset, study, seed, patient_id or study.name, age_years)
    _describe_acquisition(dataset, study, frames, scan_speed_mm_s)
    _describe_isotope(dataset, study)
    _describe_detectors(dataset, study.views)
    _set_pixels(dataset, frames)
    if rle:
        dataset.compress(UID(_RLE), encoding_plugin="pydicom", generate_instance_uid=False)
    return dataset


def _frames(views: Items[View]) -> npt.NDArray[np.uint16]:
    shapes = {view.counts.shape for view in views}
    if len(shapes) != 1:
        raise UsageError(f"views of shapes {sorted(shapes)}", expected="one or two views of one shape")
    if any(view.units is not Units.COUNTS for view in views):
        raise UsageError("views in display units", expected="counts", hint="An NM object holds counts, not grey levels")
    frames = np.rint(np.stack([view.counts for view in views]))
    if not np.isfinite(frames).all() or frames.min() < 0 or frames.max() > 65535:
        raise UsageError("counts outside of 0 to 65535", expected="values that 16 unsigned bits can hold")
    return frames.astype(np.uint16)


def _identify(dataset: Dataset, study: Study, seed: str, patient_id: str, age_years: float | None) -> None:
    dataset.SOPClassUID = NM_IMAGE_STORAGE
    dataset.SOPInstanceUID = uid_of(seed, "instance")
    dataset.StudyInstanceUID = study.study_instance_uid or uid_of(seed, "study")
    dataset.SeriesInstanceUID = uid_of(seed, "series")
    dataset.PatientName = "SIMULATED^PATIENT"
    dataset.PatientID = patient_id
    dataset.PatientBirthDate = ""
    dataset.PatientSex = study.patient_sex or ""
    if age_years is not None:
        dataset.PatientAge = f"{min(int(age_years), 999):03d}Y"
    date = study.scan.acquisition_date or ""
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = date
    dataset.StudyTime = dataset.ContentTime = "120000" if date else ""
    if date:
        dataset.AcquisitionDate = date
    dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.StudyID = "1"
    dataset.Modality = "NM"
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.StudyDescription = "Whole-body bone scan"
    dataset.SeriesDescription = "Whole body"
    dataset.BodyPartExamined = "WHOLEBODY"
    dataset.Manufacturer, dataset.ManufacturerModelName = SIMULATED_BY
    dataset.PatientOrientationCodeSequence = [coded(Code("102538003", "SCT", "recumbent"))]
    dataset.PatientOrientationCodeSequence[0].PatientOrientationModifierCodeSequence = [
        coded(Code("40199007", "SCT", "supine"))
    ]
    dataset.PatientGantryRelationshipCodeSequence = [coded(Code("102540008", "SCT", "headfirst"))]


def _describe_acquisition(
    dataset: Dataset,
    study: Study,
    frames: npt.NDArray[np.uint16],
    scan_speed_mm_s: float | None,
) -> None:
    spacing = study.views[0].pixel_spacing_mm
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"]
    dataset.PatientOrientation = ""
    dataset.CountsAccumulated = int(frames.sum(dtype=np.int64))
    dataset.WholeBodyTechnique = "1PS"
    length = frames.shape[1] * (spacing[0] if spacing else 2.0)
    speed = scan_speed_mm_s or 2.0  # 12 cm/min, the middle of the guideline's range
    dataset.ScanVelocity = f"{speed:.6g}"
    dataset.ScanLength = round(length)
    dataset.ActualFrameDuration = round(1000 * length / speed)


def _describe_isotope(dataset: Dataset, study: Study) -> None:
    from pydicom.dataset import Dataset

    limits = Dataset()
    limits.EnergyWindowLowerLimit, limits.EnergyWindowUpperLimit = "126.5", "154.5"
    window = Dataset()
    window.EnergyWindowName = "Tc99m"
    window.EnergyWindowRangeSequence = [limits]
    dataset.EnergyWindowInformationSequence = [window]
    tracer = Dataset()
    tracer.RadionuclideCodeSequence = [coded(_TECHNETIUM)]
    if study.scan.radiopharmaceutical:
        name = study.scan.radiopharmaceutical
        tracer.Radiopharmaceutical = name
        code = next((code for key, code in _TRACERS.items() if key in name.lower()), None)
        if code is not None:
            tracer.RadiopharmaceuticalCodeSequence = [coded(code)]
    if study.scan.injected_activity_mbq is not None:
        tracer.RadionuclideTotalDose = f"{study.scan.injected_activity_mbq:.6g}"  # MBq in NM, unlike PET
    dataset.RadiopharmaceuticalInformationSequence = [tracer]


def _describe_detectors(dataset: Dataset, views: Items[View]) -> None:
    from pydicom.dataset import Dataset
    from pydicom.tag import Tag

    detectors = []
    for view in views:
        detector = Dataset()
        detector.CollimatorGridName = "LEHR"
        detector.CollimatorType = "PARA"
        # Type 2: must be there and may be empty; a planar view has no patient-based plane that we know.
        detector.ImageOrientationPatient = detector.ImagePositionPatient = None
        view_code = coded(VIEW_CODES[view.name])
        view_code.ViewModifierCodeSequence = []
        detector.ViewCodeSequence = [view_code]
        detectors.append(detector)
    dataset.DetectorInformationSequence = detectors
    dataset.NumberOfFrames = len(views)
    dataset.FrameIncrementPointer = [Tag(0x0054, 0x0010), Tag(0x0054, 0x0020)]
    dataset.EnergyWindowVector = [1] * len(views)
    dataset.NumberOfEnergyWindows = 1
    dataset.DetectorVector = list(range(1, len(views) + 1))
    dataset.NumberOfDetectors = len(views)
    spacing = views[0].pixel_spacing_mm
    dataset.PixelSpacing = [f"{value:.6g}" for value in spacing] if spacing else None


def _set_pixels(dataset: Dataset, frames: npt.NDArray[np.uint16]) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = frames.shape[1:]
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    dataset.PixelData = frames.astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"


def coded(code: Code) -> Dataset:
    """The code as an item of a code sequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
    return item
