"""Decodes the frames of a DICOM object, after its header and codestreams have been found to be sane."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import NotABoneScanError, UnreadableInputError
from bonescan.io.codestream import codestream_size
from bonescan.io.decoding import check_dimensions
from bonescan.io.dicom_header import Header, is_capture
from bonescan.io.isolated import decode_isolated

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.uid import UID

NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}
_RLE = "1.2.840.10008.1.2.5"
_JPEG_FAMILY = {
    "1.2.840.10008.1.2.4.50",  # JPEG baseline and extended: lossy
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",  # JPEG lossless
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",  # JPEG-LS
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90",  # JPEG 2000
    "1.2.840.10008.1.2.4.91",
}
COMPRESSED = {_RLE, *_JPEG_FAMILY}
_LOSSY = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}
_MAX_FRAMES = 16


def decode_frames(header: Header, path: Path) -> npt.NDArray[np.float32]:
    """Decode all frames and apply the rescale.

    Returns:
        (frame, row, column) float32; of colour pixels the mean of the channels. Padding of counts is 0.

    Raises:
        UnreadableInputError: The pixels are missing, too many, truncated, or in a form that is not read.
        NotABoneScanError: There are too many frames, or they are in colour.
    """
    rows, columns, frames = _shape(header, path)
    syntax = _transfer_syntax(header, path)
    if "PixelData" not in header.dataset:
        raise UnreadableInputError(f"{path.name} has no pixel data", expected="integer pixels")
    if syntax in _JPEG_FAMILY:
        _check_codestreams(header, path, rows, columns, frames)
        pixels = decode_isolated(path)
    else:
        pixels = np.asarray(header.dataset.pixel_array)
    colour = (header.whole("SamplesPerPixel") or 1) > 1
    pixels = pixels.reshape((frames, rows, columns, -1) if colour else (frames, rows, columns))
    values = pixels.astype(np.float32)
    if colour:
        values = _grey(values, path)
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    if slope not in (None, 0.0, 1.0):
        values *= np.float32(slope)
    if intercept:
        values += np.float32(intercept)
    padding = header.whole("PixelPaddingValue")
    if padding is not None and not colour and not is_capture(header):  # a capture's may be the white around a body
        values[pixels == padding] = 0
    if not np.isfinite(values).all():
        raise UnreadableInputError(f"{path.name} has values that are no numbers after its rescale")
    return values


def stored_bits(header: Header) -> int:
    """Bits of a stored pixel."""
    return header.whole("BitsStored") or header.whole("BitsAllocated") or 16


def is_lossy(header: Header) -> bool:
    """Whether the pixels went through lossy compression."""
    return header.text("LossyImageCompression") == "01" or header.dataset.file_meta.TransferSyntaxUID in _LOSSY


def _shape(header: Header, path: Path) -> tuple[int, int, int]:
    rows, columns = header.whole("Rows"), header.whole("Columns")
    if rows is None or columns is None:
        raise UnreadableInputError(f"{path.name} holds no image", expected="a DICOM image with rows and columns")
    frames = header.whole("NumberOfFrames") if header.text("NumberOfFrames") else 1
    check_dimensions(path, rows, columns, 0 if frames is None else frames)
    if frames is None or frames > _MAX_FRAMES:
        raise NotABoneScanError(f"{path.name} has {frames} frames", expected="one or two views")
    bits = header.whole("BitsAllocated")
    if bits not in (8, 16, 32):
        raise UnreadableInputError(f"{path.name} has {bits} bits a pixel", expected="8, 16 or 32")
    return rows, columns, frames


def transfer_syntax_of(dataset: Dataset) -> UID:
    """What the file meta information says, or where it says nothing how the parser found the data set to be encoded."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    if said := getattr(dataset, "file_meta", FileMetaDataset()).get("TransferSyntaxUID"):
        return UID(said)
    implicit, little = dataset.original_encoding
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _transfer_syntax(header: Header, path: Path) -> str:
    # The decoders look for it there.
    syntax = header.dataset.file_meta.TransferSyntaxUID = transfer_syntax_of(header.dataset)
    if syntax not in NATIVE | COMPRESSED:
        raise UnreadableInputError(
            f"{path.name} is compressed in a way that is not read (transfer syntax {syntax[:64]})",
            hint="Convert it to Explicit VR Little Endian, for example with dcmconv",
        )
    return str(syntax)


def _check_codestreams(header: Header, path: Path, rows: int, columns: int, frames: int) -> None:
    """Refuse codestreams of another size than the header's: decoders believe them, and take the memory they ask for."""
    from pydicom.encaps import generate_frames

    for data in generate_frames(header.dataset.PixelData, number_of_frames=frames):
        size = codestream_size(data)
        if size is not None and size != (rows, columns):
            raise UnreadableInputError(
                f"{path.name} has compressed frames of {size[0]} x {size[1]} pixels",
                expected=f"{rows} x {columns}, as its header says",
            )


def _grey(values: npt.NDArray[np.float32], path: Path) -> npt.NDArray[np.float32]:
    spread = values.max(axis=-1) - values.min(axis=-1)
    if np.mean(spread > 24) > 0.005:
        raise NotABoneScanError(f"{path.name} is in colour", expected="grey levels")
    return np.asarray(values.mean(axis=-1, dtype=np.float32))
