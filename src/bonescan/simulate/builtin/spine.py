"""The vertebrae, sacrum and coccyx of the built-in body."""

from __future__ import annotations

import numpy as np

from bonescan.simulate.canvas import Canvas
from bonescan.simulate.curves import Place
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import VERTEBRAE, number_of

SPINE_Z = (147, 188, 219, 255, 299, 343, 392, 440, 488, 549, 612, 655, 690, 725)
SPINE_Y = (136, 128, 126, 138, 162, 180, 192, 193, 187, 177, 163, 153, 150, 160)
"""Centres of the vertebral bodies: the curve of the spine."""
SECTIONS = {"C": (147.0, 266.0, 1.5), "T": (266.0, 564.0, 2.0), "L": (564.0, 724.0, 4.5)}
"""(top, bottom, height of a disc) of each section."""

_BODY_HALF = {"C": ((10.0, 8.0), (12.5, 9.5)), "T": ((14.0, 10.5), (21.5, 15.5)), "L": ((22.5, 17.0), (26.5, 18.5))}
"""Half width and half depth of the first and the last body of each section."""
_TRANSVERSE = {"C": ((22.0, 27.0), 2.0), "T": ((37.0, 30.0), 20.0), "L": ((38.0, 42.0), 8.0)}
"""How far out the transverse processes of the first and last reach, and how far back they point."""
_SPINOUS = {"C": ((8.0, 24.0), 5.0, 3.5), "T": ((30.0, 30.0), 20.0, 4.0), "L": ((26.0, 26.0), 7.0, 10.0)}
"""Length of the spinous process of the first and last, its drop, half its height."""


def spine_y(z: float) -> float:
    """How far back the vertebral bodies lie at a height."""
    return float(np.interp(z, SPINE_Z, SPINE_Y))


def vertebra_places() -> dict[str, tuple[Place, float]]:
    """Vertebra → (centre of its body, half its height)."""
    found = {}
    for prefix, (top, bottom, disc) in SECTIONS.items():
        names = [v for v in VERTEBRAE if v.startswith(prefix)]
        growth = 1 + 0.04 * np.arange(len(names))
        edges = top + (bottom - top) * np.concatenate([[0], np.cumsum(growth) / growth.sum()])
        for i, name in enumerate(names):
            z = float(edges[i] + edges[i + 1]) / 2
            found[name] = ((z, spine_y(z), 0.0), float(edges[i + 1] - edges[i] - disc) / 2)
    return found


def paint_spine(c: Canvas) -> None:
    """Paint C1 to coccyx."""
    places = vertebra_places()
    for name, (centre, half) in places.items():
        prefix = name[0]
        names = [v for v in VERTEBRAE if v.startswith(prefix)]
        at = names.index(name) / (len(names) - 1)

        def along(pair: tuple[float, float], at: float = at) -> float:
            return pair[0] + at * (pair[1] - pair[0])

        if name == "C1":
            _atlas(c, number_of(name), centre)
            continue
        first, last = _BODY_HALF[prefix]
        width, depth = first[0] + at * (last[0] - first[0]), first[1] + at * (last[1] - first[1])
        number = number_of(name)
        _body(c, number, centre, half, width, depth)
        if name == "C2":
            z, y, _ = centre
            c.sweep([(z - 4, y, 0), (z - 24, y - 3, 0)], (5, 5.5), number, Part.BODY)
        span, back = _TRANSVERSE[prefix]
        length, drop, tall = _SPINOUS[prefix]
        if prefix == "T":
            # Middle thoracic spinous processes hang like roof tiles.
            drop *= 0.5 + np.exp(-(((at - 0.5) / 0.3) ** 2))
        spinous = along(length) * (1.25 if name in ("C2", "C7") else 1.0)
        reach = along(span) * (0.8 if name == "T12" else 1.0)
        _arch(c, number, prefix, centre, half, width, depth, (reach, back), (spinous, drop, tall))
    _sacrum(c)


def _body(c: Canvas, number: int, centre: Place, half: float, width: float, depth: float) -> None:
    z, y, _ = centre
    waist = (0.92 * width, 0.95 * depth)
    ends = (width, depth)
    c.sweep(
        [(z - half, y, 0), (z - 0.4 * half, y, 0), (z + 0.4 * half, y, 0), (z + half, y, 0)],
        [ends, waist, waist, ends],
        number,
        Part.BODY,
        square=2.7,
        cap_mm=1.0,
    )


