"""A cohort of simulated patients in a folder: DICOM, masks, region maps, parameter records and the table.

Each patient has a seed of its own, so the same seed gives the same bytes whatever the number of processes, and an
interrupted run goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from bonescan.core.anatomy import Site
from bonescan.core.errors import UsageError
from bonescan.core.files import staged_folder, write_text
from bonescan.io.cohort import Cohort, CohortCase, read_cohort, split_patients, write_cohort, write_masks
from bonescan.io.dicom_writer import write_nm
from bonescan.simulate.patient import PatientParameters, SimulatedStudy, draw_patient, render
from bonescan.simulate.recipe import CohortRecipe

Progress = Callable[[int, int], None]
"""Called with (studies done, studies in all)."""
_MOST_DRAWS = 8
"""A patient drawn with metastases of which none is visible is drawn again, up to this often."""


def simulate_cohort(
    folder: Path,
    n: int,
    *,
    seed: int = 0,
    recipe: CohortRecipe | None = None,
    phantoms: Path | None = None,
    processes: int = 1,
    progress: Progress | None = None,
) -> Cohort:
    """Simulate `n` patients into `folder`.

    Args:
        folder: The cohort; studies that are already complete in it are kept.
        n: Number of patients.
        seed: Seed of the cohort.
        recipe: Make-up of the cohort; the default recipe if None.
        phantoms: Folder of voxel phantoms, or None for the built-in body.
        processes: Number of worker processes.
        progress: Told after every study.

    Returns:
        The cohort as read back from the folder, split by patient.

    Raises:
        UsageError: `n` or `processes` is below 1, or the folder holds a cohort made with other arguments.
        InputError: The phantoms are not there.
        OutputError: The folder cannot be written.
    """
    if n < 1 or processes < 1:
        raise UsageError(f"n is {n} and processes is {processes}", expected="both at least 1")
    recipe = recipe or CohortRecipe()
    _claim(folder, seed, recipe, phantoms)
    names = [f"S{seed:03d}-{i:05d}" for i in range(n)]
    one = partial(_simulate_one, folder, seed, recipe, phantoms)
    todo = [(i, name) for i, name in enumerate(names) if not (folder / name / "truth.json").is_file()]
    done = n - len(todo)
    if progress:
        progress(done, n)
    for _ in _run(one, todo, processes):
        done += 1
        if progress:
            progress(done, n)
    cases, lesion_pixels = [], {}
    for name in names:
        truth = json.loads((folder / name / "truth.json").read_text(encoding="utf-8"))
        cases.append(_case(folder, name, truth))
        lesion_pixels[name] = truth["lesion_px"]
    splits = split_patients(cases, lesion_pixels, seed=seed)
    write_cohort(folder, [replace(case, split=splits[case.study_id]) for case in cases])
    return read_cohort(folder)


def _claim(folder: Path, seed: int, recipe: CohortRecipe, phantoms: Path | None) -> None:
    """Note what the folder is being filled with, or check that it is the same as before."""
    claim = {"seed": seed, "body": "voxel" if phantoms else "builtin", "recipe": recipe.model_dump()}
    note = folder / "simulation.json"
    if note.is_file():
        if json.loads(note.read_text(encoding="utf-8")) != claim:
            raise UsageError(
                f"{folder} holds a cohort made with another seed, body or recipe", hint="Choose another folder"
            )
        return
    write_text(note, json.dumps(claim, indent=1) + "\n")


def rebuild(folder: Path, study_id: str, *, phantoms: Path | None = None) -> SimulatedStudy:
    """Rebuild one study of a cohort from its parameter record alone."""
    text = (folder / study_id / "parameters.json").read_text(encoding="utf-8")
    return render(PatientParameters.from_json(text), phantoms=phantoms)


def _run(one: Callable[[int, str], str], todo: list[tuple[int, str]], processes: int) -> Iterator[str]:
    if processes == 1 or len(todo) < 2:
        for i, name in todo:
            yield one(i, name)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(one, i, name) for i, name in todo]):
            yield future.result()


def _simulate_one(folder: Path, seed: int, recipe: CohortRecipe, phantoms: Path | None, i: int, name: str) -> str:
    patient = np.random.SeedSequence(seed, spawn_key=(i,))
    rng = np.random.default_rng(patient)
    metastatic = bool(rng.random() < recipe.metastasis_fraction)
    benign = bool(rng.random() < recipe.benign_fraction)
    for child in patient.spawn(_MOST_DRAWS):
        parameters = draw_patient(
            child,
            name,
            metastatic=metastatic,
            benign=benign and not metastatic,
            phantoms=phantoms,
            superscan_fraction=recipe.superscan_fraction,
            counts=(recipe.counts_low, recipe.counts_high),
        )
        simulated = render(parameters, phantoms=phantoms)
        if bool(simulated.sites) == metastatic:
            break
    write_study(folder, simulated)
    return name


def write_study(folder: Path, simulated: SimulatedStudy) -> None:
    """Write `<folder>/<study_id>/` as a whole: DICOM, masks, region maps, parameters.json, truth.json."""
    parameters = simulated.parameters
    with staged_folder(folder / parameters.study_id) as staged:
        write_nm(simulated.study, staged / f"{parameters.study_id}.dcm", rle=True, age_years=parameters.age_years)
        write_masks(staged.parent, staged.name, simulated.labels, simulated.regions)
        write_text(staged / "parameters.json", parameters.to_json())
        write_text(staged / "truth.json", json.dumps(simulated.truth_document(), indent=1) + "\n")


def _case(folder: Path, name: str, truth: dict[str, object]) -> CohortCase:
    parameters = PatientParameters.from_json((folder / name / "parameters.json").read_text(encoding="utf-8"))
    sites = truth["sites"]
    assert isinstance(sites, list)  # written by `truth_document`
    return CohortCase(
        folder=folder,
        study_id=name,
        patient_id=name,
        files=(f"{name}/{name}.dcm",),
        metastasis=bool(truth["metastasis"]),
        sites=tuple(Site(site) for site in sites),
        benign=bool(truth["benign"]),
        sex="M" if parameters.sex == "M" else "F",
        age_years=float(parameters.age_years),
    )
