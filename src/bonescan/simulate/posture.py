"""Posture and build of one person: a small record of numbers, and the deformation that it stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.body import Body, Points
from bonescan.simulate.structures import Segment


@dataclass(frozen=True)
class Posture:
    """How one person differs from the reference body.

    Attributes:
        height_scale: Along the body axis.
        frame_scale: Across and through the body.
        legs_scale: Extra factor on the length of the legs.
        fat_scale: Radial factor of soft tissue about the axis of each segment; 1 is the reference build.
        arm_abduction_deg: (left, right), positive away from the trunk.
        leg_abduction_deg: (left, right), positive away from the midline.
        foot_rotation_deg: (left, right), positive toes outwards.
        head_turn_deg: Rotation about the body axis, positive towards the patient's left.
        head_tilt_deg: Side bend of the neck.
        table_rotation_deg: Rotation of the whole body about its axis.
        table_tilt_deg: Rotation of the whole body in the plane of the table.
        scoliosis_mm: Amplitude of the sideways curve of the spine.
        scoliosis_phase: Phase of that curve in radians.
        kyphosis_mm: Backward displacement of the mid-thoracic spine.
        warp_seed: Seed of the smooth individual deformation.
        warp_mm: Its amplitude.
    """

    height_scale: float = 1.0
    frame_scale: float = 1.0
    legs_scale: float = 1.0
    fat_scale: float = 1.0
    arm_abduction_deg: tuple[float, float] = (0.0, 0.0)
    leg_abduction_deg: tuple[float, float] = (0.0, 0.0)
    foot_rotation_deg: tuple[float, float] = (0.0, 0.0)
    head_turn_deg: float = 0.0
    head_tilt_deg: float = 0.0
    table_rotation_deg: float = 0.0
    table_tilt_deg: float = 0.0
    scoliosis_mm: float = 0.0
    scoliosis_phase: float = 0.0
    kyphosis_mm: float = 0.0
    warp_seed: int = 0
    warp_mm: float = 0.0


def draw_posture(rng: np.random.Generator) -> Posture:
    """Draw a posture; the ranges are design choices covering adults of 150 to 195 cm."""

    def pair(mean: float, sd: float) -> tuple[float, float]:
        both = rng.normal(mean, sd)
        return (float(both + rng.normal(0, sd / 2)), float(both + rng.normal(0, sd / 2)))

    return Posture(
        height_scale=float(np.clip(rng.normal(0.98, 0.035), 0.88, 1.09)),
        frame_scale=float(np.clip(rng.normal(0.97, 0.045), 0.86, 1.08)),
        legs_scale=float(rng.normal(1.0, 0.025)),
        fat_scale=float(np.clip(rng.normal(1.06, 0.12), 0.85, 1.4)),
        arm_abduction_deg=pair(2.0, 3.0),
        leg_abduction_deg=pair(1.0, 1.6),
        foot_rotation_deg=pair(12.0, 14.0),
        head_turn_deg=float(rng.normal(0, 9)),
        head_tilt_deg=float(rng.normal(0, 3)),
        table_rotation_deg=float(rng.normal(0, 3)),
        table_tilt_deg=float(rng.normal(0, 0.8)),
        scoliosis_mm=float(abs(rng.normal(0, 5))),
        scoliosis_phase=float(rng.uniform(0, 2 * np.pi)),
        kyphosis_mm=float(abs(rng.normal(0, 10))),
        warp_seed=int(rng.integers(2**31)),
        warp_mm=float(rng.uniform(1.5, 4.5)),
    )


def apply_posture(body: Body, posture: Posture, joints: dict[str, npt.NDArray[np.float32]]) -> Points:
    """Return the body's points in this posture.

    Args:
        body: The reference body.
        posture: What to change.
        joints: `landmarks(body)`.

    Returns:
        (n, 3) float32 mm; z starts near 0 at the top of the head.
    """
    points = body.points_mm.copy()
    _fatten(body, points, posture.fat_scale)
    _head(body, points, posture)
    for side, sign, i in ((Laterality.LEFT, 1.0, 0), (Laterality.RIGHT, -1.0, 1)):
        # A wider trunk pushes the arms out; the hip is about 170 mm from the axis and the arm about 600 mm long.
        pushed = np.degrees(np.arctan(110 * max(posture.fat_scale - 1, 0) / 600))
        arm = body.in_segment(Segment.ARM, side)
        _turn(points, arm, joints[f"shoulder {side}"], (0, 2), sign * (posture.arm_abduction_deg[i] + pushed))
        leg = body.in_segment(Segment.LEG, side)
        hip = joints[f"hip {side}"]
        points[leg, 0] = hip[0] + (points[leg, 0] - hip[0]) * posture.legs_scale
        _turn(points, leg, hip, (0, 2), sign * posture.leg_abduction_deg[i])
        _turn_leg_outwards(points, leg, hip, joints[f"ankle {side}"], sign * posture.foot_rotation_deg[i])
    _spine(points, posture)
    points *= np.array([posture.height_scale, posture.frame_scale, posture.frame_scale], np.float32)
    _warp(points, posture)
    centre = np.array([0.0, points[:, 1].mean(), 0.0], np.float32)
    everything = slice(None)
    _turn(points, everything, centre, (1, 2), posture.table_rotation_deg)
    middle = centre + np.array([points[:, 0].max() / 2, 0, 0], np.float32)
    _turn(points, everything, middle, (0, 2), posture.table_tilt_deg)
    points[:, 0] -= points[:, 0].min()
    return points


def _turn(
    points: Points,
    at: npt.NDArray[np.bool_] | slice,
    centre: npt.NDArray[np.float32],
    axes: tuple[int, int],
    degrees: float,
) -> None:
    """Rotate points about a centre in the plane of two axes, the first turning towards the second."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    a, b = points[at, axes[0]] - centre[axes[0]], points[at, axes[1]] - centre[axes[1]]
    points[at, axes[0]] = centre[axes[0]] + cosine * a - sine * b
    points[at, axes[1]] = centre[axes[1]] + sine * a + cosine * b


