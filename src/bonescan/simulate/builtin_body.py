"""The built-in body: a parametric adult whose every bone is painted from dimensions, so that no phantom need ship.

Places are in mm of an adult male of 1.77 m: z from the top of the head down, y from front to back, x towards the
patient's left. Dimensions were measured on reference bodies and rounded; the female is the same body, smaller and with
narrower shoulders.
"""

from __future__ import annotations

import numpy as np

from bonescan.core.anatomy import Laterality
from bonescan.simulate.body import Body
from bonescan.simulate.canvas import STEP_MM, Canvas, Place
from bonescan.simulate.part_rules import parts_by_shape
from bonescan.simulate.parts import Tissue
from bonescan.simulate.structures import ORGANS, RIBS, STRUCTURES, VERTEBRAE, number_of

L, R, M = Laterality.LEFT, Laterality.RIGHT, Laterality.MIDLINE

_SPINE_Y = ((145, 135), (200, 138), (262, 155), (330, 178), (400, 193), (480, 190), (560, 176), (640, 158), (725, 162))
"""(z, y) of the centres of the vertebral bodies: the curve of the spine."""
_SECTIONS = {"C": (147.0, 263.0), "T": (263.0, 562.0), "L": (562.0, 728.0)}
_TRUNK = (
    (215, 58, 165, 52),
    (250, 95, 168, 60),
    (285, 150, 168, 68),
    (330, 172, 165, 88),
    (400, 168, 155, 100),
    (515, 155, 142, 108),
    (640, 148, 140, 101),
    (720, 160, 150, 98),
    (810, 174, 163, 93),
    (900, 178, 164, 92),
)
_HEAD = (
    (8, 30, 132, 45),
    (35, 66, 132, 85),
    (90, 75, 134, 98),
    (150, 68, 120, 85),
    (200, 60, 125, 78),
    (262, 58, 155, 50),
)
_LEG = (
    ((865, 95, 160), 82),
    ((968, 90, 162), 80),
    ((1062, 80, 156), 70),
    ((1155, 70, 152), 57),
    ((1248, 60, 155), 50),
    ((1341, 62, 177), 52),
    ((1434, 64, 192), 54),
    ((1527, 64, 200), 43),
    ((1640, 58, 200), 31),
    ((1700, 62, 200), 33),
)
_ARM = (
    ((315, 178, 148), 34),
    ((420, 197, 180), 40),
    ((510, 199, 202), 41),
    ((600, 204, 218), 41),
    ((690, 220, 221), 38),
    ((780, 228, 219), 30),
    ((850, 232, 219), 27),
    ((960, 236, 222), 30),
)
_RIB_HALF_WIDTH = (62, 88, 106, 118, 126, 131, 135, 138, 138, 135, 128, 112)
_RIB_HALF_DEPTH = (45, 62, 72, 80, 84, 86, 86, 84, 82, 78, 70, 60)
_RIB_CENTRE_Y = (160, 158, 155, 152, 150, 150, 150, 150, 150, 150, 152, 160)
_RIB_DROP = (28, 48, 66, 82, 94, 104, 112, 114, 110, 100, 72, 46)
_RIB_END = (0.80, 0.80, 0.81, 0.81, 0.80, 0.79, 0.77, 0.73, 0.69, 0.65, 0.50, 0.34)
"""Per rib: half axes and centre of its ellipse, fall from spine to front, end of bone (fraction of half a turn)."""

_SPONGY = 0.5
"""Uptake of the thick spongy ends of long bones relative to solid bone."""


def builtin_body(sex: str) -> Body:
    """Make the built-in body.

    Args:
        sex: "M" or "F".

    Example:
        >>> body = builtin_body("F")
        >>> len(body.of("L3")) > 100
        True
    """
    canvas = Canvas((1770.0, 290.0, 560.0))
    _soft_tissue(canvas)
    _organs(canvas)
    _skull(canvas)
    centres = _spine(canvas)
    _thorax(canvas, centres)
    for side, s in ((L, 1.0), (R, -1.0)):
        _shoulder_and_arm(canvas, side, s)
        _pelvis(canvas, side, s)
        _leg(canvas, side, s)
    return _to_body(canvas, sex)


