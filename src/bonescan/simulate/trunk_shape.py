"""How wide the trunk is: a chest that widens downwards and hips that flare, as displacements of its points."""

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
