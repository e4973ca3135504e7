"""Where metastases are, how many, how large and how hot.

Site prevalence among patients with metastases is the paper's Table 3 (training and test sets together).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality, Site
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.focal import Focus
from bonescan.simulate.structures import VERTEBRAE, number_of, numbers_of

SITE_PREVALENCE: dict[Site, float] = {
    Site.SPINE: 0.786,
    Site.PELVIS: 0.700,
    Site.RIBS: 0.657,
    Site.FEMUR: 0.350,
    Site.OTHER: 0.279,
    Site.SCAPULA: 0.204,
}
"""Fraction of patients with metastases who have one there.

Source: the paper, Table 3, both sets: 220, 196, 184, 98, 78 and 57 of 280 (read as spine, pelvis, ribs, femur, others,
scapula).
"""

L, R, M = Laterality.LEFT, Laterality.RIGHT, Laterality.MIDLINE


def _among(name: str, weight: float) -> dict[int, float]:
    """Share a weight among the bones of a group, or both sides of a bone."""
    numbers = numbers_of(name)
    return {number: weight / len(numbers) for number in numbers}


_STRUCTURES_OF_SITE: dict[Site, dict[int, float]] = {
    Site.SPINE: {number_of(v): {"C": 0.15, "T": 0.5, "L": 1.2}[v[0]] for v in VERTEBRAE},
    Site.PELVIS: {**_among("pelvis", 0.75), number_of("sacrum"): 0.25},
    Site.RIBS: _among("ribs", 1.0),
    Site.SCAPULA: _among("scapula", 1.0),
    Site.FEMUR: _among("femur", 1.0),
    Site.OTHER: {
        **_among("sternum", 0.27),
        number_of("cranium"): 0.2,
        **_among("humerus", 0.3),
        **_among("clavicle", 0.15),
        **_among("lower leg", 0.08),
    },
}
_MEAN_EXTRA: dict[Site, float] = {
    Site.SPINE: 1.6,
    Site.PELVIS: 1.0,
    Site.RIBS: 1.8,
    Site.FEMUR: 0.6,
    Site.OTHER: 0.5,
    Site.SCAPULA: 0.3,
}
"""Mean number of lesions at a site beyond the first."""


def draw_metastases(rng: np.random.Generator, anatomy: AnatomyIndex, *, superscan: bool = False) -> tuple[Focus, ...]:
    """Draw the metastases of one patient, at least one.

    Args:
        rng: Source of randomness.
        anatomy: The reference body.
        superscan: Diffuse disease: dozens of confluent lesions of the axial skeleton and proximal limbs.
    """
    if superscan:
        return _draw_superscan(rng, anatomy)
    places = [site for site in draw_sites(rng) for _ in range(1 + rng.poisson(rng.exponential(_MEAN_EXTRA[site])))]
    return tuple(_draw_one(rng, anatomy, site, median_radius_mm=10.5, contrast=(1.7, 9.0)) for site in places)


def draw_sites(rng: np.random.Generator) -> tuple[Site, ...]:
    """Draw a non-empty set of sites whose marginal prevalence is near `SITE_PREVALENCE`."""
    # Sites go together: extent is shared within a patient, so draw one latent extent and compare.
    while True:
        extent = rng.normal(0, 0.9)
        chosen = []
        for site, prevalence in SITE_PREVALENCE.items():
            logit = 1.25 * (np.log(prevalence / (1 - prevalence)) - 0.12) + extent
            if rng.random() < 1 / (1 + np.exp(-logit)):
                chosen.append(site)
        if chosen:
            return tuple(chosen)


def _draw_superscan(rng: np.random.Generator, anatomy: AnatomyIndex) -> tuple[Focus, ...]:
    sites = (Site.SPINE, Site.PELVIS, Site.RIBS, Site.FEMUR, Site.OTHER, Site.SCAPULA)
    weights = np.array([0.4, 0.2, 0.2, 0.08, 0.08, 0.04])
    chosen = rng.choice(len(sites), size=int(rng.integers(35, 80)), p=weights)
    return tuple(_draw_one(rng, anatomy, sites[i], median_radius_mm=17.0, contrast=(2.2, 6.0)) for i in chosen)


def _draw_one(
    rng: np.random.Generator,
    anatomy: AnatomyIndex,
    site: Site,
    *,
    median_radius_mm: float,
    contrast: tuple[float, float],
) -> Focus:
    options = _STRUCTURES_OF_SITE[site]
    numbers = np.array(list(options))
    weights = np.array(list(options.values()))
    structure = int(rng.choice(numbers, p=weights / weights.sum()))
    at = np.flatnonzero(anatomy.body.structure == structure)
    centre = _choose(rng, anatomy.body.points_mm[at], proximal=site in (Site.FEMUR, Site.OTHER))
    radius = float(np.clip(np.exp(rng.normal(np.log(median_radius_mm), 0.42)), 4.0, 32.0))
    low, high = np.log(contrast)
    # Small lesions have to be hotter to be seen at all, as in published lists of lesions that readers found.
    peak = float(np.exp(rng.uniform(low, high))) * (1.0 if radius > 8 else 1.5)
    return Focus(
        kind="metastasis",
        cause="metastasis",
        structure=structure,
        centre_mm=centre,
        radius_mm=radius,
        contrast=peak,
        stretch=(float(rng.uniform(0.8, 1.4)), float(rng.uniform(0.8, 1.2)), float(rng.uniform(0.8, 1.3))),
        shape_seed=int(rng.integers(2**31)),
    )


def _choose(rng: np.random.Generator, points: npt.NDArray[np.float32], *, proximal: bool) -> tuple[float, float, float]:
    """A random point of a structure; in long bones nearer the trunk where the red marrow is."""
    if proximal:
        z = points[:, 0]
        limit = z.min() + (z.max() - z.min()) * min(rng.exponential(0.33), 1.0)
        near = points[z <= max(limit, z.min() + 12)]
        points = near if len(near) else points
    z, y, x = points[rng.integers(len(points))]
    return float(z), float(y), float(x)
