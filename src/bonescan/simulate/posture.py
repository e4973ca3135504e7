"""Build and posture of one person: a small record of numbers, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bonescan.core.anatomy import Laterality

Pair = tuple[float, float]
"""(left, right)."""


@dataclass(frozen=True)
class Prosthesis:
    """A joint replacement: cold metal, often with a rim of raised uptake in the bone around it.

    Attributes:
        joint: "hip" or "knee".
        side: The patient's side.
        rim: Extra uptake of the bone around the metal, relative to its own; 0 for none.
    """

    joint: Literal["hip", "knee"]
    side: Laterality
    rim: float = 0.5


@dataclass(frozen=True)
class Amputation:
    """A limb that ends early.

    Attributes:
        limb: "arm" or "leg".
        side: The patient's side.
        at: Where it ends, as a fraction of the forearm (from elbow to wrist) or of the lower leg (from knee to ankle);
            below 0 the upper arm or thigh is cut, down to -1 at the shoulder or hip.
    """

    limb: Literal["arm", "leg"]
    side: Laterality
    at: float = 0.4


@dataclass(frozen=True)
class Posture:
    """How one person differs from the reference body.

    Attributes:
        height_cm: Height, or None for that of the reference body.
        bmi: Body mass index in kg/m², or None for that of the reference body; soft tissue makes up the difference.
        frame: Extra factor on the breadth of the skeleton.
        legs: Extra factor on the length of the legs.
        arm_abduction_deg: Positive away from the trunk.
        elbow_bend_deg: Forearm in the plane of the table, positive towards the midline.
        forearm_turn_deg: Twist of forearm and hand about their axis, positive as the thumb turns outwards.
        finger_curl: 0 for straight fingers to 1 for a loose fist; for bodies whose fingers can be bent.
        finger_spread: 0 for fingers side by side to 1 for fanned out.
        leg_abduction_deg: Positive away from the midline.
        foot_rotation_deg: Positive toes outwards.
        foot_flexion_deg: Positive toes away from the head.
        head_turn_deg: Rotation about the body axis, positive towards the patient's left.
        head_tilt_deg: Side bend of the neck.
        table_rotation_deg: Rotation of the whole body about its axis.
        table_tilt_deg: Rotation of the whole body in the plane of the table.
        scoliosis_mm: Amplitude of the sideways curve of the spine.
        scoliosis_phase: Phase of that curve in radians.
        kyphosis_mm: Backward displacement of the mid-thoracic spine; the head comes forward.
        shoulder_drop_mm: How much lower the left shoulder lies than the right.
        shoulder_level: Height of the shoulder joints below the crown over that of the body; 0 leaves it as in the
            reference body.
        upper_arm: Length from shoulder to elbow over the height of the body; 0 leaves it.
        forearm: Length from elbow to wrist, likewise.
        forearm_lift_deg: How far the forearms rise from the table, the elbows resting on it.
        scapula_turn_deg: Rotation of the shoulder blade about the shoulder, positive as its lower tip moves outwards.
        blade_height: Factor on the height of the shoulder blades: round shoulders tilt them, which foreshortens them.
        chest_flare: How much wider the chest is at its lower ribs, as a fraction.
        rib_slope: How many mm farther down ribs lie for each mm that they lie aside.
        rib_mm: How unevenly ribs lie from one to the next: spread of their displacement up or down.
        rib_seed: Seed of that unevenness.
        breath_mm: Spread of the way of ribs up and down as one breathes.
        hip_flare: How much wider the pelvis is at the iliac crests, as a fraction.
        pelvic_incline_deg: How much farther forward the pelvis leans over the hips, positive as the crests come down.
        thighs_part: Where the thighs part, as a fraction of the way from hip to knee: above it their flesh
            touches; below 1, 0 for legs apart as they come.
        leg_turn_deg: How far the knees point outwards.
        knee_bow_mm: How much farther apart each knee lies than straight between hip and ankle.
        pelvic_tilt_mm: How much lower the left side of the pelvis lies than the right.
        leg_difference_mm: How much longer the left leg is than the right.
        warp_seed: Seed of the smooth individual deformation.
        warp_mm: Its amplitude.
        shape_seed: Seed of the shape of the bones, alike on both sides.
        shape_mm: How far their surface lies from that of the reference body.
        prostheses: Joint replacements.
        amputation: A missing limb, or None.
    """

    height_cm: float | None = None
    bmi: float | None = None
    frame: float = 1.0
    legs: float = 1.0
    arm_abduction_deg: Pair = (0.0, 0.0)
    elbow_bend_deg: Pair = (0.0, 0.0)
    forearm_turn_deg: Pair = (0.0, 0.0)
    finger_curl: Pair = (0.0, 0.0)
    finger_spread: Pair = (0.0, 0.0)
    leg_abduction_deg: Pair = (0.0, 0.0)
    foot_rotation_deg: Pair = (0.0, 0.0)
    foot_flexion_deg: Pair = (0.0, 0.0)
    head_turn_deg: float = 0.0
    head_tilt_deg: float = 0.0
    table_rotation_deg: float = 0.0
    table_tilt_deg: float = 0.0
    scoliosis_mm: float = 0.0
    scoliosis_phase: float = 0.0
    kyphosis_mm: float = 0.0
    shoulder_drop_mm: float = 0.0
    shoulder_level: float = 0.0
    upper_arm: float = 0.0
    forearm: float = 0.0
    forearm_lift_deg: Pair = (0.0, 0.0)
    scapula_turn_deg: Pair = (0.0, 0.0)
    blade_height: float = 1.0
    chest_flare: float = 0.0
    rib_slope: Pair = (0.0, 0.0)
    rib_mm: float = 0.0
    rib_seed: int = 0
    breath_mm: float = 0.0
    hip_flare: float = 0.0
    pelvic_incline_deg: float = 0.0
    thighs_part: float = 0.0
    leg_turn_deg: Pair = (0.0, 0.0)
    knee_bow_mm: Pair = (0.0, 0.0)
    pelvic_tilt_mm: float = 0.0
    leg_difference_mm: float = 0.0
    warp_seed: int = 0
    warp_mm: float = 0.0
    shape_seed: int = 0
    shape_mm: float = 0.0
    prostheses: tuple[Prosthesis, ...] = ()
    amputation: Amputation | None = None


_HEIGHT_CM = {"M": (170.0, 8.0), "F": (158.0, 7.5)}
_SHORTEST_CM, _TALLEST_CM = 145.0, 195.0
_THINNEST, _HEAVIEST = 16.0, 42.0
"""Ranges that the bodies are made for."""
_WITH_HIP, _WITH_KNEE, _WITH_AMPUTATION = 0.025, 0.025, 0.004
"""Share of patients of 70 years with a prosthesis of hip or knee, and of all with an amputation.

