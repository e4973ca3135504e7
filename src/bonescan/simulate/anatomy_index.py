"""What is worth knowing once about a reference body: joints, neighbours, and which points belong to what."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from bonescan.core.anatomy import Laterality
from bonescan.simulate.body import Body, lookup
from bonescan.simulate.fingers import Fingers, fingers_of
from bonescan.simulate.landmarks import landmarks
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import STRUCTURES, VERTEBRAE, Segment

_JOINT_SIGMA_MM: dict[str, float] = {
    "shoulder": 20.0,
    "acromioclavicular": 12.0,
    "sternoclavicular": 15.0,
    "sacroiliac": 10.0,
    "hip": 18.0,
    "knee": 26.0,
    "inner knee": 13.0,
    "outer knee": 13.0,
    "kneecap": 14.0,
    "tibial tuberosity": 9.0,
    "ankle": 22.0,
    "elbow": 15.0,
    "wrist": 16.0,
    "first toe": 14.0,
    "first carpometacarpal": 9.0,
    "costochondral": 9.0,
    "costovertebral": 11.0,
    "manubriosternal": 8.0,
    "symphysis": 9.0,
}
"""Joint → width of the Gaussian in which uptake is raised."""
_LEAST_POINTS = 30
_CALF = ((0.0, 0.1, 0.25, 0.75, 1.0, 1.05), (0.0, 0.6, 1.0, 1.0, 0.3, 0.0))
"""How much of the flesh is calf, by the way from knee to ankle."""
_ENDPLATE = 0.22
"""Spread of the uptake at an endplate, in half heights of the vertebral body."""


def joint_of(landmark: str) -> str:
    """Kind of joint of a landmark: its name without number and side.

    Example:
        >>> joint_of("costochondral 5 left"), joint_of("first toe right"), joint_of("symphysis")
        ('costochondral', 'first toe', 'symphysis')
    """
    return " ".join(word for word in landmark.split() if word not in ("left", "right") and not word.isdigit())


def _side_of(landmark: str) -> Laterality:
    return Laterality.LEFT if landmark.endswith("left") else Laterality.RIGHT


class AnatomyIndex:
    """A reference body with its joints and a search tree over its bone.

    Args:
        body: The reference body.
    """

    def __init__(self, body: Body) -> None:
        self.body = body
        self.landmarks = landmarks(body)
        self.bone = np.flatnonzero(body.is_bone)
        regions = lookup({n: s.region for n, s in STRUCTURES.items()})
        self.bone_region = regions[body.structure[self.bone]].astype(np.intp)
        self._tree = cKDTree(body.points_mm[self.bone], balanced_tree=False, compact_nodes=False)
        self.uptake = (
            lookup({n: s.uptake for n, s in STRUCTURES.items()})[body.structure]
            * body.volume_mm3
            * body.activity_weight
        )
        self.density_mm3 = lookup({n: s.density for n, s in STRUCTURES.items()})[body.structure] * body.volume_mm3
        self.fingers: dict[Laterality, Fingers] = fingers_of(body)
        bodies = (body.of(name, part=Part.BODY) for name in VERTEBRAE)
        self.endplates = [self._endplates(at) for at in bodies if len(at) >= _LEAST_POINTS]
        self.calves = self._calves()
        self.joints = {name: self._field(name) for name in self.landmarks if joint_of(name) in _JOINT_SIGMA_MM}

    def bone_near(self, centre_mm: npt.ArrayLike, reach_mm: float) -> npt.NDArray[np.intp]:
        """Indices of bone points within a distance of a place."""
        return np.asarray(self.bone[self._tree.query_ball_point(np.asarray(centre_mm), reach_mm)], np.intp)

    def of_structure(self, number: int) -> npt.NDArray[np.intp]:
        """Indices of the points of one structure."""
        return self.body.of(STRUCTURES[number].name, STRUCTURES[number].side)

    def _field(self, name: str) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        sigma = _JOINT_SIGMA_MM[joint_of(name)]
        if joint_of(name) == "sacroiliac":
            return self._along_sacroiliac(name, sigma)
        at = self.bone_near(self.landmarks[name], 2.5 * sigma)
        if joint_of(name) == "kneecap":
            # Not of the thigh bone behind it: seen from behind, a kneecap hardly shows.
            at = at[np.isin(at, self.body.of("patella", _side_of(name)))]
        d2 = ((self.body.points_mm[at] - self.landmarks[name]) ** 2).sum(1)
        return at, np.exp(-0.5 * d2 / sigma**2).astype(np.float32)

    def _calves(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """Flesh of both lower legs, and how much each point is of the calf: all between its belly and the ankle."""
        flesh = np.flatnonzero(self.body.in_segment(Segment.LEG) & self.body.is_soft)
        knee, ankle = (
            np.mean([self.landmarks[f"{joint} {side}"][0] for side in (Laterality.LEFT, Laterality.RIGHT)])
            for joint in ("knee", "ankle")
        )
        share = np.interp((self.body.points_mm[flesh, 0] - knee) / (ankle - knee), *_CALF)
        return flesh[share > 0], share[share > 0].astype(np.float32)

    def _endplates(self, at: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
        """Points of one vertebral body, and how near to an endplate each is: 1 on it, falling to nearly 0 between."""
        z, y = self.body.points_mm[at, 0], self.body.points_mm[at, 1]
        # Bodies lean with the curves of the spine: height is measured across the lean.
        across = z - np.polyval(np.polyfit(y, z, 1), y)
        low, high = np.percentile(across, (2, 98))
        height = np.abs(2 * (across - low) / (high - low) - 1)
        return at, np.exp(-0.5 * ((1 - height) / _ENDPLATE) ** 2)

    def _along_sacroiliac(self, name: str, sigma: float) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """This joint is a surface 7 cm long: uptake falls off with the distance from all of it."""
        joint = self.body.points_mm[self.body.of("ilium", _side_of(name), Part.SACROILIAC)]
        if not len(joint):
            joint = self.landmarks[name][None]
        at = self.bone_near(joint.mean(0), 60 + 2.5 * sigma)
        distance = np.asarray(cKDTree(joint).query(self.body.points_mm[at], distance_upper_bound=2.5 * sigma)[0])
        near = np.isfinite(distance)
        return at[near], np.exp(-0.5 * (distance[near] / sigma) ** 2).astype(np.float32)


@lru_cache(maxsize=4)
def reference(sex: str, phantoms: Path | None = None) -> AnatomyIndex:
    """The reference body of one sex: from the phantoms in a folder if given, else the built-in one.

    Args:
        sex: "M" or "F".
        phantoms: Folder with voxel phantoms (`bonescan.simulate.voxel_body`).

    Raises:
        InputError: The folder holds no such phantom.
    """
    if phantoms is not None:
        from bonescan.simulate.voxel_body import voxel_body

        return AnatomyIndex(voxel_body(phantoms, sex))
    from bonescan.simulate.builtin_body import builtin_body

    return AnatomyIndex(builtin_body(sex))
