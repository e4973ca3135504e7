"""A gamma camera and one acquisition with it: a small record, its resolution formula, and how a record is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

FWHM_PER_SIGMA = 2.3548
"""2 sqrt(2 ln 2)."""
MINUTES_PER_HOUR = 60
HALF_LIFE_H = 6.007
"""Of Tc-99m. Source: NuDat 3, National Nuclear Data Center."""
DETECTOR_MM = 400.0
"""Length of a detector along the body: a point is seen for this length over the scan speed."""
COUNTS_PER_MBQ_S = 9.0
"""Counts a second and MBq in a patient: LEHR sensitivity of about 72 a MBq and second in air, times about an eighth,
the mean fraction of the injected tracer that is in the body at imaging and gets out to one camera."""
_COLUMNS = 256
_FARTHEST = 0.16
"""How far aside a patient lies at most, in widths of the field."""
_TRUNK_MM = 190.0
"""Half the breadth of chest and hips, which a technologist keeps within the field."""


@dataclass(frozen=True)
class Motion:
    """A patient who moved once: everything below a level lies elsewhere than before, as between passes of a scan.

    Attributes:
        at: Level as a fraction of the body's length from the head.
        shift_mm: (z, x) shift of what lies below.
        ramp_mm: Length over which the shift sets in.
    """

    at: float
    shift_mm: tuple[float, float]
    ramp_mm: float


@dataclass(frozen=True)
class Camera:
    """Camera and acquisition.

    Attributes:
        rows, columns: Matrix.
        pixel_mm: Square pixels.
        hole_mm, length_mm: Hole diameter and length of the LEHR collimator (GE: 1.5 and 35 mm).
        intrinsic_fwhm_mm: Intrinsic resolution.
        gap_mm: (anterior, posterior) distance from the collimator to the nearest skin.
        attenuation_per_mm: Broad-beam linear attenuation of soft tissue at 140 keV.
        scatter_fraction: Scattered over primary counts.
        penetration: Counts through or scattered in the septa of the collimator, over primary counts; they fall off
            slowly with distance, also beside the body.
        background: Counts from the room and the detector, spread evenly over what is scanned, over all others.
        counts: Expected counts of the mean of both views.
        offset_mm: (z, x) shift of the patient in the field of view.
        noise_seed: Seed of the Poisson noise.
        contour: Whether the front camera follows the body's outline, else it stays above the highest part.
        seen: (from, to) fractions of the body's length that are scanned; a cropped head begins above 0.
        motion: What the patient moved, or None.
        activity_mbq, delay_h, speed_cm_per_min: Injected activity, time to imaging and scan speed; `counts` follows
            from them by `expected_counts`.
    """

    rows: int = 1024
    columns: int = 256
    pixel_mm: float = 2.3
    hole_mm: float = 1.5
    length_mm: float = 35.0
    intrinsic_fwhm_mm: float = 3.8
    gap_mm: tuple[float, float] = (40.0, 20.0)
    attenuation_per_mm: float = 0.012
    scatter_fraction: float = 0.3
    penetration: float = 0.0
    background: float = 0.0
    counts: float = 1.2e6
    offset_mm: tuple[float, float] = (0.0, 0.0)
    noise_seed: int = 0
    contour: bool = False
    seen: tuple[float, float] = (-1.0, 2.0)
    motion: Motion | None = None
    activity_mbq: float = 740.0
    delay_h: float = 3.0
    speed_cm_per_min: float = 10.0

    def fwhm_mm(self, distance_mm: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """System resolution at a distance from the collimator face.

        R² = R_intrinsic² + R_collimator², R_collimator = d (L_e + z) / L_e, with the effective hole length
        L_e = L - 2 / µ(lead, 140 keV) and µ = 2.7 / mm.

        Source: Cherry, Sorenson, Phelps, Physics in Nuclear Medicine, chapter 14 (collimator resolution).

        Example:
            >>> Camera().fwhm_mm(100.0).round(1)
            np.float64(7.0)
        """
        effective = self.length_mm - 2 / 2.7
        collimator = self.hole_mm * (effective + np.asarray(distance_mm, np.float64)) / effective
        return np.asarray(np.hypot(self.intrinsic_fwhm_mm, collimator))

    def variance_px2(self, distance_mm: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Variance of the point response in pixels²."""
        return np.asarray((self.fwhm_mm(distance_mm) / FWHM_PER_SIGMA / self.pixel_mm) ** 2)


