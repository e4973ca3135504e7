"""Benign uptake: degeneration, fractures and the like, which fool readers and models.

Causes and their usual places follow the lists of pitfalls in nuclear-medicine teaching (reference notes 5d); how often
each occurs and how hot it is are design choices, kept in one table.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.focal import Focus
from bonescan.simulate.structures import number_of

L, R = Laterality.LEFT, Laterality.RIGHT
Draw = Callable[[np.random.Generator, AnatomyIndex], list[Focus]]


def draw_benign(rng: np.random.Generator, anatomy: AnatomyIndex, *, count: int) -> tuple[Focus, ...]:
    """Draw `count` benign conditions; one condition may be several foci (both hips, a row of ribs)."""
    names = list(CONDITIONS)
    weights = np.array([CONDITIONS[n][0] for n in names])
    chosen = rng.choice(len(names), size=count, replace=True, p=weights / weights.sum())
    foci: list[Focus] = []
    for i in chosen:
        foci += CONDITIONS[names[i]][1](rng, anatomy)
    return tuple(foci)


def _focus(
    rng: np.random.Generator,
    anatomy: AnatomyIndex,
    cause: str,
    centre: npt.NDArray[np.float32],
    radius_mm: tuple[float, float],
    contrast: tuple[float, float],
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0),
    confined: bool = False,
) -> Focus:
    near = anatomy.bone_near(centre, 60)
    nearest = near[np.argmin(((anatomy.body.points_mm[near] - centre) ** 2).sum(1))]
    return Focus(
        kind="benign",
        cause=cause,
        structure=int(anatomy.body.structure[nearest]),
        centre_mm=(float(centre[0]), float(centre[1]), float(centre[2])),
        radius_mm=float(rng.uniform(*radius_mm)),
        contrast=float(np.exp(rng.uniform(*np.log(contrast)))),
        stretch=stretch,
        confined=confined,
        shape_seed=int(rng.integers(2**31)),
    )


def _joint(
    joint: str, radius_mm: tuple[float, float], contrast: tuple[float, float], both: float, jitter_mm: float = 6.0
) -> Draw:
    def draw(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
        sides = [L, R] if rng.random() < both else [L if rng.random() < 0.5 else R]
        return [
            _focus(
                rng,
                anatomy,
                f"degenerative {joint}",
                anatomy.landmarks[f"{joint} {side}"] + rng.normal(0, jitter_mm, 3).astype(np.float32),
                radius_mm,
                contrast,
            )
            for side in sides
        ]

    return draw


_DISCS = {"C4/C5": 0.5, "C5/C6": 0.8, "T8/T9": 0.3, "T11/T12": 0.3, "L1/L2": 0.4, "L2/L3": 0.7, "L3/L4": 1.2}
_DISCS |= {"L4/L5": 2.0, "L5/S1": 2.2}


def _spondylosis(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    names = [n for n in _DISCS if n in anatomy.landmarks]
    weights = np.array([_DISCS[n] for n in names])
    foci = []
    for _ in range(int(rng.integers(1, 4))):
        centre = anatomy.landmarks[names[rng.choice(len(names), p=weights / weights.sum())]].copy()
        # Osteophytes and facets lie to one side; end plates across the whole disc.
        lateral = rng.choice([-1.0, 0.0, 1.0], p=[0.38, 0.24, 0.38])
        centre[2] += lateral * rng.uniform(12, 22)
        stretch = (0.6, 1.0, 1.6) if lateral == 0 else (0.8, 1.0, 1.0)
        foci.append(_focus(rng, anatomy, "degenerative disc", centre, (7, 12), (1.5, 3.6), stretch))
    return foci


def _compression(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    name = str(rng.choice(["T7", "T8", "T11", "T12", "L1", "L2", "L3", "L4"]))
    centre = anatomy.body.points_mm[anatomy.body.of(name)].mean(0)
    return [_focus(rng, anatomy, "vertebral compression", centre, (20, 26), (2.2, 5.0), (0.32, 1.0, 1.3), True)]


def _rib_fractures(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """Fractures one above the other: neighbouring ribs hit at the same place."""
    side = L if rng.random() < 0.5 else R
    points = anatomy.body.points_mm[anatomy.body.of("ribs", side)]
    z0, y0, x0 = points[rng.integers(len(points))]
    foci = []
    for i in range(int(rng.integers(2, 6))):
        target = np.array([z0 + 26.0 * i, y0 + rng.normal(0, 5), x0 + rng.normal(0, 5)], np.float32)
        nearest = points[np.argmin(((points - target) ** 2).sum(1))]
        if np.abs(nearest - target).max() < 22:
            foci.append(_focus(rng, anatomy, "rib fracture", nearest, (5, 8), (2.5, 7.0), confined=True))
    return foci


def _in_bone(name: str, cause: str, radius_mm: tuple[float, float], contrast: tuple[float, float]) -> Draw:
    def draw(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
        options = [n for n in (_number(name, L), _number(name, R), _number(name, Laterality.MIDLINE)) if n]
        at = np.flatnonzero(anatomy.body.structure == rng.choice(options))
        centre = anatomy.body.points_mm[at[rng.integers(len(at))]]
        return [_focus(rng, anatomy, cause, centre, radius_mm, contrast, confined=True)]

    return draw


def _number(name: str, side: Laterality) -> int | None:
    try:
        return number_of(name, side)
    except KeyError:
        return None


CONDITIONS: dict[str, tuple[float, Draw]] = {
    "spondylosis": (3.2, _spondylosis),
    "knee": (2.2, _joint("knee", (16, 28), (1.6, 3.8), both=0.6, jitter_mm=12)),
    "shoulder": (1.5, _joint("shoulder", (12, 20), (1.5, 3.2), both=0.5)),
    "acromioclavicular": (0.8, _joint("acromioclavicular", (8, 12), (1.6, 3.5), both=0.5)),
    "sternoclavicular": (0.6, _joint("sternoclavicular", (8, 12), (1.4, 2.6), both=0.6)),
    "hip": (1.0, _joint("hip", (14, 22), (1.5, 2.8), both=0.7)),
    "sacroiliac": (0.8, _joint("sacroiliac", (12, 18), (1.4, 2.6), both=0.6)),
    "wrist": (0.7, _joint("wrist", (9, 15), (1.8, 4.5), both=0.4)),
    "elbow": (0.3, _joint("elbow", (9, 14), (1.6, 3.5), both=0.3)),
    "ankle": (0.8, _joint("ankle", (12, 20), (1.6, 4.0), both=0.4)),
    "first toe": (0.6, _joint("first toe", (8, 12), (2.0, 5.0), both=0.5)),
    "rib fractures": (1.2, _rib_fractures),
    "compression": (0.9, _compression),
    "dental": (1.0, _in_bone("mandible", "dental", (5, 8), (1.8, 4.5))),
    "sinus": (0.6, _in_bone("facial bones", "sinus", (7, 11), (1.5, 3.0))),
    "healing fracture": (0.3, _in_bone("radius", "healing fracture", (8, 14), (2.5, 7.0))),
    "foot": (0.5, _in_bone("foot", "degenerative foot", (9, 15), (1.8, 4.5))),
}
"""Condition → (relative frequency, how to draw its foci)."""
