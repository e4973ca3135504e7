"""Shoulder girdle and arm of the built-in body down to the wrist."""

from __future__ import annotations

from bonescan.core.anatomy import Laterality
from bonescan.simulate.canvas import Canvas
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import number_of

L = Laterality.LEFT
_ACROSS = (0.0, 0.0, 1.0)
SHOULDER = (308.0, 147.0, 176.0)
"""Centre of the shoulder joint."""

_BLADE = (
    # rows down the blade; in each, (z, y, x) from the medial to the lateral border
    ((283, 193, 72), (283, 189, 82), (284, 184, 93), (285, 177, 105), (287, 170, 118), (290, 163, 131)),
    ((298, 207, 68), (298, 209, 84), (298, 203, 100), (298, 192, 116), (300, 178, 131), (301, 166, 145)),
    ((312, 224, 70), (312, 219, 85), (312, 210, 101), (312, 197, 116), (312, 184, 130), (312, 170, 147)),
    ((325, 232, 74), (325, 224, 88), (325, 217, 102), (325, 206, 116), (325, 193, 129), (325, 178, 143)),
    ((338, 238, 75), (338, 232, 87), (338, 226, 99), (338, 217, 110), (338, 205, 121), (338, 192, 134)),
    ((351, 245, 74), (351, 240, 84), (351, 234, 94), (351, 226, 104), (351, 217, 113), (351, 205, 126)),
    ((364, 251, 73), (364, 246, 81), (364, 241, 89), (364, 234, 97), (364, 226, 106), (364, 216, 119)),
    ((376, 255, 74), (376, 251, 81), (376, 246, 89), (376, 240, 97), (376, 234, 105), (376, 226, 114)),
    ((389, 256, 76), (389, 253, 82), (389, 249, 88), (389, 245, 94), (389, 241, 100), (389, 236, 107)),
    ((402, 256, 80), (402, 254, 84), (402, 251, 88), (402, 248, 92), (402, 246, 96), (402, 243, 101)),
)
_BLADE_HALF = (3.2, 2.3, 2.1, 2.3, 3.0, 4.4)
"""Half thickness from the medial to the lateral border: the middle of the blade is thin enough to shine through."""

_HUMERUS = (
    # z, y, x, half width, half depth, fraction that is marrow cavity
    (314, 146, 181, 21, 20, 0),
    (335, 149, 184, 16, 15.5, 0),
    (360, 156, 188, 12.5, 12, 0.45),
    (408, 176, 194, 11.5, 11, 0.5),
    (467, 192, 198, 11, 10.5, 0.5),
    (525, 205, 200, 14, 10, 0.35),
    (562, 214, 203, 24, 10, 0),
)

_RADIUS = (
    # z, y, x, half width, half depth, fraction that is marrow cavity
    (594, 213, 214, 12, 11, 0),
    (606, 214, 215, 9, 9, 0),
    (626, 216, 215, 9, 8.5, 0.3),
    (680, 213, 222, 8.5, 7.5, 0.45),
    (760, 210, 227, 9, 7.5, 0.45),
    (820, 213, 226, 12, 8.5, 0.2),
    (846, 215, 224, 16.5, 11, 0),
)

_ULNA = (
    # z, y, x, half width, half depth, fraction that is marrow cavity
    (562, 236, 196, 10, 9, 0),
    (578, 236, 197, 13, 12, 0),
    (600, 231, 200, 13, 13, 0),
    (640, 231, 210, 9.5, 10, 0.3),
    (700, 230, 228, 8, 8.5, 0.45),
    (770, 226, 240, 7.5, 7.5, 0.45),
    (830, 221, 245, 7.5, 7.5, 0.2),
    (848, 219, 246, 9.5, 9, 0),
)


def paint_arm(c: Canvas) -> None:
    """Paint the left shoulder girdle, upper arm and forearm."""
    _clavicle(c)
    _scapula(c)
    _humerus(c)
    _forearm(c)


