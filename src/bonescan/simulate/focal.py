"""Focal uptake in bone: what one focus is, and the activity that it adds to a body.

A focus is an irregular, softly bounded blob that lives in bone only, so a lesion in a rib is long and thin and one in
the ilium is flat, without being told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from bonescan.simulate.anatomy_index import AnatomyIndex


@dataclass(frozen=True)
class Focus:
    """One focus of raised uptake.

    Attributes:
        kind: "metastasis" or "benign".
        cause: What it is ("metastasis", "degenerative disc", "rib fracture", …).
        structure: Number of the structure at its centre.
        centre_mm: (z, y, x) in the coordinates of the reference body.
        radius_mm: Distance at which uptake has fallen to half, before irregularity.
        stretch: Factors on the radius along (z, y, x).
        contrast: Uptake at the centre over that of the bone, above 1.
        confined: Only in the structure at its centre, else in any bone that it reaches.
        shape_seed: Seed of the irregular outline.
        ragged: How irregular the outline is, as a fraction of the radius.
        core: Uptake at the very centre over that nearer the rim, 1 for none of the ring-like lesions.
    """

    kind: Literal["metastasis", "benign"]
    cause: str
    structure: int
    centre_mm: tuple[float, float, float]
    radius_mm: float
    contrast: float
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)
    confined: bool = True
    shape_seed: int = 0
    ragged: float = 0.22
    core: float = 1.0


def focus_activity(
    anatomy: AnatomyIndex, focus: Focus, activity: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Activity that a focus adds: (contrast - 1) × the bone's × its profile.

    The profile is a sigmoid of the distance from the centre over the radius, 0.5 at the surface, lower again at the
    centre of a ring.

    Args:
        anatomy: The reference body.
        focus: The focus.
        activity: (n,) activity of each point of the body without it.

    Returns:
        (m,) point indices and (m,) float32 activity to add at them.
    """
    at, distance = _distance(anatomy, focus)
    profile = 1 / (1 + np.exp(np.clip((distance - 1) * 7, -30, 30)))
    if focus.core < 1:
        profile *= focus.core + (1 - focus.core) * np.minimum(distance / 0.7, 1) ** 2
    # Bone of little uptake (a shaft) still makes a lesion as hot as one elsewhere: at least the uptake of the shaft.
    base = np.maximum(activity[at], anatomy.body.volume_mm3[at])
    return at, ((focus.contrast - 1) * base * profile).astype(np.float32)


def within_half_maximum(anatomy: AnatomyIndex, focus: Focus) -> npt.NDArray[np.intp]:
    """Indices of the points of bone within a focus's half-maximum surface: what counts as diseased."""
    at, distance = _distance(anatomy, focus)
    return at[distance <= 1]


@lru_cache(maxsize=256)
def _distance(anatomy: AnatomyIndex, focus: Focus) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Indices of the points that a focus reaches, and their distance from its centre in units of its radius.

    Kept for a while, since the picture and the truth of a patient both ask for it.
    """
    reach = focus.radius_mm * max(focus.stretch) * 1.9 + 4
    # The points of one bone are few: a search among all bone would take longer.
    at = anatomy.of_structure(focus.structure) if focus.confined else anatomy.bone_near(focus.centre_mm, reach)
    offset = anatomy.body.points_mm[at] - np.array(focus.centre_mm, np.float32)
    near = (offset**2).sum(1) < reach**2
    at, offset = at[near], offset[near]
    distance = np.sqrt(((offset / (focus.radius_mm * np.array(focus.stretch, np.float32))) ** 2).sum(1))
    rng = np.random.default_rng(focus.shape_seed)
    k = rng.normal(size=(3, 4)) * 2.2 / focus.radius_mm
    bumps = np.sin(offset @ k.astype(np.float32) + rng.uniform(0, 2 * np.pi, 4)).sum(1) / 2
    return at, (distance * (1 + focus.ragged * bumps)).astype(np.float32)
