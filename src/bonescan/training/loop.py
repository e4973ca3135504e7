"""A whole training run: recipe and cohort in, trained networks out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from bonescan.core.errors import UsageError
from bonescan.training.baselines.nnunet import need_nnunet
from bonescan.training.baselines.train import BaselineRecipe, train_baseline
from bonescan.training.cache import Cohorts, GridCases, open_cache, read_cohorts
from bonescan.training.joint.train import train_joint
from bonescan.training.recipe import JointRecipe, read_recipe
from bonescan.training.run import Run, begin, open_run
from bonescan.training.stepwise import train_stepwise

_log = logging.getLogger(__name__)
Progress = Callable[[str], None]


def train(
    recipe_path: Path,
    cohort_dirs: Sequence[Path] | Path,
    run_dir: Path,
    *,
    resume: bool = False,
    init: Path | None = None,
    start: Path | None = None,
    progress: Progress | None = None,
    workers: int = 2,
) -> Path:
    """Train what a recipe says.

    Args:
        recipe_path: TOML, see `recipe`.
        cohort_dirs: One cohort or several; the splits train and val are used, test is never opened.
        run_dir: Folder of the run; must hold no run unless `resume`.
        resume: Go on after a kill, from the last checkpoint of the stage that was interrupted.
        init: Local torchvision-format ResNet34 checkpoint for the stepwise window classifier.
        start: Finished run whose networks this one starts from, e.g. one on another cohort.
        progress: Called with lines for people; by default they are logged.
        workers: Processes that prepare the cohort.

    Returns:
        The run folder.

    Raises:
        RecipeError: The recipe or `init` cannot be used, or the networks of `start` have another shape.
        ModelError: `start` holds no finished run.
        CohortError: The cohort has faults, or no case in train or val.
        UsageError: The folder holds another run, `init` is given for a recipe without a window classifier, or `start`
            for a baseline.
        MissingExtraError: The recipe asks for nnU-Net, which is not installed.
    """
    say = progress or _log.info
    folders = [cohort_dirs] if isinstance(cohort_dirs, Path) else list(cohort_dirs)
    recipe, _ = read_recipe(recipe_path)
    if init is not None and recipe.pipeline != "stepwise":
        raise UsageError(f"--init starts the stepwise window classifier; the recipe is {recipe.pipeline}")
    if start is not None and recipe.pipeline not in ("stepwise", "joint"):
        raise UsageError(f"--start is for models that ship; the recipe is {recipe.pipeline}, a baseline")
    if recipe.pipeline == "nnunet":
        need_nnunet()
    cohorts = read_cohorts(folders, seed=recipe.seed)
    earlier = open_run(start) if start else None
    run = begin(recipe_path, cohorts, run_dir, resume=resume, start=earlier)
    torch.set_num_threads(recipe.threads)
    cases = prepare(run, cohorts, workers=workers, say=say)
    if isinstance(run.recipe, JointRecipe):
        if not run.regions:
            say(
                "no case has a region map: the model will name no bones; train with simulated patients too if it should"
            )
        train_joint(run, run.recipe, cases, start=earlier, say=say)
    elif isinstance(run.recipe, BaselineRecipe):
        train_baseline(run, cohorts, cases, say=say)
    else:
        train_stepwise(run, run.recipe, cohorts, cases, start=earlier, init=init, say=say)
    return run.folder


def prepare(run: Run, cohorts: Cohorts, *, workers: int = 2, say: Progress = _log.info) -> tuple[GridCases, GridCases]:
    """Training and validation cases on the grid."""
    made = [
        open_cache(run.folder / "cache" / name, cohorts.split(name), workers=workers, progress=say)
        for name in ("train", "val")
    ]
    return made[0], made[1]
