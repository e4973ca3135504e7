"""A cohort begun from scans alone: each study without its patient, and pictures of it that LabelMe can open.

::

    <cohort>/key.check                        tells whether a key is the one that the cohort was begun with
    <cohort>/labels.txt, flags.txt            what LabelMe offers for shapes, and to be ticked for a picture
    <cohort>/<study_id>/<study_id>.dcm        the scan, or one file a view
    <cohort>/<study_id>/labelme/anterior.png  a picture in the geometry of the view; LabelMe saves its JSON beside it

A study gets its row in ``cohort.csv`` when it has been annotated (`bonescan.io.cohort_fill`): until then nobody knows
whether it is normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import SITES
from bonescan.core.errors import CohortError, NotABoneScanError, UsageError
from bonescan.core.files import staged_folder, write_bytes, write_text
from bonescan.core.study import Counts, Study
from bonescan.io.cohort import TABLE
from bonescan.io.deidentify.dataset import patient_of
from bonescan.io.deidentify.files import without_patient
from bonescan.io.deidentify.keyed import Keyed
from bonescan.io.dicom import read_header
from bonescan.io.dicom_header import is_capture
from bonescan.io.inputs import StudyInput, kind_of
from bonescan.io.label_masks import LABELME
from bonescan.io.labelme import LABEL_NAMES
from bonescan.io.reader import read_study

NOTHING = "nothing"
"""Ticked for a picture without any finding: LabelMe saves no file where nothing was changed."""
_CHECK = "key.check"
_BLACK = 12.0
"""Count drawn black, in multiples of the body's mean: the wider of the grey levels of `inference.preprocess`."""
_BODY_LEVEL = 0.1


@dataclass(frozen=True)
class Added:
    """A study of the cohort.

    Attributes:
        source: The input.
        study_id: Its name in the cohort.
        patient_id: The patient's substitute.
        new: Whether it was added now; a study that is there already is left as it is.
        views: How many views it has; 0 where it was there already.
        warnings: What a person has to look at; told when it is added, and not again.
    """

    source: StudyInput
    study_id: str
    patient_id: str
    new: bool
    views: int = 0
    warnings: tuple[str, ...] = ()


def begin_cohort(folder: Path, keyed: Keyed) -> None:
    """Begin a cohort, or check that one may be added to.

    Raises:
        UsageError: The folder holds a cohort begun with another key, or one that was made in another way.
        OutputError: The folder cannot be written.
    """
    check = folder / _CHECK
    if check.is_file():
        if check.read_text(encoding="utf-8").strip() != keyed.check:
            raise UsageError(
                f"the cohort {folder.name} was begun with another key",
                hint="Give that key with --key-file, or a patient could be on both sides of the split",
            )
    elif (folder / TABLE).exists():
        raise UsageError(
            f"{folder.name} holds a cohort that was made in another way",
            hint="Begin one in a folder of its own; 'bonescan train' takes several",
        )
    else:
        write_text(check, keyed.check + "\n")
    for name, words in (("labels.txt", LABEL_NAMES), ("flags.txt", (*SITES, NOTHING))):
        if not (folder / name).exists():
            write_text(folder / name, "".join(f"{word}\n" for word in words))


def add_study(folder: Path, source: StudyInput, keyed: Keyed) -> Added:
    """Add a study: as a whole, or not at all.

    Args:
        folder: Of the cohort.
        source: One DICOM file, or one a view.
        keyed: Substitutes for numbers, names and times.

    Raises:
        NotABoneScanError: It is no whole-body bone scan, or a picture of one.
        UnreadableInputError: It is damaged, or a word that tells who the patient is would have survived.
        CohortError: A part of it was added before, without the rest.
        OutputError: It cannot be written.
    """
    for path in source.files:
        if kind_of(path) == "picture":
            raise NotABoneScanError(
                f"{path.name} is a picture", expected="DICOM, which has counts and tells patients apart"
            )
    headers = [read_header(path, stop_before_pixels=True) for path in source.files]
    if any(is_capture(header) for header in headers):
        raise NotABoneScanError(
            f"{source.files[0].name} is a capture of a screen, without counts and perhaps with a name in it",
            expected="the scan itself (Nuclear Medicine Image Storage)",
        )
    name, *others = (keyed.study(header.text("SOPInstanceUID")) for header in headers)
    patient = keyed.patient(patient_of(headers[0]))
    _check_whole(folder, name, others)
    if (folder / name).exists():
        return Added(source, name, patient, new=False)
    with staged_folder(folder / name) as staged:
        paths: list[Path] = []
        warnings: list[str] = []
        for number, path in enumerate(source.files, start=1):
            paths.append(staged / (f"{name}.dcm" if len(source.files) == 1 else f"{name}-{number}.dcm"))
            cleaned, data = without_patient(path, keyed)
            write_bytes(paths[-1], data)
            warnings += cleaned.warnings
        study = read_study(StudyInput(name, tuple(paths)))
        _write_pictures(study, staged / LABELME)
    return Added(source, name, patient, new=True, views=len(study.views), warnings=tuple(dict.fromkeys(warnings)))


def _check_whole(folder: Path, name: str, others: list[str]) -> None:
    """Refuse a study of which one view is in the cohort as a study: it would lack the other, or be there twice.

    A study is called by its first file; a view that was alone when it was added, by its own.
    """
    alone = [other for other in others if (folder / other).exists()]
    if 0 < len(list((folder / name).glob("*.dcm"))) <= len(others):
        alone.insert(0, name)
    if alone:
        raise CohortError(
            f"only a part of this study is in the cohort, as {' and '.join(alone)}",
            hint="Put its annotations aside, delete its folder and its row, and add the whole study again",
        )


def _write_pictures(study: Study, folder: Path) -> None:
    from PIL import Image

    for view in study.views:
        buffer = BytesIO()
        Image.fromarray(grey(view.counts)).save(buffer, "PNG", compress_level=6)
        write_bytes(folder / f"{view.name}.png", buffer.getvalue())


def grey(counts: Counts) -> npt.NDArray[np.uint8]:
    """Draw a view for the annotator: inverse grey, on a scale of square roots.

    One picture then shows faint ribs and does not saturate in lesions, where half of the contrast is to be outlined.

    Args:
        counts: (rows, columns) float32, at least 0.

    Returns:
        (rows, columns) uint8; 255 without counts, 0 at twelve times the body's mean and above.

    Example:
        >>> grey(np.array([[0.0, 1.0, 1.0, 1.0, 12.0]], np.float32))[0, :2].tolist()
        [255, 181]
    """
    body = counts[counts > _BODY_LEVEL * np.percentile(counts, 95)]
    mean = float(body[body <= np.percentile(body, 98)].mean(dtype=np.float64)) if body.size else 1.0
    drawn: npt.NDArray[np.uint8] = (255 - np.rint(255 * np.sqrt(np.clip(counts / (_BLACK * mean), 0, 1)))).astype(
        np.uint8
    )
    return drawn
