"""From a view of any matrix to the network's grid and back.

The body's bounding box is cropped and stretched to 1024×256, so that pixel size, patient size, cropping and the stretch
of public research files do not matter. Intensities are divided by a reference of the body itself and square-rooted,
which makes Poisson noise the same everywhere (Anscombe) and the result independent of the scale of the counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from bonescan.core.blocks import block_mean
from bonescan.core.study import Counts, Labels, Mask, View
from bonescan.inference.smoothing import smooth

GRID_ROWS = 1024
GRID_COLUMNS = 256
CEILING = 8.0
"""Square roots are clipped here: 64 times the body's reference, reached by bladders and injection sites only."""
GREY_LEVELS = {"wide": 12.0, "narrow": 3.0}
"""Count, in multiples of the body's reference, that a rendering draws black. The paper shows each view at "two
different gray values" without saying which; these differ fourfold, as the paper's Figure 7 suggests."""

_COARSE = (512, 128)
"""Rows and columns that show where a body ends as well as more do: what is smoothed to see it resolves no more."""
_MARGIN = 0.01
_BODY_LEVEL = 0.05
_HOT_SHARE = 0.98
_ROUNDS = 3
_SPECK = 0.02
_REPEATS = 0.05
"""Share of rows equal to the one before, from which a file is taken to be stretched by repetition."""
_MOST_COPIES = 4
"""Longer runs of equal rows are drawn, not measured and stretched."""


@dataclass(frozen=True)
class Grid:
    """An affine crop and resample: where the grid lies in the input view.

    Coordinates are pixel edges: row `i` of the view covers [i, i + 1].

    Attributes:
        rows: Rows of the input view.
        columns: Columns of the input view.
        row0: First edge of the cropped box.
        row1: Last edge of the cropped box.
        column0: First edge of the cropped box.
        column1: Last edge of the cropped box.
        reference: Mean body counts below their 98th percentile, per input pixel.
    """

    rows: int
    columns: int
    row0: float
    row1: float
    column0: float
    column1: float
    reference: float


@dataclass(frozen=True, eq=False)
class GridView:
    """A view on the network's grid.

    Attributes:
        image: (1024, 256) float32 in [0, 4], hot = high.
        grid: How to go back.
    """

    image: npt.NDArray[np.float32]
    grid: Grid


def to_grid(view: View) -> GridView:
    """Crop the body, resample it to 1024×256 and normalise its intensity.

    The image is ``clip(sqrt(counts / reference), 0, 8) / 2``; multiplying all counts by a constant changes nothing.

    Args:
        view: Any matrix; counts at least 0.

    Returns:
        The network's input and the record that `from_grid` needs. An empty view gives zeros.

    Example:
        >>> import numpy as np
        >>> from bonescan.core.study import View, ViewName
        >>> counts = np.zeros((512, 128), np.float32)
        >>> counts[40:480, 30:100] = 10
        >>> gridded = to_grid(View(ViewName.ANTERIOR, counts))
        >>> gridded.image.shape, round(float(gridded.image[512, 128]), 1)
        ((1024, 256), 0.5)
    """
    grid = _box(view)
    rows, columns = _distinct_rows(view.counts), _distinct_rows(view.counts.T)
    by_row = _resampling(grid.row0, grid.row1, grid.rows, rows, GRID_ROWS)
    by_column = _resampling(grid.column0, grid.column1, grid.columns, columns, GRID_COLUMNS)
    counts = _resample(view.counts, by_row, by_column)
    # In place: the time goes into memory that is touched for the first time.
    np.maximum(counts, 0, out=counts)
    counts /= np.float32(grid.reference)
    np.sqrt(counts, out=counts)
    np.minimum(counts, CEILING, out=counts)
    counts /= 2
    return GridView(counts, grid)


def from_grid(
    values: npt.NDArray[np.float32], grid: Grid, *, mirrored: bool = False, least: float = 0.0
) -> npt.NDArray[np.float32]:
    """Bring a map on the grid back to the geometry of the input view.

    Args:
        values: (1024, 256) float32, at least 0.
        grid: The record made by `to_grid`.
        mirrored: Whether the map's columns run the other way: as `values[:, ::-1]` without, but faster.
        least: Values that do not matter: rows and columns with nothing above are taken for 0, which saves most of the
            work where little is found.

    Returns:
        (rows, columns) float32, linearly interpolated; 0 outside the cropped box.
    """
    result = np.zeros((grid.rows, grid.columns), np.float32)
    hot = values > least
    hot_rows, hot_columns = np.asarray(hot.any(axis=1)), np.asarray(hot.any(axis=0))
    rows, by_row = _reached(_return(grid.row0, grid.row1, grid.rows, GRID_ROWS), hot_rows)
    columns, by_column = _reached(
        _return(grid.column0, grid.column1, grid.columns, GRID_COLUMNS), hot_columns[::-1] if mirrored else hot_columns
    )
    if mirrored:
        by_column = by_column._replace(samples=GRID_COLUMNS - 1 - by_column.samples)
    if by_row.samples.size and by_column.samples.size:
        result[rows, columns] = _resample(values.astype(np.float32, copy=False), by_row, by_column)
    return result


