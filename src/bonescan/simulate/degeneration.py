"""Worn joints and discs, the commonest benign uptake of all."""

from __future__ import annotations

import numpy as np

from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.benign_foci import L, R, focus_at
from bonescan.simulate.focal import Focus

_DISCS = {"C4/C5": 0.5, "C5/C6": 0.8, "C6/C7": 0.6, "T8/T9": 0.3, "T11/T12": 0.3, "L1/L2": 0.4, "L2/L3": 0.7}
_DISCS |= {"L3/L4": 1.2, "L4/L5": 2.0, "L5/S1": 2.2}
"""Disc → how often it is worn, relative to others."""


def _level(rng: np.random.Generator, anatomy: AnatomyIndex, options: dict[str, float]) -> str:
    names = [n for n in options if n in anatomy.landmarks]
    weights = np.array([options[n] for n in names])
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def spondylosis(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """One to three worn discs: osteophytes to one side, or end plates across the whole disc."""
    foci = []
    for _ in range(int(rng.integers(1, 4))):
        centre = anatomy.landmarks[_level(rng, anatomy, _DISCS)].copy()
        lateral = rng.choice([-1.0, 0.0, 1.0], p=[0.38, 0.24, 0.38])
        centre[2] += lateral * rng.uniform(12, 22)
        stretch = (0.6, 1.0, 1.6) if lateral == 0 else (0.8, 1.0, 1.0)
        foci.append(focus_at(rng, anatomy, "degenerative disc", centre, (7, 12), (1.6, 5.0), stretch))
    return foci


def facets(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """Facet joints behind a disc, one side or both, at one or two levels: small and round, best seen from behind."""
    foci = []
    for _ in range(int(rng.integers(1, 3))):
        disc = anatomy.landmarks[
            _level(rng, anatomy, {"L3/L4": 1, "L4/L5": 2, "L5/S1": 2, "L2/L3": 0.5, "C3/C4": 0.5, "C4/C5": 0.6})
        ]
        for side in (1.0, -1.0) if rng.random() < 0.35 else (float(rng.choice([-1.0, 1.0])),):
            wide = 20.0 if disc[0] > anatomy.landmarks["T11/T12"][0] else 16.0
            centre = disc + np.array([0, 34, side * wide]) + rng.normal(0, 3, 3)
            foci.append(focus_at(rng, anatomy, "degenerative facet", centre, (6, 10), (1.6, 5.0)))
    return foci


def knee(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """A knee: mostly one compartment (the inner one), the kneecap, where its tendon inserts, or all of it."""
    foci = []
    for side in (L, R) if rng.random() < 0.55 else (L if rng.random() < 0.5 else R,):
        sign = 1.0 if side == L else -1.0
        centre = anatomy.landmarks[f"knee {side}"] + rng.normal(0, 5, 3)
        kind = rng.random()
        if kind < 0.42:  # one compartment, thigh and shin side of the joint
            centre = centre + np.array([12, 0, -sign * rng.uniform(14, 24) * rng.choice([1, -1], p=[0.75, 0.25])])
            foci.append(focus_at(rng, anatomy, "degenerative knee", centre, (11, 18), (1.8, 6.5), (1.1, 1.0, 1.0)))
        elif kind < 0.7:  # mostly its outer upper quarter
            patella = anatomy.body.centre_of("patella", side) + rng.normal((-5, 0, sign * 5), (5, 0, 6))
            foci.append(focus_at(rng, anatomy, "degenerative knee", patella, (8, 18), (2.0, 8.0), confined=True))
        elif kind < 0.76:
            tuberosity = anatomy.landmarks[f"tibial tuberosity {side}"]
            foci.append(focus_at(rng, anatomy, "degenerative knee", tuberosity, (7, 13), (1.8, 5.0), confined=True))
        else:
            foci.append(focus_at(rng, anatomy, "degenerative knee", centre, (20, 30), (1.6, 5.0)))
    return foci


def hands(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """Finger joints and the base of the thumb, a few on one or both sides."""
    foci = []
    for side in (L, R) if rng.random() < 0.5 else (L if rng.random() < 0.5 else R,):
        points = anatomy.body.points_mm[anatomy.body.of("hand", side)]
        for _ in range(int(rng.integers(1, 4))):
            centre = points[rng.integers(len(points))]
            foci.append(focus_at(rng, anatomy, "degenerative hand", centre, (5, 9), (2.0, 6.0)))
    return foci


def shins(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """Long streaks along the shins: periosteal uptake in both, in athletes or with hypertrophic osteoarthropathy."""
    foci = []
    for side in (L, R):
        points = anatomy.body.points_mm[anatomy.body.of("tibia", side)]
        z = points[:, 0].min() + rng.uniform(0.35, 0.65) * np.ptp(points[:, 0])
        near = points[np.abs(points[:, 0] - z) < 10]
        foci.append(
            focus_at(
                rng, anatomy, "periosteal shin", near.mean(0), (12, 16), (1.6, 3.5), (5.0, 1.0, 1.0), confined=True
            )
        )
    return foci
