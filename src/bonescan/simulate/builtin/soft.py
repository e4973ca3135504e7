"""Soft tissue of the built-in body: outline of trunk and limbs, kidneys, ureters, bladder, breasts, lungs, liver."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.canvas import Canvas
from bonescan.simulate.curves import Place
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import number_of

L, R = Laterality.LEFT, Laterality.RIGHT

_HEAD = (
    (2, 30, 134, 45),
    (20, 60, 134, 80),
    (50, 76, 134, 102),
    (100, 79, 132, 108),
    (150, 72, 118, 96),
    (190, 64, 112, 84),
    (218, 56, 130, 68),
    (266, 60, 150, 60),
)
_TRUNK = (
    # z, half width, centre y, half depth
    (220, 56, 146, 56),
    (244, 92, 158, 66),
    (262, 142, 166, 74),
    (288, 186, 172, 74),
    (330, 196, 172, 86),
    (365, 180, 166, 98),
    (400, 168, 161, 105),
    (460, 162, 147, 111),
    (515, 153, 138, 112),
    (560, 148, 133, 111),
    (600, 144, 134, 107),
    (660, 152, 142, 99),
    (730, 164, 148, 98),
    (800, 178, 164, 93),
    (850, 184, 165, 94),
    (905, 180, 166, 90),
)
_LEG = (
    # (z, y, x), half width, half depth. The shin lies under the skin, the calf behind it.
    ((850, 160, 98), 84, 88),
    ((905, 162, 97), 82, 86),
    ((968, 162, 93), 78, 80),
    ((1062, 161, 82), 70, 75),
    ((1155, 162, 72), 60, 62),
    ((1225, 156, 66), 56, 60),
    ((1260, 157, 66), 55, 58),
    ((1320, 182, 66), 57, 53),
    ((1400, 198, 67), 64, 46),
    ((1480, 206, 67), 56, 43),
    ((1560, 209, 64), 43, 37),
    ((1640, 205, 60), 37, 36),
    ((1690, 200, 60), 40, 42),
)
_ARM = (
    ((292, 150, 172), 36),
    ((330, 152, 182), 44),
    ((420, 180, 196), 44),
    ((500, 200, 201), 42),
    ((560, 212, 203), 43),
    ((620, 218, 212), 43),
    ((690, 220, 224), 38),
    ((780, 218, 234), 30),
    ((846, 217, 234), 28),
)


def paint_organs(c: Canvas) -> None:
    """Paint the symmetrical organs that may be hot; call before the outline is filled."""
    kidney = number_of("kidney", L)
    c.sweep(
        [(543, 188, 54), (579, 180, 61), (615, 170, 69)],
        [(21, 19), (27.5, 23.5), (21, 19)],
        kidney,
        Part.NONE,
        flat=(0, 0.5, 0.85),
    )
    ureter = [(592, 174, 42), (650, 160, 41), (720, 152, 38), (775, 172, 50), (818, 172, 34), (834, 158, 16)]
    c.sweep(ureter, 2.6, number_of("ureter", L), Part.NONE)
    c.ellipsoid((822, 136, 0), (35, 36, 42), number_of("bladder"), Part.NONE)
    c.sweep([(246, 114, 17), (270, 118, 15)], [(8, 7), (8, 8)], number_of("thyroid"), Part.NONE)
    c.sweep([(266, 112, 0), (268, 116, 15)], [(6, 4), (6, 5)], number_of("thyroid"), Part.NONE)


def paint_outline(c: Canvas, sex: str) -> None:
    """Fill what is not painted yet with the soft tissue of each segment."""
    trunk, arm, leg = (
        number_of("soft tissue of the trunk"),
        number_of("soft tissue of the arm", L),
        number_of("soft tissue of the leg", L),
    )
    c.column(_HEAD, number_of("soft tissue of the head"), square=2.2)
    half, out = {"F": ((52.0, 32.0, 56.0), 60.0), "M": ((24.0, 9.0, 28.0), 64.0)}[sex]
    c.fill([(408, out, 80), (412, out, 86)], [half[2:0:-1]] * 2, number_of("breast", L), cap_mm=half[0])
    c.column(_TRUNK, trunk, square=2.5)
    c.fill([p for p, _ in _ARM], [(1.0 * r, 0.92 * r) for _, r in _ARM], arm)
    c.fill(
        [(846, 217, 234), (880, 217, 234), (935, 217, 234), (1000, 228, 232), (1034, 236, 226)],
        [(30, 22), (44, 20), (46, 19), (36, 15), (28, 12)],
        arm,
    )
    c.fill([(856, 216, 214), (900, 211, 203), (948, 216, 194)], [(16, 14), (15, 14), (11, 11)], arm)
    c.fill([p for p, _, _ in _LEG], [(wide, deep) for _, wide, deep in _LEG], leg)
    c.fill(
        [(1688, 230, 60), (1714, 200, 66), (1736, 130, 76), (1748, 70, 86), (1758, 16, 92)],
        [(34, 32), (36, 34), (42, 28), (46, 19), (38, 13)],
        leg,
    )


_INNER: tuple[tuple[str, Laterality, Place, Place, float], ...] = (
    # name, side, centre, half axes, exponent
    ("lung", L, (402, 150, 74), (106, 76, 46), 2.3),
    ("lung", R, (398, 150, -74), (102, 78, 48), 2.3),
    ("liver", Laterality.MIDLINE, (530, 130, -64), (66, 84, 68), 2.3),
    ("liver", Laterality.MIDLINE, (505, 96, 18), (34, 40, 62), 2.0),
    ("stomach", Laterality.MIDLINE, (522, 112, 62), (50, 52, 42), 2.0),
)


def inner_organ(points: npt.NDArray[np.float32], number: npt.NDArray[np.uint8]) -> None:
    """Give the soft tissue of the trunk that lies in an unpaired organ or a lung to it, in place.

    Args:
        points: (n, 3) of the whole body, the right half too.
        number: (n,) structures.
    """
    trunk = np.flatnonzero(number == number_of("soft tissue of the trunk"))
    for name, side, centre, half, power in _INNER:
        p = points[trunk]
        near = np.flatnonzero(np.abs(p[:, 0] - centre[0]) < half[0])
        scaled = np.abs((p[near] - np.array(centre, np.float32)) / np.array(half, np.float32))
        number[trunk[near[(scaled**power).sum(1) < 1]]] = number_of(name, side)
