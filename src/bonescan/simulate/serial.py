"""One patient at several dates: how each lesion fares, and what else is new at a later scan.

The body stays; posture differs a little, urine, soft tissue, camera and noise are new. What happens to lesions follows
the course of the patient. Rates are design choices in the range of published case series: bone lesions that
respond fade within three to six months, and uptake may rise first where bone heals (flare).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bonescan.simulate.anatomy_index import AnatomyIndex, reference
from bonescan.simulate.camera import Camera, draw_camera, with_pixel
from bonescan.simulate.focal import Focus
from bonescan.simulate.metastases import CONTRAST, RADIUS_MM, draw_metastases
from bonescan.simulate.parameters import PatientParameters
from bonescan.simulate.posture import Posture
from bonescan.simulate.recipe import Course, SerialRecipe
from bonescan.simulate.tracer import draw_tracer

_QUARTER_DAYS = 90.0
_GONE = 0.25
"""A lesion whose contrast has fallen to 1.25 no longer stands out of bone: resolved."""
_HEALING_DAYS = 200.0
"""A fracture's uptake above bone falls to 37 % in this time."""
_HEALS = ("fracture", "compression")


@dataclass(frozen=True)
class Visit:
    """One scan of a patient.

    Attributes:
        parameters: Its record; the focus at index i is the lesion `lesions[i]`.
        number: 1 for the first scan.
        days: Days since the first scan.
        course: How the patient fares.
        lesions: Number of each focus, the same at every date.
        fates: What became of each focus since the last scan ("new", "growing", "shrinking", "flare", …).
        resolved: Numbers of the lesions that have resolved since the last scan.
        change: What differs from the first scan in a repeat: "noise", "speed" or "camera".
    """

    parameters: PatientParameters
    number: int
    days: int
    course: Course
    lesions: tuple[int, ...]
    fates: tuple[str, ...]
    resolved: tuple[int, ...] = ()
    change: str = ""


def draw_course(rng: np.random.Generator, recipe: SerialRecipe, *, metastatic: bool) -> Course:
    """Draw how a patient fares; without metastases only "stable" or "repeat"."""
    courses = {c: w for c, w in recipe.courses.items() if metastatic or c in ("stable", "repeat")}
    if sum(courses.values()) <= 0:
        return "stable"
    weights = np.array(list(courses.values()))
    return list(courses)[int(rng.choice(len(courses), p=weights / weights.sum()))]


def draw_visits(
    first: PatientParameters,
    count: int,
    recipe: SerialRecipe,
    seed: np.random.SeedSequence,
    *,
    counts: tuple[float, float],
    pixel_mm: float | None = None,
    phantoms: Path | None = None,
) -> tuple[Visit, ...]:
    """Draw all scans of a patient.

    Args:
        first: Record of the first scan.
        count: Number of scans.
        recipe: Courses and intervals.
        seed: Seed of what is new.
        counts: Range of expected counts a view of the later scans.
        pixel_mm: Of the later scans, see `with_pixel`; by default drawn.
        phantoms: Folder of voxel phantoms, where the record's body is "voxel".
    """
    rng = np.random.default_rng(seed)
    anatomy = reference(first.sex, phantoms if first.body == "voxel" else None)
    metastatic = any(focus.kind == "metastasis" for focus in first.foci)
    course = draw_course(rng, recipe, metastatic=metastatic)
    known = dict(enumerate(first.foci, start=1))
    drawn = len(known)
    visits = [Visit(first, 1, 0, course, tuple(known), ("first scan",) * len(known))]
    for number in range(2, count + 1):
        before = visits[-1]
        if course == "repeat":
            camera, change = _rescan(rng, first.camera)
            parameters = replace(first, camera=camera)
            visits.append(Visit(parameters, number, 0, course, tuple(known), ("same",) * len(known), change=change))
            continue
        days = before.days + int(rng.integers(recipe.interval_days[0], recipe.interval_days[1] + 1))
        fates: dict[int, str] = {}
        for lesion, focus in list(known.items()):
            later, fate = _later(rng, focus, course, days - before.days, number)
            if later is None:
                del known[lesion]
            else:
                known[lesion] = later
            fates[lesion] = fate
        for focus in _new(rng, anatomy, first, course, number):
            drawn += 1
            known[drawn], fates[drawn] = focus, "flare" if course == "flare" else "new"
        parameters = _again(rng, anatomy, first, tuple(known.values()), counts, pixel_mm)
        resolved = tuple(lesion for lesion in fates if lesion not in known)
        kept = tuple(fates[lesion] for lesion in known)
        visits.append(Visit(parameters, number, days, course, tuple(known), kept, resolved))
    return tuple(visits)


