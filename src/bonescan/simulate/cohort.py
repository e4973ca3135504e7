"""A cohort of simulated patients in a folder: DICOM, annotations, region maps, parameter records and the table.

Each patient has a seed of its own, so the same seed gives the same bytes whatever the number of processes, and an
interrupted run goes on where it stopped.
"""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from bonescan.core.anatomy import Site
from bonescan.core.errors import UsageError
from bonescan.core.files import write_text
from bonescan.io.cohort import Cohort, CohortCase, Split, read_cohort, split_patients, write_cohort
from bonescan.io.cohort_case import SIMULATION, TRUTH
from bonescan.simulate.member import simulate_member
from bonescan.simulate.parameters import PatientParameters
from bonescan.simulate.patient import render
from bonescan.simulate.plan import Member, plan_cohort
from bonescan.simulate.recipe import CohortRecipe
from bonescan.simulate.serial import draw_visits
from bonescan.simulate.study_files import Extras, VisitFacts, read_truth, rebuild, write_study

__all__ = ["Extras", "rebuild", "simulate_cohort", "write_study"]

Progress = Callable[[int, int], None]
"""Called with (patients done, patients in all)."""
_VALIDATION_OF_TRAINING = 0.2
_SERIAL_KEY, _DATE_KEY = 1001, 1002
"""Apart from the keys of the draws of a patient."""


@dataclass(frozen=True)
class _Order:
    """What a worker needs to know: the whole cohort but its patients."""

    folder: Path
    seed: int
    recipe: CohortRecipe
    phantoms: Path | None
    visits: int
    extras: Extras

    def patient_id(self, member: Member) -> str:
        return f"S{self.seed:03d}-{member.index:05d}"

    def study_ids(self, member: Member) -> tuple[str, ...]:
        name = self.patient_id(member)
        return (name,) if self.visits == 1 else tuple(f"{name}-{i + 1}" for i in range(self.visits))


def simulate_cohort(
    folder: Path,
    n: int | None = None,
    *,
    seed: int = 0,
    recipe: CohortRecipe | None = None,
    phantoms: Path | None = None,
    processes: int = 1,
    visits: int = 1,
    extras: Extras | None = None,
    progress: Progress | None = None,
) -> Cohort:
    """Simulate `n` patients into `folder`.

    Args:
        folder: The cohort; studies that are already complete in it are kept.
        n: Number of patients; the recipe's own by default.
        seed: Seed of the cohort.
        recipe: Make-up of the cohort; the default recipe if None.
        phantoms: Folder of voxel phantoms, or None for the built-in body.
        processes: Number of worker processes.
        visits: Scans of each patient; with more than one, bodies stay and lesions follow a course.
        extras: What to write besides; masks only by default.
        progress: Told after every patient.

    Returns:
        The cohort as read back from the folder, split by patient.

    Raises:
        UsageError: A number is below 1 or missing, or the folder holds a cohort made with other arguments.
        InputError: The phantoms are not there.
        OutputError: The folder cannot be written.
    """
    recipe = recipe or CohortRecipe()
    n = recipe.whole if n is None else n
    if n is None:
        raise UsageError(f"the recipe {recipe.name} has no number of patients", hint="Say how many are wanted (-n)")
    if n < 1 or processes < 1 or visits < 1:
        raise UsageError(f"n is {n}, processes {processes} and visits {visits}", expected="all at least 1")
    order = _Order(folder, seed, recipe, phantoms, visits, extras or Extras())
    members = plan_cohort(recipe, n, seed)
    _claim(order, n)
    for half_written in folder.glob(".S*.part"):
        shutil.rmtree(half_written)  # a run that was killed left it
    todo = [m for m in members if not all((folder / name / TRUTH).is_file() for name in order.study_ids(m))]
    done = n - len(todo)
    if progress:
        progress(done, n)
    for _ in _run(order, todo, processes):
        done += 1
        if progress:
            progress(done, n)
    cases: list[CohortCase] = []
    sides: dict[str, str | None] = {}
    lesion_pixels: dict[str, int] = {}
    for member in members:
        for name in order.study_ids(member):
            truth = read_truth(folder, name)
            cases.append(_case(order, member, name, truth))
            sides[name], lesion_pixels[name] = member.side, int(truth["lesion_px"])
    splits = _split(cases, sides, lesion_pixels, seed)
    write_cohort(folder, [replace(case, split=splits[case.study_id]) for case in cases])
    return read_cohort(folder)


