"""Reads the size out of a JPEG, JPEG-LS or JPEG 2000 codestream without decoding it."""

from __future__ import annotations

import struct

_SIZE_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""SOF0 to SOF15 but for DHT, JPG and DAC, and SOF55 of JPEG-LS."""
_STAND_ALONE = {0x01, *range(0xD0, 0xDA)}


def codestream_size(data: bytes) -> tuple[int, int] | None:
    """Return (rows, columns) that a codestream claims, or None where it is of another kind.

    Source: ITU-T T.81 B.2.2 (frame header), ITU-T T.87 C.2.2, ITU-T T.800 A.5.1 (SIZ).

    Example:
        >>> codestream_size(bytes.fromhex("ffd8 ffc3 000b 10 0400 0100 01 011100"))
        (1024, 256)
    """
    if data[:4] == b"\xff\x4f\xff\x51" and len(data) >= 24:
        x1, y1, x0, y0 = struct.unpack(">4I", data[8:24])
        return y1 - y0, x1 - x0
    if data[:2] != b"\xff\xd8":
        return None
    position = 2
    while position + 9 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker in _SIZE_MARKERS:
            rows, columns = struct.unpack(">2H", data[position + 5 : position + 9])
            return rows, columns
        if marker == 0xFF:
            position += 1
        elif marker in _STAND_ALONE:
            position += 2
        else:
            position += 2 + struct.unpack(">H", data[position + 2 : position + 4])[0]
    return None
