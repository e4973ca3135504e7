"""One object without its patient."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bonescan.core.errors import UnreadableInputError
from bonescan.io.deidentify.codestreams import without_comments
from bonescan.io.deidentify.keyed import Keyed
from bonescan.io.deidentify.profile import DATES, KEPT, METHODS, TERMS, UIDS, emptied
from bonescan.io.deidentify.times import shift_times
from bonescan.io.deidentify.words import mentions, telling_words
from bonescan.io.dicom import views_named
from bonescan.io.dicom_header import Header, check_kind, is_capture
from bonescan.io.dicom_pixels import transfer_syntax_of

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

_TEXTS = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "CS"})
_NUMBERS = frozenset({"IS", "DS", "US", "SS", "UL", "SL", "FL", "FD"})
_OLDEST_YEARS = 89
"""Older ones are few enough to be found by their age: 45 CFR 164.514(b)(2)(i)(C)."""


@dataclass(frozen=True)
class Clean:
    """An object without its patient.

    Attributes:
        dataset: What is left of it, with file meta information of its own.
        patient: The patient's new id.
        warnings: What a person has to look at.
        words: Words that must not stand anywhere in the file.
    """

    dataset: Dataset
    patient: str
    warnings: tuple[str, ...]
    words: frozenset[str]


def clean(original: Dataset, keyed: Keyed, path: Path) -> Clean:
    """Make a new object of what a bone scan needs.

    Args:
        original: As read; not changed.
        keyed: Substitutes.
        path: Where it was read: its name may be all that tells the view, and stands in messages.

    Raises:
        NotABoneScanError: It is no planar nuclear-medicine image or capture of one.
        UnreadableInputError: It lacks a number, would no longer tell which view is which, or is compressed in a way in
            which comments cannot be found.
    """
    header = Header(original)
    check_kind(header, path.name)
    if not header.text("SOPClassUID") or not header.text("SOPInstanceUID") or not header.text("StudyInstanceUID"):
        raise UnreadableInputError(f"{path.name} lacks its class, its number or its study")
    patient_id = patient_of(header)
    patient, words = keyed.patient(patient_id), telling_words(original)
    dataset = _kept(original, keyed, keyed.shift(patient_id), words)
    dataset.PatientName = dataset.PatientID = patient
    for keyword in ("PatientBirthDate", "AccessionNumber", "StudyID", "ReferringPhysicianName"):
        setattr(dataset, keyword, "")  # type 2: there, and empty
    _set_characteristics(dataset, header)
    _keep_views(dataset, header, path)
    _describe(dataset)
    _set_meta(dataset, original)
    _blank_comments(dataset, header, path)
    return Clean(dataset, patient, tuple(_warnings(header)), words)


def patient_of(header: Header) -> str:
    """What tells the patients of an archive apart: the id, else the name, else the study is one of its own."""
    return header.text("PatientID") or header.text("PatientName") or header.text("StudyInstanceUID")


def _kept(original: Dataset, keyed: Keyed, shift: timedelta, words: frozenset[str]) -> Dataset:
    """What is left of a data set, and of the items of its sequences."""
    from pydicom.datadict import dictionary_VR
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    dataset = Dataset()
    for element in original:
        keyword = element.keyword
        if element.tag.is_private or element.VR == "UN":
            continue
        if keyword in KEPT:
            kept = _in_order(element)
            if kept is not None and kept.VR == "SQ":
                items = [_kept(item, keyed, shift, words) for item in kept.value or ()]
                dataset.add(DataElement(kept.tag, "SQ", Sequence(items)))
            elif kept is not None:
                dataset.add(_scrubbed(kept, words))
        elif keyword in UIDS:
            dataset.add(DataElement(element.tag, "UI", keyed.uid(str(element.value or ""))))
        elif keyword in DATES:
            dataset.add(DataElement(element.tag, dictionary_VR(element.tag), str(element.value or "")))
        elif int(element.tag) in emptied() and element.VR != "SQ" and element.VR not in {"DA", "TM", "DT"}:
            dataset.add(DataElement(element.tag, element.VR, None))
    shift_times(dataset, shift)
    return dataset


def of_original(dataset: Dataset) -> Dataset:
    """What of a clean data set stands in it as it stood in the original, to be searched: no substitutes, no terms."""
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    left = Dataset()
    for element in dataset:
        if element.VR == "SQ" and element.keyword in KEPT:
            left.add(DataElement(element.tag, "SQ", Sequence([of_original(item) for item in element.value])))
        elif element.keyword in KEPT and element.keyword not in TERMS and element.VR != "UI":
            left.add(element)
    return left


def _in_order(element: DataElement) -> DataElement | None:
    """The element with the kind of value (VR) that the standard gives it, or None where it holds something else."""
    from pydicom.datadict import dictionary_VR
    from pydicom.dataelem import DataElement

    standard = dictionary_VR(element.tag)
    if element.VR in {standard, *standard.split(" or ")}:
        return element
    for kind in (_TEXTS, _NUMBERS):
        if element.VR in kind and standard in kind:
            return DataElement(element.tag, standard, element.value)
    return None


def _scrubbed(element: DataElement, words: frozenset[str]) -> DataElement:
    """The element as it stands, but for values in which a telling word stands, and UIDs that are not the standard's."""
    from pydicom.dataelem import DataElement
    from pydicom.uid import UID

    if element.VR in _TEXTS and element.keyword != "SpecificCharacterSet":
        terms = TERMS.get(element.keyword, frozenset())
        values = element.value if element.VM > 1 else [element.value]
        left = [value if value in terms or not mentions(str(value), words) else "" for value in values]
        return DataElement(element.tag, element.VR, left if any(left) else None)
    if element.VR == "UI":
        uid = UID(str(element.value or ""))
        return DataElement(element.tag, "UI", uid if uid.type else "")
    return element


