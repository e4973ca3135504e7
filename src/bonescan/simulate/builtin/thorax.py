"""Ribs, costal cartilage and sternum of the built-in body."""

from __future__ import annotations

import numpy as np

from bonescan.core.anatomy import Laterality
from bonescan.simulate.builtin.spine import SECTIONS
from bonescan.simulate.canvas import Canvas
from bonescan.simulate.curves import Place
from bonescan.simulate.parts import Part
from bonescan.simulate.rib_curves import THORACIC_SPINE_MM, rib_curves
from bonescan.simulate.structures import RIBS, number_of

_STERNAL_END: tuple[Place, ...] = (
    (330, 96, 22),
    (360, 84, 18),
    (383, 77, 17),
    (405, 72, 17),
    (425, 68, 17),
    (443, 65, 17),
    (458, 63, 16),
)
"""Where the cartilages of ribs 1 to 7 meet the sternum."""
_HALF_HEIGHT = (6.0, 6.4, 6.8, 7.2, 7.4, 7.6, 7.8, 7.8, 7.4, 7.0, 6.2, 4.8)
_HALF_THICK = 4.0
_DROP = 0.86
"""How far ribs drop from their heads, over those of the table: on real scans there is more room below the cage."""


def rib_path(i: int) -> list[Place]:
    """Places along bony rib `i` (0-based), from its head to the costochondral junction.

    The tabled female cage is stretched to the length of the male thoracic spine, 24% deeper and 20% wider, as measured.
    """
    top, bottom, _ = SECTIONS["T"]
    scale = (bottom - top) / (THORACIC_SPINE_MM[1] - THORACIC_SPINE_MM[0])
    curve = rib_curves()[i]
    z = top + (curve[:, 0] - THORACIC_SPINE_MM[0]) * scale
    z = z[0] + _DROP * (z - z[0])
    # Behind, the cage follows the deeper curve of the male spine.
    y = 150 + (curve[:, 1] - 145) * np.where(curve[:, 1] > 145, 1.16, 1.26)
    x = 20 + (curve[:, 2] - 24) * 1.27
    return [(float(a), float(b), float(d)) for a, b, d in zip(z, y, x, strict=True)]


def paint_thorax(c: Canvas) -> None:
    """Paint the left half of the rib cage and the sternum."""
    cartilage = number_of("costal cartilage", Laterality.LEFT)
    ends = []
    for i, name in enumerate(RIBS):
        path = rib_path(i)
        ends.append(path[-1])
        tall = _HALF_HEIGHT[i]
        halves = [(0.8 * tall, 4.0), (0.8 * tall, 3.8)] + [(tall, _HALF_THICK)] * (len(path) - 3) + [(1.1 * tall, 4.0)]
        length = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
        head, neck, angle = 12 / length, 30 / length, min(85 / length, 0.6)
        parts = ((head, Part.HEAD), (neck, Part.NECK), (angle, Part.ANGLE), (0.8, Part.SHAFT), (1.0, Part.END))
        # The first rib lies flat, the second is oblique; the rest stand on edge, tilted with the wall of the chest.
        flat = {0: (0.25, 0.5, -0.85), 1: (0.8, 0.2, -0.55)}.get(i, (1.0, 0.0, -0.15))
        c.sweep(path, halves, number_of(name, Laterality.LEFT), parts, flat=flat, square=2.3, cap_mm=2.5)
    for i, end in enumerate(ends[:10]):
        z, y, x = end
        if i < 7:
            target = _STERNAL_END[i]
            # From the fifth on the cartilage goes down with the rib and then climbs to the sternum.
            sag = (0, 4, 6, 12, 20, 28, 32)[i]
            middle = (max((z + target[0]) / 2, z) + 0.3 * sag, min(y, target[1]) - 2.0, 0.5 * (x + target[2]))
        else:
            above = ends[i - 1]
            target = ((z + above[0]) / 2 - 22, above[1] - 10, above[2] - 24)
            middle = ((z + target[0]) / 2 + 3, (y + target[1]) / 2 - 3, (x + target[2]) / 2 + 2)
        c.sweep([end, middle, target], (5.5, 3.5), cartilage, Part.WHOLE, flat=(1, 0, 0))
    _sternum(c)


def _sternum(c: Canvas) -> None:
    across = (0.0, 0.0, 1.0)
    c.sweep(
        [(318, 107, 0), (326, 103, 0), (340, 96, 0), (360, 86, 0)],
        [(21, 6), (28, 7), (23, 6), (17, 5)],
        number_of("manubrium"),
        Part.WHOLE,
        flat=across,
        square=2.5,
        cap_mm=2,
    )
    c.sweep(
        [(366, 84, 0), (385, 78, 0), (425, 69, 0), (452, 64, 0), (468, 61, 0)],
        [(16, 5), (18, 5.5), (21, 5.5), (21, 5), (12, 4)],
        number_of("sternal body"),
        Part.WHOLE,
        flat=across,
        square=2.5,
        cap_mm=2,
    )
    c.sweep([(472, 60, 0), (498, 60, 0)], [(8, 3.2), (4, 2.5)], number_of("xiphoid"), Part.WHOLE, flat=across)
