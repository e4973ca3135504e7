"""From the male to the female frame: a smooth stretch of the built-in body, level by level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_LEVELS = (
    # male z, female z, width, depth
    (0, 0, 0.94, 0.93),
    (147, 139, 0.94, 0.93),
    (266, 247, 0.89, 0.90),
    (330, 305, 0.88, 0.90),
    (450, 415, 0.87, 0.89),
    (564, 520, 0.89, 0.89),
    (650, 600, 0.87, 0.89),
    (735, 684, 0.88, 0.90),
    (847, 785, 0.98, 0.91),
    (907, 838, 1.01, 0.91),
    (1000, 925, 0.94, 0.92),
    (1265, 1170, 0.91, 0.92),
    (1660, 1536, 0.90, 0.92),
    (1695, 1567, 0.84, 0.88),
    (1770, 1636, 0.84, 0.88),
)
"""Levels (crown, C1, T1, shoulder, mid-thorax, L1, L3, S1, hip, ischium, thigh, knee, ankle, heel, sole), widths and
depths there in proportion. The female pelvis is lower than the male, narrower at the crest and as wide at hips and
outlet.

Source: both adults of ICRP Publication 110, the legs in proportion.
"""


def to_female(points: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Places in the female frame, and the change of volume of each point.

    Args:
        points: (n, 3) of the male frame.
    """
    table = np.array(_LEVELS, float)
    z = points[:, 0]
    width, depth = np.interp(z, table[:, 0], table[:, 2]), np.interp(z, table[:, 0], table[:, 3])
    length = np.interp(z, (table[1:, 0] + table[:-1, 0]) / 2, np.diff(table[:, 1]) / np.diff(table[:, 0]))
    moved = np.stack([np.interp(z, table[:, 0], table[:, 1]), points[:, 1] * depth, points[:, 2] * width], 1)
    # The pubic arch is wider: below the hips, what lies near the midline moves outwards.
    arch = np.clip((z - 868) / 40, 0, 1) * np.clip((930 - z) / 20, 0, 1) * np.clip(1 - np.abs(points[:, 2]) / 75, 0, 1)
    moved[:, 2] *= 1 + 0.35 * arch
    return moved.astype(np.float32), (width * depth * length).astype(np.float32)
