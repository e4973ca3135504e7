"""Reads nuclear-medicine DICOM objects: NM images and Secondary Captures of modality NM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import MissingViewError, UnreadableInputError
from bonescan.core.findings import QualityFinding
from bonescan.core.study import Polarity, Units, ViewName
from bonescan.io import dicom_header
from bonescan.io.codes import view_of_text
from bonescan.io.decoding import check_file_size, decoding
from bonescan.io.dicom_header import Header, check_kind, coded_view, is_capture, may_show_text, view_of_frame
from bonescan.io.dicom_pixels import decode_frames, is_lossy, stored_bits
from bonescan.io.dicom_writer import nm_dataset, write_nm
from bonescan.io.frames import Content, Frame
from bonescan.io.polarity import detect_polarity, hot_high

__all__ = ["nm_dataset", "read_header", "read_object", "write_nm"]

_DEFLATED = "1.2.840.10008.1.2.1.99"


def read_object(path: Path, *, view: ViewName | None = None, polarity: Polarity | None = None) -> Content:
    """Read the frames of an object.

    Args:
        path: The file.
        view: The view that a one-frame object shows where no View Code says; by default what its words tell.
        polarity: How it draws uptake; detected by default.

    Raises:
        UnreadableInputError: It is damaged, truncated, or too large.
        MissingViewError: The View Code of its one frame names another view than `view`.
        NotABoneScanError: It is of another modality or kind of acquisition.
    """
    header = read_header(path)
    with decoding(path, "DICOM object"):
        check_kind(header, path.name)
        pixels = decode_frames(header, path)
        frames = _frames(header, pixels, path, view, polarity)
        facts = dicom_header.facts(header)
        findings = [found for found, there in ((_LOSSY, is_lossy), (_BURNED_IN, may_show_text)) if there(header)]
        kept = dicom_header.without_pixels(header.dataset)
    return Content(frames, facts, tuple(findings), kept)


def read_header(path: Path, *, stop_before_pixels: bool = False) -> Header:
    """Parse a DICOM file, with or without a preamble.

    Raises:
        UnreadableInputError: It is no DICOM file, or damaged.
    """
    check_file_size(path)
    with decoding(path, "DICOM file"):
        import pydicom
        from pydicom.filereader import read_file_meta_info

        with path.open("rb") as handle:
            has_preamble = handle.read(132)[128:] == b"DICM"
        if has_preamble and read_file_meta_info(path).get("TransferSyntaxUID") == _DEFLATED:
            # Inflating is unbounded: a small file can ask for any amount of memory.
            raise UnreadableInputError(f"{path.name} is deflated", hint="Convert it with dcmconv +te")
        dataset = pydicom.dcmread(path, force=True, stop_before_pixels=stop_before_pixels)
        if not any(keyword in dataset for keyword in ("SOPClassUID", "Modality", "Rows")):
            if has_preamble:
                raise UnreadableInputError(f"{path.name} is truncated or damaged", hint="Fetch or send it again")
            raise UnreadableInputError(f"{path.name} is no DICOM file", expected="a DICOM image")
    return Header(dataset)


def views_named(header: Header, path: Path) -> tuple[ViewName | None, ...]:
    """The view of each frame, as far as the header or the file's name tells."""
    frames = header.whole("NumberOfFrames") or 1
    if not 1 <= frames <= 64:
        return ()
    return tuple(_view(header, path, index, frames) for index in range(frames))


def _view(header: Header, path: Path, index: int, frames: int) -> ViewName | None:
    named = view_of_frame(header, index, frames)
    return view_of_text(path.stem) if named is None and frames == 1 else named


def _frames(
    header: Header, pixels: npt.NDArray[np.float32], path: Path, view: ViewName | None, polarity: Polarity | None
) -> tuple[Frame, ...]:
    count = len(pixels)
    given = view if count == 1 else None
    if given is not None:
        _check_code(header, path, given)
    uid = header.text("SOPInstanceUID") or None
    display = is_capture(header) and stored_bits(header) <= 8
    windows = header.numbers("EnergyWindowVector")
    kept = _photopeak(pixels, windows) if len(windows) == count else range(count)
    frames = []
    for index in kept:
        drawn = polarity or detect_polarity(pixels[index])
        grey = display or drawn is Polarity.HOT_LOW
        frames.append(
            Frame(
                image=hot_high(pixels[index], drawn),
                view=given or _view(header, path, index, count),
                polarity=drawn,
                units=Units.DISPLAY if grey else Units.COUNTS,
                pixel_spacing_mm=dicom_header.spacing(header),
                frame_number=index + 1,
                sop_instance_uid=uid,
            )
        )
    return tuple(frames)


def _check_code(header: Header, path: Path, given: ViewName) -> None:
    """Refuse a view that the View Code of the one frame contradicts: left would become right."""
    coded = coded_view(header, 0, 1)
    if coded not in {None, given}:
        raise MissingViewError(
            f"{path.name} holds no {given} view; its View Code says {coded}", hint=f"Give it as the {coded} view"
        )


def _photopeak(pixels: npt.NDArray[np.float32], windows: tuple[float, ...]) -> list[int]:
    """Indices of the frames of the energy window with the most counts: the others hold scatter."""
    totals = dict.fromkeys(windows, 0.0)
    for window, frame in zip(windows, pixels, strict=True):
        totals[window] += float(frame.sum())
    best = max(totals, key=lambda window: totals[window])
    return [index for index, window in enumerate(windows) if window == best]


_LOSSY = QualityFinding(
    code="lossy",
    severity="warning",
    message="The pixels went through lossy compression; counts are not exact.",
)
_BURNED_IN = QualityFinding(
    code="burned_in",
    severity="info",  # the result is as sure as without
    message="Text, such as the patient's name, may be burned into the pixels: pictures and pages made of them show it.",
)
