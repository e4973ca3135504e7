"""The way that the folder of real scans stores a frame, and back: both kinds of scan take it before they are compared.

A real frame was cropped to the body, its counts were multiplied by a step and rounded, low ones set to 0 and high ones
clipped at 255, and its rows and columns were repeated to fill 256 x 1024. A simulated frame that skipped any of this
could be told by it alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import find_objects, gaussian_filter, label

from bonescan.core.anatomy import Region
from bonescan.core.study import ViewName

Stored = npt.NDArray[np.float32]
"""(row, column) float32 stored values on the native grid, hot = high."""
Map = npt.NDArray[np.uint8]
"""(row, column) uint8 labels on the native grid."""
Box = tuple[slice, slice]
"""Rows and columns."""

_JITTER = 0.05
"""Share of stored values that are one too high, and of those one too low. Source: histograms of the real frames, where
values between two multiples of the step hold about a tenth of the pixels."""
_SPECKS = 0.015
"""Share of empty pixels stored as 1. Source: as above."""
_HIGHEST = 255
_EDGE_OF_FEMUR = 0.2
"""The crop begins where the smoothed image exceeds this fraction of the femur's level. Source: the outermost rows and
columns of the real frames reach 0.2 to 0.6 of it."""


@dataclass(frozen=True)
class FrameFacts:
    """How one real frame was stored.

    Attributes:
        step: Stored value of one count.
        lowest: Lowest stored value that was not set to 0.
        counts: Sum of stored values over the step: approximate counts of the frame.
    """

    step: float
    lowest: float
    counts: float


@dataclass(frozen=True, eq=False)
class NativeFrame:
    """One frame on its native grid, real or simulated.

    Attributes:
        patient: Code of the patient.
        view: Which view.
        values: (row, column) float32 stored values.
        regions: (row, column) uint8 `Region` values 0 to 12.
        facts: How it was stored.
        hot_spots: Boxes of what is marked abnormal, or of the metastases that are there.
    """

    patient: str
    view: ViewName
    values: Stored
    regions: Map
    facts: FrameFacts
    hot_spots: tuple[Box, ...] = ()


def native_grid(stretched: npt.NDArray[np.uint8 | np.uint16]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Rows and columns of a stretched frame that do not repeat the one before.

    Args:
        stretched: (row, column) stored values.

    Returns:
        (row,) bool and (column,) bool: what to keep.

    Example:
        >>> rows, columns = native_grid(np.array([[1, 2, 2], [1, 2, 2], [3, 0, 0]], np.uint8))
        >>> rows, columns
        (array([ True, False,  True]), array([ True,  True, False]))
    """
    rows = np.r_[True, (stretched[1:] != stretched[:-1]).any(axis=1)]
    columns = np.r_[True, (stretched[:, 1:] != stretched[:, :-1]).any(axis=0)]
    return rows, columns


def body_box(expected: npt.NDArray[np.float32], regions: Map) -> Box:
    """Rows and columns of the body, to which a frame is cropped.

    Args:
        expected: (row, column) noiseless counts.
        regions: (row, column) `Region`.
    """
    smooth = gaussian_filter(expected, 2.0)
    bone = regions == Region.FEMUR
    if not bone.any():
        bone = regions > 0
    level = float(np.median(smooth[bone])) if bone.any() else float(smooth.max())
    pieces, count = label(smooth > _EDGE_OF_FEMUR * level)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    sizes[0] = 0
    # A spot of urine or an injection on the table is not the body.
    box = find_objects((pieces == np.argmax(sizes)).astype(np.intp))[0]
    return box[0], box[1]


def store_like(expected: npt.NDArray[np.float32], facts: FrameFacts, rng: np.random.Generator) -> Stored:
    """Draw counts for a noiseless frame and store them as a real frame was stored, on the native grid.

    Args:
        expected: (row, column) noiseless counts of the cropped frame.
        facts: The real frame whose exposure and storage to copy.
        rng: Source of the noise.

    Returns:
        (row, column) float32 stored values.
    """
    # Counts below the lowest value were lost at source: aim at a total that is right after the loss.
    share = facts.counts / float(expected.sum())
    for _ in range(2):
        counts = rng.poisson(expected * share)
        kept = counts * facts.step >= facts.lowest - 0.5
        share *= facts.counts / max(float(counts[kept].sum()), 1.0)
    counts = rng.poisson(expected * share)
    values = np.rint(counts * facts.step)
    values[values < facts.lowest] = 0
    chance = rng.random(values.shape)
    full = values > 0
    values[full & (chance < _JITTER)] -= 1
    values[full & (chance > 1 - _JITTER)] += 1
    values[~full & (counts > 0) & (chance < _SPECKS * values.size / max(int((~full & (counts > 0)).sum()), 1))] = 1
    return np.asarray(np.minimum(values, _HIGHEST), np.float32)
