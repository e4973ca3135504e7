"""One simulated patient: everything random drawn first into a small record, then applied.

The record rebuilds the patient alone, byte for byte: `render(parameters)`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality, MaskLabel, Site
from bonescan.core.study import Scan, Study, View, ViewName
from bonescan.simulate.anatomy_index import AnatomyIndex, reference
from bonescan.simulate.benign import draw_benign
from bonescan.simulate.blur import Image
from bonescan.simulate.camera import draw_camera, moved
from bonescan.simulate.focal import Focus, focus_activity, within_half_maximum
from bonescan.simulate.masks import MASK_OF_BACKGROUND, MASK_OF_OWN_MAXIMUM, VISIBLE_MM2, ShownFocus, label_view
from bonescan.simulate.metastases import draw_metastases
from bonescan.simulate.parameters import PatientParameters
from bonescan.simulate.pools import pool_points
from bonescan.simulate.pose import Posed, pose
from bonescan.simulate.posture import draw_posture
from bonescan.simulate.primaries import draw_primary
from bonescan.simulate.projector import Patch, Projector, haze
from bonescan.simulate.regions import name_foci, region_map
from bonescan.simulate.structures import STRUCTURES
from bonescan.simulate.surgery import prostheses_of
from bonescan.simulate.tracer import draw_tracer
from bonescan.simulate.truth import FocusTruth, Involvement, SimulatedStudy
from bonescan.simulate.uptake import bone_activity
from bonescan.simulate.urine import bladder_points

__all__ = [
    "MASK_OF_BACKGROUND",
    "MASK_OF_OWN_MAXIMUM",
    "VISIBLE_MM2",
    "FocusTruth",
    "PatientParameters",
    "SimulatedStudy",
    "draw_patient",
    "noisy_study",
    "render",
]


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
    fine_matrix: float = 0.0,
    sites: tuple[Site, ...] | None = None,
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
        fine_matrix: Share of scans with a matrix of 512 × 2048.
        sites: Sites of the metastases; drawn if None. Diffuse disease is then only where all sites are.
    """
    rng = np.random.default_rng(seed)
    sex = sex or ("M" if rng.random() < 0.5 else "F")
    anatomy = reference(sex, phantoms)
    age = int(np.clip(rng.normal(63, 12), 25, 92))
    superscan = metastatic and rng.random() < superscan_fraction and (sites is None or len(sites) == len(Site))
    delay_h = float(np.clip(rng.normal(3.2, 0.6), 2, 5))
    foci: tuple[Focus, ...] = ()
    primary = None
    if metastatic:
        primary = draw_primary(rng, sex)
        foci += draw_metastases(rng, anatomy, superscan=superscan, primary=primary, sites=sites)
    if benign or (metastatic and rng.random() < 0.45):
        foci += draw_benign(rng, anatomy, count=int(1 + rng.poisson(1.1)), age_years=age)
    posture = draw_posture(rng, sex=sex, age_years=age)
    # A warm rim among the benign foci has its prosthesis, which goes before one drawn by chance.
    rimmed = prostheses_of(foci)
    others = tuple(p for p in posture.prostheses if (p.joint, p.side) not in {(r.joint, r.side) for r in rimmed})
    return PatientParameters(
        study_id=study_id,
        sex=sex,
        age_years=age,
        body="voxel" if phantoms else "builtin",
        posture=replace(posture, prostheses=rimmed + others),
        tracer=draw_tracer(rng, anatomy, age_years=age, superscan=superscan, delay_h=delay_h),
        camera=draw_camera(rng, counts=counts, delay_h=delay_h, fine_matrix=fine_matrix),
        foci=foci,
        superscan=superscan,
        primary=primary,
    )


