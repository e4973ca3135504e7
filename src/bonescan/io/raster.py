"""Reads pictures: PNG, JPEG, TIFF or BMP, of 8 or 16 bits, grey or grey stored as colour."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bonescan.core.errors import NotABoneScanError, UnreadableInputError
from bonescan.core.findings import QualityFinding
from bonescan.core.study import Counts, Polarity, Units, ViewName
from bonescan.io.codes import view_of_text
from bonescan.io.decoding import check_dimensions, check_file_size, decoding
from bonescan.io.frames import Content, Frame
from bonescan.io.layout import Panel, find_panels
from bonescan.io.polarity import detect_polarity, hot_high

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
_MAX_PAGES = 16
_LOSSY = QualityFinding(
    code="lossy",
    severity="warning",
    message="The picture was compressed with loss; grey levels are not exact.",
)
_COLOUR_TOLERANCE = 24
"""Grey levels by which the channels of a grey picture may differ, as after JPEG."""
_COLOUR_SHARE = 0.005
"""Share of pixels beyond the tolerance that a burnt-in coloured mark may have."""


def read_picture(path: Path, *, view: ViewName | None = None, polarity: Polarity | None = None) -> Content:
    """Read the pages of a picture.

    Args:
        path: The file.
        view: The view that it shows; by default what its name tells.
        polarity: How it draws uptake; detected by default.

    Returns:
        One frame a page. 8-bit pictures, and pictures drawn hot = low, are in display units. A finding of code
        ``lossy`` where the picture is JPEG.

    Raises:
        UnreadableInputError: It is damaged, of another format, or too large.
        NotABoneScanError: It is in colour.
    """
    pages, deep, lossy = read_pages(path)
    if view is None and len(pages) == 1:
        view = view_of_text(path.stem)
    frames = []
    for page in pages:
        drawn = polarity or detect_polarity(page)
        counts = deep and drawn is Polarity.HOT_HIGH and page.max() < 65535
        frames.append(Frame(hot_high(page, drawn), view, drawn, Units.COUNTS if counts else Units.DISPLAY))
    return Content(tuple(frames), findings=(_LOSSY,) if lossy else ())


def read_panels(path: Path) -> tuple[tuple[Panel, ...], tuple[int, int]]:
    """Find where the views lie in a picture.

    Returns:
        The panels, and the (rows, columns) of the picture.

    Raises:
        UnreadableInputError: The picture is damaged, of another format, or too large.
        NotABoneScanError: It is in colour.
    """
    page = read_pages(path)[0][0]
    rows, columns = page.shape
    return find_panels(hot_high(page, detect_polarity(page))), (rows, columns)


def read_pages(path: Path) -> tuple[list[Counts], bool, bool]:
    """Decode a picture.

    Returns:
        Pages, (row, column) float32 of the stored grey levels; whether they have more than 8 bits; and whether they
        were compressed with loss.

    Raises:
        UnreadableInputError: It is damaged, of another format, or too large.
        NotABoneScanError: It is in colour.
    """
    from PIL import Image

    check_file_size(path)
    with decoding(path, "PNG, JPEG, TIFF or BMP picture"), Image.open(path, formats=_FORMATS) as picture:
        count = int(getattr(picture, "n_frames", 1))
        if count > _MAX_PAGES:
            raise NotABoneScanError(f"{path.name} has {count} pages", expected="one page, or one a view")
        pages = []
        for index in range(count):
            picture.seek(index)
            check_dimensions(path, picture.height, picture.width, count)
            pages.append(_grey(picture, path))
        deep = picture.mode.startswith("I") or picture.mode == "F"
        lossy = "jpeg" in (picture.format or "").lower() or "jpeg" in str(picture.info.get("compression"))
    if not all(np.isfinite(page).all() for page in pages):
        raise UnreadableInputError(f"{path.name} has values that are no numbers")
    return pages, deep, lossy


def _grey(picture: Image, path: Path) -> Counts:
    """Grey levels of the current page."""
    if picture.mode.startswith("I") or picture.mode in {"F", "L"}:
        return np.asarray(picture, dtype=np.float32)
    if picture.mode == "1":
        return np.asarray(picture.convert("L"), dtype=np.float32)
    rgba = np.asarray(picture.convert("RGBA"), dtype=np.float32)
    alpha = rgba[..., 3:] / np.float32(255)
    colour = rgba[..., :3] * alpha + 255 * (1 - alpha)  # a transparent background is shown on white
    spread = colour.max(axis=-1) - colour.min(axis=-1)
    if np.mean(spread > _COLOUR_TOLERANCE) > _COLOUR_SHARE:
        raise NotABoneScanError(
            f"{path.name} is a colour picture", expected="grey levels", hint="Export the scan without a colour scale"
        )
    return np.asarray(colour.mean(axis=-1), dtype=np.float32)
