"""Hip bones of the built-in body."""

from __future__ import annotations

from bonescan.core.anatomy import Laterality
from bonescan.simulate.canvas import Canvas
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import number_of

L = Laterality.LEFT
HIP = (847.0, 147.0, 83.0)
"""Centre of the hip joint."""

_WING = (
    # rows down the wing; in each, (z, y, x, half thickness) from the front rim to the back
    (
        (722, 134, 140, 5),
        (712, 146, 128, 6),
        (704, 160, 112, 6),
        (701, 173, 98, 5.5),
        (703, 186, 85, 5),
        (709, 199, 76, 6),
    ),
    (
        (730, 124, 143, 5),
        (720, 139, 133, 4),
        (718, 155, 116, 2.8),
        (718, 171, 93, 2.4),
        (719, 187, 76, 6),
        (720, 205, 67, 5.5),
    ),
    (
        (742, 110, 139, 5),
        (740, 129, 131, 3.5),
        (738, 148, 118, 2.2),
        (738, 166, 92, 2.2),
        (739, 184, 69, 7),
        (738, 211, 58, 6.5),
    ),
    (
        (764, 98, 126, 6),
        (762, 118, 120, 4),
        (760, 137, 108, 2.8),
        (760, 155, 92, 3.2),
        (760, 174, 68, 7),
        (758, 206, 50, 7),
    ),
    (
        (786, 100, 109, 6),
        (784, 115, 105, 6),
        (782, 130, 97, 6),
        (782, 146, 89, 7),
        (782, 163, 74, 7),
        (776, 188, 55, 6),
    ),
    (
        (808, 111, 95, 5),
        (808, 121, 91, 6),
        (808, 132, 88, 8),
        (808, 144, 84, 9),
        (808, 156, 81, 8),
        (805, 168, 76, 7),
    ),
    (
        (820, 118, 92, 6),
        (822, 126, 88, 7.5),
        (824, 136, 85, 8),
        (824, 146, 84, 8),
        (824, 156, 81, 8),
        (824, 167, 77, 8),
    ),
)
"""Thin in the middle of the fossa, thick at the rim and around the sacroiliac joint and the acetabulum."""


def paint_pelvis(c: Canvas) -> None:
    """Paint the left hip bone."""
    ilium, pubis, ischium = (number_of(name, L) for name in ("ilium", "pubis", "ischium"))
    c.plate(_WING, ilium, Part.WING)
    crest = [(770, 97, 124), (752, 103, 134), (734, 120, 144), (716, 138, 138), (706, 158, 114), (701, 175, 94)]
    crest += [(705, 192, 81), (716, 206, 71), (734, 217, 59), (752, 217, 50)]
    halves = [(9, 8.5), (7, 6.5), (6, 6), (6, 6), (5, 5), (4.5, 4.5), (5, 5), (6.5, 6.5), (8, 7.5), (7.5, 7.5)]
    c.sweep(crest, halves, ilium, Part.CREST)
    # The front border, seen end on by the anterior camera: from the upper spine to the lower and on to the pubis.
    border = [(768, 98, 125), (786, 102, 111), (806, 110, 98), (824, 120, 88)]
    c.sweep(border, (7, 6), ilium, ((0.35, Part.CREST), (1.0, Part.WING)))
    # The two joints draw together downwards, as the sacrum between them narrows.
    c.sweep(
        [(716, 199, 69), (738, 200, 62), (762, 201, 52), (786, 195, 46)],
        [(8, 10), (9, 12), (9, 11), (5, 7)],
        ilium,
        Part.SACROILIAC,
    )
    # The arcuate line and the edge of the sciatic notch carry the load from the sacrum to the hip.
    c.sweep([(762, 182, 62), (785, 172, 69), (815, 160, 77)], [(8, 8), (8, 8), (10, 10)], ilium, Part.WING)
    c.sweep(
        [(776, 194, 53), (796, 184, 64), (818, 176, 74), (845, 178, 76)],
        [(6, 6), (6, 6), (8, 8), (10, 10)],
        ilium,
        Part.WING,
    )
    _acetabulum(c, ilium, pubis, ischium)
    c.sweep(
        [(836, 124, 72), (846, 113, 52), (857, 105, 30), (864, 103, 14)],
        [(8, 8), (8, 7.5), (8.5, 7.5), (10, 8)],
        pubis,
        ((0.15, Part.ACETABULUM), (0.8, Part.RAMUS), (1.0, Part.SYMPHYSIS)),
        flat=(1, 0, 0),
    )
    c.sweep(
        [(857, 104, 8), (872, 107, 8), (884, 112, 9)],
        [(10, 6.5), (10, 7), (8, 6)],
        pubis,
        Part.SYMPHYSIS,
        flat=(0, 1, 0),
    )
    c.sweep(
        [(878, 111, 11), (890, 126, 20), (900, 145, 29)],
        [(7.5, 4.5), (6, 4), (6.5, 4)],
        pubis,
        Part.RAMUS,
        flat=(0.7, 0, 0.7),
    )
    c.sweep(
        [(900, 145, 29), (906, 161, 38), (905, 176, 49)],
        [(6.5, 4), (7, 5), (9, 7)],
        ischium,
        Part.RAMUS,
        flat=(0.7, 0, 0.7),
    )
    c.sweep(
        [(850, 176, 76), (870, 186, 68), (888, 188, 62), (903, 181, 55)],
        [(14, 13), (13, 12), (15, 13), (12, 10)],
        ischium,
        ((0.3, Part.ACETABULUM), (1.0, Part.TUBEROSITY)),
    )
    c.sweep([(842, 184, 62), (852, 193, 50)], [(5, 4), (3, 3)], ischium, Part.RAMUS)


def _acetabulum(c: Canvas, ilium: int, pubis: int, ischium: int) -> None:
    """A cup that opens outwards, forwards and down, made of all three bones."""
    z, y, x = HIP
    openings = {ilium: (0.8, -0.1, 0.6), ischium: (-0.5, -0.7, 0.5), pubis: (-0.35, 0.8, 0.5)}
    for number, away in openings.items():
        c.shell((z, y, x - 1), (31, 31, 30.5), 4.5, number, Part.ACETABULUM, away=away, open_from=-0.05)
