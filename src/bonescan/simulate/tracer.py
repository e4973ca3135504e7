"""Where the tracer is in one patient besides focal disease: bones, joints, soft tissue, kidneys, urine."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

from bonescan.core.anatomy import Laterality, Region
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.body import lookup
from bonescan.simulate.structures import STRUCTURES, VERTEBRAE, number_of

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
        bladder_uptake: Concentration of urine relative to the femoral shaft.
        bladder_scale: Size of the bladder.
        injection: (place, uptake) of residual activity at the injection site, or None.
        contamination: (z, x offsets in mm from the pubis, uptake) of urine on skin or clothes, or None.
    """

    region_gain: dict[int, float] = field(default_factory=dict)
    structure_seed: int = 0
    texture_seed: int = 0
    texture: float = 0.1
    joint_gain: dict[str, float] = field(default_factory=dict)
    soft_gain: float = 1.0
    kidney_gain: tuple[float, float] = (1.0, 1.0)
    bladder_uptake: float = 3.0
    bladder_scale: float = 0.8
    injection: tuple[str, float] | None = None
    contamination: tuple[float, float, float] | None = None


def draw_tracer(rng: np.random.Generator, anatomy: AnatomyIndex, *, age_years: float, superscan: bool) -> Tracer:
    """Draw a distribution; medians and spreads follow measured planar region ratios."""

    def spread(sd: float) -> float:
        return float(np.exp(rng.normal(0, sd)))

    region_gain = {int(r): spread(0.16) for r in Region if r != Region.BACKGROUND}
    region_gain[int(Region.SKULL)] *= spread(0.2)
    region_gain[int(Region.STERNUM)] *= spread(0.15)
    # Limbs vary together, against the axial skeleton.
    limbs = spread(0.18)
    for region in (Region.HUMERUS, Region.FOREARM_HAND, Region.FEMUR, Region.LOWER_LEG_FOOT):
        region_gain[int(region)] *= limbs
    joints: dict[str, float] = {}
    wear = max(age_years - 35, 0) / 45
    for name in sorted({joint.rsplit(" ", 1)[0] for joint in anatomy.joints}):
        shared = 0.25 + 0.5 * wear * rng.gamma(1.5, 0.6)
        for side in (L, R):
            joints[f"{name} {side}"] = float(_JOINT_BASE.get(name, 0.3) + shared * spread(0.35))
    faint = 0.25 if superscan else 1.0
    kidney = spread(0.55) * faint
    return Tracer(
        region_gain=region_gain,
        structure_seed=int(rng.integers(2**31)),
        texture_seed=int(rng.integers(2**31)),
        texture=float(rng.uniform(0.05, 0.15)),
        joint_gain=joints,
        soft_gain=spread(0.28) * (0.6 if superscan else 1.0),
        kidney_gain=(kidney * spread(0.25), kidney * spread(0.25)),
        bladder_uptake=float(np.exp(rng.normal(np.log(2.2), 0.85))) * faint,
        bladder_scale=float(rng.uniform(0.45, 1.05)),
        injection=_draw_injection(rng),
        contamination=(float(rng.uniform(-10, 120)), float(rng.normal(0, 45)), float(rng.uniform(8, 60)))
        if rng.random() < 0.07
        else None,
    )


_JOINT_BASE = {"sternoclavicular": 0.5, "sacroiliac": 0.55, "shoulder": 0.55, "acromioclavicular": 0.4, "knee": 0.3}


def _draw_injection(rng: np.random.Generator) -> tuple[str, float] | None:
    if rng.random() > 0.3:
        return None
    place = str(rng.choice(["elbow left", "elbow right", "wrist left", "wrist right"]))
    return place, float(np.exp(rng.normal(np.log(25), 1.0)))


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


def urine_points(
    anatomy: AnatomyIndex, tracer: Tracer
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The bladder: (m,) indices of its points, (m,) activity, and (3,) centre about which it is scaled."""
    at = anatomy.body.of("bladder")
    activity = tracer.bladder_uptake * anatomy.body.volume_mm3[at] * tracer.bladder_scale**3
    return at, activity.astype(np.float32), anatomy.body.points_mm[at].mean(0)


def spill(anatomy: AnatomyIndex, tracer: Tracer) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]]:
    """Activity outside bone that mimics disease: injection site and urine on the skin, as (indices, activity)."""
    found = []
    if tracer.injection:
        place, uptake = tracer.injection
        side = L if place.endswith("left") else R
        found.append(_spot(anatomy, "soft tissue of the arm", side, anatomy.landmarks[place], 8.0, uptake))
    if tracer.contamination:
        dz, dx, uptake = tracer.contamination
        hips = (anatomy.landmarks["hip left"] + anatomy.landmarks["hip right"]) / 2
        side = L if dx > 0 else R
        place_mm = (hips + np.array([40 + dz, -60, dx])).astype(np.float32)
        found.append(_spot(anatomy, "soft tissue of the leg", side, place_mm, 9.0, uptake))
    return found


def _spot(
    anatomy: AnatomyIndex, name: str, side: Laterality, centre: npt.NDArray[np.float32], sigma_mm: float, uptake: float
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    at = anatomy.body.of(name, side)
    points = anatomy.body.points_mm[at]
    nearest = points[np.argmin(((points - centre) ** 2).sum(1))]
    d2 = ((points - nearest) ** 2).sum(1)
    near = d2 < (2.5 * sigma_mm) ** 2
    weight = np.exp(-0.5 * d2[near] / sigma_mm**2)
    return at[near], (uptake * weight * anatomy.body.volume_mm3[at[near]]).astype(np.float32)
