"""Parts of the bones of a body, by rules on their shape: fractions of length and sides of landmarks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import RIBS, STRUCTURES, VERTEBRAE, number_of

Labels = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]
Rule = Callable[[Points], Labels]
"""(n, 3) places (z, y, |x|) of one bone → (n,) parts."""


def parts_by_shape(structure: Labels, points: Points, canal: Points) -> Labels:
    """(n,) `Part` of every point.

    Args:
        structure: (n,) labels.
        points: (n, 3) places in mm.
        canal: (m, 3) places in the spinal canal, which lies behind the vertebral bodies.
    """
    part = np.zeros(structure.shape, np.uint8)
    for number, bone in STRUCTURES.items():
        if not bone.is_bone:
            continue
        at = np.flatnonzero(structure == number)
        if not len(at):
            continue
        p = points[at].copy()
        p[:, 2] *= -1.0 if bone.side == Laterality.RIGHT else 1.0
        if bone.name in VERTEBRAE:
            part[at] = _vertebra(p, canal)
        else:
            part[at] = _RULES.get(bone.name, _whole)(p)
    _sacroiliac(part, structure, points)
    return part


def _whole(p: Points) -> Labels:
    return np.full(len(p), Part.WHOLE, np.uint8)


def _fraction(p: Points, axis: int) -> npt.NDArray[np.float32]:
    low, high = p[:, axis].min(), p[:, axis].max()
    return np.asarray((p[:, axis] - low) / max(float(high - low), 1e-6), np.float32)


def _vertebra(p: Points, canal: Points) -> Labels:
    near = canal[np.abs(canal[:, 0] - p[:, 0].mean()) < 15]
    y, x = (near[:, 1].mean(), near[:, 2].mean()) if len(near) else (np.median(p[:, 1]), 0.0)
    out = np.full(len(p), Part.ARCH, np.uint8)
    out[p[:, 1] < y - 6] = Part.BODY
    out[(p[:, 1] > y + 11) | ((np.abs(p[:, 2] - x) > 22) & (p[:, 1] >= y - 6))] = Part.PROCESS
    return out


def _along(axis: int, *cuts: tuple[float, Part]) -> Rule:
    """Parts by fraction of the length along an axis: each cut is the upper bound of its part."""

    def rule(p: Points) -> Labels:
        which = np.searchsorted([c for c, _ in cuts[:-1]], _fraction(p, axis), side="right")
        return np.array([part for _, part in cuts], np.uint8)[which]

    return rule


def _femur(p: Points) -> Labels:
    out = _along(0, (0.24, Part.TROCHANTER), (0.84, Part.SHAFT), (1.0, Part.CONDYLE))(p)
    top = p[:, 0] < p[:, 0].min() + 55
    hip = p[top & (p[:, 2] < np.percentile(p[top, 2], 35))].mean(0)
    distance = np.linalg.norm(p - hip, axis=1)
    out[(distance < 26) & top] = Part.HEAD
    out[(out == Part.TROCHANTER) & (p[:, 2] < hip[2] + 38) & (p[:, 0] < hip[0] + 45)] = Part.NECK
    return out


def _humerus(p: Points) -> Labels:
    out = _along(0, (0.15, Part.HEAD), (0.88, Part.SHAFT), (1.0, Part.CONDYLE))(p)
    upper = out == Part.HEAD
    if upper.any():
        out[upper & (p[:, 2] > np.percentile(p[upper, 2], 65))] = Part.TROCHANTER
    return out


def _scapula(p: Points) -> Labels:
    out = np.full(len(p), Part.BLADE, np.uint8)
    down, outwards, back = _fraction(p, 0), _fraction(p, 2), _fraction(p, 1)
    out[(down > 0.3) & (_edge(p, of=2, along=0) < 11)] = Part.BORDER
    out[down > 0.87] = Part.BORDER
    out[(down < 0.28) & (back > 0.55)] = Part.SPINE
    out[(outwards > 0.72) & (down < 0.3) & (back > 0.3)] = Part.ACROMION
    out[(outwards > 0.5) & (down < 0.45) & (back < 0.45)] = Part.GLENOID
    out[(outwards > 0.45) & (down < 0.3) & (back < 0.2)] = Part.CORACOID
    return out


def _ilium(p: Points) -> Labels:
    out = np.full(len(p), Part.WING, np.uint8)
    down = _fraction(p, 0)
    out[down > 0.75] = Part.ACETABULUM
    # The upper rim and the front edge down from the anterior spine.
    upper, front = _edge(-p, of=0, along=1), _edge(-p, of=1, along=0)
    out[(np.minimum(upper, front) < 12) & (down < 0.6)] = Part.CREST
    return out


def _edge(p: Points, *, of: int, along: int) -> npt.NDArray[np.float32]:
    """Distance in mm to the largest value on axis `of` among points at the same place on axis `along`."""
    row = np.round((p[:, along] - p[:, along].min()) / 6).astype(np.intp)
    largest = np.full(row.max() + 1, -np.inf, np.float32)
    np.maximum.at(largest, row, p[:, of])
    return np.asarray(largest[row] - p[:, of], np.float32)


def _pubis(p: Points) -> Labels:
    out = np.full(len(p), Part.RAMUS, np.uint8)
    inwards = _fraction(p, 2)
    out[inwards < 0.25] = Part.SYMPHYSIS
    out[inwards > 0.72] = Part.ACETABULUM
    return out


def _ischium(p: Points) -> Labels:
    out = np.full(len(p), Part.RAMUS, np.uint8)
    out[(_fraction(p, 0) > 0.45) & (_fraction(p, 1) > 0.35)] = Part.TUBEROSITY
    out[_fraction(p, 0) < 0.45] = Part.ACETABULUM
    return out


def _cranium(p: Points) -> Labels:
    return np.where(_fraction(p, 0) > 0.68, Part.BASE, Part.VAULT).astype(np.uint8)


def _facial(p: Points) -> Labels:
    out = np.full(len(p), Part.MAXILLA, np.uint8)
    upper = _fraction(p, 0) < 0.45
    out[upper] = Part.ORBIT
    out[upper & (np.abs(p[:, 2]) < 16)] = Part.NOSE
    return out


def _sacrum(p: Points) -> Labels:
    out = np.where(np.abs(p[:, 2]) > 20, Part.WING, Part.BODY).astype(np.uint8)
    out[_fraction(p, 0) > 0.55] = Part.APEX
    return out


def _tarsals(p: Points) -> Labels:
    out = np.full(len(p), Part.WHOLE, np.uint8)
    out[_fraction(p, 1) > 0.55] = Part.CALCANEUS
    out[(_fraction(p, 0) < 0.42) & (_fraction(p, 1) > 0.3)] = Part.TALUS
    return out


def _sacroiliac(part: Labels, structure: Labels, points: Points, reach_mm: float = 9.0) -> None:
    """Both faces of the sacroiliac joint: ilium near the sacrum and sacrum near an ilium."""
    from scipy.spatial import cKDTree

    sacrum = np.flatnonzero(structure == number_of("sacrum"))
    for side in (Laterality.LEFT, Laterality.RIGHT):
        ilium = np.flatnonzero(structure == number_of("ilium", side))
        if not len(ilium) or not len(sacrum):
            continue
        for a, b in ((ilium, sacrum), (sacrum, ilium)):
            near, _ = cKDTree(points[b]).query(points[a], distance_upper_bound=reach_mm)
            part[a[np.isfinite(near)]] = Part.SACROILIAC


_RULES: dict[str, Rule] = {
    "femur": _femur,
    "humerus": _humerus,
    "scapula": _scapula,
    "ilium": _ilium,
    "pubis": _pubis,
    "ischium": _ischium,
    "cranium": _cranium,
    "facial bones": _facial,
    "mandible": _along(0, (0.5, Part.RAMUS), (1.0, Part.JAW)),
    "sacrum": _sacrum,
    "tarsals": _tarsals,
    "clavicle": _along(2, (0.2, Part.END), (0.82, Part.SHAFT), (1.0, Part.HEAD)),
    "radius": _along(0, (0.1, Part.HEAD), (0.85, Part.SHAFT), (1.0, Part.CONDYLE)),
    "ulna": _along(0, (0.18, Part.CONDYLE), (0.92, Part.SHAFT), (1.0, Part.HEAD)),
    "tibia": _along(0, (0.16, Part.CONDYLE), (0.9, Part.SHAFT), (1.0, Part.MALLEOLUS)),
    "fibula": _along(0, (0.1, Part.HEAD), (0.9, Part.SHAFT), (1.0, Part.MALLEOLUS)),
    "hand": _along(0, (0.42, Part.METACARPAL), (1.0, Part.PHALANX)),
    "foot": _along(1, (0.45, Part.TOE), (1.0, Part.METACARPAL)),
}
_RULES |= {name: _along(1, (0.25, Part.END), (0.72, Part.SHAFT), (0.93, Part.ANGLE), (1.0, Part.HEAD)) for name in RIBS}