def _clavicle(c: Canvas) -> None:
    path = [(318, 108, 23), (313, 110, 38), (304, 115, 60), (295, 124, 82), (284, 138, 104), (276, 151, 125)]
    path += [(272, 158, 146), (273, 161, 162)]
    halves = [(10.5, 9), (8.5, 8), (7.5, 7), (7, 6.5), (7, 6.5), (8, 6), (9, 5.5), (10, 6)]
    parts = ((0.17, Part.END), (0.84, Part.SHAFT), (1.0, Part.HEAD))
    c.sweep(path, halves, number_of("clavicle", L), parts, flat=(0, 1, 0))


def _scapula(c: Canvas) -> None:
    number = number_of("scapula", L)
    net = [[(*p, t) for p, t in zip(row, _BLADE_HALF, strict=True)] for row in _BLADE]
    c.plate(net, number, Part.BLADE)
    # The thick lateral border, from the lower angle to the neck.
    border = [(405, 245, 92), (389, 236, 106), (364, 216, 118), (338, 192, 133), (316, 172, 148)]
    c.sweep(border, [(10, 10), (6, 7), (4, 5), (4.5, 6), (7, 10)], number, Part.BORDER, flat=_ACROSS)
    c.sweep([(290, 196, 69), (322, 230, 71), (362, 251, 72), (398, 257, 78)], (2.5, 3.5), number, Part.BLADE)
    # The spine of the scapula rises from the medial border to the acromion; a thin plate joins it to the blade.
    crest = [(311, 227, 73), (303, 228, 92), (296, 225, 112), (289, 216, 132), (282, 203, 150)]
    c.sweep(crest, [(3, 4), (4, 4), (5, 5), (6.5, 6), (7.5, 6)], number, Part.SPINE, flat=(1, 0, 0))
    roots = [(312, 216, 73), (308, 207, 96), (305, 196, 114), (302, 184, 130), (300, 176, 140)]
    c.plate([[(*a, 2.2) for a in crest], [(*b, 2.0) for b in roots]], number, Part.SPINE)
    c.sweep(
        [(282, 203, 150), (276, 189, 165), (276, 170, 175), (278, 160, 171)],
        [(8, 5), (10, 4.5), (9, 4), (6, 3.5)],
        number,
        Part.ACROMION,
        flat=(0, 0.6, -0.8),
    )
    c.sweep(
        [(290, 160, 140), (284, 146, 140), (288, 132, 150), (296, 124, 158)],
        [(7, 6), (6, 5), (6, 5), (5, 4)],
        number,
        Part.CORACOID,
    )
    c.ellipsoid((309, 161, 153), (20, 14, 10), number, Part.GLENOID)


def _humerus(c: Canvas) -> None:
    number = number_of("humerus", L)
    c.ellipsoid(SHOULDER, (23, 22.5, 21), number, Part.HEAD)
    c.ellipsoid((311, 141, 192), (20, 16, 11), number, Part.TROCHANTER)
    c.ellipsoid((317, 128, 180), (14, 9, 9), number, Part.TROCHANTER)
    c.shaft(_HUMERUS, number, ((0.1, Part.NECK), (0.93, Part.SHAFT), (1.0, Part.CONDYLE)))
    # Trochlea and capitulum lie across, between the two epicondyles.
    across = [(564, 216, 176), (573, 216, 190), (574, 214, 206), (566, 215, 227)]
    c.sweep(across, [(8, 7), (14, 11), (14, 11), (8, 7)], number, Part.CONDYLE, flat=(1, 0, 0))


def _forearm(c: Canvas) -> None:
    ulna, radius = number_of("ulna", L), number_of("radius", L)
    c.shaft(_RADIUS, radius, ((0.07, Part.HEAD), (0.86, Part.SHAFT), (1.0, Part.CONDYLE)))
    c.shaft(_ULNA, ulna, ((0.17, Part.CONDYLE), (0.93, Part.SHAFT), (1.0, Part.HEAD)))
