"""Comments in compressed pixels: scanners write names there, and no decoder needs them."""

from __future__ import annotations

import re

_JPEG_NEEDED = ({*range(0xC0, 0xD0)} - {0xC8}) | {*range(0xDA, 0xE0), 0xF7, 0xF8}
"""Frame headers, tables and scans of JPEG, and SOF55 and LSE of JPEG-LS."""
_JPEG_WORDS = {*range(0xE0, 0xF0), 0xFE}
"""APP0 to APP15, and COM."""
_JPEG_COLOURS = {(0xEE, 12): b"Adobe", (0xE8, 5): b"mrfx"}
"""Application data that say how colours are stored, by marker and length."""
_JPEG_ALONE = {0x01, *range(0xD0, 0xD8)}
_JPEG_NEXT = re.compile(rb"\xff+[\x80-\xcf\xd8-\xfe]")
"""The marker after a scan; in JPEG-LS 0xFF may be followed by up to 0x7F among its data."""
_SOS, _EOI = 0xDA, 0xD9

_JPEG_2000_NEEDED = {*range(0x50, 0x54), *range(0x55, 0x5A), *range(0x5C, 0x62), 0x63, 0x90}
_COM_2000, _SOT, _SOD = 0x64, 0x90, 0x93


def without_comments(data: bytes) -> bytes:
    """A codestream with zeros in place of its comments and application data, cut where it ends.

    Nothing is taken out, since JPEG 2000 says how long its parts are.

    Args:
        data: JPEG, JPEG-LS or JPEG 2000.

    Source: ITU-T T.81 B.1 (markers), ITU-T T.87 C.1, ITU-T T.800 A.2 to A.4.

    Raises:
        ValueError: It is none of these, or has a segment that is not known.

    Example:
        >>> without_comments(bytes.fromhex("ffd8 fffe 0005 446f65 ffd9 446f65")).hex(" ", 2)
        'ff d8ff fe00 0500 0000 ffd9'
    """
    blanked = bytearray(data)
    try:
        if data[:2] == b"\xff\xd8":
            end = _blank_jpeg(blanked)
        elif data[:4] == b"\xff\x4f\xff\x51":
            end = _blank_jpeg_2000(blanked)
        else:
            raise ValueError("no codestream of JPEG, JPEG-LS or JPEG 2000")
    except IndexError as error:
        raise ValueError("the codestream is cut short") from error
    return bytes(blanked[:end])


def _blank_jpeg(data: bytearray) -> int:
    position = 2
    while True:
        if data[position] != 0xFF:
            raise ValueError("no marker where one must be")
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        position += 1
        if marker == _EOI:
            return position
        if marker in _JPEG_ALONE:
            continue
        end = _segment_end(data, position)
        start = position + 2
        if marker in _JPEG_WORDS:
            colours = _JPEG_COLOURS.get((marker, end - start))
            if colours is None or not data.startswith(colours, start):
                data[start:end] = bytes(end - start)
        elif marker not in _JPEG_NEEDED:
            raise ValueError(f"a segment that is not known ({marker:02X})")
        position = end
        if marker == _SOS:
            following = _JPEG_NEXT.search(data, position)
            if following is None:
                return len(data)
            position = following.start()


def _blank_jpeg_2000(data: bytearray) -> int:
    position, part_end = 2, 0
    while position < len(data):
        if data[position] != 0xFF:
            raise ValueError("no marker where one must be")
        marker, begin = data[position + 1], position
        position += 2
        if marker == _EOI:
            return position
        if marker == _SOD:
            if not part_end:  # the last part may leave its length open; no packet holds the marker of the end
                closing = data.find(b"\xff\xd9", position)
                part_end = closing if closing >= 0 else len(data)
            if part_end < position:
                raise ValueError("a part that ends before it begins")
            position = part_end
            continue
        end = _segment_end(data, position)
        if marker == _SOT:
            length = int.from_bytes(data[position + 4 : position + 8])
            part_end = begin + length if length else 0
        elif marker == _COM_2000:
            data[position + 2 : end] = bytes(end - position - 2)
        elif marker not in _JPEG_2000_NEEDED:
            raise ValueError(f"a segment that is not known ({marker:02X})")
        position = end
    return len(data)


def _segment_end(data: bytearray, position: int) -> int:
    length = int.from_bytes(data[position : position + 2])
    if length < 2 or position + length > len(data):
        raise ValueError("a segment that goes beyond the end")
    return position + length
