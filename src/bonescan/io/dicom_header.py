"""What a DICOM header says, read so that a missing or garbled fact is a missing fact."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, MutableSequence, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, overload

from bonescan.core.errors import NotABoneScanError
from bonescan.core.study import ViewName
from bonescan.io.codes import view_of_code, view_of_text
from bonescan.io.decoding import library_errors
from bonescan.io.frames import Facts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

READABLE_CLASSES: tuple[str, ...] = (
    "1.2.840.10008.5.1.4.1.1.20",  # Nuclear Medicine Image Storage
    "1.2.840.10008.5.1.4.1.1.5",  # its predecessor, retired
    "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture, and its multi-frame kinds
    "1.2.840.10008.5.1.4.1.1.7.1",
    "1.2.840.10008.5.1.4.1.1.7.2",
    "1.2.840.10008.5.1.4.1.1.7.3",
    "1.2.840.10008.5.1.4.1.1.7.4",
)
"""SOP classes that a scan may come as, and that the node therefore takes."""
SIMULATED_BY = ("bonescan", "simulated gamma camera")
"""Manufacturer and its model name in what `write_nm` writes; the first is in results from real scans, too."""
_NOT_PLANAR = ("TOMO", "GATED", "DYNAMIC")
_VIEW_TEXTS = ("ViewPosition", "ImageID", "SeriesDescription", "ImageComments", "ProtocolName", "AcquisitionComments")
_MAX_ACTIVITY_MBQ = 1e5
_FIRST_OVERLAY = 0x6000
"""Group from which on there are overlays and pixels."""


class Header:
    """Tolerant access to a dataset.

    Example:
        >>> from pydicom.dataset import Dataset
        >>> dataset = Dataset(); dataset.Rows = 4
        >>> header = Header(dataset)
        >>> header.whole("Rows"), header.whole("Columns"), header.text("Modality")
        (4, None, '')
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def text(self, keyword: str) -> str:
        """The value as text, several joined by a backslash; empty where absent or unreadable."""
        value = self._value(keyword)
        if value is None:
            return ""
        if isinstance(value, MutableSequence | tuple):  # a person's name can be iterated over too, letter by letter
            return "\\".join(str(part).strip() for part in value)
        return str(value).strip()

    def whole(self, keyword: str) -> int | None:
        """The first value as a whole number, or None."""
        numbers = self.numbers(keyword)
        return int(numbers[0]) if numbers else None

    def number(self, keyword: str) -> float | None:
        """The first value as a finite number, or None."""
        numbers = self.numbers(keyword)
        return numbers[0] if numbers else None

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """All values as finite numbers; empty where any is none."""
        parts = self.text(keyword).split("\\")
        try:
            values = tuple(float(part) for part in parts)
        except ValueError:
            return ()
        return values if all(math.isfinite(value) for value in values) else ()

    def items(self, keyword: str) -> list[Header]:
        """The items of a sequence; empty where absent or unreadable."""
        from pydicom.sequence import Sequence as Items

        value = self._value(keyword)
        return [Header(item) for item in value] if isinstance(value, Items) else []

    def _value(self, keyword: str) -> object:
        try:
            return self.dataset.get(keyword)
        except library_errors():
            return None


def check_kind(header: Header, name: str) -> None:
    """Refuse what the header shows to be something else than a planar nuclear-medicine image.

    Raises:
        NotABoneScanError: Another modality or object class, or a tomographic, gated or dynamic acquisition.
    """
    modality, sop_class = header.text("Modality").upper(), header.text("SOPClassUID")
    if modality != "NM" and (modality or sop_class not in READABLE_CLASSES):
        found = f"{name} has modality {modality[:16]}" if modality else f"{name} names no modality"
        raise NotABoneScanError(found, expected="a nuclear-medicine image (NM)")
    if sop_class and sop_class not in READABLE_CLASSES:
        raise NotABoneScanError(
            f"{name} is a DICOM object of another class", expected="a Nuclear Medicine or Secondary Capture image"
        )
    if _is_not_planar(header):
        raise NotABoneScanError(
            f"{name} is a tomographic, gated or dynamic acquisition", expected="a planar whole-body scan"
        )


def other_kind(header: Header) -> str:
    """Say what an object in a folder is if it is clearly no whole-body scan, or ""."""
    modality = header.text("Modality").upper()
    if modality not in {"NM", ""}:
        return modality[:16]
    if _is_not_planar(header):
        return "tomographic, gated or dynamic acquisitions"
    rows, columns = header.whole("Rows"), header.whole("Columns")
    if rows and columns and rows < 1.5 * columns and not is_capture(header):
        return "spot views"
    return ""


def _is_not_planar(header: Header) -> bool:
    return any(word in header.text("ImageType").upper() for word in _NOT_PLANAR)


def is_capture(header: Header) -> bool:
    """Whether the object is a Secondary Capture: a picture of a scan."""
    return header.text("SOPClassUID").startswith("1.2.840.10008.5.1.4.1.1.7")


def is_simulated(header: Header) -> bool:
    """Whether the object says that it comes from the simulator."""
    return (header.text("Manufacturer"), header.text("ManufacturerModelName")) == SIMULATED_BY