def _to_body(canvas: Canvas, sex: str) -> Body:
    index, points = canvas.points()
    structure = canvas.labels[tuple(index.T)]
    weight = canvas.weight[tuple(index.T)]
    z = np.arange(130.0, 740.0, 5.0)
    canal = np.stack([z, np.interp(z, [a for a, _ in _SPINE_Y], [b for _, b in _SPINE_Y]) + 20, 0 * z], 1).astype(
        np.float32
    )
    part = parts_by_shape(structure, points, canal)
    soft = structure >= number_of("soft tissue of the head")
    organ = np.isin(structure, [n for n, s in STRUCTURES.items() if s.name in ORGANS])
    thin = 16
    keep = ~soft | organ | (index @ np.array([1, 3, 5]) % thin == 0)
    volume = np.where(soft & ~organ, thin, 1).astype(np.float32) * STEP_MM**3
    if sex == "F":
        shoulders = np.interp(points[:, 0], [0, 250, 330, 600, 800, 1000], [0.94, 0.92, 0.9, 0.93, 1.0, 0.95])
        points = points * np.stack([np.full(len(points), 0.94), np.full(len(points), 0.92), shoulders], 1)
        volume *= 0.94 * 0.92 * 0.93
    return Body(
        sex=sex,
        points_mm=points[keep].astype(np.float32),
        structure=structure[keep],
        volume_mm3=volume[keep],
        activity_weight=weight[keep],
        source="built-in parametric body",
        part=part[keep],
        tissue=np.where(soft, Tissue.SOFT, np.where(weight < 0.5, Tissue.MARROW_CAVITY, Tissue.TRABECULAR)).astype(
            np.uint8
        )[keep],
    )


def _soft_tissue(c: Canvas) -> None:
    c.column(_HEAD, number_of("soft tissue of the head"))
    for side, s in ((L, 1.0), (R, -1.0)):
        arm = number_of("soft tissue of the arm", side)
        c.tube([(z, y, s * x) for (z, x, y), _ in _ARM], [r for _, r in _ARM], arm)
        leg = number_of("soft tissue of the leg", side)
        c.tube([(z, y, s * x) for (z, x, y), _ in _LEG], [r for _, r in _LEG], leg)
        c.tube([(1700, 225, s * 60), (1735, 130, s * 75), (1745, 40, s * 88)], [34, 30, 20], leg)
    c.column(_TRUNK, number_of("soft tissue of the trunk"))


def _organs(c: Canvas) -> None:
    for side, s in ((L, 1.0), (R, -1.0)):
        c.ellipsoid((420, 150, s * 72), (120, 72, 52), number_of("lung", side))
        c.ellipsoid((400, 66, s * 78), (42, 16, 50), number_of("breast", side))
        c.tube([(600, 172, s * 40), (720, 150, s * 36), (800, 160, s * 24)], 3, number_of("ureter", side))
    c.ellipsoid((535, 125, -62), (62, 72, 66), number_of("liver"))
    c.ellipsoid((535, 110, 60), (45, 40, 40), number_of("stomach"))
    c.ellipsoid((255, 118, 0), (18, 9, 22), number_of("thyroid"))
    for side, s in ((L, 1.0), (R, -1.0)):
        c.ellipsoid((575 + (6 if side == R else 0), 178, s * 74), (50, 24, 28), number_of("kidney", side))
    c.ellipsoid((825, 132, 0), (32, 32, 36), number_of("bladder"))


