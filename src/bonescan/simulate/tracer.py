"""Where the tracer is in one patient besides focal disease: bones, joints, soft tissue, kidneys, urine."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bonescan.simulate.anatomy_index import AnatomyIndex, joint_of
from bonescan.simulate.head_neck import draw_head_and_neck
from bonescan.simulate.injection import draw_injection
from bonescan.simulate.part_uptake import draw_part_gain, draw_region_gain
from bonescan.simulate.pools import Pool
from bonescan.simulate.urine import Bladder, draw_bladder, draw_contamination, draw_urethra, draw_urinary_tract


@dataclass(frozen=True)
class Tracer:
    """Distribution of the tracer in one patient.

    Attributes:
        region_gain: Factor on the uptake of each skeletal region, keyed by its value.
        part_gain: Factor on the uptake of each part of a bone, keyed by `Part`.
        frontal_gain: Factor on the front of the vault of the skull: below 1 in most, above in hyperostosis frontalis.
        structure_seed: Seed of small differences between neighbouring bones.
        texture_seed, texture: Seed and relative amplitude of the uneven uptake within bones.
        joint_gain: Joint with side → extra uptake at its centre, 0 for none.
        soft_gain: Factor on soft tissue; later imaging lowers it.
        organ_gain: Further factor on a soft structure by name (breast, liver, stomach, thyroid).
        kidney_gain: (left, right) factors.
        kidney_hollow: (left, right) 0 for even kidneys, 1 for uptake in the cortex only.
        bladder: Filling and shape of the bladder.
        pools: Injection site, urine in ureters and on the skin, nose, jaws, cartilage.
    """

    region_gain: dict[int, float] = field(default_factory=dict)
    part_gain: dict[int, float] = field(default_factory=dict)
    frontal_gain: float = 1.0
    structure_seed: int = 0
    texture_seed: int = 0
    texture: float = 0.1
    joint_gain: dict[str, float] = field(default_factory=dict)
    soft_gain: float = 1.0
    organ_gain: dict[str, float] = field(default_factory=dict)
    kidney_gain: tuple[float, float] = (1.0, 1.0)
    kidney_hollow: tuple[float, float] = (0.0, 0.0)
    bladder: Bladder = field(default_factory=Bladder)
    pools: tuple[Pool, ...] = ()


def draw_tracer(
    rng: np.random.Generator, anatomy: AnatomyIndex, *, age_years: float, superscan: bool, delay_h: float = 3.2
) -> Tracer:
    """Draw a distribution; medians and spreads follow measured planar region ratios.

    Args:
        rng: Source of randomness.
        anatomy: The reference body.
        age_years: Age.
        superscan: Diffuse disease takes most of the tracer: kidneys, urine, limbs and soft tissue are faint.
        delay_h: Time from injection to imaging.
    """
    sex = anatomy.body.sex
    faint = 0.25 if superscan else 1.0
    frontal = sex == "F" and age_years > 45 and rng.random() < 0.12
    return Tracer(
        region_gain=draw_region_gain(rng, age_years=age_years, sex=sex, superscan=superscan),
        part_gain=draw_part_gain(rng, age_years),
        frontal_gain=float(rng.uniform(1.3, 2.6) if frontal else np.exp(rng.normal(-0.32, 0.18))),
        structure_seed=int(rng.integers(2**31)),
        texture_seed=int(rng.integers(2**31)),
        texture=float(rng.uniform(0.03, 0.1)),
        joint_gain=_draw_joints(rng, anatomy, age_years),
        soft_gain=_soft_gain(rng, age_years, delay_h) * (0.6 if superscan else 1.0),
        organ_gain=_draw_organs(rng, sex),
        kidney_gain=_draw_kidneys(rng, faint),
        kidney_hollow=(float(rng.uniform(0, 0.9)), float(rng.uniform(0, 0.9))),
        bladder=draw_bladder(rng, faint=faint),
        pools=(
            *draw_injection(rng, anatomy),
            *draw_urinary_tract(rng, anatomy, faint=faint),
            *draw_contamination(rng, anatomy),
            draw_urethra(rng, anatomy, faint=faint),
            *draw_head_and_neck(rng, anatomy),
        ),
    )


def _soft_gain(rng: np.random.Generator, age_years: float, delay_h: float) -> float:
    """Soft tissue clears against bone with a half life near 5 h, more slowly in the old, and differs between people."""
    slower = 1 + 0.006 * (age_years - 63)
    return 2 ** (-(delay_h - 3) / 5) * slower * float(np.exp(rng.normal(0, 0.2)))


def _draw_organs(rng: np.random.Generator, sex: str) -> dict[str, float]:
    """Breasts that take up tracer; seldom a liver (colloid in the kit), or thyroid and stomach (free pertechnetate)."""
    gain = {}
    if sex == "F":
        gain["breast"] = float(np.exp(rng.normal(0.2, 0.35)))
    if rng.random() < 0.025:
        gain["liver"] = float(rng.uniform(3, 9))
    if rng.random() < 0.03:
        gain["thyroid"], gain["stomach"] = float(rng.uniform(10, 40)), float(rng.uniform(2, 7))
    return gain


_JOINT_BASE = {
    "costochondral": 0.1,
    "costovertebral": 1.1,
    "sternoclavicular": 0.35,
    "sacroiliac": 0.17,
    "shoulder": 0.1,
    "acromioclavicular": 0.45,
    "knee": 0.05,
    "inner knee": 0.0,
    "outer knee": 0.0,
    "kneecap": 0.1,
    "tibial tuberosity": 0.5,
    "hip": 0.25,
    "elbow": 0.05,
    "wrist": 0.4,
}
_JOINT_WEAR = {
    "knee": 0.35,
    "inner knee": 0.7,
    "outer knee": 0.5,
    "kneecap": 0.9,
    "tibial tuberosity": 1.6,
    "ankle": 0.5,
    "elbow": 0.7,
    "wrist": 1.0,
    "first toe": 0.6,
    "shoulder": 0.6,
    "hip": 0.5,
}
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
    level = 1.4 * float(np.exp(rng.normal(0, 0.38))) * faint
    if rng.random() < 0.08:
        level *= float(rng.uniform(2, 5))
    gains = [level * float(np.exp(rng.normal(0, 0.25))) for _ in range(2)]
    if rng.random() < 0.12:
        gains[int(rng.integers(2))] *= float(rng.choice([0.1, 0.3, 2.5, 4.0]))
    return gains[0], gains[1]
