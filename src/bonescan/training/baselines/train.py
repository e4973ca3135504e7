"""A whole training run of a baseline: cohort in, trained network and tuned thresholds out."""

from __future__ import annotations

from collections.abc import Callable

from bonescan.core.errors import ModelError
from bonescan.training.baselines import thresholds
from bonescan.training.baselines.found import Method, SiteMap, site_map
from bonescan.training.baselines.nnunet import nnunet_method, train_nnunet
from bonescan.training.baselines.report import report_method, train_report
from bonescan.training.baselines.unet import train_unet, unet_method
from bonescan.training.cache import GridCases
from bonescan.training.curves import draw_curves
from bonescan.training.recipe import NnunetRecipe, ReportRecipe, UnetRecipe
from bonescan.training.run import Run

BaselineRecipe = UnetRecipe | ReportRecipe | NnunetRecipe


def train_baseline(run: Run, cases: tuple[GridCases, GridCases], *, say: Callable[[str], None]) -> None:
    """Train a baseline and tune its thresholds.

    Args:
        run: A run of one of `BaselineRecipe`.
        cases: Training and validation cases.
        say: Called with lines for people.

    Raises:
        MissingExtraError: The recipe asks for nnU-Net, which is not installed.
        ModelError: nnU-Net failed.
    """
    recipe = run.recipe
    if isinstance(recipe, UnetRecipe):
        train_unet(run, recipe, cases, say)
    elif isinstance(recipe, ReportRecipe):
        train_report(run, recipe, cases, say)
    elif isinstance(recipe, NnunetRecipe):
        train_nnunet(run.folder, recipe, cases, say)
    if not run.team.first:
        return
    draw_curves(run.folder)
    if not (run.folder / thresholds.FILE).exists():
        tuned = thresholds.tune(method_of(run, site_map(run.folder)), cases[1])
        thresholds.write_thresholds(run.folder, tuned)
        say(f"{recipe.pipeline}: thresholds tuned on {tuned.tuned_on} validation patients")


def method_of(run: Run, where: SiteMap) -> Method:
    """The trained method of a run.

    Raises:
        ModelError: The run is of a pipeline that is made into a bundle, and answers through that; or of another
            version, whose network has another shape.
        MissingExtraError: It needs nnU-Net, which is not installed.
    """
    recipe = baseline_of(run)
    if isinstance(recipe, UnetRecipe):
        return unet_method(run.folder, recipe, where)
    if isinstance(recipe, ReportRecipe):
        return report_method(run.folder, recipe)
    return nnunet_method(run.folder, recipe, where)


def baseline_of(run: Run) -> BaselineRecipe:
    """The recipe of a run of a baseline.

    Raises:
        ModelError: The run is of a pipeline that is made into a bundle, and answers through that.
    """
    recipe = run.recipe
    if isinstance(recipe, BaselineRecipe):
        return recipe
    raise ModelError(
        f"the run in {run.folder} is of the pipeline {recipe.pipeline}, which is no baseline",
        hint="Make a bundle with 'bonescan export' and judge it with 'bonescan evaluate --model'",
    )
