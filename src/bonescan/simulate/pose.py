"""A reference body in the build and posture of one person: where its points go, and what each then stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.body import Body, Points, turn
from bonescan.simulate.build import Size, fatten, size_of
from bonescan.simulate.chest_shape import breathe, shape_chest
from bonescan.simulate.fingers import bend_fingers
from bonescan.simulate.implants import missing_points, prosthesis_factors
from bonescan.simulate.posture import Posture
from bonescan.simulate.spine_shape import bend_spine, shift_sides, warp
from bonescan.simulate.structures import Segment
from bonescan.simulate.thighs import close_thighs
from bonescan.simulate.trunk_shape import flare, incline_pelvis

Joints = dict[str, npt.NDArray[np.float32]]
"""What `landmarks` returns."""
_FAT_TAKES_LESS = 0.4
"""Power of the growth of soft tissue by which its concentration falls."""
_OF_THE_ARM = ("shoulder", "elbow", "wrist")
_SIDES = ((Laterality.LEFT, 1.0, 0), (Laterality.RIGHT, -1.0, 1))


@dataclass(frozen=True, eq=False)
class Posed:
    """A body as it lies on the table.

    Attributes:
        points_mm: (n, 3) float32; z starts near 0 at the top of the head.
        volume_scale: (n,) float32, volume of each point over that in the reference body; 0 where a limb is missing.
        activity_scale: (n,) float32, activity over that of the reference body: changed by volume, metal and its rim.
        density_scale: (n,) float32, attenuation times volume over that of the reference body.
    """

    points_mm: Points
    volume_scale: npt.NDArray[np.float32]
    activity_scale: npt.NDArray[np.float32]
    density_scale: npt.NDArray[np.float32]

    @property
    def alive(self) -> npt.NDArray[np.float32]:
        """(n,) float32, 1 in living bone, near 0 in metal and 0 where a limb is missing: for uptake that is added."""
        return np.asarray(
            np.clip(self.activity_scale / np.maximum(self.volume_scale, 1e-6), 0, 1) * (self.volume_scale > 0),
            np.float32,
        )


def pose(anatomy: AnatomyIndex, posture: Posture) -> Posed:
    """Bring the reference body into a build and posture.

    Args:
        anatomy: The reference body.
        posture: What to change.
    """
    body = anatomy.body
    size = size_of(body, posture)
    points = apply_posture(anatomy, posture, size)
    volume = (size.soft_volume(body) * size.bone_volume).astype(np.float32)
    # What a heavy person has more of is mostly fat, which takes up little.
    activity, density = volume * size.soft_volume(body) ** -_FAT_TAKES_LESS, volume.copy()
    for prosthesis in posture.prostheses:
        uptake, metal = prosthesis_factors(body, anatomy.landmarks, prosthesis)
        activity *= uptake
        density *= metal
    if posture.amputation is not None:
        missing, stump = missing_points(body, anatomy.landmarks, posture.amputation)
        for values in (volume, activity, density):
            values[missing] = 0
        # What is missing must not widen the field of view: it goes to the stump, where it weighs nothing.
        points[missing] = points[stump]
    return Posed(points, volume, activity, density)


def apply_posture(anatomy: AnatomyIndex, posture: Posture, size: Size | None = None) -> Points:
    """Return the body's points in this posture.

    Args:
        anatomy: The reference body.
        posture: What to change.
        size: `size_of(body, posture)`, where it is known already.

    Returns:
        (n, 3) float32 mm; z starts near 0 at the top of the head.
    """
    body, joints = anatomy.body, anatomy.landmarks
    size = size or size_of(body, posture)
    points = body.points_mm.copy()
    fatten(body, points, size)
    shape_chest(body, points, posture)
    flare(body, points, joints, posture)
    incline_pelvis(body, points, joints, posture)
    _head(body, points, posture)
    for side, sign, i in _SIDES:
        if side in anatomy.fingers:
            bend_fingers(points, anatomy.fingers[side], posture.finger_curl[i], posture.finger_spread[i])
        _blade(body, points, joints, posture, (side, sign, i))
        _arm(body, points, joints, posture, size, (side, sign, i))
        _leg(body, points, joints, posture, (side, sign, i))
    shift_sides(body, points, joints, posture)
    bend_spine(points, posture)
    points *= np.array([size.height, size.breadth, size.breadth], np.float32)
    warp(points, posture)
    breathe(body, points, posture)
    centre = np.array([0.0, points[:, 1].mean(), 0.0], np.float32)
    everything = slice(None)
    turn(points, everything, centre, (1, 2), posture.table_rotation_deg)
    middle = centre + np.array([points[:, 0].max() / 2, 0, 0], np.float32)
    turn(points, everything, middle, (0, 2), posture.table_tilt_deg)
    points[:, 0] -= points[:, 0].min()
    return points


def _blade(body: Body, points: Points, joints: Joints, posture: Posture, which: tuple[Laterality, float, int]) -> None:
    side, sign, i = which
    scapula, shoulder = body.of("scapula", side), joints[f"shoulder {side}"]
    turn(points, scapula, shoulder, (0, 2), sign * posture.scapula_turn_deg[i])
    below = np.maximum(points[scapula, 0] - shoulder[0], 0)
    points[scapula, 0] -= (1 - posture.blade_height) * below


def _arm(
    body: Body, points: Points, joints: Joints, posture: Posture, size: Size, which: tuple[Laterality, float, int]
) -> None:
    side, sign, i = which
    arm = np.flatnonzero(body.in_segment(Segment.ARM, side))
    shoulder, elbow, wrist = _lengthen(body, points, arm, [joints[f"{name} {side}"] for name in _OF_THE_ARM], posture)
    # Forearm and hand: bones as one piece, flesh with a fold of 60 mm.
    share = np.clip((points[arm, 0] - elbow[0] + 30) / 60, 0, 1)
    bone = body.is_bone[arm]
    upper = body.structure[arm] == body.structure[body.of("humerus", side)[0]]
    share[bone] = np.where(upper[bone], 0.0, 1.0)
    along = np.clip((points[arm, 0] - elbow[0]) / (wrist[0] - elbow[0]), 0, 1)
    _twist(points, arm, elbow, wrist, sign * posture.forearm_turn_deg[i] * along)
    turn(points, arm, elbow, (0, 1), -posture.forearm_lift_deg[i] * share)
    # A wider trunk pushes the arms out, and the forearms come back in over the hips.
    pushed = min(float(np.degrees(np.arctan(0.5 * size.belly_mm / 300))), 9.0)
    turn(points, arm, elbow, (0, 2), -sign * (posture.elbow_bend_deg[i] + 0.7 * pushed) * share)
    turn(points, arm, shoulder, (0, 2), sign * (posture.arm_abduction_deg[i] + pushed))


def _lengthen(
    body: Body, points: Points, arm: npt.NDArray[np.intp], joints: list[npt.NDArray[np.float32]], posture: Posture
) -> list[npt.NDArray[np.float32]]:
    """Give upper arm and forearm the lengths of the posture, in place; returns where shoulder, elbow and wrist are."""
    z = body.points_mm[arm, 0]
    moved = [joint.copy() for joint in joints]
    for i, wanted in enumerate((posture.upper_arm, posture.forearm)):
        if not wanted:
            continue
        top, bottom = float(joints[i][0]), float(joints[i + 1][0])
        longer = wanted * body.stature_mm - (bottom - top)
        points[arm, 0] += np.float32(longer) * np.clip((z - top) / (bottom - top), 0, 1)
        for joint in moved[i + 1 :]:
            joint[0] += longer
    return moved


def _leg(body: Body, points: Points, joints: Joints, posture: Posture, which: tuple[Laterality, float, int]) -> None:
    side, sign, i = which
    leg = np.flatnonzero(body.in_segment(Segment.LEG, side))
    hip, ankle = joints[f"hip {side}"], joints[f"ankle {side}"]
    z = body.points_mm[leg, 0]
    turn(points, leg, ankle, (0, 1), posture.foot_flexion_deg[i] * np.clip((z - ankle[0] + 15) / 25, 0, 1))
    length = posture.legs + sign * posture.leg_difference_mm / 2 / float(ankle[0] - hip[0])
    # What lies above the joint keeps its place.
    points[leg, 0] = hip[0] + (points[leg, 0] - hip[0]) * np.where(points[leg, 0] > hip[0], length, 1.0)
    turn(points, leg, hip, (0, 2), sign * posture.leg_abduction_deg[i])
    along = np.clip((z - hip[0]) / (ankle[0] - hip[0]), 0, 1)
    # A tent over hip, knee and ankle with a rounded top.
    points[leg, 2] += sign * posture.knee_bow_mm[i] * (1 - np.hypot(2 * along - 1, 0.15) + 0.01)
    close_thighs(body, points, joints, posture, side)
    # The thigh turns from the hip, the lower leg between knee and foot.
    knee = float((joints[f"knee {side}"][0] - hip[0]) / (ankle[0] - hip[0]))
    degrees = np.interp(along, (0.0, knee, 1.0), (0.0, posture.leg_turn_deg[i], posture.foot_rotation_deg[i]))
    _twist(points, leg, hip, ankle, sign * degrees.astype(np.float32))


def _twist(
    points: Points,
    at: npt.NDArray[np.intp],
    top: npt.NDArray[np.float32],
    bottom: npt.NDArray[np.float32],
    degrees: npt.NDArray[np.float32],
) -> None:
    """Twist a limb about its own axis, outwards for a positive angle on the left."""
    p = points[at]
    along = np.clip((p[:, 0] - top[0]) / (bottom[0] - top[0]), 0, 1)
    axis_y = top[1] + along * (bottom[1] - top[1])
    axis_x = np.interp(p[:, 0], *_axis(p))
    dy, dx = p[:, 1] - axis_y, p[:, 2] - axis_x
    angle = np.radians(degrees)
    points[at, 1] = axis_y + np.cos(angle) * dy + np.sin(angle) * dx
    points[at, 2] = axis_x - np.sin(angle) * dy + np.cos(angle) * dx


def _axis(p: Points, bins: int = 24) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Mean x of points along z: (bins,) z and (bins,) x."""
    edges = np.linspace(p[:, 0].min(), p[:, 0].max() + 1e-3, bins + 1)
    which = np.clip(np.digitize(p[:, 0], edges) - 1, 0, bins - 1)
    n = np.bincount(which, minlength=bins)
    x = np.bincount(which, p[:, 2], minlength=bins) / np.maximum(n, 1)
    middle = (edges[:-1] + edges[1:]) / 2
    return middle[n > 0].astype(np.float32), x[n > 0].astype(np.float32)


def _head(body: Body, points: Points, posture: Posture) -> None:
    head = np.flatnonzero(body.in_segment(Segment.HEAD))
    p = points[head]
    neck = np.array([p[:, 0].max(), np.percentile(p[:, 1], 60), 0.0], np.float32)
    # The turn grows from nothing at the base of the neck to all of it at the skull.
    share = np.clip((neck[0] - p[:, 0]) / 110.0, 0, 1)
    turn(points, head, neck, (1, 2), posture.head_turn_deg * share)
    turn(points, head, neck, (0, 2), posture.head_tilt_deg * share)
