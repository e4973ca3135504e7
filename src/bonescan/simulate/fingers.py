"""Bending the straight fingers of a body at their joints: from a flat hand, fingers apart, to a loose fist."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.body import Body, Points
from bonescan.simulate.structures import Segment

_FIST_DEG: tuple[tuple[float, ...], ...] = (
    # at the carpals, the knuckle, the joints beyond
    (34.0, 15.0, 25.0),
    (0.0, 40.0, 58.0, 30.0),
    (0.0, 45.0, 60.0, 32.0),
    (6.0, 50.0, 60.0, 34.0),
    (12.0, 52.0, 60.0, 34.0),
)
"""How far each joint from thumb to little finger bends towards the palm in a loose fist; the palm becomes a cup.

Source: rest and grip positions in texts of hand surgery, rounded; a hand at rest is about half as bent.
"""
_FAN_DEG: tuple[float, ...] = (28.0, 9.0, 1.0, -7.0, -15.0)
"""How far each finger leans towards the side of the thumb when the hand is spread."""


@dataclass(frozen=True, eq=False)
class Fingers:
    """The fingers of one hand.

    Attributes:
        joints_mm: For each finger the (joints, 3) places of its joints.
        at: (n,) indices of the points of the hand, flesh too.
        finger: (n,) finger of each.
        bone: (n,) which of the finger's bones it belongs to, 0 for the metacarpal.
        outwards: 1 for the left hand, -1 for the right.
    """

    joints_mm: tuple[Points, ...]
    at: npt.NDArray[np.intp]
    finger: npt.NDArray[np.intp]
    bone: npt.NDArray[np.intp]
    outwards: float


def fingers_of(body: Body) -> dict[Laterality, Fingers]:
    """The fingers of both hands, empty where those of the body cannot be bent: each point goes to the nearest bone."""
    found = {}
    for side, sign in ((Laterality.LEFT, 1.0), (Laterality.RIGHT, -1.0)):
        joints = tuple(ray * np.array([1, 1, sign], np.float32) for ray in body.fingers_mm)
        if not joints:
            continue
        wrist = min(float(ray[0, 0]) for ray in joints)
        arm = np.flatnonzero(body.in_segment(Segment.ARM, side) & (body.points_mm[:, 0] > wrist))
        carpals = np.isin(body.structure[arm], body.structure[body.of("carpals", side)[:1]])
        at = arm[~carpals]
        bones = [(k, i) for k, ray in enumerate(joints) for i in range(len(ray) - 1)]
        distance = np.stack([_distance(body.points_mm[at], joints[k][i], joints[k][i + 1]) for k, i in bones])
        nearest = np.array(bones, np.intp)[distance.argmin(0)]
        found[side] = Fingers(joints, at, nearest[:, 0], nearest[:, 1], sign)
    return found


def bend_fingers(points: Points, fingers: Fingers, curl: float, spread: float) -> None:
    """Bend the fingers of one hand, in place.

    Args:
        points: (n, 3) of the whole body.
        fingers: The hand.
        curl: 0 for straight to 1 for a loose fist.
        spread: 0 for fingers side by side to 1 for fanned out; a fist does not spread.
    """
    if not curl and not spread:
        return
    for k, joints in enumerate(fingers.joints_mm):
        mine = fingers.finger == k
        # From the tip inwards: what a joint turns has been bent beyond it already.
        for i in range(len(joints) - 2, -1, -1):
            at = fingers.at[mine & (fingers.bone >= i)]
            _rotate(points, at, joints[i], (0, 1), curl * _FIST_DEG[k][i])
            if i == (0 if k == 0 else 1):
                _rotate(points, at, joints[i], (0, 2), -fingers.outwards * spread * (1 - 0.7 * curl) * _FAN_DEG[k])


def _rotate(
    points: Points, at: npt.NDArray[np.intp], centre: npt.NDArray[np.float32], axes: tuple[int, int], degrees: float
) -> None:
    """Rotate points about a centre in the plane of two axes, the first turning towards the second."""
    cosine, sine = np.float32(np.cos(np.radians(degrees))), np.float32(np.sin(np.radians(degrees)))
    a, b = points[at, axes[0]] - centre[axes[0]], points[at, axes[1]] - centre[axes[1]]
    points[at, axes[0]] = centre[axes[0]] + cosine * a - sine * b
    points[at, axes[1]] = centre[axes[1]] + sine * a + cosine * b


def _distance(points: Points, a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n,) distance of points from the straight line between two places."""
    along = b - a
    t = np.clip((points - a) @ along / float(along @ along), 0, 1)
    return np.asarray(np.linalg.norm(points - a - t[:, None] * along, axis=1), np.float32)
