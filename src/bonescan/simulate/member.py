"""One patient of a planned cohort: drawn, made harder where the recipe says so, drawn again where it did not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bonescan.core.anatomy import Site
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.benign import draw_benign
from bonescan.simulate.camera import with_pixel
from bonescan.simulate.focal import Focus
from bonescan.simulate.metastases import CONTRAST, RADIUS_MM
from bonescan.simulate.patient import PatientParameters, SimulatedStudy, draw_patient, render
from bonescan.simulate.plan import Member
from bonescan.simulate.recipe import CohortRecipe
from bonescan.simulate.surgery import prostheses_of

MOST_DRAWS = 8
"""A patient whose visible findings are not the planned ones is drawn again, up to this often."""


def simulate_member(
    member: Member, recipe: CohortRecipe, seed: int, study_id: str, *, phantoms: Path | None = None
) -> SimulatedStudy:
    """Simulate a planned patient, depending on nothing but the arguments.

    Where no draw shows what was planned (a small rib lesion may stay invisible), the one that comes nearest is taken:
    the truth of the study says what is there.

    Args:
        member: What was planned.
        recipe: Recipe of the cohort.
        seed: Seed of the cohort.
        study_id: Name of the study.
        phantoms: Folder of voxel phantoms, or None for the built-in body.
    """
    patient = np.random.SeedSequence(seed, spawn_key=(member.index,))
    best: SimulatedStudy | None = None
    for child in patient.spawn(MOST_DRAWS):
        parameters = draw_member(child, member, recipe, study_id, phantoms=phantoms)
        simulated = render(parameters, phantoms=phantoms)
        if best is None or misfit(simulated, member) < misfit(best, member):
            best = simulated
        if not misfit(best, member):
            break
    assert best is not None  # there is at least one draw
    return best


def misfit(simulated: SimulatedStudy, member: Member) -> int:
    """Number of facts in which the visible findings differ from the plan."""
    wrong = int(bool(simulated.sites) != member.metastatic)
    if not member.metastatic:
        wrong += int(simulated.has_benign != member.benign)
    if member.sites is not None:
        wrong += sum((site in simulated.sites) != (site in member.sites) for site in Site)
    return wrong


def draw_member(
    seed: np.random.SeedSequence, member: Member, recipe: CohortRecipe, study_id: str, *, phantoms: Path | None = None
) -> PatientParameters:
    """Draw the record of a planned patient."""
    harder = np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, 0)))
    folder = phantoms if phantoms and harder.random() < recipe.voxel_fraction else None
    parameters = draw_patient(
        seed,
        study_id,
        metastatic=member.metastatic,
        benign=member.benign,
        phantoms=folder,
        superscan_fraction=recipe.superscan_fraction,
        counts=(recipe.counts_low, recipe.counts_high),
        fine_matrix=recipe.fine_matrix_fraction,
        sites=member.sites,
    )
    parameters = replace(parameters, camera=with_pixel(parameters.camera, recipe.pixel_mm))
    foci = parameters.foci
    if member.metastatic and not parameters.superscan:
        foci = _fewer(harder, foci, recipe.few_lesions_fraction)
    foci = tuple(_weaker(harder, focus, recipe) for focus in foci)
    if recipe.extra_benign and (member.metastatic or member.benign):
        anatomy = reference(parameters.sex, folder)
        count = int(harder.poisson(recipe.extra_benign))
        foci += draw_benign(harder, anatomy, count=count, age_years=parameters.age_years)
    # A warm rim has its prosthesis, also where it came with the further conditions.
    posture = parameters.posture
    rimmed = prostheses_of(foci)
    others = tuple(p for p in posture.prostheses if (p.joint, p.side) not in {(r.joint, r.side) for r in rimmed})
    return replace(parameters, foci=foci, posture=replace(posture, prostheses=rimmed + others))


def _fewer(rng: np.random.Generator, foci: tuple[Focus, ...], share: float) -> tuple[Focus, ...]:
    """Keep one to three metastases of a share of the patients."""
    keep = int(rng.integers(1, 4))
    if rng.random() >= share:
        return foci
    lesions = [i for i, focus in enumerate(foci) if focus.kind == "metastasis"]
    kept = set(rng.permutation(lesions)[:keep].tolist())
    return tuple(focus for i, focus in enumerate(foci) if focus.kind != "metastasis" or i in kept)


def _weaker(rng: np.random.Generator, focus: Focus, recipe: CohortRecipe) -> Focus:
    """Scale a metastasis by the recipe's factors."""
    contrast, size = (float(np.exp(rng.uniform(*np.log(f)))) for f in (recipe.contrast_factor, recipe.size_factor))
    if focus.kind != "metastasis" or (contrast == 1 and size == 1):
        return focus
    return replace(
        focus,
        contrast=float(np.clip(1 + (focus.contrast - 1) * contrast, *CONTRAST)),
        radius_mm=float(np.clip(focus.radius_mm * size, *RADIUS_MM)),
    )
