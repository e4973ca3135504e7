"""Urine: the bladder at any filling, ureters and renal pelves, and what is spilt on skin, clothes and tubes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.body import Points
from bonescan.simulate.pools import Place, Pool, place, shifted
from bonescan.simulate.structures import Segment

L, R = Laterality.LEFT, Laterality.RIGHT


@dataclass(frozen=True)
class Bladder:
    """Filling and shape of the bladder.

    Attributes:
        uptake: Concentration of urine relative to the femoral shaft.
        stretch: Factors on its (z, y, x) extent about the middle of its floor, which stays where it is.
        bend: How far its ends rise above the middle, as a fraction of its half width; negative for drooping ends.
        tilt: Rise of the left end over the right one, as a fraction of its half width.
        shift_mm: Sideways displacement.
    """

    uptake: float = 3.0
    stretch: tuple[float, float, float] = (0.8, 0.8, 0.8)
    bend: float = 0.0
    tilt: float = 0.0
    shift_mm: float = 0.0


def draw_bladder(rng: np.random.Generator, *, faint: float = 1.0) -> Bladder:
    """Draw a bladder: mostly voided just before the scan (a flat crescent), sometimes full."""
    full = rng.random() < 0.25
    # Volume over that of the reference bladder, which is about 150 to 200 ml.
    volume = float(np.exp(rng.uniform(np.log(0.7), np.log(3.2)) if full else rng.normal(np.log(0.2), 0.5)))
    size = volume ** (1 / 3)
    flat = float(rng.uniform(0.45, 0.85)) if volume < 0.6 else float(rng.uniform(0.75, 1.1))
    wide = flat**-0.45
    deep = float(np.exp(rng.normal(-0.2, 0.12)))
    return Bladder(
        uptake=float(np.exp(rng.normal(np.log(1.8 if full else 3.5), 0.75))) * faint,
        stretch=(size * flat, size * wide * deep, size * wide / deep),
        bend=float(rng.normal(0.1, 0.4)) * (1.0 if volume < 0.6 else 0.3),
        tilt=float(rng.normal(0, 0.25)),
        shift_mm=float(rng.normal(0, 9)),
    )


def bladder_points(anatomy: AnatomyIndex, bladder: Bladder, posed_mm: Points) -> tuple[Points, npt.NDArray[np.float32]]:
    """Points of the filled bladder in the posed body, and the activity of each.

    Returns:
        (m, 3) float32 mm and (m,) float32.
    """
    at = anatomy.body.of("bladder")
    rest = posed_mm[at]
    floor = np.array([rest[:, 0].max(), rest[:, 1].mean(), rest[:, 2].mean()], np.float32)
    offset = (rest - floor) * np.array(bladder.stretch, np.float32)
    half = max(float(np.abs(offset[:, 2]).max()), 1.0)
    across = offset[:, 2] / half
    offset[:, 0] -= half * (bladder.bend * across**2 + 0.5 * bladder.tilt * across)
    offset[:, 2] += bladder.shift_mm
    activity = bladder.uptake * anatomy.body.volume_mm3[at] * float(np.prod(bladder.stretch))
    return (floor + offset).astype(np.float32), activity.astype(np.float32)


def draw_urinary_tract(rng: np.random.Generator, anatomy: AnatomyIndex, *, faint: float = 1.0) -> tuple[Pool, ...]:
    """Renal pelves, hydronephrosis, calyces and ureters that hold urine in some patients."""
    pools: list[Pool] = []
    for side, sign in ((L, 1.0), (R, -1.0)):
        kidney = anatomy.body.points_mm[anatomy.body.of("kidney", side)]
        centre, extent = kidney.mean(0), kidney.max(0) - kidney.min(0)
        hilum = centre + np.array([0, -4, -sign * 0.2 * extent[2]])
        if rng.random() < 0.3:  # urine in the renal pelvis; seldom a wide, blocked one
            wide = rng.random() < 0.15
            radius = float(rng.uniform(9, 16)) if wide else float(rng.uniform(3, 6))
            amount = float(np.exp(rng.normal(np.log(45e3 if wide else 7e3), 0.8))) * faint
            path = (place(hilum - np.array([0.22 * extent[0], 0, 0])), place(hilum + np.array([0.2 * extent[0], 0, 0])))
            pools.append(_trunk("renal pelvis", path, (radius, radius), amount, 0.4, rng))
        if rng.random() < 0.12:  # calyces: a few hot spots within the kidney
            for _ in range(int(rng.integers(2, 5))):
                spot = kidney[rng.integers(len(kidney))]
                amount = float(np.exp(rng.normal(np.log(4e3), 0.7))) * faint
                pools.append(_trunk("calyx", (place(spot),), (float(rng.uniform(2, 5)),), amount, 0.0, rng))
        if rng.random() < 0.15:
            pools.append(_ureter(rng, anatomy, hilum, sign, faint))
    return tuple(pools)


def _ureter(
    rng: np.random.Generator, anatomy: AnatomyIndex, hilum: npt.NDArray[np.float64], sign: float, faint: float
) -> Pool:
    """A ureter, whole or a stretch of it: down beside the spine, over the pelvic brim, to the bladder."""
    bladder = anatomy.body.points_mm[anatomy.body.of("bladder")].mean(0)
    drop = bladder[0] - hilum[0]
    side_mm = abs(hilum[2])
    course = np.array(
        [
            shifted(hilum, 25, -10, -sign * 10),
            [hilum[0] + 0.35 * drop, hilum[1] - 25, sign * (0.55 * side_mm + rng.normal(0, 5))],
            [hilum[0] + 0.62 * drop, hilum[1] - 35, sign * (0.5 * side_mm + rng.normal(0, 5))],
            [hilum[0] + 0.85 * drop, hilum[1] - 15, sign * (0.75 * side_mm + rng.normal(0, 5))],
            [bladder[0] - 12, bladder[1] + 15, sign * 18],
        ]
    )
    first = int(rng.integers(0, 4))
    last = int(rng.integers(first + 2, 6)) if first < 4 else 5
    path = tuple(place(p) for p in course[first : min(last, 5)])
    amount = float(np.exp(rng.normal(np.log(2.5e3), 0.7))) * len(path) * faint
    return _trunk(
        "ureter", path, tuple(float(rng.uniform(1.5, 3)) for _ in path), amount, float(rng.uniform(0.3, 1)), rng
    )


def _trunk(
    cause: str,
    path: tuple[Place, ...],
    radius: tuple[float, ...],
    amount: float,
    uneven: float,
    rng: np.random.Generator,
) -> Pool:
    return Pool(cause, Segment.TRUNK, None, path, radius, amount, uneven, int(rng.integers(2**31)))


def draw_urethra(rng: np.random.Generator, anatomy: AnatomyIndex, *, faint: float) -> Pool:
    """What is left of urine below the pubis after voiding: on most real scans a faint streak in the midline.

    Args:
        rng: Source of randomness.
        anatomy: The reference body.
        faint: Factor on the tracer in urine.
    """
    hips = (anatomy.landmarks["hip left"] + anatomy.landmarks["hip right"]) / 2
    male = anatomy.body.sex == "M"
    length_mm = float(rng.uniform(35, 75) if male else rng.uniform(20, 50))
    top = shifted(hips, 38, -25, rng.normal(0, 2))
    end = shifted(top, length_mm, -25 if male else 0, rng.normal(0, 5))
    radius_mm = (float(rng.uniform(5, 9)), float(rng.uniform(6, 11)))
    amount = _amount(rng, 6e3 if male else 4.5e3, 0.6) * faint
    return _trunk("urethra", (place(top), place(end)), radius_mm, amount, float(rng.uniform(0, 0.6)), rng)


def draw_contamination(rng: np.random.Generator, anatomy: AnatomyIndex, *, often: float = 0.45) -> tuple[Pool, ...]:
    """Urine outside the body: a drop below the pubis (most often), splashes on groin and thighs, a bag and its tube.

    Args:
        rng: Source of randomness.
        anatomy: The reference body.
        often: Share of patients with any.
    """
    if rng.random() > often:
        return ()
    hips = (anatomy.landmarks["hip left"] + anatomy.landmarks["hip right"]) / 2
    front = hips + np.array([0, -75, 0])
    kind = rng.random()
    if kind < 0.5:
        return _drop(rng, front)
    if kind < 0.65:
        return _streak(rng, front)
    if kind < 0.95:
        return _splashes(rng, front)
    return _bag(rng, anatomy, front)


def _amount(rng: np.random.Generator, median: float, sd: float) -> float:
    return float(np.exp(rng.normal(np.log(median), sd)))


def _leg(rng: np.random.Generator, x: float, path: tuple[Place, ...], radius: float, amount: float, cause: str) -> Pool:
    side = L if x > 0 else R
    uneven = float(rng.uniform(0, 1))
    return Pool(cause, Segment.LEG, side, path, (radius,) * len(path), amount, uneven, int(rng.integers(2**31)))


def _drop(rng: np.random.Generator, front: npt.NDArray[np.float64]) -> tuple[Pool, ...]:
    at = shifted(front, rng.uniform(30, 105), 0, rng.normal(0, 9))
    radius = float(rng.uniform(2, 6))
    return (_leg(rng, at[2], (place(at),), radius, _amount(rng, 12e3, 0.9), "urine on the skin"),)


def _streak(rng: np.random.Generator, front: npt.NDArray[np.float64]) -> tuple[Pool, ...]:
    at = shifted(front, rng.uniform(25, 45), 0, rng.normal(0, 4))
    end = shifted(at, rng.uniform(15, 50), 0, rng.normal(0, 6))
    return (
        _leg(
            rng,
            at[2],
            (place(at), place(end)),
            float(rng.uniform(1.5, 4)),
            _amount(rng, 14e3, 0.8),
            "urine on the skin",
        ),
    )


def _splashes(rng: np.random.Generator, front: npt.NDArray[np.float64]) -> tuple[Pool, ...]:
    middle = shifted(front, rng.uniform(30, 160), 0, rng.normal(0, 35))
    pools = []
    for _ in range(int(rng.integers(1, 7))):
        at = middle + rng.normal(0, 1, 3) * [22, 5, 22]
        path: tuple[Place, ...] = (place(at), place(at + rng.normal(0, 1, 3) * [16, 2, 14]))
        behind = rng.random() < 0.25
        if behind:
            path = tuple((z, y + 140.0, x) for z, y, x in path)
        amount = _amount(rng, 10e3, 1.0)
        pools.append(_leg(rng, at[2], path, float(rng.uniform(2, 8)), amount, "urine on the skin"))
    return tuple(pools)


def _bag(rng: np.random.Generator, anatomy: AnatomyIndex, front: npt.NDArray[np.float64]) -> tuple[Pool, ...]:
    """A catheter's tube down the thigh and a bag beside or between the legs."""
    side, sign = (L, 1.0) if rng.random() < 0.5 else (R, -1.0)
    knee = anatomy.landmarks[f"knee {side}"]
    between = rng.random() < 0.4
    x = sign * 8 if between else knee[2] + sign * rng.uniform(85, 130)
    top = np.array([knee[0] + rng.uniform(-150, 160), knee[1], x])
    bottom = shifted(top, rng.uniform(50, 130), 0, rng.normal(0, 14))
    pools = [
        _leg(rng, sign, (place(top), place(bottom)), float(rng.uniform(9, 24)), _amount(rng, 15e3, 1.0), "urine bag"),
    ]
    if rng.random() < 0.7:
        tube = (
            place(shifted(front, 45, 0, sign * 5)),
            place((shifted(front, 45, 0, 0) + top) / 2 + rng.normal(0, 12, 3)),
            place(top),
        )
        pools.append(_leg(rng, sign, tube, float(rng.uniform(1.5, 2.5)), _amount(rng, 2e3, 0.8), "catheter"))
    return tuple(pools)
