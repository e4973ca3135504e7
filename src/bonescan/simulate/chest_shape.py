"""A person's own chest: how steeply ribs descend, how unevenly they lie, and how they move as one breathes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.body import Body, Points
from bonescan.simulate.posture import Posture

_RIBS = ("ribs", "costal cartilage")
_HINGE_MM = 30.0
"""Ribs hinge on the spine and end at the breastbone: nearer to the midline than this nothing moves."""
_FULL_MM = 60.0
"""Farther than this from the midline, or from the hinge, ribs move freely."""
_LENGTHS_MM = (45.0, 110.0)
"""Wave lengths of the unevenness: two to five ribs."""
_WAVES = 4
_OWN = 0.6
"""Share of a side's own in the unevenness; the rest is alike on both sides."""
_ORGANS = ("kidney", "liver")
_ORGANS_FARTHER = 2.0
"""How much farther than ribs the breath moves what lies under the diaphragm.

In quiet breathing kidneys and liver move by 5 to 25 mm from end to end (reviewed by Langen & Jones, Int J Radiat Oncol
Biol Phys 2001;50:265), ribs by some millimetres (design choice).
"""


def shape_chest(body: Body, points: Points, posture: Posture) -> None:
    """Let ribs descend more or less steeply, and lie unevenly from one to the next; in place.

    Evenly spaced ribs at the same height in everybody are what gives a simulated chest away.

    Args:
        body: The reference body.
        points: (n, 3) float32 mm, its points as posed so far.
        posture: `rib_slope` of either side, `rib_mm` and `rib_seed`.
    """
    if not (posture.rib_mm or any(posture.rib_slope)):
        return
    both = _waves(np.random.default_rng([posture.rib_seed, 0]))
    for i, side in enumerate((Laterality.LEFT, Laterality.RIGHT)):
        own = _waves(np.random.default_rng([posture.rib_seed, 1 + i]))
        for name in _RIBS:
            at = body.of(name, side)
            z, y, x = points[at].T
            aside = np.maximum(np.abs(x) - _HINGE_MM, 0)
            # Along a rib, back to front, the wave keeps its phase: ribs fall about as far as they come forward.
            level = z + 0.8 * y
            uneven = (1 - _OWN) * _at(both, level) + _OWN * _at(own, level)
            moved = posture.rib_slope[i] * aside + posture.rib_mm * uneven * np.minimum(aside / _FULL_MM, 1)
            points[at, 0] += moved.astype(np.float32)


def breathe(body: Body, points: Points, posture: Posture) -> None:
    """Smear ribs, kidneys and liver along the body, as minutes of quiet breathing do; in place.

    Each point lies somewhere on its way up and down, which blurs what is projected. Ribs hinge on the spine; what lies
    under the diaphragm moves farther.

    Args:
        body: The reference body.
        points: (n, 3) float32 mm, its points as posed.
        posture: `breath_mm` and `rib_seed`.
    """
    if not posture.breath_mm:
        return
    rng = np.random.default_rng([posture.rib_seed, 3])
    for name in _RIBS:
        at = body.of(name)
        hinged = np.minimum(np.abs(body.points_mm[at, 2]) / _FULL_MM, 1)
        points[at, 0] += (rng.normal(0, posture.breath_mm, len(at)) * hinged).astype(np.float32)
    for name in _ORGANS:
        at = body.of(name)
        points[at, 0] += rng.normal(0, _ORGANS_FARTHER * posture.breath_mm, len(at)).astype(np.float32)


def _waves(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """(2, waves) wave numbers per mm and phases."""
    return np.stack([2 * np.pi / rng.uniform(*_LENGTHS_MM, _WAVES), rng.uniform(0, 2 * np.pi, _WAVES)])


def _at(waves: npt.NDArray[np.float64], level_mm: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    total = sum(np.sin(k * level_mm + phase) for k, phase in waves.T)
    return np.asarray(total * np.sqrt(2 / _WAVES))