def may_show_text(header: Header) -> bool:
    """Whether text may be burned into the pixels: the header says so, or is that of a capture and does not deny it."""
    said = header.text("BurnedInAnnotation").upper()
    return said == "YES" or (is_capture(header) and said != "NO")


def view_of_frame(header: Header, index: int, frames: int) -> ViewName | None:
    """Find which view a frame shows: by `coded_view`, else by the words of an object of one frame.

    Args:
        header: The object.
        index: 0-based frame.
        frames: Number of frames; words of the whole object name a view only where it has one.
    """
    view = coded_view(header, index, frames)
    if view is not None or frames > 1:
        return view
    return next((view for key in _VIEW_TEXTS if (view := view_of_text(header.text(key))) is not None), None)


def coded_view(header: Header, index: int, frames: int) -> ViewName | None:
    """Find which view a frame shows by the View Code of its detector, else, where it is the only one, of the object.

    Args:
        header: The object.
        index: 0-based frame.
        frames: Number of frames.
    """
    detectors = header.items("DetectorInformationSequence")
    vector = header.numbers("DetectorVector")
    if len(vector) == frames:
        number = int(vector[index])
    else:
        number = index + 1 if len(detectors) == frames else 1 if frames == 1 else 0
    if 1 <= number <= len(detectors):
        view = _view_of_item(detectors[number - 1])
        if view is not None:
            return view
    return None if frames > 1 else _view_of_item(header)


def _view_of_item(item: Header) -> ViewName | None:
    """The view that a View Code Sequence names: by its code value, else by its words."""
    for code in item.items("ViewCodeSequence"):
        view = view_of_code(code.text("CodeValue")) or view_of_text(code.text("CodeMeaning"))
        view = view or view_of_text(code.text("CodeValue"))
        if view is not None:
            return view
    return None


def spacing(header: Header) -> tuple[float, float] | None:
    """Pixel spacing (row, column) in mm, or None."""
    values = header.numbers("PixelSpacing") or header.numbers("ImagerPixelSpacing")
    return (values[0], values[1]) if len(values) == 2 and 0.05 < min(values) <= max(values) < 50 else None


def facts(header: Header) -> Facts:
    """Read what else the report may say."""
    sex = header.text("PatientSex").upper()
    # The series of a picture that was made of a scan begins when it was made, which may be years later.
    made = is_capture(header) or header.text("ImageType").upper().startswith("DERIVED")
    rest = ("StudyDate", "SeriesDate") if made else ("SeriesDate", "StudyDate")
    dates = map(header.text, ("AcquisitionDate", *rest))
    tracer = next(iter(header.items("RadiopharmaceuticalInformationSequence")), None)
    name, activity = None, None
    if tracer is not None:
        coded = next(iter(tracer.items("RadiopharmaceuticalCodeSequence")), None)
        name = tracer.text("Radiopharmaceutical") or (coded.text("CodeMeaning") if coded else "") or None
        activity = tracer.number("RadionuclideTotalDose")
    return Facts(
        study_instance_uid=header.text("StudyInstanceUID") or None,
        patient_sex=sex if sex in {"M", "F", "O"} else None,
        radiopharmaceutical=name,
        injected_activity_mbq=_as_mbq(activity),
        acquisition_date=next(filter(is_date, dates), None),
    )


def is_date(text: str) -> bool:
    """Whether the text is a day of the calendar as DICOM writes one.

    Example:
        >>> is_date("20240229"), is_date("20260229"), is_date("00000000"), is_date("2026-01-02")
        (True, False, False, False)
    """
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return len(text) == 8 and text.isascii()  # months of one digit, and digits of other scripts, are taken too


def without_pixels(dataset: Dataset) -> Dataset:
    """Take pixels, overlays and private elements out of a header, of its outermost level, and return it."""
    for tag in [tag for tag, _ in dataset.items() if tag.is_private or tag.group >= _FIRST_OVERLAY]:
        del dataset[tag]
    return dataset


class ParsedHeaders(Sequence["Dataset"]):
    """Headers that are parsed to the last item, without what is private or garbled in them, when one is asked for.

    That takes longer than all else that is read of a header, and results which name no patient need none of it.

    Args:
        datasets: As `without_pixels` leaves them.
    """

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        self._datasets = tuple(datasets)

    @cached_property
    def _parsed(self) -> tuple[Dataset, ...]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd values, which are nobody's matter here
            for dataset in self._datasets:
                _keep_parsed(dataset)
        return self._datasets

    def __len__(self) -> int:
        return len(self._datasets)

    @overload
    def __getitem__(self, index: int) -> Dataset: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Dataset, ...]: ...

    def __getitem__(self, index: int | slice) -> Dataset | tuple[Dataset, ...]:
        return self._parsed[index]


def _keep_parsed(dataset: Dataset) -> None:
    from pydicom.sequence import Sequence as Items

    for tag in [tag for tag, _ in without_pixels(dataset).items()]:
        try:
            value = dataset[tag].value
            if isinstance(value, Items):
                for item in value:
                    _keep_parsed(item)
        except library_errors():
            del dataset[tag]


def _as_mbq(activity: float | None) -> float | None:
    """NM states MBq, PET Bq, and some cameras mix them up: no patient gets 100 GBq."""
    if activity is None or activity <= 0:
        return None
    return activity / 1e6 if activity > _MAX_ACTIVITY_MBQ else activity
