"""The shape of the trunk: a chest that widens downwards, hips that flare, a pelvis that leans forward."""

from __future__ import annotations

import numpy as np

from bonescan.simulate.body import Body, Points
from bonescan.simulate.landmarks import Place
from bonescan.simulate.posture import Posture
from bonescan.simulate.structures import Segment

_LEVELS = (
    # landmark, distance below it of the widest level, spread along the body, half width that stays as it is; mm
    ("chest_flare", "T11/T12", 10.0, 85.0, 20.0),
    ("hip_flare", "L4/L5", 15.0, 45.0, 45.0),
)
"""The lower ribs are widest beside the last thoracic vertebrae, the crests beside the last lumbar one; spine and
sacroiliac joints keep their place."""
_FADE_MM = 60.0
_FADE_UP_MM = 130.0
"""Over this length above the crests the lean of the pelvis fades: the lumbar spine."""


def flare(body: Body, points: Points, landmarks: dict[str, Place], posture: Posture) -> None:
    """Widen chest and hips by `Posture.chest_flare` and `Posture.hip_flare`, in place.

    Args:
        body: The reference body.
        points: (n, 3) places.
        landmarks: Joints and discs of the reference body.
        posture: How much.
    """
    trunk = np.flatnonzero(body.in_segment(Segment.TRUNK))
    z, x = body.points_mm[trunk, 0], points[trunk, 2]
    for field, landmark, below_mm, spread_mm, inner_mm in _LEVELS:
        amount = getattr(posture, field)
        if amount and landmark in landmarks:
            level = np.exp(-0.5 * ((z - landmarks[landmark][0] - below_mm) / spread_mm) ** 2)
            outside = np.clip((np.abs(x) - inner_mm) / _FADE_MM, 0, 1)
            points[trunk, 2] += amount * level * outside * x


def incline_pelvis(body: Body, points: Points, landmarks: dict[str, Place], posture: Posture) -> None:
    """Lean the pelvis forward over the hips by `Posture.pelvic_incline_deg`, in place; the lumbar spine follows.

    Seen from the front, the spines of the ilium come down and the crests turn round, the sacrum rises over the ischia.

    Args:
        body: The reference body.
        points: (n, 3) places.
        landmarks: Joints and discs of the reference body.
        posture: How much.
    """
    if not posture.pelvic_incline_deg:
        return
    hips = (landmarks["hip left"] + landmarks["hip right"]) / 2
    crest = landmarks["L4/L5"][0] if "L4/L5" in landmarks else hips[0] - 140
    trunk = np.flatnonzero(body.in_segment(Segment.TRUNK))
    z = body.points_mm[trunk, 0]
    # Smooth from none to all over the lumbar spine.
    share = np.clip((z - crest + _FADE_UP_MM) / _FADE_UP_MM, 0, 1)
    angle = np.radians(posture.pelvic_incline_deg) * share**2 * (3 - 2 * share)
    cosine, sine = np.cos(angle), np.sin(angle)
    down, back = points[trunk, 0] - hips[0], points[trunk, 1] - hips[1]
    points[trunk, 0] = hips[0] + cosine * down - sine * back
    points[trunk, 1] = hips[1] + sine * down + cosine * back
