"""The foot of the built-in body: a wedge of tarsals under the ankle, metatarsals side by side, toes.

Places are given along the foot: (forward from the heel, outward from its axis, z).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bonescan.core.anatomy import Laterality
from bonescan.simulate.canvas import Canvas
from bonescan.simulate.curves import Place
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import number_of

_HEEL: Place = (0.0, 257.0, 50.0)
_OUTWARDS_DEG = 5.0
"""Direction of the foot's axis; posture turns it further."""
_BROAD = 1.12
"""Factor across the foot."""
_DOWN_DEG, _ANKLE_MM = 6.0, 55.0
"""The foot of one who lies points down a little, about the ankle, which is so far in front of the heel."""

_TARSALS: tuple[tuple[Part, tuple[Place, ...], tuple[tuple[float, float], ...], float], ...] = (
    # part, path, half height and half width at each place, exponent of the section
    (
        Part.CALCANEUS,
        ((12, -2, 1706), (31, -1, 1709), (57, 2, 1710), (86, 13, 1706)),
        ((15, 14), (21, 21), (18, 22), (17, 18)),
        2.0,
    ),
    (Part.CALCANEUS, ((58, -8, 1697), (74, -12, 1697)), ((7, 9), (8, 8)), 2.0),
    (Part.TALUS, ((38, 0, 1680), (53, 0, 1677), (68, -1, 1678)), ((14, 22), (15, 26), (14, 24)), 3.0),
    (Part.TALUS, ((68, -2, 1682), (96, -9, 1685)), ((15, 18), (14, 16)), 2.0),
    (Part.WHOLE, ((103, -25, 1694), (109, -10, 1685), (104, 7, 1690)), ((14, 8), (16, 9), (13, 8)), 2.0),
    (Part.WHOLE, ((95, 19, 1706), (113, 24, 1708), (129, 25, 1712)), ((14, 14), (15, 14), (13, 13)), 2.3),
    (Part.WHOLE, ((116, -22, 1696), (140, -20, 1703)), ((17, 10), (16, 9)), 2.3),
    (Part.WHOLE, ((116, -7, 1688), (134, -5, 1695)), ((13, 8), (13, 8)), 2.3),
    (Part.WHOLE, ((114, 7, 1692), (136, 8, 1699)), ((14, 9), (14, 8)), 2.3),
)
"""Calcaneus and its shelf, trochlea and head of the talus, navicular, cuboid, three cuneiforms."""

_METATARSALS: tuple[tuple[tuple[Place, ...], tuple[tuple[float, float], ...]], ...] = (
    (((139, -20, 1706), (165, -21, 1720), (190, -21, 1734)), ((13, 10), (7.5, 7.5), (11, 12))),
    (((133, -5, 1697), (166, -6, 1714), (199, -6, 1734)), ((11, 8), (5, 5), (7.5, 7))),
    (((135, 7, 1701), (164, 8, 1718), (193, 8, 1737)), ((11, 8), (5, 5), (7.5, 7))),
    (((130, 19, 1709), (157, 20, 1724), (184, 21, 1740)), ((10, 8), (5, 5), (7.5, 7))),
    (((122, 32, 1717), (147, 33, 1730), (174, 34, 1743)), ((9, 9), (5, 5), (7, 7))),
)
_TOE_MM = (42.0, 38.0, 34.0, 30.0, 26.0)
_TOE_HALF = (7.5, 3.9, 3.7, 3.6, 3.6)


def paint_foot(c: Canvas) -> None:
    """Paint the left tarsals, metatarsals and toes."""
    tarsals, foot = number_of("tarsals", Laterality.LEFT), number_of("foot", Laterality.LEFT)
    upright = (1.0, 0.0, 0.0)
    for part, path, halves, square in _TARSALS:
        c.sweep(_places(path), halves, tarsals, part, flat=upright, square=square)
    for k, (path, halves) in enumerate(_METATARSALS):
        c.sweep(_places(path), halves, foot, Part.METACARPAL, flat=upright)
        forward, outward, z = path[-1]
        length, half = _TOE_MM[k], _TOE_HALF[k]
        # Lesser toes rise over their first joint and claw a little; the great toe lies straight.
        toe = [
            path[-1],
            (forward + 0.5 * length, outward + 2, z - 1 + 1.5 * (k > 0)),
            (forward + length, outward + 4, z + 5),
        ]
        c.sweep(
            _places(toe), [(1.2 * half, 1.25 * half), (0.85 * half, half), (0.9 * half, 1.1 * half)], foot, Part.TOE
        )
    for outward in (-28.0, -15.0):  # sesamoids
        c.sweep(_places([(186, outward, 1744), (192, outward, 1744)]), 5.0, foot, Part.METACARPAL)


def _places(along: Sequence[Place]) -> list[Place]:
    """(z, y, x) of places given along the foot."""
    cosine, sine = np.cos(np.radians(_OUTWARDS_DEG)), np.sin(np.radians(_OUTWARDS_DEG))
    slope = np.tan(np.radians(_DOWN_DEG))
    return [
        (
            float(z + slope * (forward - _ANKLE_MM)),
            float(_HEEL[1] - cosine * forward + sine * _BROAD * outward),
            float(_HEEL[2] + sine * forward + cosine * _BROAD * outward),
        )
        for forward, outward, z in along
    ]
