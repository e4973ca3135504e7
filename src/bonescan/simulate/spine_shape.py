"""Curves of the spine, uneven sides and the smooth deformation of one's own, as displacements of all points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bonescan.simulate.body import Body, Points
from bonescan.simulate.posture import Posture

_MIDLINE_MM = 25.0
"""Nearer to the midline than this, mirrored displacement sideways fades."""


def bend_spine(points: Points, posture: Posture) -> None:
    """Add scoliosis and kyphosis, in place."""
    z = points[:, 0]
    height = float(z.max())
    if posture.scoliosis_mm:
        # A window that is 1 along the trunk and fades at the skull and the thighs (fractions of the height).
        window = np.clip((z / height - 0.1) / 0.08, 0, 1) * np.clip((0.55 - z / height) / 0.1, 0, 1)
        wave = np.sin(2 * np.pi * z / (0.35 * height) + posture.scoliosis_phase)
        points[:, 2] += posture.scoliosis_mm * window * wave
    if posture.kyphosis_mm:
        back = np.exp(-0.5 * ((z / height - 0.24) / 0.06) ** 2)
        head_forward = 0.6 * np.clip((0.17 - z / height) / 0.07, 0, 1)
        points[:, 1] += posture.kyphosis_mm * (back - head_forward)
        # A round back is a shorter one: what lies above comes down by the square of the displacement.
        points[:, 0] += posture.kyphosis_mm**2 / 60 * np.clip((0.24 - z / height) / 0.1, 0, 1)


def shift_sides(body: Body, points: Points, joints: dict[str, npt.NDArray[np.float32]], posture: Posture) -> None:
    """Bring the shoulders to their level, and lower one side of shoulders and pelvis against the other, in place."""
    for name, wanted, drop, reach in (
        ("shoulder", posture.shoulder_level, posture.shoulder_drop_mm, 130.0),
        ("hip", 0.0, posture.pelvic_tilt_mm, 130.0),
    ):
        if not (wanted or drop):
            continue
        level = (joints[f"{name} left"] + joints[f"{name} right"]) / 2
        raised = float(level[0] - wanted * body.stature_mm) if wanted else 0.0
        lever = float(joints[f"{name} left"][2])
        z = points[:, 0]
        # The arms hang from the shoulders and the legs from the hips, so below there is no fade.
        window = 1 / (1 + np.exp(-(z - level[0] + reach) / 25))
        if name == "shoulder":
            outer = np.clip((np.abs(points[:, 2]) / lever - 0.35) / 0.6, 0, 1)
            window = (
                window
                * outer
                * np.where(np.abs(points[:, 2]) > 0.85 * lever, 1, np.clip((level[0] + 250 - z) / 200, 0, 1))
            )
        side = np.clip(points[:, 2] / lever, -1, 1)
        points[:, 0] += ((drop / 2) * side - raised) * window


def warp(points: Points, posture: Posture) -> None:
    """Deform all points smoothly in one's own way, so that no two bodies are alike; in place.

    Long waves make a body uneven; shorter ones, mirrored at the midline, give bones a shape of their own on both sides:
    the vault of a skull, the wings of a pelvis, the sweep of ribs.
    """
    if posture.warp_mm > 0:
        _add_waves(points, posture.warp_seed, posture.warp_mm, lengths_mm=(250, 800), waves=5)
    if posture.shape_mm > 0:
        _add_waves(points, posture.shape_seed, posture.shape_mm, lengths_mm=(100, 260), waves=6, mirrored=True)


def _add_waves(
    points: Points, seed: int, spread_mm: float, *, lengths_mm: tuple[float, float], waves: int, mirrored: bool = False
) -> None:
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(waves, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    k = (2 * np.pi / rng.uniform(*lengths_mm, (waves, 1)) * direction).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, waves).astype(np.float32)
    amplitude = (rng.normal(size=(waves, 3)) * spread_mm / np.sqrt(waves)).astype(np.float32)
    # Written out: a matrix product of so thin matrices would only wake up the threads of the linear algebra library.
    z, y, x = (np.ascontiguousarray(points[:, axis]) for axis in range(3))
    sideways = np.clip(x / _MIDLINE_MM, -1, 1) if mirrored else 1.0
    across = np.abs(x) if mirrored else x
    for i in range(waves):
        wave = np.sin(k[i, 0] * z + k[i, 1] * y + k[i, 2] * across + phase[i])
        points[:, 0] += amplitude[i, 0] * wave
        points[:, 1] += amplitude[i, 1] * wave
        points[:, 2] += amplitude[i, 2] * wave * sideways
