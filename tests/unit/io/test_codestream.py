import struct

import pytest

from bonescan.io.codestream import codestream_size


def segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def frame_header(marker: int, rows: int, columns: int) -> bytes:
    return segment(marker, struct.pack(">BHHB", 16, rows, columns, 1) + b"\x01\x11\x00")


@pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC3, 0xF7])
def test_size_after_other_segments(marker):
    data = b"\xff\xd8" + segment(0xE0, b"JFIF\0") + segment(0xC4, b"\0" * 20) + frame_header(marker, 1024, 256)
    assert codestream_size(data) == (1024, 256)


def test_size_of_jpeg_2000():
    data = b"\xff\x4f\xff\x51" + struct.pack(">HH4I", 47, 0, 266, 1034, 10, 10)
    assert codestream_size(data) == (1024, 256)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"RLE data", b"\xff\xd8\xff\xda\0\x08" + b"\0" * 9]
)
def test_no_size_where_there_is_none(data):
    assert codestream_size(data) is None
