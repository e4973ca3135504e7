"""One simulated patient: everything random drawn first into a small record, then applied.

The record rebuilds the patient alone, byte for byte: `render(parameters)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from bonescan.core.anatomy import MaskLabel, Region, Site
from bonescan.core.study import Labels, Scan, Study, View, ViewName
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.benign import draw_benign
from bonescan.simulate.camera import Camera, Image, Projector, scatter
from bonescan.simulate.focal import Focus, focus_activity
from bonescan.simulate.metastases import draw_metastases
from bonescan.simulate.pools import pool_points
from bonescan.simulate.posture import Posture, apply_posture, draw_posture
from bonescan.simulate.regions import region_map
from bonescan.simulate.structures import STRUCTURES
from bonescan.simulate.tracer import Tracer, bone_activity, draw_tracer
from bonescan.simulate.urine import bladder_points

MASK_OF_OWN_MAXIMUM = 0.4
"""A focus's mask holds the pixels where its noiseless contribution is at least this fraction of its own maximum …"""
MASK_OF_BACKGROUND = 0.25
"""… and at least this fraction of everything else at that pixel (visible contrast)."""
VISIBLE_MM2 = 55.0
"""Below this area a focus counts as not visible in a view, and has no mask there."""
BLADDER_OF_OWN_MAXIMUM = 0.3
BLADDER_OF_BACKGROUND = 0.5


@dataclass(frozen=True)
class PatientParameters:
    """All that was drawn for one patient."""

    study_id: str
    sex: str
    age_years: int
    body: str
    """"builtin" or "voxel"."""
    posture: Posture
    tracer: Tracer
    camera: Camera
    foci: tuple[Focus, ...]
    superscan: bool = False

    def to_json(self) -> str:
        """As JSON text that `from_json` reads back to an equal record."""
        return _ADAPTER.dump_json(self, indent=1).decode() + "\n"

    @staticmethod
    def from_json(text: str) -> PatientParameters:
        """Read what `to_json` wrote."""
        return _ADAPTER.validate_json(text)


_ADAPTER: TypeAdapter[PatientParameters] = TypeAdapter(PatientParameters)


@dataclass(frozen=True)
class FocusTruth:
    """What is true of one focus: where it is, and its area in each view where it is visible."""

    focus: Focus
    site: Site | None
    region: Region
    area_px: dict[ViewName, int]


@dataclass(frozen=True, eq=False)
class SimulatedStudy:
    """A study with its truth.

    Attributes:
        parameters: The record that it was made from.
        study: Both views, counts.
        labels: View → (row, column) uint8 `MaskLabel`.
        regions: View → (row, column) uint8 `Region`.
        foci: Truth of every focus.
        expected: View → (row, column) float32 noiseless counts.
    """

    parameters: PatientParameters
    study: Study
    labels: dict[ViewName, Labels]
    regions: dict[ViewName, Labels]
    foci: tuple[FocusTruth, ...]
    expected: dict[ViewName, Image]

    @property
    def sites(self) -> tuple[Site, ...]:
        """Sites with a metastasis visible in at least one view, in the order of `Site`."""
        found = {t.site for t in self.foci if t.focus.kind == "metastasis" and t.area_px}
        return tuple(site for site in Site if site in found)

    @property
    def has_benign(self) -> bool:
        """Whether benign focal uptake is visible."""
        return any(t.focus.kind == "benign" and t.area_px for t in self.foci)


def draw_patient(
    seed: int | np.random.SeedSequence,
    study_id: str,
    *,
    metastatic: bool,
    benign: bool,
    phantoms: Path | None = None,
    superscan_fraction: float = 0.05,
    counts: tuple[float, float] = (0.35e6, 2.0e6),
    sex: str | None = None,
) -> PatientParameters:
    """Draw one patient.

    Args:
        seed: Seed of this patient alone.
        study_id: Name of the study.
        metastatic: Whether there are metastases.
        benign: Whether there is focal benign uptake for certain (patients with metastases have it by chance too).
        phantoms: Folder of voxel phantoms, or None for the built-in body.
        superscan_fraction: Share of patients with metastases whose disease is diffuse.
        counts: Range of expected counts a view, drawn log-uniformly.
        sex: "M" or "F", or None to draw it.
    """
    rng = np.random.default_rng(seed)
    sex = sex or ("M" if rng.random() < 0.5 else "F")
    anatomy = reference(sex, phantoms)
    age = int(np.clip(rng.normal(63, 12), 25, 92))
    superscan = metastatic and rng.random() < superscan_fraction
    foci: tuple[Focus, ...] = ()
    if metastatic:
        foci += draw_metastases(rng, anatomy, superscan=superscan)
    if benign or (metastatic and rng.random() < 0.45):
        foci += draw_benign(rng, anatomy, count=int(1 + rng.poisson(1.1)))
    pixel_mm = float(rng.choice([2.21, 2.4, 2.3, 1.95], p=[0.4, 0.35, 0.15, 0.1]))
    ge = rng.random() < 0.5
    camera = Camera(
        pixel_mm=pixel_mm,
        hole_mm=1.5 if ge else 1.11,
        length_mm=35.0 if ge else 24.05,
        intrinsic_fwhm_mm=float(rng.uniform(3.4, 4.4)),
        gap_mm=(float(rng.uniform(20, 80)), float(rng.uniform(10, 40))),
        attenuation_per_mm=float(rng.uniform(0.0105, 0.0135)),
        scatter_fraction=float(rng.uniform(0.12, 0.3)),
        counts=float(np.exp(rng.uniform(*np.log(counts)))),
        offset_mm=(float(rng.normal(0, 40)), float(rng.normal(0, 12))),
        noise_seed=int(rng.integers(2**31)),
    )
    return PatientParameters(
        study_id=study_id,
        sex=sex,
        age_years=age,
        body="voxel" if phantoms else "builtin",
        posture=draw_posture(rng),
        tracer=draw_tracer(rng, anatomy, age_years=age, superscan=superscan),
        camera=camera,
        foci=foci,
        superscan=superscan,
    )


