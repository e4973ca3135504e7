"""A body: labelled points that fill every structure, from which any posture, size and pathology is made.

Points rather than a voxel grid, since a point moves under any deformation without resampling: the posture of a limb,
the size of a person and a smooth individual warp are all functions of position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.parts import LIMB_SPONGIOSA, TISSUE_WEIGHT, Part, Tissue
from bonescan.simulate.structures import ORGANS, STRUCTURES, Segment, numbers_of

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
        activity_weight: (n,) float32, uptake of the tissue relative to its structure's, see `tissue_weights`.
        source: Where the anatomy comes from.
        part: (n,) uint8 `Part` within the bone.
        tissue: (n,) uint8 `Tissue`.
        fingers_mm: Straight fingers that can be bent: for thumb to little finger of the left hand the (joints, 3)
            float32 places of its joints from the carpals to its tip. Empty where fingers are bent as they are.
    """

    sex: str
    points_mm: Points
    structure: npt.NDArray[np.uint8]
    volume_mm3: npt.NDArray[np.float32]
    activity_weight: npt.NDArray[np.float32]
    source: str
    part: npt.NDArray[np.uint8]
    tissue: npt.NDArray[np.uint8]
    fingers_mm: tuple[Points, ...] = ()

    def moved(self, points_mm: Points) -> Body:
        """Return the same body with its points elsewhere."""
        return replace(self, points_mm=points_mm.astype(np.float32))

    @cached_property
    def is_bone(self) -> npt.NDArray[np.bool_]:
        """(n,) bool."""
        return _TABLE_BONE[self.structure]

    def of(
        self, name: str, side: Laterality | None = None, part: Part | tuple[Part, ...] | None = None
    ) -> npt.NDArray[np.intp]:
        """Indices of the points of a structure or a group.

        Args:
            name: Name of a structure ("rib 7", "L3") or of a group ("ribs", "pelvis").
            side: The patient's side, or None for both.
            part: Only this part, or these, of the bone.

        Raises:
            KeyError: There is no such structure or group on that side.
        """
        asked = (name, side, part)
        if asked not in self._found:
            inside = _among(numbers_of(name, side))[self.structure]
            if part is not None:
                inside &= np.isin(self.part, part if isinstance(part, tuple) else (part,))
            self._found[asked] = _kept(np.flatnonzero(inside))
        return self._found[asked]

    @cached_property
    def _found(self) -> dict[object, npt.NDArray[Any]]:
        """What `of` and `in_segment` were asked for once: many patients share one body."""
        return {}

    def centre_of(self, name: str, side: Laterality | None = None, part: Part | None = None) -> Points:
        """(3,) float32 mean place of the points of a structure or group; see `of`."""
        return np.asarray(self.points_mm[self.of(name, side, part)].mean(0), np.float32)

    def litres_of(self, name: str, side: Laterality | None = None, tissue: Tissue | None = None) -> float:
        """Volume of a structure or group, of all its tissues or one."""
        at = self.of(name, side)
        if tissue is not None:
            at = at[self.tissue[at] == tissue]
        return float(self.volume_mm3[at].sum()) / 1e6

    def in_segment(self, segment: Segment, side: Laterality | None = None) -> npt.NDArray[np.bool_]:
        """(n,) bool: the points of a segment, on one side if given."""
        asked = (segment, side)
        if asked not in self._found:
            numbers = [s.number for s in STRUCTURES.values() if s.segment == segment and side in (None, s.side)]
            self._found[asked] = _kept(_among(numbers)[self.structure])
        return self._found[asked]

    @cached_property
    def stature_mm(self) -> float:
        """Height from the crown to the lowest point of the feet."""
        return float(np.ptp(self.points_mm[:, 0]))

    @cached_property
    def is_soft(self) -> npt.NDArray[np.bool_]:
        """(n,) bool: soft tissue, of which points are few: all but bone and the organs that may be hot."""
        return _TABLE_SOFT[self.structure]


def _kept(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array that is handed out more than once, and so must not be changed."""
    array.flags.writeable = False
    return array


def _among(numbers: list[int] | tuple[int, ...]) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[list(numbers)] = True
    return table


_TABLE_BONE = _among([s.number for s in STRUCTURES.values() if s.is_bone])
_TABLE_LIMB = _among([s.number for s in STRUCTURES.values() if s.is_bone and s.segment in (Segment.ARM, Segment.LEG)])
_TABLE_SOFT = _among([s.number for s in STRUCTURES.values() if not s.is_bone and s.name not in ORGANS])


def tissue_weights(
    structure: npt.NDArray[np.uint8], tissue: npt.NDArray[np.uint8], own: Mapping[str, float]
) -> npt.NDArray[np.float32]:
    """(n,) float32 `Body.activity_weight` of points by what they are.

    Args:
        structure: (n,) keys of `STRUCTURES`.
        tissue: (n,) `Tissue`.
        own: Structure or group → factor of this body, whose bones may be thicker or lie deeper than those of another.
    """
    weight = np.array([TISSUE_WEIGHT[t] for t in Tissue], np.float32)[tissue]
    weight[_TABLE_LIMB[structure] & (tissue == Tissue.TRABECULAR)] *= LIMB_SPONGIOSA
    for name, factor in own.items():
        weight[_among(numbers_of(name))[structure]] *= np.float32(factor)
    return weight


def turn(
    points: Points,
    at: npt.NDArray[np.intp] | slice,
    centre: npt.ArrayLike,
    axes: tuple[int, int],
    degrees: float | npt.NDArray[np.float32],
) -> None:
    """Rotate points about a centre in the plane of two axes, the first turning towards the second.

    Args:
        points: (n, 3), changed in place.
        at: Which points.
        centre: (3,).
        axes: The plane.
        degrees: One angle, or one for each point.
    """
    if not np.any(degrees):
        return
    centre = np.asarray(centre, np.float32)
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    a, b = points[at, axes[0]] - centre[axes[0]], points[at, axes[1]] - centre[axes[1]]
    points[at, axes[0]] = centre[axes[0]] + cosine * a - sine * b
    points[at, axes[1]] = centre[axes[1]] + sine * a + cosine * b


def lookup(values: dict[int, float]) -> npt.NDArray[np.float32]:
    """(256,) float32 table from structure number to value, 0 where not given."""
    table = np.zeros(256, np.float32)
    for number, value in values.items():
        table[number] = value
    return table