def _skull(c: Canvas) -> None:
    cranium, face, jaw = number_of("cranium"), number_of("facial bones"), number_of("mandible")
    c.ellipsoid((88, 133, 0), (84, 98, 71), cranium, shell_mm=6.5)
    # The shell is open below; the base of the skull is a slope from the nose to the neck.
    lower = c.labels[int(150 / STEP_MM) :]
    lower[lower == cranium] = number_of("soft tissue of the head")
    for x in range(-40, 41, 16):
        c.tube([(112, 70, x), (135, 130, x), (145, 180, 0.6 * x)], 5, cranium)
    for s in (1.0, -1.0):
        c.tube([(88, 42, s * 12), (82, 42, s * 38), (100, 60, s * 58), (112, 48, s * 34), (105, 42, s * 14)], 4.5, face)
        c.tube([(114, 50, s * 40), (122, 75, s * 60), (120, 115, s * 66)], 4, face)
        c.tube([(112, 50, s * 26), (150, 48, s * 24)], 8, face)
        c.tube([(118, 118, s * 58), (160, 112, s * 54), (188, 104, s * 47), (207, 70, s * 28), (214, 46, 0)], 7, jaw)
    c.tube([(100, 38, 0), (125, 34, 0)], 6, face)
    c.tube([(152, 60, -24), (152, 42, 0), (152, 60, 24)], 9, face)
    c.tube([(186, 62, -24), (190, 46, 0), (186, 62, 24)], 6, jaw)


def _spine(c: Canvas) -> dict[str, Place]:
    table = np.array(_SPINE_Y, float)
    centres: dict[str, Place] = {}
    for prefix, (top, bottom) in _SECTIONS.items():
        names = [v for v in VERTEBRAE if v.startswith(prefix)]
        growth = 1 + 0.04 * np.arange(len(names))
        edges = top + (bottom - top) * np.concatenate([[0], np.cumsum(growth) / growth.sum()])
        width, depth = {"C": (13.0, 9.0), "T": (16.0, 14.0), "L": (23.0, 16.0)}[prefix]
        for i, name in enumerate(names):
            z, half = (edges[i] + edges[i + 1]) / 2, (edges[i + 1] - edges[i]) / 2
            y = float(np.interp(z, table[:, 0], table[:, 1]))
            centres[name] = (float(z), y, 0.0)
            _vertebra(c, number_of(name), centres[name], half, width, depth)
    sacrum = number_of("sacrum")
    for x in (-46.0, -30.0, -15.0, 0.0, 15.0, 30.0, 46.0):
        c.tube([(734 + abs(x) * 0.25, 172, x), (775, 200, 0.78 * x), (815, 222, 0.4 * x)], 9, sacrum)
    c.tube([(812, 222, 0), (838, 228, 0), (862, 222, 0)], [11, 8, 5], number_of("coccyx"))
    c.tube([(745, 198, 0), (790, 226, 0)], 7, sacrum)
    return centres


def _vertebra(c: Canvas, number: int, centre: Place, half: float, width: float, depth: float) -> None:
    z, y, _ = centre
    for dz in (-0.45, 0.0, 0.45):
        c.ellipsoid((z + dz * half, y, 0), (0.5 * half + 1, depth, width), number, weight=1.5)
    c.tube([(z, y + depth, -9), (z + 4, y + depth + 13, 0), (z, y + depth, 9)], 4.5, number)
    c.tube([(z + 4, y + depth + 12, 0), (z + 12, y + depth + 30, 0)], 4, number)
    for s in (1.0, -1.0):
        c.tube([(z, y + depth + 4, s * 9), (z - 2, y + depth + 8, s * (width + 14))], 4, number)
        c.tube([(z - half, y + depth + 9, s * 0.7 * width), (z + half, y + depth + 9, s * 0.7 * width)], 5, number)


