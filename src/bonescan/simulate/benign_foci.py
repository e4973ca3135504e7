"""Placing one benign focus: at a joint, in a part of a bone, or at any place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.focal import Focus
from bonescan.simulate.parts import Part

L, R = Laterality.LEFT, Laterality.RIGHT
Draw = Callable[[np.random.Generator, AnatomyIndex], list[Focus]]
"""Draws the foci of one condition."""
Range = tuple[float, float]


def focus_at(
    rng: np.random.Generator,
    anatomy: AnatomyIndex,
    cause: str,
    centre: npt.ArrayLike,
    radius_mm: Range,
    contrast: Range,
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0),
    confined: bool = False,
) -> Focus:
    """A benign focus; its bone is that nearest to its centre.

    Args:
        rng: Source of randomness.
        anatomy: The reference body.
        cause: What it is.
        centre: (z, y, x) mm in the reference body.
        radius_mm: Range of the radius.
        contrast: Range of the contrast, drawn log-uniformly.
        stretch: Factors on the radius along (z, y, x).
        confined: Only in that bone, else in every bone that it reaches.
    """
    place = np.asarray(centre, np.float32)
    near = anatomy.bone_near(place, 60)
    nearest = near[np.argmin(((anatomy.body.points_mm[near] - place) ** 2).sum(1))]
    return Focus(
        kind="benign",
        cause=cause,
        structure=int(anatomy.body.structure[nearest]),
        centre_mm=(float(place[0]), float(place[1]), float(place[2])),
        radius_mm=float(rng.uniform(*radius_mm)),
        contrast=float(np.exp(rng.uniform(*np.log(contrast)))),
        stretch=stretch,
        confined=confined,
        shape_seed=int(rng.integers(2**31)),
    )


def at_joint(
    joint: str, radius_mm: Range, contrast: Range, *, both: float, jitter_mm: float = 6.0, symmetric: bool = False
) -> Draw:
    """Degeneration of a joint.

    Args:
        joint: Landmark without its side.
        radius_mm: Range of the radius.
        contrast: Range of the contrast.
        both: Probability that both sides are affected.
        jitter_mm: Standard deviation of the place.
        symmetric: Whether both sides, when affected, are alike in size and heat.
    """

    def draw(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
        sides = [L, R] if rng.random() < both else [L if rng.random() < 0.5 else R]
        radius, heat = radius_mm, contrast
        if symmetric and len(sides) == 2:
            r, c = rng.uniform(*radius_mm), np.exp(rng.uniform(*np.log(contrast)))
            radius, heat = (0.93 * r, 1.07 * r), (0.93 * c, 1.07 * c)
        return [
            focus_at(
                rng,
                anatomy,
                f"degenerative {joint}",
                anatomy.landmarks[f"{joint} {side}"] + rng.normal(0, jitter_mm, 3),
                radius,
                heat,
            )
            for side in sides
        ]

    return draw


def in_bone(
    name: str,
    cause: str,
    radius_mm: Range,
    contrast: Range,
    *,
    part: Part | tuple[Part, ...] | None = None,
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> Draw:
    """One focus somewhere in a bone or group of bones, or in a part of it."""

    def draw(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
        at = anatomy.body.of(name, part=part)
        if not len(at):
            return []
        # Each bone of a group is as likely as another, whatever its size.
        structures = np.unique(anatomy.body.structure[at])
        at = at[anatomy.body.structure[at] == rng.choice(structures)]
        centre = anatomy.body.points_mm[at[rng.integers(len(at))]]
        return [focus_at(rng, anatomy, cause, centre, radius_mm, contrast, stretch, confined=True)]

    return draw