def _later(rng: np.random.Generator, focus: Focus, course: Course, days: int, number: int) -> tuple[Focus | None, str]:
    """A focus at the next scan, or None where it has resolved, and what became of it."""
    if focus.kind == "benign":
        if any(word in focus.cause for word in _HEALS):
            return _changed(focus, 1.0, float(np.exp(-days / _HEALING_DAYS)), "healing")
        return _changed(focus, 1.0, float(np.exp(rng.normal(0, 0.05))), "unchanged")
    quarters = days / _QUARTER_DAYS
    responds = course in ("response", "flare") or (course == "mixed" and rng.random() < 0.5)
    if course == "stable":
        return _changed(focus, 1.0, float(np.exp(rng.normal(0, 0.06))), "unchanged")
    if course == "flare" and number == 2:
        return _changed(focus, float(rng.uniform(1.0, 1.15)), float(rng.uniform(1.3, 2.0)), "flare")
    if responds:
        fall = float(rng.uniform(0.35, 0.7))
        return _changed(focus, float(rng.uniform(0.8, 0.95)) ** quarters, fall**quarters, "shrinking")
    return _changed(
        focus, float(rng.uniform(1.08, 1.35)) ** quarters, float(rng.uniform(1.05, 1.4)) ** quarters, "growing"
    )


def _changed(focus: Focus, size: float, heat: float, fate: str) -> tuple[Focus | None, str]:
    """A focus with another radius and contrast above bone."""
    above = (focus.contrast - 1) * heat
    if above < min(_GONE, focus.contrast - 1):
        return None, "resolved"
    radius = float(np.clip(focus.radius_mm * size, RADIUS_MM[0], max(RADIUS_MM[1], focus.radius_mm)))
    return replace(focus, radius_mm=radius, contrast=float(min(1 + above, max(CONTRAST[1], focus.contrast)))), fate


def _new(
    rng: np.random.Generator, anatomy: AnatomyIndex, first: PatientParameters, course: Course, number: int
) -> tuple[Focus, ...]:
    """Lesions that were not there before."""
    if course == "progression":
        count = 1 + int(rng.poisson(1.5))
    elif course == "mixed":
        count = int(rng.poisson(0.7))
    elif course == "flare" and number == 2:
        count = int(rng.poisson(0.8))
    else:
        return ()
    drawn = draw_metastases(rng, anatomy, primary=first.primary) if count else ()
    return tuple(drawn[i] for i in rng.permutation(len(drawn))[:count])


def _again(
    rng: np.random.Generator,
    anatomy: AnatomyIndex,
    first: PatientParameters,
    foci: tuple[Focus, ...],
    counts: tuple[float, float],
    pixel_mm: float | None,
) -> PatientParameters:
    """The same body on another day: bones take up as before, urine, soft tissue, injection and camera are new."""
    delay_h = float(np.clip(rng.normal(first.camera.delay_h, 0.3), 2, 5))
    fresh = draw_tracer(rng, anatomy, age_years=first.age_years, superscan=first.superscan, delay_h=delay_h)
    own = first.tracer
    tracer = replace(
        own,
        region_gain={k: v * float(np.exp(rng.normal(0, 0.04))) for k, v in own.region_gain.items()},
        soft_gain=fresh.soft_gain,
        kidney_gain=fresh.kidney_gain,
        bladder=fresh.bladder,
        pools=fresh.pools,
    )
    fine = float(first.camera.rows > 1024)
    camera = with_pixel(draw_camera(rng, counts=counts, delay_h=delay_h, fine_matrix=fine), pixel_mm)
    return replace(first, posture=_moved(rng, first.posture), tracer=tracer, camera=camera, foci=foci)


def _rescan(rng: np.random.Generator, camera: Camera) -> tuple[Camera, str]:
    """The camera of a repeat scan, and what differs: nothing but noise, the speed, or the make of the camera."""
    change = str(rng.choice(["noise", "speed", "camera"]))
    camera = replace(camera, noise_seed=int(rng.integers(2**31)))
    if change == "speed":
        camera = replace(camera, counts=camera.counts / 2, speed_cm_per_min=camera.speed_cm_per_min * 2)
    elif change == "camera":
        hole_mm, length_mm = (1.11, 24.05) if camera.hole_mm > 1.3 else (1.5, 35.0)
        intrinsic = float(rng.uniform(3.4, 4.4))
        camera = replace(camera, hole_mm=hole_mm, length_mm=length_mm, intrinsic_fwhm_mm=intrinsic)
    return camera, change


def _moved(rng: np.random.Generator, posture: Posture) -> Posture:
    """The same body lying a little differently."""

    def pair(angles: tuple[float, float], sd: float) -> tuple[float, float]:
        return (float(angles[0] + rng.normal(0, sd)), float(angles[1] + rng.normal(0, sd)))

    return replace(
        posture,
        arm_abduction_deg=pair(posture.arm_abduction_deg, 2.0),
        leg_abduction_deg=pair(posture.leg_abduction_deg, 0.8),
        foot_rotation_deg=pair(posture.foot_rotation_deg, 6.0),
        head_turn_deg=float(posture.head_turn_deg + rng.normal(0, 5)),
        table_rotation_deg=float(rng.normal(0, 2)),
        table_tilt_deg=float(rng.normal(0, 0.8)),
    )