def _turn_leg_outwards(
    points: Points,
    leg: npt.NDArray[np.bool_],
    hip: npt.NDArray[np.float32],
    ankle: npt.NDArray[np.float32],
    degrees: float,
) -> None:
    """Twist a leg about its own axis, none at the hip to all at the ankle, toes outwards for a positive left angle."""
    p = points[leg]
    along = np.clip((p[:, 0] - hip[0]) / (ankle[0] - hip[0]), 0, 1)
    angle = np.radians(degrees) * along
    axis_y = hip[1] + along * (ankle[1] - hip[1])
    axis_x = np.interp(p[:, 0], *_axis(p))
    dy, dx = p[:, 1] - axis_y, p[:, 2] - axis_x
    points[leg, 1] = axis_y + np.cos(angle) * dy + np.sin(angle) * dx
    points[leg, 2] = axis_x - np.sin(angle) * dy + np.cos(angle) * dx


def _axis(p: Points, bins: int = 24) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Mean x of points along z: (bins,) z and (bins,) x."""
    edges = np.linspace(p[:, 0].min(), p[:, 0].max() + 1e-3, bins + 1)
    which = np.digitize(p[:, 0], edges) - 1
    n = np.maximum(np.bincount(which, minlength=bins), 1)
    x = np.bincount(which, p[:, 2], minlength=bins) / n
    return ((edges[:-1] + edges[1:]) / 2).astype(np.float32), x.astype(np.float32)


def _fatten(body: Body, points: Points, scale: float) -> None:
    for segment, side in (
        (Segment.TRUNK, None),
        (Segment.ARM, Laterality.LEFT),
        (Segment.ARM, Laterality.RIGHT),
        (Segment.LEG, Laterality.LEFT),
        (Segment.LEG, Laterality.RIGHT),
    ):
        inside = body.in_segment(segment, side)
        soft = inside & body.is_soft
        if not soft.any():
            continue
        axis_z, axis_x = _axis(points[inside])
        z = points[soft, 0]
        low, high = z.min(), z.max()
        along = (z - low) / (high - low)
        if segment == Segment.TRUNK:
            # The belly gains most, the shoulders least.
            gain = np.interp(along, [0.0, 0.15, 0.6, 0.85, 1.0], [0.0, 0.3, 1.0, 0.6, 0.4])
        else:
            gain = np.interp(along, [0.0, 0.3, 1.0], [0.6, 0.6, 0.2])
        factor = (1 + gain * (scale - 1)).astype(np.float32)
        x0 = np.interp(z, axis_z, axis_x)
        y0 = points[inside, 1].mean()
        points[soft, 2] = x0 + (points[soft, 2] - x0) * factor
        points[soft, 1] = y0 + (points[soft, 1] - y0) * factor


def _head(body: Body, points: Points, posture: Posture) -> None:
    head = body.in_segment(Segment.HEAD)
    p = points[head]
    neck = np.array([p[:, 0].max(), np.percentile(p[:, 1], 60), 0.0], np.float32)
    # The turn grows from nothing at the base of the neck to all of it at the skull.
    share = np.clip((neck[0] - p[:, 0]) / 110.0, 0, 1)
    for degrees, axes in ((posture.head_turn_deg, (1, 2)), (posture.head_tilt_deg, (0, 2))):
        angle = np.radians(degrees) * share
        a, b = p[:, axes[0]] - neck[axes[0]], p[:, axes[1]] - neck[axes[1]]
        p[:, axes[0]] = neck[axes[0]] + np.cos(angle) * a - np.sin(angle) * b
        p[:, axes[1]] = neck[axes[1]] + np.sin(angle) * a + np.cos(angle) * b
    points[head] = p


def _spine(points: Points, posture: Posture) -> None:
    z = points[:, 0]
    height = z.max()
    # A window that is 1 along the trunk and fades at the skull and the thighs (fractions of the height).
    window = np.clip((z / height - 0.1) / 0.08, 0, 1) * np.clip((0.55 - z / height) / 0.1, 0, 1)
    points[:, 2] += posture.scoliosis_mm * window * np.sin(2 * np.pi * z / (0.35 * height) + posture.scoliosis_phase)
    points[:, 1] += posture.kyphosis_mm * np.exp(-0.5 * ((z / height - 0.24) / 0.06) ** 2)


def _warp(points: Points, posture: Posture, waves: int = 5) -> None:
    """Add a sum of long random waves, each 250 to 800 mm long, so that no two bodies are alike."""
    if posture.warp_mm <= 0:
        return
    rng = np.random.default_rng(posture.warp_seed)
    direction = rng.normal(size=(waves, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    k = (2 * np.pi / rng.uniform(250, 800, (waves, 1)) * direction).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, waves).astype(np.float32)
    amplitude = (rng.normal(size=(waves, 3)) * posture.warp_mm / np.sqrt(waves)).astype(np.float32)
    shift = np.zeros_like(points)
    # Wave by wave, not as matrix products: these are small, and threads of BLAS would fight over the cores.
    for (kz, ky, kx), offset, (az, ay, ax) in zip(k, phase, amplitude, strict=True):
        wave = np.sin(points[:, 0] * kz + points[:, 1] * ky + points[:, 2] * kx + offset)
        for axis, size in enumerate((az, ay, ax)):
            shift[:, axis] += size * wave
    points += shift
