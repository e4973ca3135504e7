"""Thigh and lower leg of the built-in body."""

from __future__ import annotations

from bonescan.core.anatomy import Laterality
from bonescan.simulate.builtin.pelvis import HIP
from bonescan.simulate.canvas import Canvas
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import number_of

L = Laterality.LEFT

_FEMUR = (
    # z, y, x, half width, half depth, fraction that is marrow cavity
    (884, 160, 124, 22, 19, 0),
    (905, 161, 122, 19, 18, 0),
    (934, 159, 120, 16, 16, 0.4),
    (968, 154, 116, 14.5, 15, 0.55),
    (1001, 149, 109, 14, 14.5, 0.6),
    (1035, 144, 101, 14, 14.5, 0.6),
    (1069, 141, 94, 14, 14.5, 0.6),
    (1103, 140, 87, 14.5, 14.5, 0.58),
    (1136, 141, 81, 15, 15, 0.52),
    (1170, 142, 75, 16.5, 15.5, 0.4),
    (1200, 145, 71, 22, 17, 0),
    (1225, 149, 68, 33, 20, 0),
    (1246, 154, 66, 42, 24, 0),
)

_TIBIA = (
    # z, y, x, half width, half depth, fraction that is marrow cavity
    (1282, 162, 66, 43, 26, 0),
    (1292, 163, 66, 42.5, 26, 0),
    (1310, 164, 67, 38, 23, 0),
    (1335, 165, 67, 25, 20, 0.3),
    (1366, 168, 67, 17, 18, 0.5),
    (1408, 175, 67, 13, 16.5, 0.52),
    (1451, 180, 67, 12.5, 15.5, 0.5),
    (1493, 185, 66, 12, 14.5, 0.5),
    (1536, 189, 65, 11.5, 13, 0.5),
    (1578, 193, 64, 12, 13, 0.45),
    (1615, 196, 61, 15.5, 15.5, 0.2),
    (1645, 197, 58, 22.5, 20, 0),
    (1661, 197, 57, 24.5, 20, 0),
)

_FIBULA = (
    # z, y, x, half width, half depth, fraction that is marrow cavity
    (1298, 191, 107, 10, 10, 0),
    (1313, 194, 106, 10, 10, 0),
    (1335, 199, 99, 6, 6.5, 0.3),
    (1429, 209, 94, 5.5, 6.5, 0.35),
    (1547, 215, 86, 5.5, 6.5, 0.35),
    (1620, 217, 81, 6.5, 7, 0.2),
    (1655, 213, 81, 8.5, 10, 0),
    (1680, 211, 80, 6, 8, 0),
)


def paint_leg(c: Canvas) -> None:
    """Paint the left femur, patella, tibia and fibula."""
    _femur(c)
    _lower_leg(c)


def _femur(c: Canvas) -> None:
    number = number_of("femur", L)
    c.ellipsoid(HIP, (24, 24, 24), number, Part.HEAD)
    c.sweep(
        [(852, 150, 94), (863, 153, 108), (876, 157, 121)],
        [(16, 13), (15, 12.5), (21, 16)],
        number,
        Part.NECK,
        flat=(1, 0, 0),
    )
    c.sweep(
        [(845, 170, 127), (860, 165, 133), (882, 161, 133), (905, 160, 127)],
        [(12, 13), (16, 17), (17, 18), (15, 16)],
        number,
        Part.TROCHANTER,
    )
    c.ellipsoid((905, 176, 113), (13, 9, 9), number, Part.TROCHANTER)
    c.shaft(_FEMUR, number, ((0.12, Part.TROCHANTER), (0.84, Part.SHAFT), (1.0, Part.CONDYLE)))
    for x in (42.0, 90.0):
        c.ellipsoid((1253, 160, x), (26, 29, 22), number, Part.CONDYLE)


def _lower_leg(c: Canvas) -> None:
    tibia, fibula = number_of("tibia", L), number_of("fibula", L)
    c.ellipsoid((1240, 111, 69), (21, 10, 22), number_of("patella", L), Part.WHOLE)
    c.shaft(_TIBIA, tibia, ((0.14, Part.CONDYLE), (0.91, Part.SHAFT), (1.0, Part.MALLEOLUS)), cap_mm=5, square=2.2)
    c.ellipsoid((1273, 164, 66), (9, 11, 10), tibia, Part.CONDYLE)
    c.sweep([(1310, 143, 64), (1330, 145, 65)], [(9, 7), (6, 5)], tibia, Part.CONDYLE)
    c.sweep([(1648, 195, 38), (1668, 196, 37)], [(7, 11), (5, 8)], tibia, Part.MALLEOLUS)
    c.shaft(_FIBULA, fibula, ((0.09, Part.HEAD), (0.9, Part.SHAFT), (1.0, Part.MALLEOLUS)))
