"""How far hot spots stand above the bone around them, and how large they look: marked in real scans, true in simulated.

Real ones are the boxes marked abnormal in ``boxes.csv``, written by a network and checked by nobody; it misses faint
ones, and marks some joints. Simulated ones are the visible metastases. Both are measured alike, from what is seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import find_objects, gaussian_filter, label

from bonescan.core.anatomy import MaskLabel
from bonescan.core.study import Labels
from bonescan.simulate.realism.storage import Box, NativeFrame

_SIGMA_PX = 1.0
_AROUND_PX = 12
"""Half the edge of the square around the peak whose bone is compared with it: some 3 cm."""
_LEAST_BONE_PX = 30
_FEWEST = 10
"""Of fewer hot spots no percentiles are told."""

PERCENTILES = (10, 25, 50, 75, 90)


@dataclass(frozen=True)
class HotSpots:
    """The hot spots of several frames.

    Attributes:
        count: How many were measured.
        over_bone: Percentiles of the peak over the median of the bone around it.
        area_px: Percentiles of the area above half of the way from that median to the peak, in native pixels.
    """

    count: int
    over_bone: tuple[float, ...]
    area_px: tuple[float, ...]


def measure_hot_spots(frames: Iterable[NativeFrame]) -> HotSpots | None:
    """Measure all hot spots of the frames, or None where there are too few."""
    found = np.array([spot for frame in frames for spot in _of(frame)]).reshape(-1, 2)
    if len(found) < _FEWEST:
        return None
    over, area = np.percentile(found, PERCENTILES, axis=0).T.tolist()
    return HotSpots(len(found), tuple(over), tuple(area))


def boxes_of(labels: Labels) -> tuple[Box, ...]:
    """Boxes of the metastases of a label map, one a connected piece."""
    pieces, _ = label(labels == MaskLabel.METASTASIS)
    return tuple((box[0], box[1]) for box in find_objects(pieces))


def _of(frame: NativeFrame) -> Iterable[tuple[float, float]]:
    smooth = gaussian_filter(frame.values, _SIGMA_PX)
    for box in frame.hot_spots:
        inside = smooth[box]
        if not inside.size:
            continue
        row, column = np.unravel_index(np.argmax(inside), inside.shape)
        row, column = int(row) + box[0].start, int(column) + box[1].start
        top, left = max(row - _AROUND_PX, 0), max(column - _AROUND_PX, 0)
        around = slice(top, row + _AROUND_PX + 1), slice(left, column + _AROUND_PX + 1)
        bone = smooth[around][frame.regions[around] > 0]
        if len(bone) < _LEAST_BONE_PX or np.median(bone) <= 0:
            continue
        usual, peak = float(np.median(bone)), float(smooth[row, column])
        pieces, _ = label(smooth[around] >= (peak + usual) / 2)
        yield peak / usual, float((pieces == pieces[row - top, column - left]).sum())
