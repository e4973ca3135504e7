"""Comments are blanked wherever codestreams may have them, and nothing else is touched."""

import pytest

from bonescan.io.deidentify.codestreams import without_comments
from tests.unit.io.test_codestream import frame_header, segment

SCAN = segment(0xDA, b"\1\1\0\0\0\0") + b"\x12\xff\x00\x34\xff\xd0\x56\xff\x7f"


def test_comments_between_scans_and_after_fill_bytes():
    kept = segment(0xEE, b"Adobe" + b"\1" * 7) + segment(0xC4, b"table") + frame_header(0xC3, 4, 4)
    data = b"\xff\xd8" + segment(0xEE, b"Adobe by John Doe") + kept + SCAN + b"\xff\xff" + segment(0xFE, b"Doe") + SCAN
    done = without_comments(data + b"\xff\xd9Doe")
    assert b"Doe" not in done
    assert len(done) == len(data) + 2
    assert kept in done
    assert done.count(SCAN) == 2


@pytest.mark.parametrize("open_end", [False, True])
def test_comments_in_the_head_of_a_tile_part(open_end):
    comment = segment(0x64, b"\0\1Doe")
    packets = b"\1\2\xff\x64\x00\x05Doe"  # looks like a comment, and is none
    length = 0 if open_end else 12 + len(comment) + 2 + len(packets)
    part = segment(0x90, b"\0\0" + length.to_bytes(4) + b"\0\1") + comment + b"\xff\x93" + packets
    done = without_comments(b"\xff\x4f" + segment(0x51, b"\0" * 38) + comment + part + b"\xff\xd9Doe")
    assert done.count(b"Doe") == 1
    assert done.endswith(packets + b"\xff\xd9")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RLE",
        b"\xff\xd8",
        b"\xff\xd8Doe",
        b"\xff\xd8\xff\xfe\0\1",
        b"\xff\xd8\xff\xfe\1\0Doe",
        b"\xff\xd8" + segment(0xC8, b"Doe"),
        b"\xff\x4f" + segment(0x51, b"\0" * 38) + segment(0x74, b"Doe"),
        b"\xff\x4f" + segment(0x51, b"\0" * 38) + segment(0x90, b"\0\0\0\0\0\4\0\1") + b"\xff\x93",
    ],
)
def test_what_is_not_understood_is_refused(data):
    with pytest.raises(ValueError, match=r"marker|segment|codestream|part"):
        without_comments(data)
