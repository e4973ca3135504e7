"""Where metastases are within bones, how many, how large and how hot."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from bonescan.core.anatomy import Site
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.body import Points
from bonescan.simulate.focal import Focus
from bonescan.simulate.parts import Part
from bonescan.simulate.primaries import (
    EXTENT,
    SITE_PREVALENCE,
    SUPERSCAN_LESIONS,
    SUPERSCAN_SITES,
    Primary,
    draw_primary,
    draw_sites,
)
from bonescan.simulate.structures import numbers_of

__all__ = ["SITE_PREVALENCE", "draw_metastases", "draw_sites"]


def _among(name: str, weight: float) -> dict[int, float]:
    """Share a weight among the bones of a group, or both sides of a bone."""
    numbers = numbers_of(name)
    return {number: weight / len(numbers) for number in numbers}


_BONES: dict[Site, dict[int, float]] = {
    Site.SPINE: {**_among("cervical spine", 0.08), **_among("thoracic spine", 0.45), **_among("lumbar spine", 0.47)},
    Site.PELVIS: {
        **_among("ilium", 0.5),
        **_among("sacrum", 0.25),
        **_among("ischium", 0.13),
        **_among("pubis", 0.12),
    },
    Site.RIBS: {
        **{n: 1.0 for i in range(2, 10) for n in numbers_of(f"rib {i}")},
        **{n: 0.5 for i in (1, 10, 11, 12) for n in numbers_of(f"rib {i}")},
    },
    Site.SCAPULA: _among("scapula", 1.0),
    Site.FEMUR: _among("femur", 1.0),
    Site.OTHER: {
        **_among("sternum", 0.32),
        **_among("cranium", 0.2),
        **_among("humerus", 0.29),
        **_among("clavicle", 0.1),
        **_among("tibia", 0.05),
        **_among("mandible", 0.01),
        **_among("forearm", 0.02),
        **_among("tarsals", 0.01),
    },
}
"""Site → bones and their weights; the spread follows red marrow, as lists of sites do (reference notes, 5d)."""

_SKULL_IN_BREAST = 2.0
"""Factor on the skull in breast cancer: 7.7% of patients against less than 4% in others (420 patients)."""

_PARTS: dict[Part, float] = {
    Part.BODY: 1.0,
    Part.ARCH: 1.3,  # pedicles: metastases begin at the back of the body and go into the pedicle
    Part.PROCESS: 0.35,
    Part.HEAD: 1.3,  # of ribs; those of femur and humerus lie in a joint
    Part.NECK: 1.5,
    Part.TROCHANTER: 1.6,
    Part.SHAFT: 0.7,
    Part.CONDYLE: 0.15,
    Part.MALLEOLUS: 0.05,
    Part.ANGLE: 1.2,
    Part.END: 0.4,
    Part.SACROILIAC: 0.5,
    Part.GLENOID: 0.5,
    Part.ACROMION: 0.7,
    Part.ACETABULUM: 1.0,
    Part.VAULT: 1.2,
    Part.BASE: 0.4,
}
"""Weight of a mm³ of a part against the rest of its bone (design choices)."""

_JOINTS = (
    "acromioclavicular",
    "ankle",
    "costochondral",
    "elbow",
    "hip",
    "knee",
    "manubriosternal",
    "sacroiliac",
    "shoulder",
    "sternoclavicular",
    "symphysis",
    "wrist",
)
_JOINT_MM = 15.0
_SPARED = 0.9
"""Metastases come with the blood to red marrow, and spare the bone beside joints, where wear has its uptake: at the
centre of a joint a place is less likely by this share, falling off with the distance (design choice)."""

_MEAN_EXTRA: dict[Site, float] = {
    Site.SPINE: 1.6,
    Site.PELVIS: 1.0,
    Site.RIBS: 1.8,
    Site.FEMUR: 0.6,
    Site.OTHER: 0.5,
    Site.SCAPULA: 0.3,
}
"""Mean number of lesions at a site beyond the first, at the median extent of disease."""
RADIUS_MM = (2.5, 30.0)
CONTRAST = (1.3, 12.0)
_HEAT = 4.7
"""Median contrast, so that peaks stand above the bone around them as hot spots of real scans do (docs, realism)."""


def draw_metastases(
    rng: np.random.Generator,
    anatomy: AnatomyIndex,
    *,
    superscan: bool = False,
    primary: Primary | None = None,
    sites: tuple[Site, ...] | None = None,
) -> tuple[Focus, ...]:
    """Draw the metastases of one patient, at least one.

    Args:
        rng: Source of randomness.
        anatomy: The reference body.
        superscan: Diffuse disease: dozens of confluent lesions of the axial skeleton and proximal limbs.
        primary: Primary tumour; drawn if None.
        sites: Where there are metastases; drawn if None.
    """
    primary = primary or draw_primary(rng, anatomy.body.sex)
    if superscan:
        all_sites = list(SUPERSCAN_SITES)
        chosen = rng.choice(
            len(all_sites), size=int(rng.integers(*SUPERSCAN_LESIONS)), p=list(SUPERSCAN_SITES.values())
        )
        heat = float(rng.normal(np.log(3.5), 0.25))
        return tuple(_draw_one(rng, anatomy, all_sites[i], primary, radius_mm=17.0, log_contrast=heat) for i in chosen)
    affected, extent = (sites, float(rng.normal())) if sites else draw_sites(rng, primary)
    # Lesions of one patient are alike in heat, and more of them come with more extent.
    heat = float(rng.normal(np.log(_HEAT), 0.4))
    more = EXTENT[primary] * float(np.exp(0.55 * extent))
    places = [site for site in affected for _ in range(1 + rng.poisson(min(_MEAN_EXTRA[site] * more, 12)))]
    return tuple(_draw_one(rng, anatomy, site, primary, radius_mm=9.5, log_contrast=heat) for site in places)


def _draw_one(
    rng: np.random.Generator,
    anatomy: AnatomyIndex,
    site: Site,
    primary: Primary,
    *,
    radius_mm: float,
    log_contrast: float,
) -> Focus:
    bones = dict(_BONES[site])
    if primary == Primary.BREAST and site == Site.OTHER:
        bones |= {n: w * _SKULL_IN_BREAST for n, w in bones.items() if n in numbers_of("cranium")}
    weights = np.array(list(bones.values()))
    structure = int(rng.choice(np.array(list(bones)), p=weights / weights.sum()))
    centre = _choose(rng, anatomy, structure, proximal=site in (Site.FEMUR, Site.OTHER))
    radius = float(np.clip(np.exp(rng.normal(np.log(radius_mm), 0.45)), *RADIUS_MM))
    contrast = np.exp(rng.normal(log_contrast, 0.4))
    # Small lesions have to be hotter to be seen at all, as in published lists of lesions that readers found.
    contrast *= 1.5 if radius < 7 else 1.0
    return Focus(
        kind="metastasis",
        cause="metastasis",
        structure=structure,
        centre_mm=centre,
        radius_mm=radius,
        contrast=float(np.clip(contrast, *CONTRAST)),
        stretch=(float(rng.uniform(0.75, 1.5)), float(rng.uniform(0.8, 1.2)), float(rng.uniform(0.75, 1.4))),
        shape_seed=int(rng.integers(2**31)),
        ragged=float(rng.uniform(0.1, 0.45)),
        core=1.0 if rng.random() > 0.06 or radius < 12 else float(rng.uniform(0.2, 0.6)),
    )


def _choose(
    rng: np.random.Generator, anatomy: AnatomyIndex, structure: int, *, proximal: bool
) -> tuple[float, float, float]:
    """A random point of a bone by the weights of its parts; in long bones nearer the trunk where the red marrow is."""
    body = anatomy.body
    at = np.flatnonzero(body.structure == structure)
    table = np.ones(256)
    table[list(_PARTS)] = list(_PARTS.values())
    weight = table[body.part[at]] * body.volume_mm3[at] * _away_from_joints(anatomy, body.points_mm[at])
    if proximal:
        z = body.points_mm[at, 0]
        weight = weight * np.exp(-2.5 * (z - z.min()) / max(float(np.ptp(z)), 100.0))
    z, y, x = body.points_mm[at[rng.choice(len(at), p=weight / weight.sum())]]
    return float(z), float(y), float(x)


def _away_from_joints(anatomy: AnatomyIndex, points_mm: Points) -> npt.NDArray[np.float64]:
    """(n,) weight of places: 1 far from any joint, 1 - `_SPARED` at the centre of one."""
    joints = np.array([place for name, place in anatomy.landmarks.items() if name.startswith(_JOINTS)])
    nearest_mm, _ = cKDTree(joints).query(points_mm)
    result: npt.NDArray[np.float64] = 1 - _SPARED * np.exp(-0.5 * (nearest_mm / _JOINT_MM) ** 2)
    return result
