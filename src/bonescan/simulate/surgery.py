"""What operations leave: sternotomy, laminectomy, craniotomy, the rim of a prosthesis; and Paget's disease."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.benign_foci import L, R, focus_at
from bonescan.simulate.focal import Focus
from bonescan.simulate.parts import Part
from bonescan.simulate.posture import Prosthesis


def sternotomy(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """A broken line down the middle of the sternum."""
    points = anatomy.body.points_mm[anatomy.body.of("sternum")]
    low, high = points[:, 0].min(), points[:, 0].max()
    foci = []
    for z in np.linspace(low + 12, high - 25, int(rng.integers(3, 6))):
        near = points[np.abs(points[:, 0] - z) < 8]
        if len(near) and rng.random() < 0.85:
            foci.append(
                focus_at(rng, anatomy, "sternotomy", near.mean(0), (7, 11), (1.5, 3.0), (1.8, 1.2, 0.7), confined=False)
            )
    return foci


def laminectomy(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """Arches of one to three lumbar vertebrae."""
    first = int(rng.integers(2, 5))
    foci = []
    for i in range(first, min(first + int(rng.integers(1, 4)), 6)):
        at = anatomy.body.of(f"L{i}", part=(Part.ARCH, Part.PROCESS))
        if len(at):
            centre = anatomy.body.points_mm[at].mean(0)
            foci.append(focus_at(rng, anatomy, "post-operative", centre, (12, 18), (1.5, 3.2), (1.0, 0.8, 1.3)))
    return foci


def craniotomy(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """The rim of a bone flap: spots around a circle on the vault."""
    body = anatomy.body
    vault = body.points_mm[body.of("cranium", part=Part.VAULT)]
    centre = vault[rng.integers(len(vault))]
    rim = np.abs(np.linalg.norm(vault - centre, axis=1) - rng.uniform(22, 38)) < 5
    points = vault[rim]
    if not len(points):
        return []
    chosen = points[rng.choice(len(points), size=int(rng.integers(3, 6)))]
    return [focus_at(rng, anatomy, "post-operative", p, (6, 10), (1.6, 3.5), confined=True) for p in chosen]


def prosthesis_rim(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """Warm bone around a hip or knee prosthesis: socket and tip of the stem, or both sides of the joint."""
    side = L if rng.random() < 0.5 else R
    if rng.random() < 0.55:
        hip = anatomy.landmarks[f"hip {side}"]
        femur = anatomy.body.points_mm[anatomy.body.of("femur", side)]
        z = hip[0] + rng.uniform(120, 180)
        tip = femur[np.abs(femur[:, 0] - z) < 8].mean(0)
        socket = hip + np.array([-14, 0, 0])
        return [
            focus_at(rng, anatomy, "hip prosthesis rim", socket, (16, 22), (1.4, 2.6), (0.8, 1.0, 1.0)),
            focus_at(rng, anatomy, "hip prosthesis rim", tip, (10, 16), (1.8, 4.5), (1.6, 1.0, 1.0)),
        ]
    knee = anatomy.landmarks[f"knee {side}"]
    return [
        focus_at(
            rng, anatomy, "knee prosthesis rim", knee + np.array([dz, 0, 0]), (16, 22), (1.6, 4.0), (0.7, 1.1, 1.4)
        )
        for dz in (-22, 32)
    ]


def prostheses_of(foci: Iterable[Focus]) -> tuple[Prosthesis, ...]:
    """The prostheses that the warm rims among a patient's foci belong to."""
    found = {
        (focus.cause.startswith("hip"), L if focus.centre_mm[2] > 0 else R)
        for focus in foci
        if focus.cause.endswith("prosthesis rim")
    }
    return tuple(Prosthesis("hip" if hip else "knee", side, rim=0.3) for hip, side in sorted(found))


def paget(rng: np.random.Generator, anatomy: AnatomyIndex) -> list[Focus]:
    """Paget's disease: one whole bone, or half of one, very hot."""
    name = str(rng.choice(["ilium", "femur", "tibia", "L3", "humerus", "scapula", "cranium"]))
    side = None if name in ("L3", "cranium") else (L if rng.random() < 0.5 else R)
    points = anatomy.body.points_mm[anatomy.body.of(name, side)]
    half = np.ptp(points, axis=0) / 2
    centre = points.mean(0)
    if name in ("femur", "tibia", "humerus"):  # from one end along the shaft
        reach = rng.uniform(0.35, 0.9)
        centre[0] = points[:, 0].min() + reach * half[0]
        half[0] *= reach
    longest = float(half.max())
    stretch = (float(half[0] / longest), float(max(half[1] / longest, 0.3)), float(max(half[2] / longest, 0.3)))
    return [focus_at(rng, anatomy, "Paget's disease", centre, (longest, longest * 1.1), (3.0, 8.0), stretch, True)]
