"""Joint replacements and missing limbs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.body import Body
from bonescan.simulate.parts import Part
from bonescan.simulate.posture import Amputation, Prosthesis
from bonescan.simulate.structures import Segment

Factors = npt.NDArray[np.float32]
Joints = dict[str, npt.NDArray[np.float32]]

_COLD = 0.04
"""Uptake left in metal and cement: none, but for the bone that a point of the lattice blends in."""
_METAL = 4.0
"""Attenuation of the metal over that of the bone it replaces: cobalt chrome of 8.3 g/cm3, in a shell or stem."""
_STEM_MM, _STEM_RADIUS_MM = 140.0, 8.0
_RIM_MM = 14.0
_FEMORAL_SHELL_MM, _TRAY_MM = 24.0, 12.0
"""Thickness of the femoral and tibial part of a knee replacement with what is resected."""


def prosthesis_factors(body: Body, joints: Joints, prosthesis: Prosthesis) -> tuple[Factors, Factors]:
    """Factors on activity and on attenuation of every point.

    Args:
        body: The reference body.
        joints: `landmarks(body)`.
        prosthesis: Which joint.

    Returns:
        (n,) float32 and (n,) float32, 1 away from the joint.
    """
    uptake = np.ones(len(body.structure), np.float32)
    metal = np.ones(len(body.structure), np.float32)
    cold, rim = (_hip if prosthesis.joint == "hip" else _knee)(body, joints, prosthesis.side)
    uptake[rim] = 1 + prosthesis.rim
    uptake[cold] = _COLD
    metal[cold] = _METAL
    return uptake, metal


def _hip(body: Body, joints: Joints, side: Laterality) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Cold: head, neck and stem. Rim: socket and the bone around the stem, most of all at its tip."""
    hip = joints[f"hip {side}"]
    femur = body.of("femur", side)
    p = body.points_mm[femur]
    below = p[:, 0] - hip[0]
    head = np.isin(body.part[femur], (Part.HEAD, Part.NECK))
    shaft = p[(below > 80) & (below < 200)]
    slope_y, slope_x = np.polyfit(shaft[:, 0], shaft[:, 1], 1), np.polyfit(shaft[:, 0], shaft[:, 2], 1)
    off = np.hypot(p[:, 1] - np.polyval(slope_y, p[:, 0]), p[:, 2] - np.polyval(slope_x, p[:, 0]))
    stem = (off < _STEM_RADIUS_MM) & (below > 15) & (below < _STEM_MM)
    cold = head | stem
    socket = body.of("pelvis", side, Part.ACETABULUM)
    near = socket[np.linalg.norm(body.points_mm[socket] - hip, axis=1) < 42]
    around = ~cold & (below > 20) & (below < _STEM_MM + _RIM_MM)
    return femur[cold], np.concatenate([femur[around], near])


def _knee(body: Body, joints: Joints, side: Laterality) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Cold: the ends of femur and tibia. Rim: the next slice of either, and the patella."""
    femur, tibia = body.of("femur", side), body.of("tibia", side)
    above = body.points_mm[femur, 0].max() - body.points_mm[femur, 0]
    below = body.points_mm[tibia, 0] - body.points_mm[tibia, 0].min()
    cold = np.concatenate([femur[above < _FEMORAL_SHELL_MM], tibia[below < _TRAY_MM]])
    next_up = femur[(above >= _FEMORAL_SHELL_MM) & (above < _FEMORAL_SHELL_MM + _RIM_MM)]
    next_down = tibia[(below >= _TRAY_MM) & (below < _TRAY_MM + 1.4 * _RIM_MM)]
    return cold, np.concatenate([next_up, next_down, body.of("patella", side)])


def missing_points(body: Body, joints: Joints, amputation: Amputation) -> tuple[npt.NDArray[np.intp], int]:
    """Indices of the points beyond the end of a limb, and the index of a point at the stump."""
    segment = Segment.LEG if amputation.limb == "leg" else Segment.ARM
    names = ("hip", "knee", "ankle") if amputation.limb == "leg" else ("shoulder", "elbow", "wrist")
    top, middle, end = (joints[f"{name} {amputation.side}"] for name in names)
    a, b = (middle, end) if amputation.at >= 0 else (middle, top)
    level = a + abs(amputation.at) * (b - a)
    limb = np.flatnonzero(body.in_segment(segment, amputation.side))
    beyond = body.points_mm[limb, 0] > level[0]
    kept = limb[~beyond]
    stump = kept[np.argmin(np.linalg.norm(body.points_mm[kept] - level, axis=1))]
    return limb[beyond], int(stump)
