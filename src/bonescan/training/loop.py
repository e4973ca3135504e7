"""A whole training run: cohort in, four trained networks out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bonescan.core.anatomy import MaskLabel
from bonescan.models.networks.cell_classifier import CellClassifier
from bonescan.training import region_prior
from bonescan.training.auxiliary import classifier_loss, fit_evidence
from bonescan.training.cache import Cohorts, GridCases, open_cache, read_cohorts
from bonescan.training.chain import Gates, as_function, probability_map, window_probabilities
from bonescan.training.checkpoint import Checkpoint
from bonescan.training.curves import draw_curves
from bonescan.training.data import ClassifySamples, SegmentSamples
from bonescan.training.init import STAGES, build, init_from_file, init_from_run
from bonescan.training.losses import dice_loss, report_loss
from bonescan.training.maps import LocateSamples, Maps
from bonescan.training.recipe import Recipe, SegmentRecipe, StageRecipe, read_recipe
from bonescan.training.run import Run, begin, open_run
from bonescan.training.stage import Loss, Task, train_stage
from bonescan.training.validation import classify_figures, locate_figures, segment_figures

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
    """Train the stepwise pipeline.

    Args:
        recipe_path: TOML, see `Recipe`.
        cohort_dirs: One cohort or several; the splits train and val are used, test is never opened.
        run_dir: Folder of the run; must hold no run unless `resume`.
        resume: Go on after a kill, from the last checkpoint of the stage that was interrupted.
        init: Local torchvision-format ResNet34 checkpoint for the window classifier.
        start: Finished run whose networks this one starts from, e.g. one on another cohort.
        progress: Called with lines for people; by default they are logged.
        workers: Processes that prepare the cohort.

    Returns:
        The run folder.

    Raises:
        RecipeError: The recipe or `init` cannot be used, or the networks of `start` have another shape.
        ModelError: `start` holds no finished run.
        CohortError: The cohort has faults, or no case in train or val.
        UsageError: The folder holds another run.
    """
    say = progress or _log.info
    folders = [cohort_dirs] if isinstance(cohort_dirs, Path) else list(cohort_dirs)
    recipe, _ = read_recipe(recipe_path)
    cohorts = read_cohorts(folders, seed=recipe.seed)
    earlier = open_run(start) if start else None
    run = begin(recipe_path, cohorts, run_dir, resume=resume, start=earlier)
    torch.set_num_threads(recipe.threads)
    cases = prepare(run, cohorts, workers=workers, say=say)
    if not any(run.folder.glob(region_prior.FILE.format(view="*"))):
        region_prior.write_region_prior(cohorts.split("train"), run.folder)
    trained: dict[str, nn.Module] = {}
    for name in STAGES:
        network = build(name, recipe)
        if earlier is not None:
            init_from_run(network, name, earlier.folder)
        if name == "classify" and init is not None:
            copied, left = init_from_file(network, init)
            say(f"classify: {copied} tensors from {init.name}, {left} at random")
        _train_one(name, network, run, cases, trained, say)
        trained[name] = network
        draw_curves(run.folder)
    return run.folder


def prepare(run: Run, cohorts: Cohorts, *, workers: int = 2, say: Progress = _log.info) -> tuple[GridCases, GridCases]:
    """Training and validation cases on the grid."""
    made = [
        open_cache(run.folder / "cache" / name, cohorts.split(name), workers=workers, progress=say)
        for name in ("train", "val")
    ]
    return made[0], made[1]


def load_best(name: str, run: Run) -> nn.Module:
    """The best network of a finished stage."""
    network = build(name, run.recipe)
    network.load_state_dict(Checkpoint.load(run.folder / "checkpoints" / f"{name}.pt").best_network)
    return network.eval()


def _train_one(
    name: str,
    network: nn.Module,
    run: Run,
    cases: tuple[GridCases, GridCases],
    trained: dict[str, nn.Module],
    say: Progress,
) -> None:
    """Train one network in place; it ends with its best weights."""
    stage: StageRecipe = getattr(run.recipe, name)
    checkpoint = run.folder / "checkpoints" / f"{name}.pt"
    if checkpoint.exists():
        state = Checkpoint.load(checkpoint)
        if state.finished:
            network.load_state_dict(state.best_network)
            return
    tasks: dict[str, Callable[..., Task]] = {
        "classify": _classify_task,
        "segment_metastasis": partial(_segment_task, label=MaskLabel.METASTASIS),
        "segment_bladder": partial(_segment_task, label=MaskLabel.BLADDER),
        "locate": partial(_locate_task, trained=trained, say=say),
    }
    task = tasks[name](name, run.recipe, *cases)
    state = train_stage(network, task, stage, run.recipe, run.folder, say)
    network.load_state_dict(state.best_network)
    if isinstance(network, CellClassifier) and run.recipe.classify.auxiliary > 0:
        fit_evidence(network, cases[0], run.recipe.data.window_min_px)
        state.best_network = network.state_dict()
        state.save(checkpoint)


def _classify_task(name: str, recipe: Recipe, train_cases: GridCases, val_cases: GridCases) -> Task:
    samples = ClassifySamples(train_cases, recipe.data, recipe.augment)
    stage, least = recipe.classify, recipe.data.window_min_px

    def loss(network: nn.Module, images: Tensor, labels: Tensor, done: float) -> Tensor:
        return classifier_loss(network, images, labels, gamma=stage.gamma, least=least, auxiliary=stage.auxiliary)

    windows = stage.validation_windows
    return Task(name, STAGES.index(name), samples, loss, classify_figures(val_cases, windows, least, recipe.seed))


def _segment_task(name: str, recipe: Recipe, train_cases: GridCases, val_cases: GridCases, label: MaskLabel) -> Task:
    stage: SegmentRecipe = getattr(recipe, name)
    samples = SegmentSamples(train_cases, label, recipe.data, recipe.augment)
    figures = segment_figures(val_cases, label, stage.validation_windows, recipe.seed)
    return Task(name, STAGES.index(name), samples, _segment_loss(stage.cross_entropy_until), figures)


def _locate_task(
    name: str,
    recipe: Recipe,
    train_cases: GridCases,
    val_cases: GridCases,
    trained: dict[str, nn.Module],
    say: Progress,
) -> Task:
    maps = predict_maps(train_cases, trained, recipe.data.predicted_cases)
    say(f"locate: maps predicted for {len(maps)} patients")
    samples = LocateSamples(train_cases, recipe.data, recipe.augment, maps)
    figures = locate_figures(val_cases, recipe.locate.validation_windows, recipe.seed)

    def loss(network: nn.Module, images: Tensor, sites: Tensor, done: float) -> Tensor:
        return report_loss(network(images).float(), sites)

    return Task(name, STAGES.index(name), samples, loss, figures)


def predict_maps(cases: GridCases, trained: dict[str, nn.Module], count: int) -> Maps:
    """Metastasis maps of the first cases by the trained classifier and segmentation network, gated at one half."""
    classify, segment = (as_function(trained[name]) for name in ("classify", "segment_metastasis"))
    gates = Gates(0.5, 0.5)
    maps: Maps = {}
    for case in range(min(count, len(cases))):
        image = cases.image(case)
        opened = window_probabilities(classify, image)[..., 0] >= gates.metastasis
        maps[case] = probability_map(segment, image, opened).astype(np.float16)
    return maps


def _segment_loss(until: float) -> Loss:
    """Dice loss, with cross-entropy fading out up to a progress: at the start it alone says where nothing is."""

    def loss(network: nn.Module, images: Tensor, masks: Tensor, done: float) -> Tensor:
        logits = network(images).float()
        share = 0.5 * (1 - done / until) if done < until else 0.0
        dice = dice_loss(logits, masks)
        if share == 0:
            return dice
        entropy = nn.functional.binary_cross_entropy_with_logits(logits, masks)
        return (1 - share) * dice + share * entropy

    return loss