def _arch(
    c: Canvas,
    number: int,
    prefix: str,
    centre: Place,
    half: float,
    width: float,
    depth: float,
    transverse: tuple[float, float],
    spinous: tuple[float, float, float],
) -> None:
    z, y, _ = centre
    back = y + depth
    canal = {"C": 12.0, "T": 9.5, "L": 12.5}[prefix]
    pedicle = {"C": 4.5, "T": 5.5, "L": 7.5}[prefix]
    reach, backwards = transverse
    length, drop, tall = spinous
    up = z - 0.25 * half
    lamina = back + 15
    c.sweep([(up, back - 4, canal), (up, back + 10, canal)], (0.65 * half, pedicle), number, Part.ARCH, flat=(1, 0, 0))
    c.sweep(
        [(up, back + 10, canal), (z + 0.3 * half, lamina, 0.5 * canal), (z + 0.5 * half, lamina + 5, 0)],
        [(0.85 * half, 5.0), (0.75 * half, 4.0), (0.5 * half, 3.0)],
        number,
        Part.ARCH,
        flat=(1, 0, 0),
    )
    c.sweep(
        [(z + 0.4 * half, lamina + 3, 0), (z + 0.5 * half + drop, lamina + 4 + length, 0)],
        [(1.0 * tall, 3.2), (1.1 * tall, 4.2)],
        number,
        Part.PROCESS,
        flat=(1, 0, 0),
    )
    c.sweep(
        [
            (up, back + 8, canal),
            (up - 1, back + 8 + 0.6 * backwards, (canal + reach) / 2),
            (up, back + 8 + backwards, reach),
        ],
        {"C": (5.0, 4.0), "T": (6.5, 5.5), "L": (7.0, 4.0)}[prefix],
        number,
        Part.PROCESS,
        flat=(1, 0, 0),
    )
    facet = {"C": 19.0, "T": 14.0, "L": 20.0}[prefix]
    pillar = {"C": (half + 5.0, 7.5, 8.0), "T": (0.75 * half, 7.0, 8.0), "L": (0.75 * half, 10.0, 8.5)}[prefix]
    for dz in (0.0,) if prefix == "C" else (-1.0, 1.15):
        c.ellipsoid((z + dz * half, back + (4 if prefix == "C" else 11), facet), pillar, number, Part.ARCH)


def _atlas(c: Canvas, number: int, centre: Place) -> None:
    z, y, _ = centre
    c.ellipsoid((z, y + 3, 18), (10, 10, 9), number, Part.BODY)
    c.sweep([(z, y - 8, 0), (z, y - 3, 14)], (5, 3.5), number, Part.BODY, flat=(1, 0, 0))
    c.sweep([(z, y + 8, 20), (z, y + 26, 13), (z, y + 32, 0)], (4.5, 3.5), number, Part.ARCH, flat=(1, 0, 0))
    c.sweep([(z, y + 3, 22), (z + 1, y + 5, 38)], (4.5, 4), number, Part.PROCESS, flat=(1, 0, 0))


_SACRUM = (
    # z, y, half width, half thickness in the middle
    (722, 173, 59, 13),
    (736, 178, 59, 14),
    (750, 188, 55, 11),
    (765, 203, 46, 8),
    (780, 217, 36, 7),
    (795, 227, 28, 6),
    (812, 232, 20, 5),
)


def _sacrum(c: Canvas) -> None:
    number = number_of("sacrum")
    rows = []
    for z, y, width, thick in _SACRUM:
        ala = thick * (0.95 if z < 770 else 0.8)
        rows.append(
            [
                (z, y, 0, 0.8 * thick),
                (z + 0.03 * width, y + 2, 0.35 * width, 0.7 * thick),
                (z + 0.12 * width, y + 1, 0.7 * width, 0.85 * ala),
                (z + 0.22 * width, y - 2, width - 6, 0.75 * ala),
            ]
        )
    upper, lower = rows[:4], rows[3:]
    c.plate([row[:2] for row in upper], number, Part.BODY)
    c.plate([row[1:] for row in upper], number, Part.WING)
    c.plate(lower, number, Part.APEX)
    # The first sacral body with its promontory, the median crest.
    c.sweep([(722, 160, 0), (734, 166, 0), (752, 182, 0)], [(24, 15), (22, 14), (17, 10)], number, Part.BODY, cap_mm=2)
    c.sweep([(735, 196, 0), (765, 220, 0), (795, 236, 0)], (3, 4), number, Part.PROCESS)
    # The sacroiliac joint surface, ear shaped, from S1 to S3.
    c.sweep([(728, 178, 55), (754, 188, 50), (784, 206, 41)], [(4, 7), (5, 8), (4, 6)], number, Part.SACROILIAC)
    coccyx = number_of("coccyx")
    c.sweep([(818, 235, 0), (832, 236, 0), (852, 228, 0)], [(10, 4), (7, 3), (4, 2.5)], coccyx, Part.WHOLE)
