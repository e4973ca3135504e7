"""Contact sheets: frames side by side in inverse grey, real and simulated mixed, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import UsageError
from bonescan.core.files import write_bytes
from bonescan.core.study import ViewName
from bonescan.simulate.realism.storage import NativeFrame

ROWS, COLUMNS = 768, 256
_GAP = 6
_PER_LINE = 10


def contact_sheet(frames: Sequence[NativeFrame], *, shrink: int = 1, greys: int = 256) -> bytes:
    """Draw frames in lines of ten, each scaled to its own 99.5th percentile by a square root, as PNG.

    Args:
        frames: What to show, in order.
        shrink: Average this many pixels to one.
        greys: Number of grey levels; fewer make a smaller file.
    """
    from PIL import Image

    lines = [frames[i : i + _PER_LINE] for i in range(0, len(frames), _PER_LINE)]
    sheet = np.concatenate([np.concatenate([_tile(frame) for frame in line], 1) for line in _even(lines)], 0)
    rows, columns = (size // shrink * shrink for size in sheet.shape)
    sheet = sheet[:rows, :columns].reshape(rows // shrink, shrink, columns // shrink, shrink).mean((1, 3))
    buffer = BytesIO()
    picture = np.rint(sheet / 255 * (greys - 1)) * 255 / (greys - 1)
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


def _tile(frame: NativeFrame | None) -> npt.NDArray[np.float64]:
    """(ROWS, COLUMNS) grey values, the frame in the middle."""
    tile = np.full((ROWS + _GAP, COLUMNS + _GAP), 255.0)
    if frame is None:
        return tile
    values = frame.values[:ROWS, :COLUMNS]
    top = max(float(np.percentile(values, 99.5)), 1.0)
    row, column = (ROWS - values.shape[0]) // 2, (COLUMNS - values.shape[1]) // 2
    grey = 255 * (1 - np.sqrt(np.minimum(values / top, 1)))
    tile[row : row + values.shape[0], column : column + values.shape[1]] = grey
    return tile


def _even(lines: Sequence[Sequence[NativeFrame]]) -> list[list[NativeFrame | None]]:
    """The last line filled up with nothing, so that all are as long."""
    longest = max(len(line) for line in lines)
    return [[*line, *[None] * (longest - len(line))] for line in lines]