def expected_counts(activity_mbq: float, delay_h: float, speed_cm_per_min: float) -> float:
    """Expected counts of a view.

    N = A · 2^(-t / T½) · s · L / v: activity left at imaging, counts a second of it, and the time that each point is
    under the detector of length L at speed v.

    Example:
        >>> round(expected_counts(740, 3, 10) / 1e6, 2)
        1.13
    """
    seconds = DETECTOR_MM / 10 / speed_cm_per_min * MINUTES_PER_HOUR
    return activity_mbq * 2 ** (-delay_h / HALF_LIFE_H) * COUNTS_PER_MBQ_S * seconds


def with_pixel(camera: Camera, pixel_mm: float | None) -> Camera:
    """The camera with pixels of a given size.

    Args:
        camera: As drawn.
        pixel_mm: Of a scan of 256 × 1024, one of 512 × 2048 getting half of it; None leaves it as it is.
    """
    return camera if pixel_mm is None else replace(camera, pixel_mm=pixel_mm * _COLUMNS / camera.columns)


def draw_camera(
    rng: np.random.Generator, *, counts: tuple[float, float], delay_h: float = 3.0, fine_matrix: float = 0.0
) -> Camera:
    """Draw a camera and an acquisition.

    Args:
        rng: Source of randomness.
        counts: Range of expected counts a view, drawn log-uniformly; the scan speed follows from it.
        delay_h: Time from injection to imaging.
        fine_matrix: Share of acquisitions with 512 × 2048 pixels of half the size, else 256 × 1024.
    """
    pixel_mm = float(rng.choice([2.21, 2.4, 2.3, 1.95, 2.8, 1.8], p=[0.36, 0.3, 0.15, 0.1, 0.05, 0.04]))
    ge = rng.random() < 0.5
    fine = rng.random() < fine_matrix
    wanted = float(np.exp(rng.uniform(*np.log(counts))))
    activity_mbq = float(np.clip(rng.normal(740, 90), 500, 1110))
    cropped = rng.random()
    seen = (-1.0, 2.0)
    if cropped < 0.02:
        seen = (float(rng.uniform(0.01, 0.1)), 2.0)
    elif cropped < 0.05:
        seen = (-1.0, float(rng.uniform(0.82, 0.99)))
    aside = float(rng.normal(0, 12)) if rng.random() > 0.03 else float(rng.choice([-1, 1]) * rng.uniform(40, 110))
    # However small the field, an arm may lie beside it but not half of the trunk: nobody would call that whole-body.
    field_mm = pixel_mm * _COLUMNS
    farthest = min(_FARTHEST * field_mm, field_mm / 2 - _TRUNK_MM)
    aside = float(np.clip(aside, -farthest, farthest))
    return Camera(
        rows=2048 if fine else 1024,
        columns=2 * _COLUMNS if fine else _COLUMNS,
        pixel_mm=pixel_mm / 2 if fine else pixel_mm,
        hole_mm=1.5 if ge else 1.11,
        length_mm=35.0 if ge else 24.05,
        intrinsic_fwhm_mm=float(rng.uniform(3.4, 4.4)),
        gap_mm=(float(rng.uniform(20, 80)), float(rng.uniform(10, 40))),
        attenuation_per_mm=float(rng.uniform(0.0105, 0.0135)),
        scatter_fraction=float(rng.uniform(0.12, 0.3)),
        # Both set by what real frames show near to the body and far from it.
        penetration=float(np.clip(np.exp(rng.normal(np.log(0.042), 0.5)), 0.008, 0.1)),
        background=float(np.clip(np.exp(rng.normal(np.log(0.015), 1.5)), 0.0003, 0.15)),
        counts=wanted,
        offset_mm=(float(rng.normal(0, 40)), aside),
        noise_seed=int(rng.integers(2**31)),
        contour=bool(rng.random() < 0.6),
        seen=seen,
        motion=_draw_motion(rng),
        activity_mbq=activity_mbq,
        delay_h=delay_h,
        speed_cm_per_min=expected_counts(activity_mbq, delay_h, 1.0) / wanted,
    )


def _draw_motion(rng: np.random.Generator) -> Motion | None:
    if rng.random() > 0.1:
        return None
    shift = (float(rng.normal(0, 2.5)), float(rng.normal(0, 4)))
    return Motion(float(rng.uniform(0.08, 0.9)), shift, float(rng.uniform(5, 60)))


def moved(points_mm: npt.NDArray[np.float32], motion: Motion | None) -> npt.NDArray[np.float32]:
    """Points after the patient's motion."""
    if motion is None:
        return points_mm
    z = points_mm[:, 0]
    low, high = float(z.min()), float(z.max())
    level = low + motion.at * (high - low)
    share = np.clip((z - level) / motion.ramp_mm + 0.5, 0, 1)
    shift = np.array([motion.shift_mm[0], 0, motion.shift_mm[1]], np.float32)
    return np.asarray(points_mm + share[:, None] * shift, np.float32)
