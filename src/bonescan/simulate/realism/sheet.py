"""Contact sheets: frames side by side in inverse grey, real and simulated mixed, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.blocks import block_mean
from bonescan.core.errors import UsageError
from bonescan.core.files import write_bytes
from bonescan.core.study import ViewName
from bonescan.simulate.realism.storage import NativeFrame

ROWS, COLUMNS = 768, 256
"""Least size of a tile."""
_GAP = 6
_PER_LINE = 10


def contact_sheet(frames: Sequence[NativeFrame], *, shrink: int = 1, greys: int = 256) -> bytes:
    """Draw frames in lines of ten, each scaled to its own 99.5th percentile by a square root, as PNG.

    Tiles hold the largest frame, so that no body is cropped.

    Args:
        frames: What to show, in order.
        shrink: Average this many pixels to one.
        greys: Number of grey levels; fewer make a smaller file.
    """
    from PIL import Image

    lines = [frames[i : i + _PER_LINE] for i in range(0, len(frames), _PER_LINE)]
    size = (
        max(ROWS, *(frame.values.shape[0] for frame in frames)),
        max(COLUMNS, *(frame.values.shape[1] for frame in frames)),
    )
    sheet = np.concatenate([np.concatenate([_tile(frame, size) for frame in line], 1) for line in _even(lines)], 0)
    buffer = BytesIO()
    picture = np.rint(block_mean(sheet.astype(np.float64), shrink) / 255 * (greys - 1)) * 255 / (greys - 1)
    Image.fromarray(np.rint(picture).astype(np.uint8)).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def write_mixed_sheet(
    path: Path, real: Sequence[NativeFrame], simulated: Sequence[NativeFrame], *, pairs: int = 10, seed: int = 0
) -> str:
    """Write a sheet that mixes real and simulated frames of one view; never into a checkout of a repository.

    Args:
        path: PNG to write.
        real: Real frames.
        simulated: Simulated frames.
        pairs: Number of frames of either kind.
        seed: Seed of choice and order.

    Returns:
        The key: a letter a frame in the order of the sheet, R for real, S for simulated.

    Raises:
        UsageError: The path lies in a repository, where real patients' pictures must not get.
        OutputError: The file cannot be written.
    """
    refuse_in_repository(path)
    rng = np.random.default_rng(seed)
    chosen: list[tuple[str, NativeFrame]] = []
    for letter, frames in (("R", real), ("S", simulated)):
        views = [frame for frame in frames if frame.view == ViewName.POSTERIOR]
        views += [frame for frame in frames if frame.view == ViewName.ANTERIOR]
        chosen += [(letter, views[i]) for i in rng.permutation(len(views))[:pairs]]
    order = rng.permutation(len(chosen))
    write_bytes(path, contact_sheet([chosen[i][1] for i in order]))
    return "".join(chosen[i][0] for i in order)


def refuse_in_repository(path: Path) -> None:
    """Raise a `UsageError` where a picture of real patients would be written into a checkout of a repository."""
    if any((folder / ".git").exists() for folder in path.absolute().parents):
        raise UsageError(
            f"{path.name} would lie in a repository", hint="Pictures of real scans are kept out: choose another folder"
        )


def _tile(frame: NativeFrame | None, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Grey values of a tile of this size and a gap, the frame in the middle."""
    tile = np.full((size[0] + _GAP, size[1] + _GAP), 255.0)
    if frame is None:
        return tile
    values = frame.values
    top = max(float(np.percentile(values, 99.5)), 1.0)
    row, column = (size[0] - values.shape[0]) // 2, (size[1] - values.shape[1]) // 2
    grey = 255 * (1 - np.sqrt(np.minimum(values / top, 1)))
    tile[row : row + values.shape[0], column : column + values.shape[1]] = grey
    return tile


def _even(lines: Sequence[Sequence[NativeFrame]]) -> list[list[NativeFrame | None]]:
    """The last line filled up with nothing, so that all are as long."""
    longest = max(len(line) for line in lines)
    return [[*line, *[None] * (longest - len(line))] for line in lines]
