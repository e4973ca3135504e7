"""The average look of the body and of each region: real, simulated, what one has more of, for a person to look at.

Figures say that a region is too even or too faint; these pictures say where. Each region of each frame is brought to
the same box and divided by its median level, so that size, exposure and the level of the region drop out; then the
median over frames is taken, which noise, lesions and single patients do not reach. Bodies are laid on each other by
neck and pelvis and divided by the level of the femur: shape, posture and the levels of regions remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

from bonescan.core.anatomy import Region
from bonescan.core.files import write_bytes
from bonescan.core.study import ViewName
from bonescan.simulate.realism.sheet import refuse_in_repository
from bonescan.simulate.realism.storage import NativeFrame

Picture = npt.NDArray[np.float64]

SIDE = 48
"""Rows and columns of an average."""
BODY = (270, 144)
"""Rows and columns of the average body, ..."""
_PER_TRUNK = 120
"""... so many of them from the middle of the neck to that of the pelvis."""
_ABOVE = 0.5
"""Share of that length that is seen above the middle of the neck."""
_AROUND = 2
_LEAST_PIXELS = 20
_PAIRED = {Region.RIBS, Region.CLAVICLE, Region.SCAPULA, Region.HUMERUS, Region.PELVIS, Region.FEMUR}
_FAINTEST = 0.05
_REGION_BLACK, _BODY_BLACK = 2.0, 4.0
"""Levels that are drawn black."""
_NECK, _HIPS, _THIGHS = (Region.CERVICAL_SPINE,), (Region.PELVIS, Region.SACRUM), (Region.FEMUR,)
_TITLES = ("real", "simulated", "red: real has more")


def average_of(frames: Sequence[NativeFrame], region: Region, view: ViewName) -> Picture | None:
    """Median over frames of a region's look.

    Both halves of paired regions count alike, the one on the right of the image mirrored onto the other.

    Args:
        frames: Real or simulated; pixels in their hot spots are left out.
        region: Which.
        view: Which.

    Returns:
        (48, 48) multiples of the region's median level; None where no frame has the region.
    """
    looks = [look for frame in frames if frame.view == view for look in _looks(frame, region)]
    return np.asarray(np.nanmedian(np.stack(looks), axis=0)) if looks else None


def body_average(frames: Sequence[NativeFrame], view: ViewName) -> Picture | None:
    """Median over frames of the body from the crown to the thighs.

    Args:
        frames: Real or simulated; pixels in their hot spots are left out.
        view: Which.

    Returns:
        (270, 144) multiples of the femur's median level, 120 pixels from the middle of the neck to that of the pelvis,
        which lie upright above each other; None where no frame has neck, pelvis and femur.
    """
    looks = [look for frame in frames if frame.view == view for look in _bodies(frame)]
    return np.asarray(np.nanmedian(np.stack(looks), axis=0)) if looks else None


def _bodies(frame: NativeFrame) -> list[Picture]:
    parts = [np.argwhere(np.isin(frame.regions, of)) for of in (_NECK, _HIPS, _THIGHS)]
    if min(len(part) for part in parts) < _LEAST_PIXELS:
        return []
    (top, left), (bottom, right) = (np.median(part, axis=0) for part in parts[:2])
    down = np.arange(BODY[0]) / _PER_TRUNK - _ABOVE
    aside = (np.arange(BODY[1]) - (BODY[1] - 1) / 2) / _PER_TRUNK
    rows = top + down * (bottom - top)
    columns = (left + down * (right - left))[:, None] + aside * (bottom - top)
    values = _without_spots(frame, np.isin(frame.regions, _THIGHS))
    rows = np.broadcast_to(rows[:, None], columns.shape)
    return [map_coordinates(values, [rows, columns], order=1, mode="constant")]


def _without_spots(frame: NativeFrame, level: npt.NDArray[np.bool_]) -> Picture:
    """A frame in multiples of its median within a mask, nothing in its hot spots."""
    values = gaussian_filter(frame.values.astype(np.float64), 0.7)
    values /= max(float(np.median(values[level])), 1e-6)
    for spot in frame.hot_spots:
        values[spot] = np.nan
    return values


def _looks(frame: NativeFrame, region: Region) -> list[Picture]:
    mask = frame.regions == region
    if mask.sum() < _LEAST_PIXELS:
        return []
    values = _without_spots(frame, mask)
    columns = np.flatnonzero((frame.regions > 0).any(0))
    middle = int(columns[[0, -1]].mean())
    halves = [(values[:, :middle], mask[:, :middle]), (values[:, :middle:-1], mask[:, :middle:-1])]
    return [
        _boxed(*half) for half in (halves if region in _PAIRED else [(values, mask)]) if half[1].sum() >= _LEAST_PIXELS
    ]


def _boxed(values: Picture, mask: npt.NDArray[np.bool_]) -> Picture:
    """The box of the mask, and a little around it, on a grid of 48 × 48."""
    edges = [np.flatnonzero(mask.any(axis))[[0, -1]] for axis in (1, 0)]
    places = [np.linspace(low - _AROUND, high + _AROUND, SIDE) for low, high in edges]
    return map_coordinates(values, np.meshgrid(*places, indexing="ij"), order=1, mode="nearest")


def write_averages(path: Path, real: Sequence[NativeFrame], simulated: Sequence[NativeFrame]) -> None:
    """Draw body and regions in both views, real, simulated and their ratio side by side; never into a repository.

    Args:
        path: PNG to write.
        real: Real frames.
        simulated: Simulated frames.

    Raises:
        UsageError: The path lies in a repository.
        OutputError: The file cannot be written.
    """
    from PIL import Image, ImageDraw

    refuse_in_repository(path)
    tile, head, gap = 3 * SIDE, 16, 6
    pairs = [(body_average(real, view), body_average(simulated, view)) for view in ViewName]
    rows = [("body", BODY[0], _BODY_BLACK, pairs)]
    for region in (region for region in Region if region is not Region.BACKGROUND):
        pairs = [(average_of(real, region, view), average_of(simulated, region, view)) for view in ViewName]
        rows.append((region.label, tile, _REGION_BLACK, pairs))
    rows = [row for row in rows if any(a is not None and b is not None for a, b in row[-1])]
    width = len(ViewName) * (3 * (tile + gap) + 2 * gap)
    sheet = Image.new("RGB", (width, max(sum(height + head for _, height, *_ in rows), head)), "white")
    draw = ImageDraw.Draw(sheet)
    top = 0
    for name, height, black, pairs in rows:
        for side, (view, (actual, made)) in enumerate(zip(ViewName, pairs, strict=True)):
            if actual is None or made is None:
                continue
            ratio = np.log2((actual + _FAINTEST) / (made + _FAINTEST))
            panels = (_grey(actual, black), _grey(made, black), _red_blue(ratio))
            for i, (panel, title) in enumerate(zip(panels, _TITLES, strict=True)):
                left = side * width // 2 + i * (tile + gap)
                picture = Image.fromarray(panel).resize((tile, height), Image.Resampling.NEAREST)
                sheet.paste(picture, (left, top + head))
                draw.text((left, top + 2), f"{name}, {view}, {title}" if i == 0 else title, fill="black")
        top += height + head
    buffer = BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    write_bytes(path, buffer.getvalue())


def _grey(look: Picture, black: float) -> npt.NDArray[np.uint8]:
    """Inverse grey, black from a level on."""
    grey = np.rint(255 * (1 - np.clip(np.nan_to_num(look) / black, 0, 1))).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _red_blue(log_ratio: Picture) -> npt.NDArray[np.uint8]:
    """Red where positive, blue where negative, full at a factor of 2."""
    share = np.clip(np.nan_to_num(log_ratio), -1, 1)
    fade = 1 - np.abs(share)
    red, blue = np.where(share > 0, 1, fade), np.where(share < 0, 1, fade)
    return np.asarray(np.rint(255 * np.stack([red, fade, blue], axis=-1)), np.uint8)
