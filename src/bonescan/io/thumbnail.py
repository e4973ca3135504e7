"""A view shrunk to a small fixed grid, on which the reader's checks look at it."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from bonescan.core.study import Counts, View

ROWS, COLUMNS = 128, 64
Thumbnail = npt.NDArray[np.float64]
"""(128, 64) float64: block means, at least 0."""


class Looked:
    """A view, and what several checks look at of it: each part is made once, when it is first asked for."""

    def __init__(self, view: View) -> None:
        self.view = view

    @cached_property
    def whole(self) -> Thumbnail:
        """All of the view, shrunk, and its brightest parts cut off: no hot spot decides what the rest is."""
        return limited(shrink(self.view.counts), 99.5)

    @cached_property
    def body(self) -> Counts:
        """(row, column) float32, the view without its empty margins."""
        return crop_to_body(self.view.counts)

    @cached_property
    def small_body(self) -> Thumbnail:
        """`body`, shrunk and cut off in the same way."""
        return limited(shrink(self.body), 99)


def shrink(image: Counts) -> Thumbnail:
    """Mean over blocks; an image smaller than the grid is repeated instead.

    Example:
        >>> float(shrink(np.full((256, 64), 3, dtype=np.float32)).mean())
        3.0
    """
    rows, columns = (
        np.linspace(0, size, n + 1).astype(int) for size, n in zip(image.shape, (ROWS, COLUMNS), strict=True)
    )
    heights, widths = np.maximum(np.diff(rows), 1), np.maximum(np.diff(columns), 1)
    # The first rows of all blocks, then the second ones: far faster than block by block.
    lines = image[rows[:-1]]
    for line in range(1, int(heights.max())):
        longer = heights > line
        lines[longer] += image[rows[:-1][longer] + line]
    sums = np.add.reduceat(lines, columns[:-1], axis=1)
    return np.asarray(sums / np.outer(heights, widths), dtype=np.float64)


def limited(thumbnail: Thumbnail, percent: float) -> Thumbnail:
    """No value above a percentile of them.

    Example:
        >>> limited(np.array([[0.0, 1.0, 2.0, 50.0]]), 50)
        array([[0. , 1. , 1.5, 1.5]])
    """
    return np.minimum(thumbnail, np.percentile(thumbnail, percent))


def crop_to_body(image: Counts) -> Counts:
    """Cut off margins with next to no uptake."""
    rows, columns = (_extent(image.sum(axis=axis, dtype=np.float64)) for axis in (1, 0))
    return image[rows, columns]


def _extent(profile: npt.NDArray[np.float64]) -> slice:
    lit = np.flatnonzero(profile > 0.03 * np.percentile(profile, 90))
    return slice(int(lit[0]), int(lit[-1]) + 1) if len(lit) else slice(None)
