"""A body: labelled points that fill every structure, from which any posture, size and pathology is made.

Points rather than a voxel grid, since a point moves under any deformation without resampling: the posture of a limb,
the size of a person and a smooth individual warp are all functions of position.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.structures import STRUCTURES, Segment, number_of

Points = npt.NDArray[np.float32]
"""(n, 3) float32 mm: z from the top of the head down, y from front to back, x towards the patient's left, midline 0."""


@dataclass(frozen=True, eq=False)
class Body:
    """Points that fill a body.

    Attributes:
        sex: "M" or "F".
        points_mm: (n, 3) float32, see `Points`.
        structure: (n,) uint8, keys of `STRUCTURES`.
        volume_mm3: (n,) float32, the volume that each point stands for.
        activity_weight: (n,) float32, 1 for cortical and trabecular bone and for soft tissue, less for marrow cavities.
        source: Where the anatomy comes from.
    """

    sex: str
    points_mm: Points
    structure: npt.NDArray[np.uint8]
    volume_mm3: npt.NDArray[np.float32]
    activity_weight: npt.NDArray[np.float32]
    source: str

    def moved(self, points_mm: Points) -> Body:
        """Return the same body with its points elsewhere."""
        return replace(self, points_mm=points_mm.astype(np.float32))

    @cached_property
    def is_bone(self) -> npt.NDArray[np.bool_]:
        """(n,) bool."""
        return _TABLE_BONE[self.structure]

    def of(self, name: str, side: Laterality = Laterality.MIDLINE) -> npt.NDArray[np.intp]:
        """Indices of the points of one structure."""
        return np.flatnonzero(self.structure == number_of(name, side))

    def in_segment(self, segment: Segment, side: Laterality | None = None) -> npt.NDArray[np.bool_]:
        """(n,) bool: the points of a segment, on one side if given."""
        return _among([s.number for s in STRUCTURES.values() if s.segment == segment and side in (None, s.side)])[
            self.structure
        ]

    @cached_property
    def is_soft(self) -> npt.NDArray[np.bool_]:
        """(n,) bool: the diffuse soft tissue around the organs."""
        return _among([s.number for s in STRUCTURES.values() if s.name.startswith("soft tissue")])[self.structure]


def _among(numbers: list[int]) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[numbers] = True
    return table


_TABLE_BONE = _among([s.number for s in STRUCTURES.values() if s.is_bone])


def lookup(values: dict[int, float]) -> npt.NDArray[np.float32]:
    """(256,) float32 table from structure number to value, 0 where not given."""
    table = np.zeros(256, np.float32)
    for number, value in values.items():
        table[number] = value
    return table


def landmarks(body: Body) -> dict[str, npt.NDArray[np.float32]]:
    """Joint centres found from the shapes of the bones.

    Returns:
        Name → (3,) float32 mm in the coordinates of the body's points: "shoulder left", "knee right", "T12/L1", …
    """
    found: dict[str, npt.NDArray[np.float32]] = {}

    def end(name: str, side: Laterality, axis: int, high: bool, depth_mm: float) -> npt.NDArray[np.float32]:
        p = body.points_mm[body.of(name, side)]
        edge = p[:, axis].max() if high else p[:, axis].min()
        near = np.abs(p[:, axis] - edge) < depth_mm
        return np.asarray(p[near].mean(0), np.float32)

    for side in (Laterality.LEFT, Laterality.RIGHT):
        outward = side == Laterality.LEFT
        found[f"shoulder {side}"] = end("humerus", side, 0, False, 35)
        found[f"elbow {side}"] = end("humerus", side, 0, True, 20)
        found[f"wrist {side}"] = end("forearm", side, 0, True, 15)
        found[f"knee {side}"] = end("femur", side, 0, True, 30)
        found[f"ankle {side}"] = end("lower leg", side, 0, True, 20)
        found[f"first toe {side}"] = end("foot", side, 1, False, 60)
        found[f"acromioclavicular {side}"] = end("clavicle", side, 2, outward, 12)
        found[f"sternoclavicular {side}"] = end("clavicle", side, 2, not outward, 12)
        found[f"sacroiliac {side}"] = end("sacrum", side=Laterality.MIDLINE, axis=2, high=outward, depth_mm=14)
        femur = body.points_mm[body.of("femur", side)]
        top = femur[femur[:, 0] < femur[:, 0].min() + 55]
        sign = 1.0 if outward else -1.0
        medial = top[sign * top[:, 2] < np.percentile(sign * top[:, 2], 35)]
        found[f"hip {side}"] = np.asarray(medial.mean(0), np.float32)
    found.update(_discs(body))
    return found


def _discs(body: Body) -> dict[str, npt.NDArray[np.float32]]:
    from bonescan.simulate.structures import VERTEBRAE

    found: dict[str, npt.NDArray[np.float32]] = {}
    for upper, lower in zip(VERTEBRAE, (*VERTEBRAE[1:], "sacrum"), strict=True):
        a, b = body.points_mm[body.of(upper)], body.points_mm[body.of(lower)]
        if len(a) and len(b):
            centre = a.mean(0)
            centre[0] = (a[:, 0].max() + b[:, 0].min()) / 2
            found[f"{upper}/{lower if lower != 'sacrum' else 'S1'}"] = centre
    return found