def _thorax(c: Canvas, centres: dict[str, Place]) -> None:
    for side, s in ((L, 1.0), (R, -1.0)):
        cartilage = number_of("costal cartilage", side)
        for i in range(12):
            path = [(z, y, s * x) for z, y, x in _rib_path(i, centres[f"T{i + 1}"][0])]
            c.tube(path, 5.2, number_of(RIBS[i], side))
            if i < 10:
                z, y, x = path[-1]
                target = (
                    (325.0 + 24 * i, 100.0 - 6.5 * min(i, 6), s * 16.0) if i < 7 else (470.0 + 8 * i, 62.0, s * 34.0)
                )
                c.tube(
                    [(z, y, x), ((z + target[0]) / 2 + 8, min(y, target[1]) - 2, (x + target[2]) / 2), target],
                    4.5,
                    cartilage,
                )
    for x in (-16.0, -8.0, 0.0, 8.0, 16.0):
        c.tube([(318, 104, x * 1.1), (360, 86, 0.7 * x)], 5, number_of("manubrium"))
    for x in (-8.0, 0.0, 8.0):
        c.tube([(366, 84, x), (420, 72, x), (478, 60, 0.8 * x)], 4.5, number_of("sternal body"))
    c.tube([(482, 60, 0), (506, 58, 0)], [6, 4], number_of("xiphoid"))


def _rib_path(i: int, z0: float) -> list[Place]:
    """Bony rib `i` (0-based) of the left side from its head beside the spine to the costochondral junction."""
    a, b, yc = _RIB_HALF_WIDTH[i], _RIB_HALF_DEPTH[i], _RIB_CENTRE_Y[i]
    turn = np.linspace(np.arcsin(20 / a), np.pi * _RIB_END[i], 22)
    fall = (1 - np.cos(np.linspace(0, np.pi, 22) * 0.9)) / (1 - np.cos(np.pi * 0.9))
    z = z0 - 6 + _RIB_DROP[i] * (0.35 * np.linspace(0, 1, 22) + 0.65 * fall)
    return [(float(zz), float(yc + b * np.cos(t)), float(a * np.sin(t))) for zz, t in zip(z, turn, strict=True)]


def _shoulder_and_arm(c: Canvas, side: Laterality, s: float) -> None:
    clavicle, scapula = number_of("clavicle", side), number_of("scapula", side)
    humerus, hand = number_of("humerus", side), number_of("hand", side)
    c.tube([(312, 106, s * 24), (300, 112, s * 60), (286, 128, s * 100), (277, 158, s * 148)], [8, 6, 6, 7], clavicle)
    border = [(290, 208, s * 74), (330, 228, s * 70), (375, 244, s * 76), (412, 250, s * 92), (370, 222, s * 118)]
    c.fan((312, 160, s * 150), border, 3.0, scapula, between=7)
    c.tube([(412, 250, s * 92), (330, 195, s * 145)], 5, scapula)
    c.tube([(306, 226, s * 74), (288, 214, s * 120), (276, 178, s * 166)], [4, 5, 8], scapula)
    c.tube([(306, 150, s * 146), (298, 126, s * 138)], 7, scapula)
    c.ellipsoid((310, 157, s * 152), (18, 12, 8), scapula)
    c.ellipsoid((304, 146, s * 172), (24, 23, 23), humerus, weight=_SPONGY)
    shaft = [(322, 149, s * 180), (362, 155, s * 190), (461, 186, s * 198), (561, 212, s * 200)]
    c.tube(shaft, [17, 12.5, 10.5, 11], humerus, hollow=0.45)
    c.tube([(572, 214, s * 180), (575, 216, s * 222)], 11, humerus)
    c.tube(
        [(578, 238, s * 190), (600, 232, s * 192), (838, 212, s * 220)], [11, 9, 6], number_of("ulna", side), hollow=0.3
    )
    c.tube(
        [(594, 212, s * 216), (720, 214, s * 232), (840, 210, s * 244)],
        [9, 7, 10],
        number_of("radius", side),
        hollow=0.3,
    )
    c.ellipsoid((862, 216, s * 234), (16, 12, 22), number_of("carpals", side))
    for k, x in enumerate((208.0, 222.0, 234.0, 246.0, 257.0)):
        end = (912.0 if k == 0 else 975.0 - 6 * abs(k - 2), 226.0, s * (x - 14 if k == 0 else x))
        c.tube(
            [(874, 214, s * (226 + 0.35 * (x - 232))), (918 if k else 893, 220, s * (x - (8 if k == 0 else 0))), end],
            [6, 5, 4],
            hand,
        )


