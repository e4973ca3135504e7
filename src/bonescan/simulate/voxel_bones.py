"""Telling apart the bones that a voxel phantom labels as one: vertebrae, ribs, radius and ulna, and so on.

All rules work on the places of labelled voxels, in place, and leave alone what is not there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.rib_curves import label_ribs
from bonescan.simulate.structures import RIBS, VERTEBRAE, number_of

L, R = Laterality.LEFT, Laterality.RIGHT
Labels = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def split_bones(structure: Labels, points: Points, *, disc: Mask, slice_mm: float) -> None:
    """Split every bone that is still labelled as the first of its group.

    Args:
        structure: (n,) labels, changed in place.
        points: (n, 3) places in mm.
        disc: (n,) voxels of cartilage, of which discs are made.
        slice_mm: Distance of the phantom's slices.
    """
    for prefix in "CTL":
        _cut_spine(structure, points, prefix, disc, slice_mm)
    thorax = points[np.isin(structure, [number_of(v) for v in VERTEBRAE if v.startswith("T")]), 0]
    for side, sign in ((L, 1.0), (R, -1.0)):
        ribs = np.flatnonzero(structure == number_of("rib 1", side))
        if len(ribs):
            mirrored = points[ribs] * np.array([1, 1, sign], np.float32)
            which = label_ribs(mirrored, (float(thorax.min()), float(thorax.max())))
            structure[ribs] = np.array([number_of(r, side) for r in RIBS], np.uint8)[which]
        _split_forearm(structure, points, side, sign)
        _split_lower_leg(structure, points, side, sign, slice_mm)
        _split_pelvis(structure, points, side, sign)
        _by_fraction(structure, points, "hand", side, 0, {"carpals": (0.0, 0.22)})
        _by_fraction(structure, points, "foot", side, 1, {"tarsals": (0.48, 1.0)})
    _by_fraction(structure, points, "sternal body", None, 0, {"manubrium": (0.0, 0.28), "xiphoid": (0.86, 1.0)})
    _by_fraction(structure, points, "sacrum", None, 0, {"coccyx": (0.78, 1.0)})
    _face(structure, points)


def _cut_spine(structure: Labels, points: Points, prefix: str, disc: Mask, slice_mm: float) -> None:
    """Cut a section at its discs: slices with much cartilage and little bone, near where they are expected."""
    names = [v for v in VERTEBRAE if v.startswith(prefix)]
    at = np.flatnonzero(structure == number_of(names[0]))
    if not len(at):
        return
    z = points[at, 0]
    top = float(z.min())
    layer = np.round((z - top) / slice_mm).astype(np.intp)
    count = int(layer.max()) + 1
    near = disc & (np.abs(points[:, 2]) < 30) & (points[:, 0] > top - 1) & (points[:, 0] < z.max() + 1)
    near &= points[:, 1] > points[at, 1].min() - 1
    bone = np.bincount(layer, minlength=count).astype(float)
    soft = np.bincount(np.round((points[near, 0] - top) / slice_mm).astype(np.intp), minlength=count)[:count]
    between = (1.5 * soft - bone) / max(bone.mean(), 1)
    starts = _best_cuts(between, len(names))
    which = np.searchsorted(starts, layer, side="right") - 1
    structure[at] = np.array([number_of(n) for n in names], np.uint8)[which]


def _best_cuts(between: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.intp]:
    """First slice of each vertebra, such that cuts lie at discs and heights grow by about 4% a vertebra.

    Args:
        between: (slices,) how much each slice looks like a disc.
        count: Number of vertebrae.
    """
    slices = len(between)
    heights = 1 + 0.04 * np.arange(count)
    heights *= slices / heights.sum()
    best = np.full((count + 1, slices + 1), -np.inf)
    came = np.zeros((count + 1, slices + 1), np.intp)
    best[0, 0] = 0.0
    for k in range(1, count + 1):
        for end in range(k, slices + 1):
            start = np.arange(end)
            score = best[k - 1, :end] - 4.0 * ((end - start) / heights[k - 1] - 1) ** 2
            came[k, end] = int(np.argmax(score))
            best[k, end] = score[came[k, end]] + (between[end - 1] if end < slices else 0.0)
    starts, end = [], slices
    for k in range(count, 0, -1):
        end = int(came[k, end]) if slices >= count else end - 1
        starts.append(max(end, 0))
    return np.array(starts[::-1], np.intp)


def _split_forearm(structure: Labels, points: Points, side: Laterality, sign: float) -> None:
    """Radius and ulna: two tracks followed from the middle of the forearm to both ends."""
    at = np.flatnonzero(structure == number_of("radius", side))
    if not len(at):
        return
    first = _two_tracks(points[at], scale=(1.0, 1.0))
    # At the elbow the radius lies at the outer side and in front, the ulna (olecranon) at the inner side and behind.
    top = points[at, 0] < np.percentile(points[at, 0], 25)
    outer = sign * points[at, 2] - points[at, 1]
    if not (first & top).any() or not (~first & top).any():
        return
    radius = first if outer[first & top].mean() > outer[~first & top].mean() else ~first
    structure[at[~radius]] = number_of("ulna", side)


def _two_tracks(points: Points, scale: tuple[float, float]) -> Mask:
    """Whether each point belongs to the first of two bones side by side.

    In each layer of 8 mm two centres are found by k-means, weighted by the width of the two bones, starting from those
    of the layer before; the tracks start in the middle, where the bones are apart.
    """
    layer = ((points[:, 0] - points[:, 0].min()) / 8.0).astype(np.intp)
    middle = int(layer.max() * 0.55)
    first = np.zeros(len(points), bool)
    p = points[layer == middle][:, 1:]
    if len(p) < 2:
        return points[:, 1] < np.median(points[:, 1])
    spread = p - p.mean(0)
    axis = np.linalg.eigh(spread.T @ spread)[1][:, 1]
    t = spread @ axis
    start = np.stack([p[t <= np.median(t)].mean(0), p[t > np.median(t)].mean(0)])
    for order in (range(middle, -1, -1), range(middle, int(layer.max()) + 1)):
        centres = start.copy()
        for i in order:
            here = np.flatnonzero(layer == i)
            q = points[here][:, 1:]
            for _ in range(6):
                d = np.stack([np.linalg.norm(q - c, axis=1) / s for c, s in zip(centres, scale, strict=True)])
                mine = d[0] <= d[1]
                for k, of_k in enumerate((mine, ~mine)):
                    if of_k.sum() > 2:
                        centres[k] = 0.5 * centres[k] + 0.5 * q[of_k].mean(0)
            first[here] = mine
    return first


def _split_lower_leg(structure: Labels, points: Points, side: Laterality, sign: float, slice_mm: float) -> None:
    """Patella in front of the knee, fibula behind and outside, tibia the rest."""
    at = np.flatnonzero(structure == number_of("tibia", side))
    if not len(at):
        return
    p = points[at]
    patella = _patella(p, slice_mm)
    structure[at[patella]] = number_of("patella", side)
    rest = np.flatnonzero(~patella)
    q = p[rest]
    outer = sign * q[:, 2]
    layer = ((q[:, 0] - q[:, 0].min()) / 8.0).astype(np.intp)
    fibula = np.zeros(len(q), bool)
    for i in range(8, int(layer.max()) + 1):
        here = np.flatnonzero(layer == i)
        if len(here) < 6:
            continue
        order = here[np.argsort(outer[here] + 0.7 * q[here, 1])]
        along = (outer[order] + 0.7 * q[order, 1]) / np.hypot(1, 0.7)
        gaps = np.diff(along)
        late = np.flatnonzero(np.arange(len(gaps)) > 0.5 * len(gaps))
        if len(late) and gaps[late].max() > 2.2:
            fibula[order[late[np.argmax(gaps[late])] + 1 :]] = True
    if fibula.any():
        # Below and above, where the bones touch, the fibula goes on as wide as it was.
        z = q[:, 0]
        fit = [np.polyfit(z[fibula], v[fibula], 2) for v in (outer, q[:, 1])]
        low, high = z[fibula].min(), z[fibula].max()
        zc = np.clip(z, low, high)
        near = np.hypot(outer - np.polyval(fit[0], zc), q[:, 1] - np.polyval(fit[1], zc)) < 11
        known = np.zeros(len(q), bool)
        for i in np.unique(layer[fibula]):
            known |= layer == i
        fibula |= near & ~known & (z > low - 25)
    structure[at[rest[fibula]]] = number_of("fibula", side)


def _patella(p: Points, slice_mm: float) -> Mask:
    """What does not touch the tibia, high up and in front."""
    from scipy.ndimage import label

    steps = np.diff(np.unique(p[:, 1]))
    pixel_mm = float(steps[steps > 0.1].min()) if (steps > 0.1).any() else 1.0
    cell = np.round((p - p.min(0)) / np.array([slice_mm, pixel_mm, pixel_mm])).astype(np.intp)
    grid = np.zeros(cell.max(0) + 1, bool)
    grid[tuple(cell.T)] = True
    piece = label(grid)[0][tuple(cell.T)]
    size = np.bincount(piece)
    main = int(size.argmax())
    high = p[:, 0].min() + 0.25 * (p[:, 0].max() - p[:, 0].min())
    front = p[:, 1].mean()
    for other in np.flatnonzero(size > 0.01 * len(p)):
        mine = piece == other
        if other != main and p[mine, 0].mean() < high and p[mine, 1].mean() < front:
            return np.asarray(mine)
    return np.zeros(len(p), bool)


def _split_pelvis(structure: Labels, points: Points, side: Laterality, sign: float) -> None:
    """Ilium above the middle of the acetabulum, below it the pubis in front and the ischium behind."""
    at = np.flatnonzero(structure == number_of("ilium", side))
    femur = points[structure == number_of("femur", side)]
    if not len(at) or not len(femur):
        return
    p = points[at]
    top = femur[femur[:, 0] < femur[:, 0].min() + 55]
    hip = top[sign * top[:, 2] < np.percentile(sign * top[:, 2], 35)].mean(0)
    below = p[:, 0] - hip[0]
    front = hip[1] + 8 - p[:, 1]
    inner = sign * hip[2] - sign * p[:, 2]
    pubis = (front > np.maximum(0.35 * -below, 0) - 0.1 * below) & ((below > -8) | (inner > 22)) & (below > -30)
    ischium = ~pubis & (below > -8)
    structure[at[pubis]] = number_of("pubis", side)
    structure[at[ischium]] = number_of("ischium", side)


def _by_fraction(
    structure: Labels,
    points: Points,
    name: str,
    side: Laterality | None,
    axis: int,
    cuts: dict[str, tuple[float, float]],
) -> None:
    """Give the points between two fractions of a bone's length along an axis to another bone."""
    where = side or Laterality.MIDLINE
    at = np.flatnonzero(structure == number_of(name, where))
    if not len(at):
        return
    value = points[at, axis]
    fraction = (value - value.min()) / max(float(value.max() - value.min()), 1e-6)
    for other, (low, high) in cuts.items():
        structure[at[(fraction >= low) & (fraction <= high)]] = number_of(other, where)


def _face(structure: Labels, points: Points) -> None:
    """The facial skeleton, which the phantom does not label apart: in front of and below a line through the orbits."""
    skull = np.flatnonzero(structure == number_of("cranium"))
    if not len(skull):
        return
    z, y = points[skull, 0], points[skull, 1]
    upper, lower = np.percentile(z, 1), np.percentile(z, 99)
    front, back = np.percentile(y, 1), np.percentile(y, 99)
    # From the root of the nose, half way down, backwards and down to the ear.
    down = (z - upper) / (lower - upper)
    backwards = (y - front) / (back - front)
    structure[skull[(down > 0.5 + 0.3 * backwards) & (backwards < 0.46)]] = number_of("facial bones")