def _split(
    cases: list[CohortCase], sides: dict[str, str | None], lesion_pixels: dict[str, int], seed: int
) -> dict[str, Split]:
    """Sides that the recipe fixes, the rest drawn; a fifth of the training side is for validation."""
    if not any(sides.values()):
        return split_patients(cases, lesion_pixels, seed=seed)
    training = [case for case in cases if sides[case.study_id] == "train"]
    shares = (1 - _VALIDATION_OF_TRAINING, _VALIDATION_OF_TRAINING, 0.0)
    drawn = split_patients(training, lesion_pixels, seed=seed, fractions=shares)
    return {case.study_id: drawn.get(case.study_id, "test") for case in cases}


def _claim(order: _Order, n: int) -> None:
    """Note what the folder is being filled with, or check that it is the same as before."""
    claim = {
        "seed": order.seed,
        "body": "voxel" if order.phantoms else "builtin",
        "visits": order.visits,
        "extras": {**asdict(order.extras), "annotations": list(order.extras.annotations)},
        "recipe": order.recipe.model_dump(mode="json"),
    }
    if order.recipe.sides:
        claim["patients"] = n  # who is who depends on it
    note = order.folder / SIMULATION
    if note.is_file():
        if json.loads(note.read_text(encoding="utf-8")) != claim:
            raise UsageError(
                f"{order.folder} holds a cohort made with another seed, body, recipe or other options",
                hint="Choose another folder",
            )
        return
    write_text(note, json.dumps(claim, indent=1) + "\n")


def _run(order: _Order, todo: list[Member], processes: int) -> Iterator[None]:
    if processes == 1 or len(todo) < 2:
        for member in todo:
            _simulate_patient(order, member)
            yield
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_leave_ctrl_c_to_parent) as pool:
        try:
            for future in as_completed([pool.submit(_simulate_patient, order, member) for member in todo]):
                yield future.result()
        except BaseException:
            # Whoever waits in the queue would else be simulated before the command ends.
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _leave_ctrl_c_to_parent() -> None:
    """Let a worker finish the patient at hand, after which its parent has it end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _simulate_patient(order: _Order, member: Member) -> None:
    """Simulate all scans of a patient and write those that are missing."""
    patient_id, names = order.patient_id(member), order.study_ids(member)
    first = simulate_member(member, order.recipe, order.seed, names[0], phantoms=order.phantoms)
    if order.visits == 1:
        write_study(order.folder, first, extras=order.extras)
        return
    recipe = order.recipe
    visits = draw_visits(
        first.parameters,
        order.visits,
        recipe.serial,
        np.random.SeedSequence(order.seed, spawn_key=(member.index, _SERIAL_KEY)),
        counts=(recipe.counts_low, recipe.counts_high),
        pixel_mm=recipe.pixel_mm,
        phantoms=order.phantoms,
    )
    rng = np.random.default_rng(np.random.SeedSequence(order.seed, spawn_key=(member.index, _DATE_KEY)))
    day = date(2020, 1, 1) + timedelta(days=int(rng.integers(1500)))
    treated = int(rng.integers(3, 30)) if member.metastatic and visits[0].course != "repeat" else None
    for name, visit in zip(names, visits, strict=True):
        if (order.folder / name / TRUTH).is_file():
            continue
        parameters = replace(visit.parameters, study_id=name)
        simulated = first if visit.number == 1 else render(parameters, phantoms=order.phantoms)
        facts = VisitFacts.of(visit, patient_id, day, treated)
        write_study(order.folder, simulated, extras=order.extras, visit=facts)


def _case(order: _Order, member: Member, name: str, truth: dict[str, object]) -> CohortCase:
    """The row of a study. Alkaline phosphatase stays empty: no model of ours says what it would have been."""
    text = (order.folder / name / "parameters.json").read_text(encoding="utf-8")
    parameters = PatientParameters.from_json(text)
    sites, visit = truth["sites"], truth.get("visit")
    assert isinstance(sites, list)  # written by `truth_document`
    treated = visit["treatment_start_days"] if isinstance(visit, dict) else None
    return CohortCase(
        folder=order.folder,
        study_id=name,
        patient_id=order.patient_id(member),
        files=(f"{name}/{name}.dcm",),
        metastasis=bool(truth["metastasis"]),
        sites=tuple(Site(site) for site in sites),
        benign=bool(truth["benign"]),
        primary=str(parameters.primary or ""),
        sex="M" if parameters.sex == "M" else "F",
        age_years=float(parameters.age_years),
        treatment_start_days=None if treated is None else float(treated),
    )
