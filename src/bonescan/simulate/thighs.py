"""Thighs that lie against each other down to where they part."""

from __future__ import annotations

import numpy as np

from bonescan.core.anatomy import Laterality
from bonescan.simulate.body import Body, Points
from bonescan.simulate.landmarks import Place
from bonescan.simulate.posture import Posture
from bonescan.simulate.structures import Segment

_LEVELS = 20
"""Slices of the thigh in which skin and bone are found."""
_SKIN_PERCENT = 2.0
_LEAST_POINTS = 12
_ABOVE_HIP = -0.1
"""Where the flesh begins, in lengths of the thigh below the hip."""
_OPENS = 0.2
"""Part of the thigh over which the gap widens to what it would be if the thighs did not touch."""
_THINNEST_MM = 10.0


def close_thighs(body: Body, points: Points, landmarks: dict[str, Place], posture: Posture, side: Laterality) -> None:
    """Spread the flesh on the inside of a thigh to the midline, as the weight of a lying body does; in place.

    Above `Posture.thighs_part` the skin reaches the midline; from there the gap opens to what it is without.

    Args:
        body: The reference body.
        points: (n, 3) places, the leg already where it lies but for its twist.
        landmarks: Joints of the reference body.
        posture: Where the thighs part; 0 leaves them as they are.
        side: Which thigh.
    """
    if not posture.thighs_part:
        return
    sign = 1.0 if side == Laterality.LEFT else -1.0
    hip, knee = landmarks[f"hip {side}"], landmarks[f"knee {side}"]
    flesh = np.flatnonzero(body.in_segment(Segment.LEG, side) & body.is_soft)
    down = (body.points_mm[flesh, 0] - hip[0]) / (knee[0] - hip[0])
    thigh = (down > _ABOVE_HIP) & (down < 1)
    flesh, down = flesh[thigh], down[thigh]
    femur = body.of("femur", side)
    middle = (np.arange(_LEVELS) + 0.5) / _LEVELS
    level = np.clip((down * _LEVELS).astype(np.intp), 0, _LEVELS - 1)
    bone_level = ((body.points_mm[femur, 0] - hip[0]) / (knee[0] - hip[0]) * _LEVELS).astype(np.intp)
    skin, axis = np.full(_LEVELS, np.nan), np.full(_LEVELS, np.nan)
    for i in range(_LEVELS):
        here, bone = sign * points[flesh[level == i], 2], sign * points[femur[bone_level == i], 2]
        if len(here) >= _LEAST_POINTS and len(bone) >= _LEAST_POINTS:
            skin[i], axis[i] = np.percentile(here, _SKIN_PERCENT), bone.mean()
    known = np.isfinite(skin)
    if not known.any():
        return
    skin_at, axis_at = (np.interp(down, middle[known], values[known]) for values in (skin, axis))
    opening = np.clip((down - posture.thighs_part) / _OPENS, 0, 1)
    wanted = np.minimum(skin_at * opening, skin_at)
    stretch = (axis_at - wanted) / np.maximum(axis_at - skin_at, _THINNEST_MM)
    x = sign * points[flesh, 2]
    inner = x < axis_at
    points[flesh[inner], 2] = sign * (axis_at - (axis_at - x) * stretch)[inner]
