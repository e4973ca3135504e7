"""The body from a voxel phantom that the user supplies: the ICRP Publication 110 adult male (AM) and female (AF).

The phantoms are the ICRP's and do not ship. Two forms are read: the compact `icrp110_AM.npz` (arrays `vol` (z, y, x)
organ ids with slice 0 at the toes and row 0 at the front, `spacing` mm), and the published `AM.dat` / `AF.dat`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.core.errors import InputError, UnreadableInputError
from bonescan.simulate.body import Body
from bonescan.simulate.structures import VERTEBRAE, number_of

L, R, M = Laterality.LEFT, Laterality.RIGHT, Laterality.MIDLINE

_MIDLINE_IDS: dict[str, tuple[int, ...]] = {
    "cranium": (26, 27),
    "mandible": (39, 40, 128),
    "sternum": (55, 56),
    "sacrum": (53, 54),
    "costal cartilage": (58,),
    "liver": (95,),
    "bladder": (137, 138),
}
_PAIRED_IDS: dict[str, tuple[int, ...]] = {
    "clavicle": (24, 25),
    "scapula": (45, 46),
    "ribs": (43, 44),
    "humerus": (13, 14, 15, 16, 17, 18),
    "forearm": (19, 20, 21),
    "hand": (22, 23),
    "pelvis": (41, 42),
    "femur": (28, 29, 30, 31, 32, 33),
    "lower leg": (34, 35, 36),
    "foot": (37, 38),
    "lung": (96, 97, 98, 99),
    "kidney": (89, 90, 91, 92, 93, 94),
    "soft tissue of the arm": (11, 59, 105, 104, 108, 118, 124),
    "soft tissue of the leg": (12, 60, 105, 109, 119, 125),
}
_HEAD_IDS = (3, 4, 5, 6, 9, 57, 61, 66, 67, 68, 69, 100, 102, 106, 114, 116, 120, 121, 122, 133, 134)
_TRUNK_IDS = (10, 107, 117, 123)
_LEGS_BELOW_MM, _HEAD_ABOVE_MM = 1100.0, 150.0
_MARROW_CAVITY_IDS = (15, 18, 21, 30, 33, 36)
_SPINE_IDS = {"C": (47, 48), "T": (49, 50), "L": (51, 52)}

PUBLISHED_SHAPES = {
    "AM": ((222, 127, 254), (8.0, 2.137, 2.137)),
    "AF": ((348, 137, 299), (4.84, 1.775, 1.775)),
}
"""Name → (slices, rows, columns) and (z, y, x) spacing in mm. Source: ICRP Publication 110, Table 5.1."""


def read_phantom(folder: Path, sex: str) -> tuple[npt.NDArray[np.uint8], tuple[float, float, float]]:
    """Read a phantom's organ ids.

    Args:
        folder: Holds `icrp110_AM.npz` or `AM.dat` (male), `icrp110_AF.npz` or `AF.dat` (female).
        sex: "M" or "F".

    Returns:
        (z, y, x) uint8 organ ids, slice 0 at the toes, row 0 at the front, and (z, y, x) spacing in mm.

    Raises:
        InputError: The folder holds no such phantom.
        UnreadableInputError: The file has another number of voxels.
    """
    name = "AM" if sex == "M" else "AF"
    compact, published = folder / f"icrp110_{name}.npz", folder / f"{name}.dat"
    if compact.is_file():
        with np.load(compact) as data:
            spacing = tuple(float(s) for s in data["spacing"])
            return np.asarray(data["vol"], np.uint8), (spacing[0], spacing[1], spacing[2])
    if published.is_file():
        shape, spacing_mm = PUBLISHED_SHAPES[name]
        ids = np.fromstring(published.read_text(), dtype=np.int16, sep=" ")
        if ids.size != np.prod(shape):
            raise UnreadableInputError(
                f"{published.name} has {ids.size} voxels", expected=f"{int(np.prod(shape))} of ICRP Publication 110"
            )
        return ids.reshape(shape).astype(np.uint8), spacing_mm
    raise InputError(
        f"{folder} holds neither {compact.name} nor {published.name}",
        hint="Obtain the phantoms of ICRP Publication 110 from the ICRP, or leave out --phantoms for the built-in body",
    )


def voxel_body(folder: Path, sex: str) -> Body:
    """Make a body from a voxel phantom; see `read_phantom` for arguments and errors."""
    ids, spacing = read_phantom(folder, sex)
    index = np.argwhere(ids > 0)
    organ = ids[index[:, 0], index[:, 1], index[:, 2]]
    slices = ids.shape[0]
    points = np.empty(index.shape, np.float32)
    points[:, 0] = (slices - 0.5 - index[:, 0]) * spacing[0]
    points[:, 1] = (index[:, 1] + 0.5) * spacing[1]
    points[:, 2] = (index[:, 2] + 0.5) * spacing[2]
    spine = np.isin(organ, [i for pair in _SPINE_IDS.values() for i in pair])
    points[:, 2] -= np.median(points[spine, 2])
    points[:, 0] -= points[:, 0].min()
    structure = _structures(organ, points)
    fine = (structure > 0) & ((structure <= number_of("foot", R)) | (structure >= number_of("kidney", L)))
    # Soft tissue is smooth: one voxel of its lattice stands for several, about 450 mm3.
    volume = float(np.prod(spacing))
    thin = max(round(450 / volume), 1)
    coarse = (structure > 0) & ~fine & (index @ np.array([1, 3, 5]) % thin == 0)
    # Slices are thick: a voxel becomes points about 2.4 mm apart along the body, or ribs would look like stairs.
    copies = max(round(spacing[0] / 2.4), 1)
    offsets = ((np.arange(copies) + 0.5) / copies - 0.5) * spacing[0]
    fine_points = np.repeat(points[fine], copies, axis=0)
    fine_points[:, 0] += np.tile(offsets, int(fine.sum())).astype(np.float32)
    # In plane, a checkerboard of the points is as good as all of them and costs half.
    board = (np.repeat(index[fine].sum(1), copies) + np.tile(np.arange(copies), int(fine.sum()))) % 2 == 0
    fine_points = fine_points[board]
    weight = np.where(np.isin(organ, _MARROW_CAVITY_IDS), 0.35, 1.0).astype(np.float32)
    n_fine, n_coarse = len(fine_points), int(coarse.sum())
    return Body(
        sex=sex,
        points_mm=np.concatenate([fine_points, points[coarse]]),
        structure=np.concatenate([np.repeat(structure[fine], copies)[board], structure[coarse]]),
        volume_mm3=np.repeat(np.array([2 * volume / copies, thin * volume], np.float32), [n_fine, n_coarse]),
        activity_weight=np.concatenate([np.repeat(weight[fine], copies)[board], weight[coarse]]),
        source=f"ICRP Publication 110 voxel phantom, {'male' if sex == 'M' else 'female'}",
    )


def _structures(organ: npt.NDArray[np.uint8], points: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    structure = np.full(organ.shape, number_of("soft tissue of the trunk"), np.uint8)
    left = points[:, 2] > 0
    structure[np.isin(organ, _HEAD_IDS)] = number_of("soft tissue of the head")
    for name, wanted in _PAIRED_IDS.items():
        inside = np.isin(organ, wanted)
        structure[inside & left] = number_of(name, L)
        structure[inside & ~left] = number_of(name, R)
    for name, wanted in _MIDLINE_IDS.items():
        structure[np.isin(organ, wanted)] = number_of(name)
    structure[organ == 140] = 0  # air
    # Voxels without an organ of their own (skin of soles and crown) default to the trunk: give them to their limb.
    stray = (structure == number_of("soft tissue of the trunk")) & ~np.isin(organ, _TRUNK_IDS)
    structure[stray & (points[:, 0] > _LEGS_BELOW_MM) & left] = number_of("soft tissue of the leg", L)
    structure[stray & (points[:, 0] > _LEGS_BELOW_MM) & ~left] = number_of("soft tissue of the leg", R)
    structure[stray & (points[:, 0] < _HEAD_ABOVE_MM)] = number_of("soft tissue of the head")
    for prefix, wanted in _SPINE_IDS.items():
        _cut_spine(structure, points, np.flatnonzero(np.isin(organ, wanted)), prefix)
    skull = np.flatnonzero(structure == number_of("cranium"))
    z, y = points[skull, 0], points[skull, 1]
    # Below the orbits and in the front half: the viscerocranium, which the phantom does not label apart.
    face = (z > np.percentile(z, 55)) & (y < np.percentile(y, 45))
    structure[skull[face]] = number_of("facial bones")
    return structure


def _cut_spine(
    structure: npt.NDArray[np.uint8], points: npt.NDArray[np.float32], at: npt.NDArray[np.intp], prefix: str
) -> None:
    names = [v for v in VERTEBRAE if v.startswith(prefix)]
    z = points[at, 0]
    # Vertebrae grow downwards: heights proportional to 1 + 0.04 i within a section.
    heights = 1 + 0.04 * np.arange(len(names))
    edges = z.min() + (z.max() - z.min()) * np.concatenate([[0], np.cumsum(heights) / heights.sum()])
    which = np.clip(np.searchsorted(edges, z, side="right") - 1, 0, len(names) - 1)
    structure[at] = np.array([number_of(n) for n in names], np.uint8)[which]
