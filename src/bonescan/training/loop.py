"""A whole training run: recipe and cohort in, trained networks out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from bonescan.core.errors import CohortError, RecipeError, UsageError
from bonescan.io.cohort import read_cohort
from bonescan.training import region_prior
from bonescan.training.baselines.nnunet import need_nnunet
from bonescan.training.baselines.train import BaselineRecipe, train_baseline
from bonescan.training.cache import Cohorts, GridCases, load_cache, open_cache, read_cohorts
from bonescan.training.init import STAGES
from bonescan.training.joint.train import train_joint
from bonescan.training.measure import alike_in_words
from bonescan.training.recipe import (
    BASELINES,
    AnyRecipe,
    BaseRecipe,
    JointRecipe,
    StageRecipe,
    StepwiseRecipe,
    read_recipe,
)
from bonescan.training.run import RECORD, Run, begin, open_run, started_from
from bonescan.training.start import Start, open_start
from bonescan.training.stepwise import train_stepwise
from bonescan.training.team import Accelerator, Team, check_devices, launch

_log = logging.getLogger(__name__)
Progress = Callable[[str], None]


def train(
    recipe_path: Path,
    cohort_dirs: Sequence[Path] | Path,
    run_dir: Path,
    *,
    resume: bool = False,
    init: Path | None = None,
    start: str | Path | None = None,
    progress: Progress | None = None,
    workers: int = 2,
    devices: int = 1,
    accelerator: Accelerator = "auto",
) -> Path:
    """Train what a recipe says.

    Args:
        recipe_path: TOML, see `recipe`.
        cohort_dirs: One cohort or several; the splits train and val are used, test is never opened.
        run_dir: Folder of the run; must hold no run unless `resume`.
        resume: Go on after a kill, from the last checkpoint of the stage that was interrupted.
        init: Local torchvision-format ResNet34 checkpoint for the stepwise window classifier.
        start: Finished run or model bundle, by folder or by name, whose networks this run starts from.
        progress: Called with lines for people; by default they are logged.
        workers: Processes that prepare the cohort.
        devices: GPUs, or processes on a CPU, that train together, see `team`; `progress` must then be picklable.
        accelerator: "auto" is CUDA where there is one.

    Returns:
        The run folder.

    Raises:
        RecipeError: The recipe or `init` cannot be used, a batch has fewer samples than there are devices, or the
            networks of `start` have another shape.
        ModelError: `start` is neither a finished run nor a model.
        CohortError: The cohort has faults, a study without a side of the split, or no case in train or val.
        UsageError: The folder holds another run, `init` is given for a recipe without a window classifier, `start` for
            a baseline, or no `start` for a recipe that needs one; or there are not so many devices.
        MissingExtraError: The recipe asks for nnU-Net, which is not installed, or several devices for lightning-fabric.
    """
    say = progress or _log.info
    folders = [cohort_dirs] if isinstance(cohort_dirs, Path) else list(cohort_dirs)
    recipe, _ = read_recipe(recipe_path)
    if init is not None and recipe.pipeline != "stepwise":
        raise UsageError(f"--init starts the stepwise window classifier; the recipe is {recipe.pipeline}")
    if start is None:
        _check_without_start(recipe, run_dir)
    if start is not None and recipe.pipeline in BASELINES:
        raise UsageError(f"--start is for models that ship; the recipe is {recipe.pipeline}, a baseline")
    if recipe.pipeline == "nnunet":
        need_nnunet()
        if devices > 1:
            raise UsageError("nnU-Net trains on one device here", hint="Leave --devices out")
    check_devices(devices, accelerator)
    _check_batches(recipe, devices)
    _check_split(folders, recipe.seed, going_on=resume and (run_dir / RECORD).is_file(), say=say)
    cohorts = read_cohorts(folders, seed=recipe.seed)
    earlier = open_start(start) if start else None
    run = begin(recipe_path, cohorts, run_dir, resume=resume, start=earlier, init=init)
    torch.set_num_threads(recipe.threads)
    if words := alike_in_words(cohorts.split("val")):
        consequence = "no threshold of a patient can be tuned, and nothing calibrated"
        say(f"{words}: {consequence}; have some of both on the validation side")
    prepare(run, cohorts, workers=workers, say=say)
    launch(_train_on, run.folder, earlier, init, say, devices=devices, accelerator=accelerator)
    return run.folder


def _check_without_start(recipe: AnyRecipe, run_dir: Path) -> None:
    """Refuse a recipe that goes on from something, before anything is written.

    Raises:
        UsageError: It needs a start.
    """
    if isinstance(recipe, BaseRecipe) and recipe.optimizer.keep_start:
        found = f"the recipe keeps {recipe.optimizer.keep_start:g} of what training starts from"
        hint = "Name that with --start, or set keep_start = 0"
    elif isinstance(recipe, JointRecipe) and not recipe.joint.steps:
        found = "the recipe teaches the answers of a network whose maps are trained, and none is given"
        hint = "Name a run or a model with --start, e.g. --start joint"
    elif isinstance(recipe, StepwiseRecipe) and (left := _left_as_they_are(recipe)):
        found = f"the recipe trains others for long and {', '.join(left)} for one step, which leaves it as it starts"
        hint = "Name a run or a model with --start, e.g. --start stepwise"
    else:
        return
    begun_from = started_from(run_dir)
    raise UsageError(found, hint=f"The run was begun from {begun_from}: name that with --start" if begun_from else hint)


def _check_split(folders: Sequence[Path], seed: int, *, going_on: bool, say: Progress) -> None:
    """Refuse cohorts whose table does not say who is for what: a split that is drawn here alone is lost.

    Runs of earlier versions drew it, and go on with it.

    Raises:
        CohortError: A study has no side, and no run goes on.
    """
    for folder in folders:
        cohort = read_cohort(folder)
        count = sum(case.split is None for case in cohort)
        if count and not going_on:
            raise CohortError(
                f"{count} of {len(cohort)} studies of {folder} have no side of the split",
                hint=f"Draw who is for training, validation and test with 'bonescan cohort split {folder}'",
            )
        if count:
            say(
                f"the split of {folder} is drawn with the recipe's seed and is not in its table: when the run has "
                f"ended, write it there with 'bonescan cohort split {folder} --seed {seed}'"
            )


def _check_batches(recipe: AnyRecipe, devices: int) -> None:
    """Refuse a recipe of which a batch is too small for every device to have a sample.

    Raises:
        RecipeError: It is.
    """
    for name in type(recipe).model_fields:
        stage = getattr(recipe, name)
        if isinstance(stage, StageRecipe) and stage.steps and stage.batch < devices:
            raise RecipeError(
                f"{name}: a batch of {stage.batch} cannot be shared by {devices} devices",
                hint="Raise batch in the recipe, or lower --devices",
            )


def _left_as_they_are(recipe: StepwiseRecipe) -> list[str]:
    """Stages of one step beside others of more: networks that are good already."""
    steps = {name: getattr(recipe, name).steps for name in STAGES}
    return [name for name in STAGES if steps[name] == 1 < max(steps.values())]


def _train_on(team: Team, folder: Path, start: Start | None, init: Path | None, say: Progress) -> None:
    """Train a run that is prepared, in each of the processes of a team."""
    run = replace(open_run(folder), team=team)
    if team.device.type == "cpu":
        torch.set_num_threads(max(1, run.recipe.threads // team.size))
    cases = load_cache(folder / "cache" / "train"), load_cache(folder / "cache" / "val")
    speak = say if team.first else _nothing
    if isinstance(run.recipe, JointRecipe):
        if not run.recipe.joint.regions:
            speak("the recipe gives regions no weight: the model will name no bones")
        elif not run.regions:
            speak(
                "no case has a region map: the model will name no bones; train with simulated patients too if it should"
            )
        train_joint(run, run.recipe, cases, start=start, say=speak)
    elif isinstance(run.recipe, BaselineRecipe):
        train_baseline(run, cases, say=speak)
    else:
        train_stepwise(run, run.recipe, cases, start=start, init=init, say=speak)


def _nothing(line: str) -> None:
    pass


def prepare(run: Run, cohorts: Cohorts, *, workers: int = 2, say: Progress = _log.info) -> tuple[GridCases, GridCases]:
    """Put training and validation cases on the grid, as far as that is not done.

    For all but the joint network, which sees bones itself, also count where bones usually lie.
    """
    made = [
        open_cache(run.folder / "cache" / name, cohorts.split(name), workers=workers, progress=say)
        for name in ("train", "val")
    ]
    if run.recipe.pipeline != "joint" and not any(run.folder.glob(region_prior.FILE.format(view="*"))):
        region_prior.write_region_prior(cohorts.split("train"), run.folder)
    return made[0], made[1]
