"""The body from a voxel phantom that the user supplies: the ICRP Publication 110 adult male (AM) and female (AF).

The phantom labels bones in groups ("ribs", "ulnae and radii"); `voxel_bones` tells the bones of a group apart.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.body import Body, tissue_weights
from bonescan.simulate.part_rules import parts_by_shape
from bonescan.simulate.parts import Tissue
from bonescan.simulate.phantom_files import Phantom, read_phantom
from bonescan.simulate.structures import ORGANS, STRUCTURES, number_of
from bonescan.simulate.voxel_bones import split_bones

L, R, M = Laterality.LEFT, Laterality.RIGHT, Laterality.MIDLINE

_MIDLINE_IDS: dict[str, tuple[int, ...]] = {
    "cranium": (26, 27),
    "mandible": (39, 40, 128),
    "sternal body": (55, 56),
    "sacrum": (53, 54),
    "liver": (95,),
    "stomach": (72, 73),
    "thyroid": (132,),
    "bladder": (137, 138),
}
_PAIRED_IDS: dict[str, tuple[int, ...]] = {
    "clavicle": (24, 25),
    "scapula": (45, 46),
    "rib 1": (43, 44),
    "humerus": (13, 14, 15, 16, 17, 18),
    "radius": (19, 20, 21),
    "hand": (22, 23),
    "ilium": (41, 42),
    "femur": (28, 29, 30, 31, 32, 33),
    "tibia": (34, 35, 36),
    "foot": (37, 38),
    "lung": (96, 97, 98, 99),
    "kidney": (89, 90, 91, 92, 93, 94),
    "ureter": (135, 136),
    "breast": (62, 63, 64, 65),
    "soft tissue of the arm": (11, 59, 105, 104, 108, 118, 124),
    "soft tissue of the leg": (12, 60, 105, 109, 119, 125),
}
_SPINE_IDS: dict[str, tuple[int, ...]] = {"C1": (47, 48), "T1": (49, 50), "L1": (51, 52)}
"""Bones that the phantom labels as one start as the first of their group; `split_bones` does the rest."""
_HEAD_IDS = (3, 4, 5, 6, 9, 57, 61, 66, 67, 68, 69, 100, 102, 106, 114, 116, 120, 121, 122, 133, 134)
_TRUNK_IDS = (10, 107, 117, 123)
_AIR, _TRUNK_CARTILAGE, SPINAL_CORD = 140, 58, 126
_LEGS_BELOW_MM, _HEAD_ABOVE_MM = 1100.0, 150.0
_CORTICAL_IDS = (13, 16, 19, 22, 24, 26, 28, 31, 34, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 128)
_MARROW_CAVITY_IDS = (15, 18, 21, 30, 33, 36)
_SOFT_CELL_MM3 = 450.0
"""Soft tissue is smooth: one point stands for about this volume."""
_ALONG_MM = 2.4
"""Slices are thick: a voxel becomes points about this far apart along the body, or ribs would look like stairs."""


def voxel_body(folder: Path, sex: str) -> Body:
    """Make a body from a voxel phantom; see `read_phantom` for arguments and errors."""
    return body_of_phantom(read_phantom(folder, sex), sex)


def body_of_phantom(phantom: Phantom, sex: str) -> Body:
    """Make a body from a phantom that was read."""
    ids, spacing = phantom.ids, phantom.spacing_mm
    index = np.argwhere(ids > 0)
    organ = ids[index[:, 0], index[:, 1], index[:, 2]]
    points = ((index + 0.5) * np.array(spacing)).astype(np.float32)
    points[:, 0] = ids.shape[0] * spacing[0] - points[:, 0]
    spine = np.isin(organ, [i for pair in _SPINE_IDS.values() for i in pair])
    points[:, 2] -= np.median(points[spine, 2])
    points[:, 0] -= points[:, 0].min()
    structure = _structures(organ, points)
    split_bones(structure, points, disc=organ == _TRUNK_CARTILAGE, slice_mm=spacing[0])
    bone = _IS_BONE[structure]
    tissue = np.full(organ.shape, Tissue.SOFT, np.uint8)
    tissue[bone] = Tissue.TRABECULAR
    tissue[bone & np.isin(organ, _CORTICAL_IDS)] = Tissue.CORTICAL
    tissue[bone & np.isin(organ, _MARROW_CAVITY_IDS)] = Tissue.MARROW_CAVITY
    tissue[bone & (organ == _TRUNK_CARTILAGE)] = Tissue.CARTILAGE
    part = parts_by_shape(structure, points, points[organ == SPINAL_CORD])

    fine = _IS_FINE[structure]
    volume = float(np.prod(spacing))
    thin = max(round(_SOFT_CELL_MM3 / volume), 1)
    coarse = np.flatnonzero((structure > 0) & ~fine & (index @ np.array([1, 3, 5]) % thin == 0))
    copies = max(round(spacing[0] / _ALONG_MM), 1)
    offsets = ((np.arange(copies) + 0.5) / copies - 0.5) * spacing[0]
    dense = np.repeat(np.flatnonzero(fine), copies)
    which = np.tile(np.arange(copies), int(fine.sum()))
    # In plane, a checkerboard of the points is as good as all of them and costs half.
    board = (index[dense].sum(1) + which) % 2 == 0
    dense, which = dense[board], which[board]
    dense_points = points[dense]
    dense_points[:, 0] += offsets[which].astype(np.float32)
    # The thinned lattice would show as stripes.
    shift = np.random.default_rng(5).uniform(-0.4, 0.4, (len(coarse), 3)) * _SOFT_CELL_MM3 ** (1 / 3)
    chosen = np.concatenate([dense, coarse])
    return Body(
        sex=sex,
        points_mm=np.concatenate([dense_points, points[coarse] + shift.astype(np.float32)]),
        structure=structure[chosen],
        volume_mm3=np.repeat(np.array([2 * volume / copies, thin * volume], np.float32), [len(dense), len(coarse)]),
        activity_weight=tissue_weights(structure[chosen], tissue[chosen], _OWN),
        source=f"ICRP Publication 110 voxel phantom, {'male' if sex == 'M' else 'female'}",
        part=part[chosen],
        tissue=tissue[chosen],
    )


_OWN = {"thoracic spine": 0.78, "lumbar spine": 1.08, "sacrum": 0.88, "pelvis": 0.78, "pubis": 0.9}
"""Levels of this body against the mean look of real scans (`realism.averages`), where those of the other are right."""
_IS_BONE = np.array([n in STRUCTURES and STRUCTURES[n].is_bone for n in range(256)])
_IS_FINE = np.array([n in STRUCTURES and (STRUCTURES[n].is_bone or STRUCTURES[n].name in ORGANS) for n in range(256)])


def _structures(organ: npt.NDArray[np.uint8], points: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    structure = np.full(organ.shape, number_of("soft tissue of the trunk"), np.uint8)
    left = points[:, 2] > 0
    structure[np.isin(organ, _HEAD_IDS)] = number_of("soft tissue of the head")
    for name, wanted in _PAIRED_IDS.items():
        inside = np.isin(organ, wanted)
        structure[inside & left] = number_of(name, L)
        structure[inside & ~left] = number_of(name, R)
    for name, wanted in (_MIDLINE_IDS | _SPINE_IDS).items():
        structure[np.isin(organ, wanted)] = number_of(name)
    structure[organ == _AIR] = 0
    # Voxels without an organ of their own (skin of soles and crown) default to the trunk: give them to their limb.
    stray = (structure == number_of("soft tissue of the trunk")) & ~np.isin(organ, _TRUNK_IDS)
    structure[stray & (points[:, 0] > _LEGS_BELOW_MM) & left] = number_of("soft tissue of the leg", L)
    structure[stray & (points[:, 0] > _LEGS_BELOW_MM) & ~left] = number_of("soft tissue of the leg", R)
    structure[stray & (points[:, 0] < _HEAD_ABOVE_MM)] = number_of("soft tissue of the head")
    ribs = np.isin(organ, _PAIRED_IDS["rib 1"])
    if ribs.any():
        # The label holds every cartilage of the trunk: that of the ribs lies in front, between the first and last rib.
        z, y = points[ribs, 0], points[ribs, 1]
        costal = (organ == _TRUNK_CARTILAGE) & (points[:, 1] < np.median(y)) & (np.abs(points[:, 2]) < 125)
        costal &= (points[:, 0] > z.min()) & (points[:, 0] < z.max())
        structure[costal & left] = number_of("costal cartilage", L)
        structure[costal & ~left] = number_of("costal cartilage", R)
    return structure