def _pelvis(c: Canvas, side: Laterality, s: float) -> None:
    pelvis, pubis = number_of("ilium", side), number_of("pubis", side)
    crest = [(766, 106, s * 128), (735, 116, s * 140), (712, 150, s * 134), (706, 182, s * 108), (722, 212, s * 68)]
    crest += [(752, 222, s * 48), (772, 214, s * 50)]
    c.fan((812, 148, s * 92), crest, 4.0, pelvis, between=9)
    c.tube(crest, 6.5, pelvis)
    c.tube([(740, 196, s * 54), (775, 208, s * 52), (800, 190, s * 68)], 9, pelvis)
    c.ellipsoid((835, 146, s * 82), (33, 30, 30), pelvis, shell_mm=7, weight=0.7)
    c.tube([(828, 122, s * 72), (858, 104, s * 34), (864, 104, s * 8)], [10, 8, 10], pubis)
    c.tube([(868, 106, s * 9), (890, 130, s * 28), (905, 160, s * 48)], [9, 6, 8], pubis)
    c.tube([(842, 172, s * 78), (880, 188, s * 62), (908, 176, s * 52)], [16, 13, 13], number_of("ischium", side))


def _leg(c: Canvas, side: Laterality, s: float) -> None:
    femur, lower, foot = number_of("femur", side), number_of("tibia", side), number_of("foot", side)
    c.ellipsoid((836, 142, s * 84), (24, 24, 24), femur, weight=_SPONGY)
    c.tube([(842, 145, s * 92), (864, 152, s * 118)], 15, femur)
    c.tube([(848, 164, s * 138), (880, 160, s * 130)], [15, 17], femur)
    c.tube([(905, 150, s * 112), (915, 152, s * 114)], 14, femur)
    shaft = [(884, 160, s * 126), (968, 155, s * 113), (1079, 142, s * 87), (1180, 143, s * 68), (1222, 150, s * 61)]
    c.tube(shaft, [18, 15, 14, 16, 26], femur, hollow=0.6)
    for x in (40.0, 83.0):
        c.ellipsoid((1240, 154, s * x), (24, 28, 21), femur, weight=_SPONGY)
        c.ellipsoid((1272, 152, s * x), (15, 24, 21), lower, weight=_SPONGY)
    c.ellipsoid((1222, 108, s * 62), (20, 9, 20), number_of("patella", side))
    c.tube(
        [(1275, 154, s * 61), (1310, 156, s * 60), (1420, 175, s * 60), (1640, 200, s * 54)],
        [27, 19, 13, 12],
        lower,
        hollow=0.4,
    )
    c.tube([(1638, 200, s * 42), (1662, 202, s * 40)], 9, lower)
    c.tube(
        [(1290, 182, s * 94), (1470, 200, s * 84), (1645, 206, s * 78), (1668, 206, s * 78)],
        [9, 6, 7, 9],
        number_of("fibula", side),
    )
    c.ellipsoid((1682, 196, s * 60), (17, 26, 20), number_of("tarsals", side))
    c.tube([(1702, 205, s * 62), (1718, 238, s * 62)], [18, 22], number_of("tarsals", side))
    c.ellipsoid((1702, 150, s * 72), (14, 26, 24), number_of("tarsals", side))
    for k, x in enumerate((58.0, 70.0, 82.0, 94.0, 105.0)):
        knuckle = (1738.0, 84.0 + 6 * k, s * (x + 4))
        c.tube([(1712, 136, s * (58 + 8 * k)), knuckle], [8, 6], foot)
        c.tube([knuckle, (1746, 42.0 + 9 * k, s * (x + 6))], [7 if k == 0 else 4.5, 4.5], foot)
