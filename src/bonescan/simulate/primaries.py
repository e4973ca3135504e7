"""Primary tumours, and how often each spreads to each site, calibrated to the paper's prevalence over all patients."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtr

from bonescan.core.anatomy import Site

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
SUPERSCAN_SHARE = 0.05
"""Share of patients with metastases whose disease is diffuse, for which the prevalence of the others is corrected."""


class Primary(StrEnum):
    """Primary tumour."""

    PROSTATE = "prostate"
    BREAST = "breast"
    LUNG = "lung"
    OTHER = "other"


_OF_SEX: dict[str, dict[Primary, float]] = {
    "M": {Primary.PROSTATE: 0.56, Primary.BREAST: 0.0, Primary.LUNG: 0.26, Primary.OTHER: 0.18},
    "F": {Primary.PROSTATE: 0.0, Primary.BREAST: 0.60, Primary.LUNG: 0.20, Primary.OTHER: 0.20},
}
"""Primary among patients with bone metastases, by sex; a design choice in line with referral to bone scans."""

_LOG_ODDS: dict[Primary, dict[Site, float]] = {
    Primary.PROSTATE: {Site.SPINE: 0.4, Site.PELVIS: 0.8, Site.RIBS: -0.8, Site.FEMUR: 0.1, Site.OTHER: -0.4},
    Primary.BREAST: {Site.SPINE: 0.1, Site.PELVIS: -0.3, Site.RIBS: 0.6, Site.OTHER: 0.5, Site.SCAPULA: 0.2},
    Primary.LUNG: {Site.SPINE: -0.4, Site.PELVIS: -0.5, Site.RIBS: 0.5, Site.SCAPULA: 0.2, Site.OTHER: 0.1},
    Primary.OTHER: {Site.SPINE: -0.1, Site.PELVIS: 0.0, Site.FEMUR: 0.1},
}
"""Log odds of a site against the mean over primaries.

Source of the directions: Wang 2012 (504 patients: thoracic cage 66% in breast, 28% in prostate; spine and pelvis 81%
against 42%) and Kakhki 2013 (160 patients: breast to spine, ribs and sternum; prostate to spine and pelvis alike; lung
to ribs, then spine); sizes are damped, since the paper's patients mix early and late disease.
"""
EXTENT: dict[Primary, float] = {Primary.PROSTATE: 1.0, Primary.BREAST: 1.15, Primary.LUNG: 0.65, Primary.OTHER: 0.75}
"""Factor on the number of lesions; mean involved regions 4.8, 5.7, 3.0 and 3.3 in a series of 420 patients."""

SUPERSCAN_SITES: dict[Site, float] = {
    Site.SPINE: 0.4,
    Site.PELVIS: 0.2,
    Site.RIBS: 0.2,
    Site.FEMUR: 0.08,
    Site.OTHER: 0.08,
    Site.SCAPULA: 0.04,
}
"""Share of a superscan's lesions at each site."""
SUPERSCAN_LESIONS = (35, 80)
"""Range of the number of lesions of a superscan."""
_TOGETHER = 0.75
"""Weight of a patient's extent in whether a site is affected: sites go together."""


def draw_primary(rng: np.random.Generator, sex: str) -> Primary:
    """Draw the primary tumour of a patient with bone metastases."""
    shares = _OF_SEX[sex]
    return list(shares)[int(rng.choice(len(shares), p=list(shares.values())))]


def draw_sites(rng: np.random.Generator, primary: Primary | None = None) -> tuple[tuple[Site, ...], float]:
    """Draw the affected sites of a patient without diffuse disease, at least one.

    Args:
        rng: Source of randomness.
        primary: Primary tumour; drawn for a patient of either sex if None.

    Returns:
        The sites, and the patient's extent of disease (standard normal before at least one site was asked for).
    """
    if primary is None:
        primary = draw_primary(rng, "M" if rng.random() < 0.5 else "F")
    thresholds = _thresholds()[primary]
    while True:
        extent = float(rng.normal())
        chance = ndtr(thresholds + _TOGETHER * extent)
        chosen = tuple(
            site for site, p, u in zip(SITE_PREVALENCE, chance, rng.random(len(chance)), strict=True) if u < p
        )
        if chosen:
            return chosen, extent


def prevalence_of(primary: Primary) -> dict[Site, float]:
    """Site → fraction of patients with that primary, and without diffuse disease, who have a metastasis there."""
    return _targets()[primary]


@lru_cache(maxsize=1)
def _targets() -> dict[Primary, dict[Site, float]]:
    """Per primary: prevalences whose mean over patients, superscans included, is `SITE_PREVALENCE`."""
    weight = {p: 0.5 * (_OF_SEX["M"][p] + _OF_SEX["F"][p]) for p in Primary}
    targets: dict[Primary, dict[Site, float]] = {p: {} for p in Primary}
    for site, overall in SITE_PREVALENCE.items():
        counts = np.arange(*SUPERSCAN_LESIONS)
        diffuse = float((1 - (1 - SUPERSCAN_SITES[site]) ** counts).mean())
        wanted = (overall - SUPERSCAN_SHARE * diffuse) / (1 - SUPERSCAN_SHARE)
        low, high = -8.0, 8.0
        for _ in range(60):
            middle = (low + high) / 2
            mean = sum(weight[p] * float(expit(middle + _LOG_ODDS[p].get(site, 0.0))) for p in Primary)
            low, high = (middle, high) if mean < wanted else (low, middle)
        for p in Primary:
            targets[p][site] = float(expit(middle + _LOG_ODDS[p].get(site, 0.0)))
    return targets


@lru_cache(maxsize=1)
def _thresholds() -> dict[Primary, npt.NDArray[np.float64]]:
    """Per primary: probit thresholds by which `draw_sites` meets the targets, given that no empty set is kept."""
    extent, share = np.polynomial.hermite_e.hermegauss(40)
    share = share / share.sum()
    found = {}
    for primary, target in _targets().items():
        wanted = np.array(list(target.values()))
        a = logit(wanted) / 1.3
        for _ in range(200):
            chance = ndtr(a[:, None] + _TOGETHER * extent)
            some = float((share * (1 - np.prod(1 - chance, axis=0))).sum())
            mean = (chance * share).sum(1) / some
            a = a + 0.8 * (logit(wanted) - logit(np.clip(mean, 1e-6, 1 - 1e-6)))
        found[primary] = a
    return found