Source: prevalence in the United States in 2010, at 70 to 79 years: hip 3 to 5%, knee 7 to 10% (Maradit Kremers, J Bone
Joint Surg Am 2015;97:1386); half of it, since many are seen as prostheses and set aside by readers.
"""


def draw_posture(rng: np.random.Generator, *, sex: str = "M", age_years: float = 60) -> Posture:
    """Draw a build and a posture.

    Heights are those of adults of 45 to 75 years over the world, men near 170 and women near 158 cm, with a spread
    that covers Europe and East Asia; body mass index is that of patients (median 24.8); with age come kyphosis and loss
    of height. The rest are design choices.

    Args:
        rng: Source of randomness.
        sex: "M" or "F".
        age_years: Age.
    """

    def pair(mean: float, sd: float) -> Pair:
        both = rng.normal(mean, sd)
        return (float(both + rng.normal(0, 0.7 * sd)), float(both + rng.normal(0, 0.7 * sd)))

    old = float(np.clip((age_years - 55) / 30, 0, 1.2))
    kyphosis = float(abs(rng.normal(0, 7 + 14 * old)))
    height = float(np.clip(rng.normal(*_HEIGHT_CM[sex]) - 3.0 * old, _SHORTEST_CM, _TALLEST_CM))
    elbow = pair(10.5, 2.2)
    # Most hands lie on edge, thumbs up, some flat, with hardly bent fingers; a few are closed.
    on_edge = rng.random() < 0.85
    hands = pair(60.0, 16.0) if on_edge else pair(0.0, 18.0)
    curl = pair(0.6, 0.3) if rng.random() < 0.08 else pair(0.03, 0.1)
    if rng.random() < 0.2:  # hands on the thighs
        elbow = pair(15.0, 3.0)
    return Posture(
        height_cm=round(height, 1),
        bmi=round(float(np.clip(np.exp(rng.normal(np.log(24.8), 0.16)), _THINNEST, _HEAVIEST)), 1),
        frame=float(np.clip(rng.normal(0.985, 0.035), 0.9, 1.1)),
        legs=float(rng.normal(1.0, 0.022)),
        arm_abduction_deg=pair(2.9, 1.4),
        elbow_bend_deg=elbow,
        forearm_turn_deg=hands,
        finger_curl=(float(np.clip(curl[0], 0, 1)), float(np.clip(curl[1], 0, 1))),
        finger_spread=(float(rng.beta(1.2, 1.8)), float(rng.beta(1.2, 1.8))),
        leg_abduction_deg=pair(1.3, 1.0),
        foot_rotation_deg=pair(11.0, 7.0) if rng.random() < 0.45 else pair(-4.0, 7.0),
        foot_flexion_deg=pair(15.0, 12.0),
        head_turn_deg=float(rng.normal(0, 5.5)),
        head_tilt_deg=float(rng.normal(0, 3)),
        table_rotation_deg=float(rng.normal(0, 4.5)),
        table_tilt_deg=float(rng.normal(0, 0.8)),
        scoliosis_mm=float(abs(rng.normal(0, 6)) * (3.0 if rng.random() < 0.05 else 1.0)),
        scoliosis_phase=float(rng.uniform(0, 2 * np.pi)),
        kyphosis_mm=kyphosis,
        shoulder_drop_mm=float(rng.normal(0, 6)),
        shoulder_level=float(rng.normal(0.174, 0.004)),
        upper_arm=float(rng.normal(0.157, 0.004)),
        forearm=float(rng.normal(0.139, 0.004)),
        forearm_lift_deg=pair(10.0, 5.0),
        scapula_turn_deg=pair(6.0, 5.0),
        blade_height=float(np.clip(rng.normal(0.98, 0.06), 0.8, 1.12)),
        chest_flare=float(rng.normal(0.06, 0.04)),
        rib_slope=pair(0.13, 0.08),
        rib_mm=float(rng.uniform(1.0, 3.5)),
        rib_seed=int(rng.integers(2**31)),
        breath_mm=float(rng.uniform(1.0, 4.0)),
        hip_flare=float(rng.normal(0.05, 0.04)),
        pelvic_incline_deg=float(rng.normal(12.0, 5.0)),
        thighs_part=float(np.clip(rng.normal(0.29, 0.22), 0.01, 0.9)),
        leg_turn_deg=pair(19.0, 8.0),
        knee_bow_mm=pair(9.0, 6.0),
        pelvic_tilt_mm=float(rng.normal(0, 4)),
        leg_difference_mm=float(rng.normal(0, 4)),
        warp_seed=int(rng.integers(2**31)),
        warp_mm=float(rng.uniform(1.5, 4.5)),
        shape_seed=int(rng.integers(2**31)),
        shape_mm=float(rng.uniform(1.2, 3.8)),
        prostheses=_draw_prostheses(rng, old),
        amputation=_draw_amputation(rng),
    )


def _draw_prostheses(rng: np.random.Generator, old: float) -> tuple[Prosthesis, ...]:
    found = []
    for joint, share in (("hip", _WITH_HIP), ("knee", _WITH_KNEE)):
        if rng.random() < share * (0.2 + 1.6 * old):
            first = Laterality.LEFT if rng.random() < 0.5 else Laterality.RIGHT
            other = Laterality.RIGHT if first == Laterality.LEFT else Laterality.LEFT
            sides = (first, other) if rng.random() < 0.2 else (first,)
            for side in sides:
                rim = float(rng.gamma(1.5, 0.35))
                found.append(Prosthesis("hip" if joint == "hip" else "knee", side, rim))
    return tuple(found)


def _draw_amputation(rng: np.random.Generator) -> Amputation | None:
    if rng.random() >= _WITH_AMPUTATION:
        return None
    side = Laterality.LEFT if rng.random() < 0.5 else Laterality.RIGHT
    return Amputation("leg" if rng.random() < 0.85 else "arm", side, float(rng.uniform(-0.5, 0.8)))