def render(parameters: PatientParameters, *, phantoms: Path | None = None) -> SimulatedStudy:
    """Make the study and its truth from a record.

    Args:
        parameters: The record.
        phantoms: Folder of the voxel phantoms, where the record's body is "voxel".
    """
    anatomy = reference(parameters.sex, phantoms if parameters.body == "voxel" else None)
    body, camera, tracer = anatomy.body, parameters.camera, parameters.tracer
    points = apply_posture(body, parameters.posture, anatomy.landmarks)
    projector = Projector(camera, points, anatomy.density_mm3)
    activity = bone_activity(anatomy, tracer)
    added = [focus_activity(anatomy, focus, activity) for focus in parameters.foci]
    urine_mm, urine = bladder_points(anatomy, tracer.bladder, points)
    pools = [pool_points(anatomy, pool, points) for pool in tracer.pools]
    soft = body.is_soft
    dense = ~soft & (activity > 0)

    clean: dict[ViewName, Image] = {}
    labels: dict[ViewName, Labels] = {}
    areas: list[dict[ViewName, int]] = [{} for _ in parameters.foci]
    for view in ViewName:
        base = projector.project(view, points[dense], activity[dense])
        base += projector.project_soft(view, points[soft], activity[soft])
        for pool_mm, extra in pools:
            base += projector.project_small(view, pool_mm, extra)
        bladder = projector.project_small(view, urine_mm, urine)
        parts = [projector.project_small(view, points[at], extra) for at, extra in added]
        total = base + bladder + sum(parts, np.zeros_like(base))
        clean[view] = total + scatter(total, camera)
        labels[view] = _label(parameters, base, bladder, parts, view, areas)
    scale = 2 * camera.counts / sum(float(image.sum()) for image in clean.values())
    expected = {view: (image * scale).astype(np.float32) for view, image in clean.items()}
    regions = {view: region_map(anatomy, projector, points, view) for view in ViewName}
    truths = tuple(
        FocusTruth(focus, STRUCTURES[focus.structure].region.site, STRUCTURES[focus.structure].region, area)
        for focus, area in zip(parameters.foci, areas, strict=True)
    )
    return SimulatedStudy(parameters, _study(parameters, expected), labels, regions, truths, expected)


def _label(
    parameters: PatientParameters,
    base: Image,
    bladder: Image,
    parts: list[Image],
    view: ViewName,
    areas: list[dict[ViewName, int]],
) -> Labels:
    """Labels of one view; where masks meet, bladder goes before metastasis and metastasis before benign."""
    labels = np.zeros(base.shape, np.uint8)
    rest = base + bladder
    least_px = VISIBLE_MM2 / parameters.camera.pixel_mm**2
    metastasis = np.zeros(base.shape, bool)
    for focus, part, area in zip(parameters.foci, parts, areas, strict=True):
        mask = (part >= MASK_OF_OWN_MAXIMUM * part.max()) & (part >= MASK_OF_BACKGROUND * rest) & (part > 0)
        if mask.sum() < least_px:
            continue
        area[view] = int(mask.sum())
        if focus.kind == "benign":
            labels[mask] = MaskLabel.BENIGN
        else:
            metastasis |= mask
    labels[metastasis] = MaskLabel.METASTASIS
    full = (bladder >= BLADDER_OF_OWN_MAXIMUM * bladder.max()) & (bladder >= BLADDER_OF_BACKGROUND * base)
    if full.sum() >= least_px:
        labels[full] = MaskLabel.BLADDER
    return labels


def _study(parameters: PatientParameters, expected: dict[ViewName, Image]) -> Study:
    rng = np.random.default_rng(parameters.camera.noise_seed)
    spacing = (parameters.camera.pixel_mm, parameters.camera.pixel_mm)
    views = tuple(
        View(
            view,
            rng.poisson(np.maximum(expected[view], 0)).astype(np.float32),
            pixel_spacing_mm=spacing,
            frame_number=i + 1,
        )
        for i, view in enumerate(ViewName)
    )
    scan = Scan(views, radiopharmaceutical="99mTc-MDP (simulated)")
    return Study(name=parameters.study_id, scan=scan, patient_sex=parameters.sex)
