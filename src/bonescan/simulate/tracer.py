"""Where the tracer is in one patient besides focal disease: bones, joints, soft tissue, kidneys, urine."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

from bonescan.core.anatomy import Laterality, Region
from bonescan.simulate.anatomy_index import AnatomyIndex, joint_of
from bonescan.simulate.body import lookup
from bonescan.simulate.head_neck import draw_head_and_neck
from bonescan.simulate.injection import draw_injection
from bonescan.simulate.pools import Pool
from bonescan.simulate.structures import STRUCTURES, VERTEBRAE, number_of
from bonescan.simulate.urine import Bladder, draw_bladder, draw_contamination, draw_urinary_tract

L, R = Laterality.LEFT, Laterality.RIGHT


@dataclass(frozen=True)
class Tracer:
    """Distribution of the tracer in one patient.

    Attributes:
        region_gain: Factor on the uptake of each skeletal region, keyed by its value.
        structure_seed: Seed of small differences between neighbouring bones.
        texture_seed, texture: Seed and relative amplitude of the uneven uptake within bones.
        joint_gain: Joint with side → extra uptake at its centre, 0 for none.
        soft_gain: Factor on soft tissue; later imaging and young bone lower it.
        kidney_gain: (left, right) factors.
        kidney_hollow: (left, right) 0 for even kidneys, 1 for uptake in the cortex only.
        bladder: Filling and shape of the bladder.
        pools: Injection site, urine in ureters and on the skin, nose, jaws, cartilage.
    """

    region_gain: dict[int, float] = field(default_factory=dict)
    structure_seed: int = 0
    texture_seed: int = 0
    texture: float = 0.1
    joint_gain: dict[str, float] = field(default_factory=dict)
    soft_gain: float = 1.0
    kidney_gain: tuple[float, float] = (1.0, 1.0)
    kidney_hollow: tuple[float, float] = (0.0, 0.0)
    bladder: Bladder = field(default_factory=Bladder)
    pools: tuple[Pool, ...] = ()


def draw_tracer(rng: np.random.Generator, anatomy: AnatomyIndex, *, age_years: float, superscan: bool) -> Tracer:
    """Draw a distribution; medians and spreads follow measured planar region ratios."""

    def spread(sd: float) -> float:
        return float(np.exp(rng.normal(0, sd)))

    region_gain = {int(r): spread(0.16) for r in Region if r != Region.BACKGROUND}
    region_gain[int(Region.SKULL)] *= spread(0.25)
    if rng.random() < 0.13:  # a skull hot as a whole, with no disease
        region_gain[int(Region.SKULL)] *= float(rng.uniform(1.4, 2.6))
    region_gain[int(Region.STERNUM)] *= spread(0.2)
    # Limbs vary together, against the axial skeleton.
    limbs = spread(0.18)
    for region in (Region.HUMERUS, Region.FOREARM_HAND, Region.FEMUR, Region.LOWER_LEG_FOOT):
        region_gain[int(region)] *= limbs
    faint = 0.25 if superscan else 1.0
    return Tracer(
        region_gain=region_gain,
        structure_seed=int(rng.integers(2**31)),
        texture_seed=int(rng.integers(2**31)),
        texture=float(rng.uniform(0.05, 0.15)),
        joint_gain=_draw_joints(rng, anatomy, age_years),
        soft_gain=_soft_gain(rng) * (0.6 if superscan else 1.0),
        kidney_gain=_draw_kidneys(rng, faint),
        kidney_hollow=(float(rng.uniform(0, 1)), float(rng.uniform(0, 1))),
        bladder=draw_bladder(rng, faint=faint),
        pools=(
            *draw_injection(rng, anatomy),
            *draw_urinary_tract(rng, anatomy, faint=faint),
            *draw_contamination(rng, anatomy),
            *draw_head_and_neck(rng, anatomy),
        ),
    )


def _soft_gain(rng: np.random.Generator) -> float:
    """Soft tissue clears with a half life near 3 h; scans begin 2 to 5 h after injection, and clearance varies."""
    delay_h = float(np.clip(rng.normal(3.2, 0.6), 2, 5))
    return 0.7 * 2 ** (-(delay_h - 3) / 3) * float(np.exp(rng.normal(0, 0.28)))


_JOINT_BASE = {"sternoclavicular": 0.5, "sacroiliac": 0.55, "shoulder": 0.55, "acromioclavicular": 0.4, "knee": 0.3}
_JOINT_WEAR = {"knee": 1.6, "ankle": 1.4, "elbow": 1.4, "wrist": 1.4, "first toe": 1.5, "shoulder": 1.0, "hip": 0.6}
_JOINT_WEAR |= {"costochondral": 0.15, "costovertebral": 0.15, "symphysis": 0.3}


def _draw_joints(rng: np.random.Generator, anatomy: AnatomyIndex, age_years: float) -> dict[str, float]:
    """Joint with side → extra uptake: worn with age, alike on both sides but never equal, in a few joints intense."""
    gains: dict[str, float] = {}
    wear = 0.25 + max(age_years - 35, 0) / 45
    person = float(np.exp(rng.normal(0, 0.35)))
    shared: dict[str, float] = {}
    for joint in sorted(anatomy.joints):
        name = joint_of(joint)
        worn = _JOINT_WEAR.get(name, 0.7)
        if name not in shared:
            shared[name] = 0.2 + 0.45 * worn * wear * person * rng.gamma(1.2, 0.8)
        own = shared[name] * float(np.exp(rng.normal(0, 0.5)))
        if rng.random() < 0.05 * worn:
            own += float(rng.gamma(2.0, 1.0))
        gains[joint] = float(_JOINT_BASE.get(name, 0.3) + own)
    return gains


def _draw_kidneys(rng: np.random.Generator, faint: float) -> tuple[float, float]:
    """Left and right: usually a little unequal; seldom both very hot, one hot (blocked) or one hardly seen."""
    level = float(np.exp(rng.normal(0, 0.6))) * faint
    if rng.random() < 0.1:
        level *= float(rng.uniform(2, 5))
    gains = [level * float(np.exp(rng.normal(0, 0.25))) for _ in range(2)]
    if rng.random() < 0.12:
        gains[int(rng.integers(2))] *= float(rng.choice([0.1, 0.3, 2.5, 5.0]))
    return gains[0], gains[1]


def bone_activity(anatomy: AnatomyIndex, tracer: Tracer) -> npt.NDArray[np.float32]:
    """Activity of every point from bone, soft tissue and kidneys, without urine and focal disease.

    Returns:
        (n,) float32, uptake times volume.
    """
    rng = np.random.default_rng(tracer.structure_seed)
    gains: dict[int, float] = {}
    for number, structure in STRUCTURES.items():
        single = float(np.exp(rng.normal(0, 0.05)))
        if structure.is_bone:
            gains[number] = tracer.region_gain.get(int(structure.region), 1.0) * single
        else:
            gains[number] = tracer.soft_gain
    # A smooth gradient along the spine on top of vertebra-to-vertebra differences.
    slope = rng.normal(0, 0.12)
    for i, name in enumerate(VERTEBRAE):
        gains[number_of(name)] *= float(np.exp(slope * (i / len(VERTEBRAE) - 0.5)))
    gains[number_of("kidney", L)], gains[number_of("kidney", R)] = tracer.kidney_gain
    activity = anatomy.uptake * lookup(gains)[anatomy.body.structure]
    for side, hollow in zip((L, R), tracer.kidney_hollow, strict=True):
        at = anatomy.body.of("kidney", side)
        activity[at] *= _cortex(anatomy.body.points_mm[at], side, hollow)
    activity[anatomy.bone] *= _texture(anatomy.body.points_mm[anatomy.bone], tracer)
    for name, gain in tracer.joint_gain.items():
        at, weight = anatomy.joints[name]
        activity[at] *= 1 + gain * weight
    return np.asarray(activity, np.float32)


def _texture(points: npt.NDArray[np.float32], tracer: Tracer, cell_mm: float = 9.0) -> npt.NDArray[np.float32]:
    low = points.min(0) - cell_mm
    shape = np.ceil((points.max(0) + cell_mm - low) / cell_mm).astype(int) + 1
    noise = np.random.default_rng(tracer.texture_seed).normal(size=tuple(shape)).astype(np.float32)
    noise = gaussian_filter(noise, 1.2)
    noise *= tracer.texture / noise.std()
    value = map_coordinates(noise, ((points - low) / cell_mm).T, order=1, mode="nearest")
    return np.asarray(np.exp(value), np.float32)


def _cortex(points: npt.NDArray[np.float32], side: Laterality, hollow: float) -> npt.NDArray[np.float32]:
    """Weight of each point of a kidney: lowest at the hilum, which faces the spine and a little the front."""
    low, high = points.min(0), points.max(0)
    offset = (points - (low + high) / 2) / ((high - low) / 2)
    towards_spine = -0.45 if side == L else 0.45
    distance = np.sqrt(offset[:, 0] ** 2 + (offset[:, 1] + 0.2) ** 2 + (offset[:, 2] - towards_spine) ** 2)
    weight = np.clip(1 + hollow * 1.6 * (distance - 0.85), 0.15, None)
    return np.asarray(weight / weight.mean(), np.float32)
