"""The built-in body: a parametric adult whose every bone is painted from dimensions, so that no phantom need ship."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.body import Body, tissue_weights, turn
from bonescan.simulate.builtin.arm import SHOULDER, paint_arm
from bonescan.simulate.builtin.foot import paint_foot
from bonescan.simulate.builtin.hand import RAYS, paint_hand
from bonescan.simulate.builtin.leg import paint_leg
from bonescan.simulate.builtin.pelvis import paint_pelvis
from bonescan.simulate.builtin.sexes import to_female
from bonescan.simulate.builtin.skull import paint_skull
from bonescan.simulate.builtin.soft import inner_organ, paint_organs, paint_outline
from bonescan.simulate.builtin.spine import paint_spine
from bonescan.simulate.builtin.thorax import paint_thorax
from bonescan.simulate.canvas import STEP_MM, Canvas, Cells
from bonescan.simulate.parts import Part, Tissue
from bonescan.simulate.structures import ORGANS, STRUCTURES, number_of

SIZE_MM = (1770.0, 300.0, 285.0)
"""(z, y, x) of the left half."""
_SOFT_EVERY = 16
"""Of so many cells of soft tissue one becomes a point."""
_DEEP_EVERY = 3
_CORTEX_MM = 1.6
_LONG_BONES = ("humerus", "radius", "ulna", "femur", "tibia", "fibula")
_BLADE_TURN_DEG = -10.0
_EGG = ((0.0, 45.0, 80.0, 130.0, 160.0), (1.12, 1.08, 1.03, 0.95, 0.94))
"""z and factor on the breadth of the skull."""


def builtin_body(sex: str) -> Body:
    """Make the built-in body.

    Args:
        sex: "M" or "F".

    Example:
        >>> body = builtin_body("F")
        >>> len(body.of("L3")) > 100
        True
    """
    canvas = Canvas(SIZE_MM)
    paint_skull(canvas)
    paint_spine(canvas)
    paint_thorax(canvas)
    paint_arm(canvas)
    paint_hand(canvas)
    paint_pelvis(canvas)
    paint_leg(canvas)
    paint_foot(canvas)
    paint_organs(canvas)
    paint_outline(canvas, sex)
    return _to_body(canvas.cells(1, 255), sex)


def _to_body(cells: Cells, sex: str) -> Body:
    is_bone, is_organ = _BONE[cells.number], _ORGAN[cells.number]
    kept, volume = _thin(cells, is_bone, is_organ)
    points, number = cells.points[kept], cells.number[kept]
    bone = is_bone[kept]
    tissue = np.full(len(kept), Tissue.SOFT, np.uint8)
    long_shaft = _LONG[number] & (cells.part[kept] == Part.SHAFT)
    tissue[bone] = Tissue.TRABECULAR
    tissue[bone & ((cells.depth_mm[kept] < _CORTEX_MM) | long_shaft)] = Tissue.CORTICAL
    tissue[bone & cells.cavity[kept]] = Tissue.MARROW_CAVITY
    tissue[_CARTILAGE[number]] = Tissue.CARTILAGE

    # Painted as it hangs beside a standing body, the blade turns about the shoulder as it lies.
    turn(points, np.flatnonzero(number == number_of("scapula", Laterality.LEFT)), SHOULDER, (0, 2), _BLADE_TURN_DEG)

    # The vault is an egg: broad at the parietal bones, narrower towards the base.
    skull = number == number_of("cranium")
    points[skull, 2] *= np.interp(points[skull, 0], *_EGG)

    # The right half is the mirror image.
    points = np.concatenate([points, points * np.array([1, 1, -1], np.float32)])
    number = np.concatenate([number, _MIRRORED[number]])
    inner_organ(points, number)
    # The liver pushes the right kidney down.
    points[number == number_of("kidney", Laterality.RIGHT), 0] += 10
    fingers = tuple(np.array(ray, np.float32) for ray in RAYS)
    volume, tissue, part = np.tile(volume, 2), np.tile(tissue, 2), np.tile(cells.part[kept], 2)
    if sex == "F":
        points, change = to_female(points)
        volume = (volume * change).astype(np.float32)
        fingers = tuple(to_female(ray)[0] for ray in fingers)
    return Body(
        sex=sex,
        points_mm=points.astype(np.float32),
        structure=number,
        volume_mm3=volume,
        activity_weight=tissue_weights(number, tissue, _OWN),
        source="built-in parametric body",
        part=part,
        tissue=tissue,
        fingers_mm=fingers,
    )


def _thin(
    cells: Cells, is_bone: npt.NDArray[np.bool_], is_organ: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Which cells become points, and the volume that each stands for; points are shifted a little within their cells.

    The deep inside of bones and organs keeps one cell in `_DEEP_EVERY`, soft tissue one in `_SOFT_EVERY`.
    """
    index = (cells.points / STEP_MM).astype(np.intp)
    deep = (is_bone | is_organ) & (cells.depth_mm > 1.7 * STEP_MM)
    soft = ~is_bone & ~is_organ
    every = np.where(soft, _SOFT_EVERY, np.where(deep, _DEEP_EVERY, 1))
    # Patterns that thin every column of cells alike, whichever way one looks through them.
    turn = np.where(soft, index @ np.array([1, 3, 5]), index.sum(1))
    kept = np.flatnonzero(turn % every == 0)
    volume = (cells.inside * every * STEP_MM**3).astype(np.float32)[kept]
    # A regular lattice would beat against the pixels of the camera.
    rng = np.random.default_rng(5)
    reach = np.where(soft[kept], 1.1 * STEP_MM, 0.35 * STEP_MM)[:, None]
    shift = rng.uniform(-1, 1, (len(kept), 3)) * reach
    cells.points[kept] += shift.astype(np.float32)
    cells.points[kept, 2] = np.abs(cells.points[kept, 2])
    return kept, volume


def _table(condition: list[int]) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[condition] = True
    return table


_OWN = {
    "thoracic spine": 1.06,
    "lumbar spine": 1.25,
    "soft tissue of the leg": 1.08,
    "ischium": 0.78,
    "sacrum": 0.82,
}
"""Levels of this body against the mean look of real scans (`realism.averages`), where those of the other are right."""
_BONE = _table([n for n, s in STRUCTURES.items() if s.is_bone])
_ORGAN = _table([n for n, s in STRUCTURES.items() if s.name in ORGANS])
_LONG = _table([n for n, s in STRUCTURES.items() if s.name in _LONG_BONES])
_CARTILAGE = _table([n for n, s in STRUCTURES.items() if s.name == "costal cartilage"])
_MIRRORED = np.arange(256, dtype=np.uint8)
for _structure in STRUCTURES.values():
    if _structure.side == Laterality.LEFT:
        _MIRRORED[_structure.number] = number_of(_structure.name, Laterality.RIGHT)
