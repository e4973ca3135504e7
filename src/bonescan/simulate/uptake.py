"""Applying a tracer record: the activity of every point of a body from bone, joints, soft tissue and organs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

from bonescan.core.anatomy import Laterality, Region
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.body import lookup
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import GROUPS, STRUCTURES, VERTEBRAE, number_of
from bonescan.simulate.tracer import Tracer

L, R = Laterality.LEFT, Laterality.RIGHT
_NECK = (0.55, 1.0)
"""Factors on the uptake of C1 and C7: on real scans the neck is faint under the skull."""
_CALVES = 0.6
"""What calves have more than other flesh: on real scans they are seen beside the shins, where blood and water stay."""


def bone_activity(anatomy: AnatomyIndex, tracer: Tracer) -> npt.NDArray[np.float32]:
    """Activity of every point from bone, soft tissue and kidneys, without urine and focal disease.

    Returns:
        (n,) float32, uptake times volume.
    """
    rng = np.random.default_rng(tracer.structure_seed)
    gains: dict[int, float] = {}
    for number, structure in STRUCTURES.items():
        single = float(np.exp(rng.normal(0, 0.1 if structure.region == Region.RIBS else 0.07)))
        if structure.is_bone:
            gains[number] = tracer.region_gain.get(int(structure.region), 1.0) * single
        else:
            gains[number] = tracer.soft_gain * tracer.organ_gain.get(structure.name, 1.0)
    # A smooth gradient along the spine on top of vertebra-to-vertebra differences.
    slope = rng.normal(0, 0.12)
    for i, name in enumerate(VERTEBRAE):
        gains[number_of(name)] *= float(np.exp(slope * (i / len(VERTEBRAE) - 0.5)))
    neck = GROUPS["cervical spine"]
    for name, share in zip(neck, np.linspace(*_NECK, len(neck)), strict=True):
        gains[number_of(name)] *= float(share)
    gains[number_of("kidney", L)], gains[number_of("kidney", R)] = tracer.kidney_gain
    body = anatomy.body
    parts = np.ones(256, np.float32)
    parts[list(tracer.part_gain)] = list(tracer.part_gain.values())
    activity = anatomy.uptake * lookup(gains)[body.structure] * parts[body.part]
    if tracer.frontal_gain != 1:
        vault = body.of("cranium", part=Part.VAULT)
        front = body.points_mm[vault, 1] < np.percentile(body.points_mm[vault, 1], 35)
        activity[vault[front]] *= tracer.frontal_gain
    for side, hollow in zip((L, R), tracer.kidney_hollow, strict=True):
        at = body.of("kidney", side)
        whole = activity[at].sum()
        activity[at] *= _cortex(body.points_mm[at], side, hollow)
        activity[at] *= whole / max(activity[at].sum(), 1e-9)
    _raise_endplates(anatomy, activity, tracer.structure_seed)
    activity[anatomy.bone] *= _texture(body.points_mm[anatomy.bone], tracer.texture_seed, tracer.texture)
    _mottle(anatomy, activity, tracer.structure_seed)
    calves, share = anatomy.calves
    activity[calves] *= 1 + _CALVES * share
    for name, gain in tracer.joint_gain.items():
        at, weight = anatomy.joints[name]
        activity[at] *= 1 + gain * weight
    return np.asarray(activity, np.float32)


def _raise_endplates(anatomy: AnatomyIndex, activity: npt.NDArray[np.float32], seed: int) -> None:
    """Put more of a vertebral body's uptake at its endplates, more so in some people; in place.

    They bear the load and turn over fastest; the lumbar spine of real scans is striped by them.
    """
    strength = float(np.random.default_rng([seed, 1]).uniform(0.3, 1.6))
    for at, nearness in anatomy.endplates:
        whole = activity[at].sum()
        activity[at] *= 1 + strength * nearness
        activity[at] *= whole / activity[at].sum()


_MOTTLED = (
    # bone or group, least and most of the logarithmic unevenness, its grain in mm
    ("cranium", 0.05, 0.25, 20.0),
    ("facial bones", 0.1, 0.3, 8.0),
    ("mandible", 0.1, 0.35, 10.0),
    ("pelvis", 0.05, 0.25, 26.0),
    ("sacrum", 0.03, 0.2, 14.0),
    ("spine", 0.03, 0.12, 10.0),
)
_SUTURE_MM = 6.0
_CROWN = 0.7
"""How much more the crown takes up than the rim of the base, over the mean of the vault."""


def _mottle(anatomy: AnatomyIndex, activity: npt.NDArray[np.float32], seed: int) -> None:
    """Make bones uneven in a person's own way, in place.

    Vaults differ in thickness from place to place, take up most at the crown and are raised along the sagittal suture;
    sinuses, teeth and jaws make no two faces alike; wear leaves its marks on the spine and on the pelvis.
    """
    rng = np.random.default_rng([seed, 2])
    body = anatomy.body
    for name, least, most, grain_mm in _MOTTLED:
        at = body.of(name)
        amount, grain_seed = float(rng.uniform(least, most)), int(rng.integers(2**31))
        activity[at] *= _texture(body.points_mm[at], grain_seed, amount, grain_mm)
    vault = body.of("cranium", part=Part.VAULT)
    height = body.points_mm[vault, 0]
    low, high = np.percentile(height, (2, 98))
    activity[vault] *= 1 + _CROWN * (np.clip((high - height) / (high - low), 0, 1) - 0.5)
    suture = np.exp(-0.5 * (body.points_mm[vault, 2] / _SUTURE_MM) ** 2)
    activity[vault] *= 1 + float(rng.uniform(0, 0.7)) * suture


def _texture(
    points: npt.NDArray[np.float32], seed: int, amount: float, cell_mm: float = 9.0
) -> npt.NDArray[np.float32]:
    """(n,) factors, smooth over about `cell_mm`, with a logarithmic spread of `amount`."""
    low = np.array([points[:, i].min() for i in range(3)], np.float32) - cell_mm
    high = np.array([points[:, i].max() for i in range(3)], np.float32) + cell_mm
    shape = np.ceil((high - low) / cell_mm).astype(int) + 1
    noise = np.random.default_rng(seed).normal(size=tuple(shape)).astype(np.float32)
    noise = gaussian_filter(noise, 1.2)
    noise *= amount / noise.std()
    value = map_coordinates(noise, ((points - low) / cell_mm).T, order=1, mode="nearest")
    return np.asarray(np.exp(value), np.float32)


def _cortex(points: npt.NDArray[np.float32], side: Laterality, hollow: float) -> npt.NDArray[np.float32]:
    """Weight of each point of a kidney: lowest at the hilum, which faces the spine and a little the front."""
    low, high = points.min(0), points.max(0)
    offset = (points - (low + high) / 2) / ((high - low) / 2)
    towards_spine = -0.45 if side == L else 0.45
    distance = np.sqrt(offset[:, 0] ** 2 + (offset[:, 1] + 0.2) ** 2 + (offset[:, 2] - towards_spine) ** 2)
    return np.asarray(np.clip(1 + hollow * 1.6 * (distance - 0.85), 0.15, None), np.float32)
