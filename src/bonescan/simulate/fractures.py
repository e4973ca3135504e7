"""Fractures that heal: ribs in a row, crushed vertebrae, sacrum, limbs."""

from __future__ import annotations

import numpy as np

from bonescan.core.anatomy import Laterality
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.benign_foci import L, R, focus_at
from bonescan.simulate.focal import Focus
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import numbers_of


def rib_fractures(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """Fractures one above the other: neighbouring ribs hit at the same place around the chest."""
    side: Laterality = L if rng.random() < 0.5 else R
    body = anatomy.body
    first = int(rng.integers(2, 10))
    start = body.points_mm[body.of(f"rib {first}", side)]
    y, x = start[rng.integers(len(start)), 1:]
    foci = []
    for i in range(first, min(first + int(rng.integers(2, 6)), 13)):
        points = body.points_mm[body.of(f"rib {i}", side)]
        target = np.array([y, x]) + rng.normal(0, 5, 2)
        off = np.hypot(points[:, 1] - target[0], points[:, 2] - target[1])
        if off.min() < 22:
            foci.append(focus_at(rng, anatomy, "rib fracture", points[off.argmin()], (4, 8), (2.0, 8.0), confined=True))
    return foci


def compression(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """One or two crushed vertebrae: a flat band across the whole body of the vertebra."""
    foci = []
    first = int(rng.integers(5, 17))
    for step in range(1 if rng.random() < 0.7 else 2):
        name = [*(f"T{i}" for i in range(1, 13)), *(f"L{i}" for i in range(1, 6))][min(first + 2 * step, 16)]
        body = anatomy.body
        points = body.points_mm[body.of(name, part=Part.BODY)]
        centre = points.mean(0)
        centre[0] += rng.choice([-0.25, 0.0, 0.25]) * np.ptp(points[:, 0])
        foci.append(
            focus_at(
                rng, anatomy, "vertebral compression", centre, (20, 26), (2.0, 5.5), (0.3, 1.0, 1.3), confined=True
            )
        )
    return foci


def sacral_insufficiency(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """The "H": both wings of the sacrum upright and a bar across, or one wing alone."""
    centre = anatomy.body.centre_of("sacrum")
    sides = (1.0, -1.0) if rng.random() < 0.6 else (float(rng.choice([-1.0, 1.0])),)
    foci = [
        focus_at(
            rng,
            anatomy,
            "sacral insufficiency fracture",
            centre + np.array([-12, -8, side * 30]),
            (10, 13),
            (2.0, 5.0),
            (2.2, 1.2, 0.8),
            confined=True,
        )
        for side in sides
    ]
    if len(sides) == 2:
        bar = centre + np.array([0, 0, 0])
        foci.append(
            focus_at(
                rng, anatomy, "sacral insufficiency fracture", bar, (9, 11), (1.8, 4.0), (0.6, 1.2, 2.4), confined=True
            )
        )
    return foci


_LIMBS: dict[str, tuple[float, tuple[Part, ...] | None]] = {
    "radius": (1.0, (Part.CONDYLE,)),
    "humerus": (0.6, (Part.HEAD, Part.TROCHANTER, Part.SHAFT)),
    "femur": (0.4, (Part.NECK, Part.TROCHANTER)),
    "pubis": (0.8, None),
    "clavicle": (0.4, (Part.SHAFT,)),
    "tibia": (0.4, (Part.SHAFT, Part.MALLEOLUS)),
    "fibula": (0.5, (Part.SHAFT, Part.MALLEOLUS)),
    "foot": (0.8, (Part.METACARPAL,)),
}
"""Bone → (how often it is broken, where)."""


def limb_fracture(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """A healing fracture of a limb or the pubis, across the bone."""
    names = list(_LIMBS)
    weights = np.array([w for w, _ in _LIMBS.values()])
    name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    body = anatomy.body
    number = int(rng.choice(np.array(numbers_of(name))))
    at = np.flatnonzero(body.structure == number)
    parts = _LIMBS[name][1]
    if parts is not None and np.isin(body.part[at], parts).any():
        at = at[np.isin(body.part[at], parts)]
    centre = body.points_mm[at[rng.integers(len(at))]]
    return [focus_at(rng, anatomy, "healing fracture", centre, (8, 15), (2.0, 7.0), (0.7, 1.2, 1.2), confined=True)]