def _set_characteristics(dataset: Dataset, header: Header) -> None:
    """Sex, and age from the header, else from the birth date; above 89 as 90. What is neither is no characteristic."""
    sex = header.text("PatientSex").upper()
    dataset.PatientSex = sex if sex in {"M", "F", "O"} else ""  # type 2
    match = re.fullmatch(r"0*(\d+)Y", header.text("PatientAge").strip())
    years = int(match[1]) if match else None
    if years is None:
        born, seen = header.text("PatientBirthDate"), header.text("StudyDate") or header.text("AcquisitionDate")
        try:
            days = (datetime.strptime(seen, "%Y%m%d") - datetime.strptime(born, "%Y%m%d")).days
        except ValueError:
            days = -1
        years = int(days / 365.2425) if days >= 0 else None
    if years is not None:
        dataset.PatientAge = f"{min(years, _OLDEST_YEARS + 1):03d}Y"
    elif "PatientAge" in header.dataset:
        dataset.PatientAge = ""


def _keep_views(dataset: Dataset, header: Header, path: Path) -> None:
    """Say in our words which view a one-frame object shows, where only words, now gone, or the file's name said it.

    Raises:
        UnreadableInputError: Views of several frames were told apart by words that are gone: sides could change.
    """
    views = views_named(header, path)
    if len(views) == 1 and views[0] is not None and views_named(Header(dataset), Path()) == (None,):
        dataset.SeriesDescription = views[0].value.upper()
    if views_named(Header(dataset), Path()) != views:
        raise UnreadableInputError(
            f"{path.name} would no longer tell which view is which, since a removed name stands in their words",
            hint="Correct the View Codes of its detectors in the archive",
        )


def _describe(dataset: Dataset) -> None:
    """Say what was done, in the standard's words."""
    from pydicom.dataset import Dataset

    dataset.PatientIdentityRemoved = "YES"
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    dataset.DeidentificationMethod = "bonescan: PS3.15 Annex E, what a bone scan needs"
    codes = []
    for value, meaning in METHODS:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
        codes.append(code)
    dataset.DeidentificationMethodCodeSequence = codes


def _set_meta(dataset: Dataset, original: Dataset) -> None:
    from pydicom.dataset import FileMetaDataset

    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = transfer_syntax_of(original)  # the pixels stay in that order of bytes


def _blank_comments(dataset: Dataset, header: Header, path: Path) -> None:
    """Blank the comments in compressed pixels.

    Raises:
        UnreadableInputError: They cannot be found.
    """
    from pydicom.dataelem import DataElement
    from pydicom.encaps import encapsulate, generate_frames
    from pydicom.uid import RLELossless

    syntax = dataset.file_meta.TransferSyntaxUID
    if "PixelData" not in dataset or not syntax.is_compressed or syntax == RLELossless:  # RLE has no room for any
        return
    try:
        frames = generate_frames(dataset.PixelData, number_of_frames=header.whole("NumberOfFrames") or 1)
        blanked = encapsulate([without_comments(frame) for frame in frames])
    except ValueError as error:
        raise UnreadableInputError(
            f"{path.name} is compressed in a way in which comments cannot be found, and one may hold a name",
            hint="Decompress it first (dcmdjpeg, dcmdjpls, gdcmconv --raw)",
        ) from error
    # A new element: the one that is there is the original's too.
    dataset["PixelData"] = DataElement("PixelData", "OB", blanked)
    dataset["PixelData"].is_undefined_length = True


def _warnings(header: Header) -> list[str]:
    """What may stand in the pixels, where no table reaches."""
    if header.text("BurnedInAnnotation").upper() == "YES":
        return ["says itself that text is burned into its pixels: look at it before it leaves"]
    if is_capture(header):
        return ["is a capture of a screen, and may show a name in its pixels: look at it before it leaves"]
    return []
