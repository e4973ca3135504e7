"""The hand of the built-in body, fingers straight; the palm faces backwards, the thumb the thigh."""

from __future__ import annotations

from itertools import pairwise

from bonescan.core.anatomy import Laterality
from bonescan.simulate.canvas import Canvas
from bonescan.simulate.curves import Place
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import number_of

RAYS: tuple[tuple[Place, ...], ...] = (
    ((870, 210, 213), (895, 208, 202), (923, 212, 194), (948, 216, 191)),
    ((879, 213, 221), (938, 214, 216), (978, 219, 212), (1003, 224, 211), (1021, 227, 210)),
    ((880, 214, 231), (941, 213, 230), (986, 219, 229), (1014, 225, 228), (1032, 229, 228)),
    ((879, 216, 240), (936, 215, 242), (978, 220, 244), (1005, 226, 245), (1022, 230, 246)),
    ((877, 218, 247), (926, 219, 253), (959, 223, 257), (979, 228, 259), (995, 232, 260)),
)
"""From thumb to little finger: carpal end, knuckle, (middle joints …), tip."""
_BASE, _WAIST, _HEAD = (7.8, 8.0), (4.8, 4.8), (7.2, 7.2)
"""Half axes of a metacarpal at its base, middle and head; phalanges are thinner by the joint."""

_SMALL: tuple[tuple[Place, Place], ...] = (
    # centre, half axes: lunate, triquetrum, pisiform, trapezium, trapezoid, hamate and its hook
    ((857, 217, 231), (10.5, 11.0, 10.0)),
    ((862, 219, 244), (9.0, 10.5, 9.0)),
    ((864, 231, 246), (7.0, 6.5, 6.5)),
    ((871, 211, 211), (9.5, 10.5, 9.5)),
    ((874, 213, 221), (8.5, 11.0, 7.5)),
    ((872, 218, 242), (10.5, 11.0, 9.5)),
    ((875, 230, 239), (5.5, 7.5, 5.0)),
)


def paint_hand(c: Canvas) -> None:
    """Paint the left carpals, metacarpals and phalanges."""
    carpals, hand = number_of("carpals", Laterality.LEFT), number_of("hand", Laterality.LEFT)
    for centre, half in _SMALL:
        c.ellipsoid(centre, half, carpals, Part.WHOLE)
    # Scaphoid, oblique along the outer side, and capitate in the middle reach across both rows.
    c.sweep([(855, 215, 219), (869, 213, 213)], [(9.5, 9.5), (9.0, 9.5)], carpals, Part.WHOLE)
    c.sweep([(866, 216, 231), (879, 215, 231)], [(9.5, 11.0), (10.0, 11.0)], carpals, Part.WHOLE)
    for k, ray in enumerate(RAYS):
        thick = 1.15 if k == 0 else 0.9 if k == 4 else 1.0
        for i, (a, b) in enumerate(pairwise(ray)):
            shrink = thick * (1 - 0.13 * i)
            middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 - (1.5 if i == 0 else 0.0), (a[2] + b[2]) / 2)
            halves = [(u * shrink, v * shrink) for u, v in (_BASE, _WAIST, _HEAD)]
            c.sweep([a, middle, b], halves, hand, Part.METACARPAL if i == 0 else Part.PHALANX)
