"""Where the body lies in a view and where its midline runs: what left, right and "the other side" refer to.

The midline is the axis of best mirror symmetry: it minimises the squared difference between the view and its mirror
image over axis position and tilt. A hot lesion on one side thus hardly moves it, as it would move a centre of mass.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.core.blocks import block_mean
from bonescan.core.study import Counts, ViewName

BODY_LEVEL = 0.05
"""Body: smoothed counts above this fraction of their 99th percentile. Soft tissue is about 0.1 of bone."""
MIDLINE_BAND = 0.04
"""Half width of the midline band in body widths: about 2 cm, half a lumbar vertebra."""
TRUNK = 0.6
"""Part of the body height, from the head down, that fixes the midline; legs may lie apart unevenly."""
_SMALL_COLUMNS = 64
_SLOPES = np.linspace(-0.06, 0.06, 13)  # columns per row: up to 3.4 degrees of tilt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BodyFrame:
    """The body's place in one view; pixels, with pixel centres at whole numbers.

    Attributes:
        view: Which view; decides which image side is the patient's left.
        top: First row of the body.
        bottom: Last row of the body.
        width: Width of the body with the arms, in columns.
        column: Column of the midline at `top`.
        slope: Columns by which the midline moves per row.
        blocks: (row, column) bool, blocks of `step` pixels a side that lie in the body.
        step: Side of a block in pixels.
    """

    view: ViewName
    top: float
    bottom: float
    width: float
    column: float
    slope: float
    blocks: npt.NDArray[np.bool_] = field(repr=False, compare=False)
    step: int

    @classmethod
    def measure(cls, view: ViewName, counts: Counts) -> BodyFrame:
        """Find the body and its midline in a view.

        Args:
            view: Which view it is.
            counts: (row, column), at least 0; an empty view gives the whole image and its centre.
        """
        step = max(1, round(counts.shape[1] / _SMALL_COLUMNS))
        small = block_mean(counts, step).astype(np.float64)
        body = _body(small)
        if not body.any():
            rows, columns = counts.shape
            return cls(view, 0.0, rows - 1.0, float(columns), (columns - 1) / 2, 0.0, body, step)
        top, bottom = _extent(body.sum(axis=1))
        lit = body[top : bottom + 1][body[top : bottom + 1].any(axis=1)]
        spans = lit.shape[1] - lit[:, ::-1].argmax(axis=1) - lit.argmax(axis=1)
        trunk = slice(top, top + max(2, round(TRUNK * (bottom - top + 1))))
        column, slope = _axis(small[trunk])
        half = (step - 1) / 2  # centre of the first block
        return cls(
            view=view,
            top=float(top * step),
            bottom=float(min((bottom + 1) * step, counts.shape[0]) - 1),
            width=float(np.percentile(spans, 95) * step),
            column=column * step + half - slope * half,
            slope=slope,
            blocks=body,
            step=step,
        )

    def midline(self, rows: npt.ArrayLike) -> Array:
        """Column of the midline at each row."""
        at: Array = self.column + self.slope * (np.asarray(rows, dtype=np.float64) - self.top)
        return at

    def mirror(self, rows: npt.ArrayLike, columns: npt.ArrayLike) -> Array:
        """Column at which the mirrored pixel lies, for each (row, column)."""
        mirrored: Array = 2 * self.midline(rows) - np.asarray(columns, dtype=np.float64)
        return mirrored

    def in_body(self, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Whether each pixel (row, column) of the view lies in the body."""
        # Pixels at the far edges that fill no block belong to the last one.
        last_row, last_column = np.array(self.blocks.shape) - 1
        found: npt.NDArray[np.bool_] = self.blocks[
            np.minimum(rows // self.step, last_row), np.minimum(columns // self.step, last_column)
        ]
        return found

    def place(self, row: float, column: float) -> tuple[float, float]:
        """Return body coordinates: (height from 0 at the head to 1 at the feet, body widths to the patient's left)."""
        height = (row - self.top) / max(self.bottom - self.top, 1.0)
        to_image_right = (column - float(self.midline(row))) / max(self.width, 1.0)
        return height, to_image_right if self.view == ViewName.ANTERIOR else -to_image_right

    def laterality(self, row: float, column: float) -> Laterality:
        """Return the patient's side on which a point lies."""
        _, lateral = self.place(row, column)
        if abs(lateral) <= MIDLINE_BAND:
            return Laterality.MIDLINE
        return Laterality.LEFT if lateral > 0 else Laterality.RIGHT


def _body(small: Array) -> npt.NDArray[np.bool_]:
    from scipy import ndimage

    smooth: Any = ndimage.gaussian_filter(small, 0.75)
    body: npt.NDArray[np.bool_] = smooth > max(BODY_LEVEL * float(np.percentile(smooth, 99)), 1e-12)
    return body


def _extent(profile: npt.NDArray[Any]) -> tuple[int, int]:
    """First and last index that bound all but 0.2 % of the profile on either end."""
    share = np.cumsum(profile) / profile.sum()
    return int(np.searchsorted(share, 0.002)), int(np.searchsorted(share, 0.998))


def _axis(image: Array) -> tuple[float, float]:
    """Return (column at row 0, slope) of the axis of best mirror symmetry.

    The row's autoconvolution at 2c is the product of the row with its mirror image about c; its maximum minimises the
    squared difference of the two. Rows are added along tilted lines, and the best line wins.
    """
    # The square root, cut at the 98th percentile, keeps a hot spot from outvoting the skeleton.
    rows, columns = image.shape
    levels = np.sqrt(np.clip(image, 0, np.percentile(image, 98)))
    length = 2 * columns
    symmetry = np.fft.irfft(np.fft.rfft(levels, length, axis=1) ** 2, length, axis=1)
    # Twice in a row, so that each line, shifted around, is a slice.
    around = np.lib.stride_tricks.sliding_window_view(np.concatenate([symmetry, symmetry], axis=1), length, axis=1)
    lines, offsets = np.arange(rows), np.arange(rows) - (rows - 1) / 2
    best_score, best_sum, best_slope = -math.inf, 0.0, 0.0
    for slope in _SLOPES[np.argsort(np.abs(_SLOPES))]:
        shift = np.rint(2 * slope * offsets).astype(int)
        score = around[lines, shift % length].sum(axis=0)
        peak = int(np.argmax(score))
        if score[peak] > best_score * (1 + 1e-9):
            best_score, best_sum, best_slope = float(score[peak]), _refine(score, peak), float(slope)
    return best_sum / 2 - best_slope * (rows - 1) / 2, best_slope


def _refine(score: Array, peak: int) -> float:
    """Vertex of the parabola through the peak and its two neighbours."""
    if not 0 < peak < len(score) - 1:
        return float(peak)
    left, middle, right = score[peak - 1 : peak + 2]
    bend = left - 2 * middle + right
    return float(peak) if bend >= 0 else peak + 0.5 * float((left - right) / bend)