def labels_to_grid(labels: Labels, grid: Grid) -> Labels:
    """Bring labels in the geometry of the input view onto the grid (nearest neighbour).

    Args:
        labels: (rows, columns) uint8.
        grid: The record made by `to_grid` from the same view.

    Returns:
        (1024, 256) uint8.
    """
    rows = _nearest(grid.row0, grid.row1, grid.rows, GRID_ROWS)
    columns = _nearest(grid.column0, grid.column1, grid.columns, GRID_COLUMNS)
    picked: Labels = labels[np.ix_(rows, columns)]
    return picked


def render(view: View, level: Literal["wide", "narrow"] = "wide") -> npt.NDArray[np.uint8]:
    """Draw a view as the paper's 8-bit picture: white background, uptake dark.

    Args:
        view: Any matrix.
        level: Which of the two grey levels: "wide" keeps hot spots apart, "narrow" shows faint bone.

    Returns:
        (rows, columns) uint8; 255 where there are no counts, 0 at and above the level's count.
    """
    upper = GREY_LEVELS[level] * _box(view).reference
    grey: npt.NDArray[np.uint8] = (255 - np.rint(255 * np.clip(view.counts / upper, 0, 1))).astype(np.uint8)
    return grey


def body_mask(counts: Counts) -> Mask:
    """Find the body: smoothed counts above a small part of the body's own mean, without specks.

    Args:
        counts: (rows, columns) float32, at least 0; as many of both as show where a body ends, see `_coarse`.

    Returns:
        (rows, columns) bool; all False for an empty view.
    """
    from scipy import ndimage

    smoothed = smooth(counts, (counts.shape[0] / 256, counts.shape[1] / 96))
    body = smoothed > _body_level(smoothed)
    parts, count = ndimage.label(body)
    if count > 1:
        sizes = np.bincount(parts.ravel())[1:]
        keep = np.flatnonzero(sizes >= _SPECK * sizes.max()) + 1
        body = np.isin(parts, keep)
    return np.asarray(body, dtype=np.bool_)


def _body_level(smoothed: Counts) -> float:
    """Where the body ends: a small part of the mean of what is above, found in a few rounds from 0.

    Mean and ceiling are those of the body found so far, so that empty space around it does not matter.
    """
    sparse = smoothed[::4, ::2].ravel()  # an eighth of the pixels of a smooth picture says the same
    level = 0.0
    for _ in range(_ROUNDS):
        inside = sparse[sparse > level]
        if not inside.size:
            break
        # The hottest pixels (bladder, injection site) must not decide where the patient ends.
        level = _BODY_LEVEL * float(np.minimum(inside, hot_level(inside)).mean())
    return level


