"""Polygons to masks and masks to polygons, exactly.

The rule of pixels: pixel (row, column) covers [column, column + 1] x [row, row + 1], and belongs to a polygon if its
centre, half a pixel in, lies inside by the even-odd rule. A centre on an edge counts as inside on the left or top edge
of a shape and as outside on its right or bottom one, so that shapes which share an edge share no pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bonescan.core.study import Mask

Points = npt.NDArray[np.float64]
"""(n, 2) float64, x (to the right) and y (downwards) in pixels."""


def fill_polygon(points: Points, shape: tuple[int, int]) -> Mask:
    """Rasterise a closed polygon.

    Args:
        points: (n, 2) x and y; may cross itself, and reach beyond the image.
        shape: (rows, columns) of the mask.

    Returns:
        (rows, columns) bool.

    Example:
        >>> fill_polygon(np.array([[0.4, 0.0], [2.4, 0.0], [2.4, 1.0], [0.4, 1.0]]), (2, 3)).astype(int)
        array([[1, 1, 0],
               [0, 0, 0]])
    """
    mask = np.zeros(shape, dtype=np.bool_)
    # Only the part of the image around the polygon is worked on.
    low = np.clip(np.floor(points.min(axis=0)), 0, (shape[1], shape[0])).astype(np.int64)
    high = np.clip(np.ceil(points.max(axis=0)), 0, (shape[1], shape[0])).astype(np.int64)
    columns, rows = (high - low).tolist()
    if rows > 0 and columns > 0:
        mask[low[1] : high[1], low[0] : high[0]] = _fill(points - low, rows, columns)
    return mask


def _fill(points: Points, rows: int, columns: int) -> Mask:
    """Fill by parity: flip every pixel to the right of each crossing of an edge with a row's centre line."""
    following = np.roll(points, -1, axis=0)
    # Each edge from top to bottom: the two ways along one line must round alike to cancel.
    down = (points[:, 1] < following[:, 1])[:, None]
    x0, y0 = np.where(down, points, following).T
    x1, y1 = np.where(down, following, points).T
    # Rows whose centre line an edge crosses: y0 <= row + 0.5 < y1.
    first = np.clip(np.ceil(y0 - 0.5), 0, rows).astype(np.int64)
    stop = np.clip(np.ceil(y1 - 0.5), 0, rows).astype(np.int64)
    count = stop - first
    edge = np.repeat(np.arange(len(points)), count)
    row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    x = x0[edge] + (row + 0.5 - y0[edge]) / (y1[edge] - y0[edge]) * (x1[edge] - x0[edge])
    column = np.clip(np.ceil(x - 0.5), 0, columns).astype(np.int64)
    crossings = np.bincount(row * (columns + 1) + column, minlength=rows * (columns + 1))
    parity = np.cumsum(crossings.reshape(rows, columns + 1), axis=1) & 1
    return np.asarray(parity[:, :columns], dtype=np.bool_)


def outline(mask: Mask) -> list[Points]:
    """Trace a mask along the edges of its pixels.

    Returns:
        One polygon for each piece (8-connected), with whole-number corners. A piece with holes is one polygon that
        runs to each hole and back along one line, which the even-odd rule cancels. `fill_polygon` of all of them,
        combined by exclusive or, gives back the mask.
    """
    from scipy import ndimage

    labelled, count = ndimage.label(mask, structure=np.ones((3, 3), dtype=int))
    polygons = []
    for index, box in enumerate(ndimage.find_objects(labelled, max_label=count), start=1):
        loops = _loops(labelled[box] == index)
        corners = [corner for loop in loops for corner in (*loop, loop[0])]
        # After each further loop, back over the bridge to where the first began.
        points = np.array(corners if len(loops) == 1 else [*corners, *_way_back(loops)], dtype=np.float64)
        points += (box[1].start, box[0].start)
        polygons.append(points[:-1] if len(loops) == 1 else points)
    return polygons


def _way_back(loops: Sequence[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    return [loop[0] for loop in reversed(loops[1:-1])]


def _loops(mask: Mask) -> list[list[tuple[int, int]]]:
    """Closed loops of corners (x, y) around a mask, the corners of straight runs left out."""
    padded = np.pad(mask, 1)
    follow: dict[tuple[int, int], list[tuple[int, int]]] = {}
    # An edge of the boundary runs with the mask on its right: right along tops, left along bottoms, …
    for (inside, outside), start, end in (
        ((padded[1:-1, 1:-1], padded[:-2, 1:-1]), (0, 0), (1, 0)),
        ((padded[1:-1, 1:-1], padded[1:-1, 2:]), (1, 0), (1, 1)),
        ((padded[1:-1, 1:-1], padded[2:, 1:-1]), (1, 1), (0, 1)),
        ((padded[1:-1, 1:-1], padded[1:-1, :-2]), (0, 1), (0, 0)),
    ):
        rows, columns = np.nonzero(inside & ~outside)
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True):
            follow.setdefault((x + start[0], y + start[1]), []).append((x + end[0], y + end[1]))
    loops = []
    while follow:
        first = next(iter(follow))
        loop, corner = [first], _step(follow, first)
        while corner != first:
            loop.append(corner)
            corner = _step(follow, corner)
        loops.append(_straightened(loop))
    return loops


def _step(follow: dict[tuple[int, int], list[tuple[int, int]]], corner: tuple[int, int]) -> tuple[int, int]:
    """Take one edge that leaves `corner`. Where two pixels touch at a corner either will do by the even-odd rule."""
    targets = follow[corner]
    target = targets.pop()
    if not targets:
        del follow[corner]
    return target


def _straightened(loop: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drop corners between two steps in the same direction."""
    kept = []
    for before, corner, after in zip([loop[-1], *loop[:-1]], loop, [*loop[1:], loop[0]], strict=True):
        straight = (after[0] - corner[0], after[1] - corner[1]) == (corner[0] - before[0], corner[1] - before[1])
        if not straight:
            kept.append(corner)
    return kept
