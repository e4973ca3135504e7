"""Whether an object holds all the pixels that its header speaks of, found out without decoding or keeping any."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from bonescan.core.errors import UnreadableInputError
from bonescan.io.decoding import decoding
from bonescan.io.dicom_header import Header
from bonescan.io.dicom_pixels import COMPRESSED, NATIVE

_SIZE = ["Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "BitsAllocated", "PhotometricInterpretation"]
_ORDERS = {b"\xe0\x7f": "<", b"\x7f\xe0": ">"}
"""Group of the pixel data as it stands in the file → byte order, for `struct`."""
_LONG_VRS = (b"OB", b"OW", b"OL", b"OV", b"OF", b"OD", b"UN")
"""Explicit value representations of pixels; an implicit length is even, and all of these begin with an odd byte."""
_UNDEFINED = 0xFFFFFFFF
_ITEM, _DELIMITER = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
_HINT = "Send it again"


def check_complete(path: Path) -> None:
    """Refuse an object that ends too early, or holds fewer pixels than its header says.

    More than is needed is no damage. Nor is an image whose size is not told, or one without pixel data: who reads it
    says what is wrong. Compressed pixels are complete when their last fragment is there; they are not decompressed.

    Args:
        path: A DICOM file with file meta information.

    Raises:
        UnreadableInputError: It is truncated, or its pixels are not encoded as its transfer syntax says.
    """
    with decoding(path, "DICOM object"):
        import pydicom

        size = path.stat().st_size
        with path.open("rb") as handle:
            dataset = pydicom.dcmread(handle, force=True, stop_before_pixels=True, specific_tags=list(_SIZE))
            if handle.tell() > size:
                raise UnreadableInputError("the object ends within its header", hint=_HINT)
            syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
            order = _ORDERS.get(handle.read(4)[:2])
            if order is None or syntax not in NATIVE | COMPRESSED:
                return
            length = _length(handle, order)
            if (length == _UNDEFINED) is not (syntax in COMPRESSED):
                raise UnreadableInputError("the pixels are not encoded as was announced", hint=_HINT)
            header = Header(dataset)
            if syntax in COMPRESSED:
                _check_fragments(handle, size, header.whole("NumberOfFrames") or 1)
            else:
                _check_bytes(min(length, size - handle.tell()), _needed(header))


def _length(handle: BinaryIO, order: str) -> int:
    """Length of the element whose tag has just been read."""
    start = handle.read(4)
    found: int = struct.unpack(f"{order}L", handle.read(4) if start[:2] in _LONG_VRS else start)[0]
    return found


def _needed(header: Header) -> int:
    """Bytes of uncompressed pixels; 0 where the header does not tell."""
    rows, columns, bits = (header.whole(keyword) or 0 for keyword in ("Rows", "Columns", "BitsAllocated"))
    bits *= rows * columns * (header.whole("NumberOfFrames") or 1) * (header.whole("SamplesPerPixel") or 1)
    colour = header.text("PhotometricInterpretation")
    if colour.endswith("422"):  # one colour for two pixels (PS3.3 C.7.6.3.1.2)
        bits = bits * 2 // 3
    elif colour.endswith("420"):  # one for four
        bits //= 2
    return (bits + 7) // 8


def _check_bytes(there: int, needed: int) -> None:
    if there < needed:
        raise UnreadableInputError(f"the pixel data has {there} of {needed} bytes", hint=_HINT)


def _check_fragments(handle: BinaryIO, size: int, frames: int) -> None:
    """Go through the items of compressed pixels up to the delimiter (PS3.5 Table A.4-1)."""
    items = 0
    while True:
        head = handle.read(8)
        if len(head) < 8:
            raise UnreadableInputError("the compressed pixel data has no end", hint=_HINT)
        group, element, length = struct.unpack("<HHL", head)
        if (group, element) == _DELIMITER:
            break
        if (group, element) != _ITEM or handle.tell() + length > size:
            raise UnreadableInputError("the compressed pixel data is cut off", hint=_HINT)
        handle.seek(length, 1)
        items += 1
    if items - 1 < frames:  # the first one is the table of offsets, which may be empty
        raise UnreadableInputError(f"the compressed pixel data has {max(items - 1, 0)} of {frames} frames", hint=_HINT)