def _coarse(counts: Counts) -> tuple[Counts, int]:
    """Means of square blocks of pixels, and how many pixels a block is wide: the body is looked for in few of them."""
    step = max(1, min(size // enough for size, enough in zip(counts.shape, _COARSE, strict=True)))
    return block_mean(counts, step), step


def _box(view: View) -> Grid:
    coarse, step = _coarse(view.counts)
    body = body_mask(coarse)
    reference = _reference(coarse, body)
    if not body.any():
        return Grid(view.rows, view.columns, 0.0, float(view.rows), 0.0, float(view.columns), reference)
    row0, row1 = _extent(np.asarray(body.any(axis=1)), step, view.rows)
    column0, column1 = _extent(np.asarray(body.any(axis=0)), step, view.columns)
    return Grid(view.rows, view.columns, row0, row1, column0, column1, reference)


def _extent(occupied: npt.NDArray[np.bool_], step: int, size: int) -> tuple[float, float]:
    """First and last edge of what is occupied, in pixels of which a block has `step`, and a margin around it."""
    where = np.flatnonzero(occupied)
    first, last = step * int(where[0]), step * (int(where[-1]) + 1)
    margin = _MARGIN * (last - first)
    return max(0.0, first - margin), min(float(size), last + margin)


def _reference(counts: Counts, body: Mask) -> float:
    inside = counts[body]
    if inside.size == 0:
        return 1.0
    below = inside[inside <= hot_level(inside)]
    return max(float(below.mean(dtype=np.float64)), float(np.finfo(np.float32).tiny))


def hot_level(values: npt.NDArray[np.float32]) -> float:
    """The 98th percentile, linearly interpolated.

    Args:
        values: (n,), at least one.
    """
    place = _HOT_SHARE * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    parted = np.partition(values, (below, above))  # without all that a percentile checks, which costs more than it
    return float(parted[below] + (place - below) * (parted[above] - parted[below]))


class _Taps(NamedTuple):
    """Along one axis: which samples make each output, and with what weight; both (outputs, taps)."""

    samples: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]


def _distinct_rows(counts: Counts) -> npt.NDArray[np.int64]:
    """First row of each run of equal rows; every row where hardly any repeats the one before.

    Public research files were stretched by repeating rows and columns. Interpolating between two copies would keep the
    full noise of the one row that was measured, twice as strong as that of an interpolated scan.
    """
    lit, repeats = counts[1:].any(axis=1), np.zeros(len(counts) - 1, np.bool_)
    # Every eighth column shows that a scan repeats nothing; all are asked only where it seems to.
    for some in (counts[:, ::8], counts):
        repeats = lit & (some[1:] == some[:-1]).all(axis=1)
        if np.count_nonzero(repeats) < _REPEATS * len(counts):
            return np.arange(len(counts))
    first = np.flatnonzero(np.concatenate([[True], ~repeats]))
    longest = int(np.diff(first, append=len(counts)).max())
    return np.arange(len(counts)) if longest > _MOST_COPIES else first


def _resampling(first: float, last: float, size: int, distinct: npt.NDArray[np.int64], steps: int) -> _Taps:
    """Triangle filter from the `distinct` ones of `size` pixels: linear when enlarging, averaging when shrinking."""
    scale = (last - first) / steps
    centres = first + (np.arange(steps) + 0.5) * scale - 0.5
    middles = (distinct + np.append(distinct[1:], size) - 1) / 2
    among = np.interp(centres, middles, np.arange(len(distinct)))
    taps = _triangle(among, len(distinct), max(scale * len(distinct) / size, 1.0))
    return _Taps(distinct[taps.samples], taps.weights)


@lru_cache(maxsize=8)  # several maps of a view go the same way
def _return(first: float, last: float, size: int, steps: int) -> _Taps:
    """The way back; no weight for pixels whose centre lies outside the box."""
    scale = (last - first) / steps
    middles = np.arange(size) + 0.5
    taps = _triangle((middles - first) / scale - 0.5, steps, max(1 / scale, 1.0))
    taps.weights[(middles < first) | (middles > last)] = 0
    return taps


def _reached(taps: _Taps, hot: npt.NDArray[np.bool_]) -> tuple[slice, _Taps]:
    """Outputs from the first to the last that ask for a sample between the first and the last hot one."""
    reached = where = np.flatnonzero(hot)
    if where.size:
        reached = np.flatnonzero((taps.samples[:, -1] >= where[0]) & (taps.samples[:, 0] <= where[-1]))
    outputs = slice(int(reached[0]), int(reached[-1]) + 1) if reached.size else slice(0, 0)
    return outputs, _Taps(taps.samples[outputs], taps.weights[outputs])


def _triangle(centres: npt.NDArray[np.floating[Any]], size: int, support: float) -> _Taps:
    clamped = np.clip(centres, 0, size - 1)[:, None]
    # The samples within the support, which begins just after its lower edge.
    samples = np.floor(clamped - support).astype(np.int64) + np.arange(1, math.ceil(2 * support) + 1)
    weights = np.maximum(0.0, 1 - np.abs(samples - clamped) / support)
    weights[(samples < 0) | (samples >= size)] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    return _Taps(np.clip(samples, 0, size - 1), weights.astype(np.float32))


def _resample(image: npt.NDArray[np.float32], by_row: _Taps, by_column: _Taps) -> npt.NDArray[np.float32]:
    """Combine rows, then columns; columns that no output asks for are left out from the start."""
    first, last = int(by_column.samples.min()), int(by_column.samples.max())
    rows = _combine(image[:, first : last + 1], by_row, axis=0)
    return _combine(rows, _Taps(by_column.samples - first, by_column.weights), axis=1)


def _combine(image: npt.NDArray[np.float32], taps: _Taps, *, axis: int) -> npt.NDArray[np.float32]:
    """Weighted sums along an axis, tap by tap: a few each, where a matrix product would multiply a thousand zeros."""
    weights = taps.weights.T[:, :, None] if axis == 0 else taps.weights.T[:, None, :]
    total: npt.NDArray[np.float32] | None = None
    for samples, weight in zip(taps.samples.T, weights, strict=True):
        picked = np.take(image, samples, axis=axis, mode="clip")  # the other modes copy once more
        picked *= weight
        total = picked if total is None else np.add(total, picked, out=total)
    assert total is not None
    return total


def _nearest(first: float, last: float, size: int, steps: int) -> npt.NDArray[np.int64]:
    edges = first + (np.arange(steps) + 0.5) * (last - first) / steps
    return np.clip(np.floor(edges).astype(np.int64), 0, size - 1)
