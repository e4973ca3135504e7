"""Decodes compressed pixels in another process, so that a damaged stream cannot end this one."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import UnreadableInputError

_WORKER = Path(__file__).with_name("decode_worker.py")
_SECONDS = 120
_REMARKS_OF_DAMAGE = (b"premature end", b"bad Huffman", b"Bogus", b"Unsupported marker", b"Not a JPEG")
"""What libjpeg says when it goes on with part of the pixels made up."""


def decode_isolated(path: Path) -> npt.NDArray[np.generic]:
    """Decode the pixels of a compressed DICOM object.

    It costs about a third of a second, most of it to start Python.

    Returns:
        What pydicom's ``pixel_array`` is: (row, column) or (frame, row, column), and channels.

    Raises:
        UnreadableInputError: The stream is damaged, or takes absurd time or memory.
    """
    try:
        result = subprocess.run(
            [sys.executable, "-P", "-W", "ignore", str(_WORKER), str(path.resolve())],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableInputError(f"{path.name} takes more than {_SECONDS} s to decompress") from error
    if result.returncode != 0 or any(remark in result.stderr for remark in _REMARKS_OF_DAMAGE):
        raise UnreadableInputError(f"the compressed pixels of {path.name} are damaged")
    pixels: npt.NDArray[np.generic] = np.load(io.BytesIO(result.stdout), allow_pickle=False)
    return pixels