def render(parameters: PatientParameters, *, phantoms: Path | None = None) -> SimulatedStudy:
    """Make the study and its truth from a record.

    Args:
        parameters: The record.
        phantoms: Folder of the voxel phantoms, where the record's body is "voxel".
    """
    anatomy = reference(parameters.sex, phantoms if parameters.body == "voxel" else None)
    body, camera, tracer = anatomy.body, parameters.camera, parameters.tracer
    posed = pose(anatomy, parameters.posture)
    points = moved(posed.points_mm, camera.motion)
    projector = Projector(camera, points, anatomy.density_mm3 * posed.density_scale)
    activity = bone_activity(anatomy, tracer) * posed.activity_scale
    foci_at = [focus_activity(anatomy, focus, activity) for focus in parameters.foci]
    added = [(at, extra * posed.alive[at]) for at, extra in foci_at]
    bladder_mm, urine = bladder_points(anatomy, tracer.bladder, points)
    pools = [pool_points(anatomy, pool, points) for pool in tracer.pools]
    soft = np.flatnonzero(body.is_soft)
    dense = np.flatnonzero(~body.is_soft & (activity > 0))
    soft_mm, dense_mm = points[soft], points[dense]
    passing = projector.passing(points, ~body.is_soft)
    kinds = [MaskLabel.BENIGN if f.kind == "benign" else MaskLabel.METASTASIS for f in parameters.foci]

    clean: dict[ViewName, Image] = {}
    hazes: dict[ViewName, Image] = {}
    pieces: dict[ViewName, tuple[Image, Patch, list[Patch]]] = {}
    labels, regions = {}, {}
    areas: list[dict[ViewName, int]] = [{} for _ in parameters.foci]
    for view in ViewName:
        total = projector.project(view, dense_mm, activity[dense], passing[view][dense])
        total += projector.project_soft(view, soft_mm, activity[soft])
        for pool_mm, extra in pools:
            projector.project_small(view, pool_mm, extra).add_to(total)
        bladder = projector.project_small(view, bladder_mm, urine)
        parts = [projector.project_small(view, points[at], extra, passing[view][at]) for at, extra in added]
        primary = total.copy()
        for part in (bladder, *parts):
            part.add_to(primary)
        hazes[view] = haze(primary, projector, view)
        clean[view] = primary + hazes[view]
        pieces[view] = total, bladder, parts
        regions[view] = region_map(anatomy, projector, points, view, passing[view], posed.volume_scale)
        first, last = projector.rows_seen
        for image in (clean[view], regions[view]):
            image[:first], image[last:] = 0, 0
    scale = 2 * camera.counts / sum(float(image.sum()) for image in clean.values())
    for view, (total, bladder, parts) in pieces.items():
        shown = label_view(
            total + hazes[view],
            bladder,
            [
                ShownFocus(part, kind, focus.structure)
                for part, kind, focus in zip(parts, kinds, parameters.foci, strict=True)
            ],
            rows=projector.rows_seen,
            pixel_mm=camera.pixel_mm,
            counts=scale,
        )
        labels[view] = shown.labels
        name_foci(regions[view], shown.owners, [STRUCTURES[focus.structure].region for focus in parameters.foci])
        for area, pixels in zip(areas, shown.areas, strict=True):
            if pixels:
                area[view] = pixels
    expected = {view: (image * scale).astype(np.float32) for view, image in clean.items()}
    foci, bones = _truths(anatomy, posed, parameters, areas)
    return SimulatedStudy(parameters, noisy_study(parameters, expected), labels, regions, foci, expected, bones)


def _truths(
    anatomy: AnatomyIndex, posed: Posed, parameters: PatientParameters, areas: list[dict[ViewName, int]]
) -> tuple[tuple[FocusTruth, ...], tuple[Involvement, ...]]:
    """Truth of every focus, and the involvement of every bone."""
    body = anatomy.body
    volume_mm3 = body.volume_mm3 * posed.volume_scale
    diseased = np.zeros(len(body.structure), bool)
    foci = []
    for focus, area in zip(parameters.foci, areas, strict=True):
        at = within_half_maximum(anatomy, focus)
        bone = STRUCTURES[focus.structure]
        volume_ml = float(volume_mm3[at].sum()) / 1000
        side = bone.side
        if side == Laterality.MIDLINE and abs(focus.centre_mm[2]) > 8:
            side = Laterality.LEFT if focus.centre_mm[2] > 0 else Laterality.RIGHT
        foci.append(FocusTruth(focus, bone.region.site, bone.region, area, bone.name, side, volume_ml))
        if focus.kind == "metastasis":
            diseased[at] = True

    def by_structure(volume: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        return np.bincount(body.structure[anatomy.bone], volume[anatomy.bone], 256) / 1000

    whole, ill = by_structure(volume_mm3), by_structure(np.where(diseased, volume_mm3, 0))
    bones = tuple(Involvement(n, float(whole[n]), float(ill[n])) for n, s in STRUCTURES.items() if s.is_bone)
    return tuple(foci), bones


def noisy_study(parameters: PatientParameters, expected: dict[ViewName, Image]) -> Study:
    """Poisson counts of both views from their expectation, by the noise seed of the record."""
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
    activity_mbq = round(parameters.camera.activity_mbq, 1)
    scan = Scan(views, radiopharmaceutical="99mTc-MDP (simulated)", injected_activity_mbq=activity_mbq)
    return Study(name=parameters.study_id, scan=scan, patient_sex=parameters.sex)
