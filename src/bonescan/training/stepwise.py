"""The stepwise pipeline's four networks: what each is trained on, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from bonescan.core.anatomy import MaskLabel
from bonescan.models.networks.cell_classifier import CellClassifier
from bonescan.training.auxiliary import classifier_loss, fit_evidence
from bonescan.training.cache import GridCases
from bonescan.training.chain import Gates, as_function, probability_map, window_probabilities
from bonescan.training.checkpoint import Checkpoint, restore
from bonescan.training.curves import draw_curves
from bonescan.training.data import ClassifySamples, SegmentSamples
from bonescan.training.init import STAGES, build, init_from_file
from bonescan.training.losses import dice_loss, report_loss
from bonescan.training.maps import LocateSamples, Maps
from bonescan.training.recipe import SegmentRecipe, StageRecipe, StepwiseRecipe
from bonescan.training.run import Run
from bonescan.training.stage import Loss, Task, train_stage
from bonescan.training.start import Start, start_network
from bonescan.training.validation import classify_figures, locate_figures, segment_figures

Progress = Callable[[str], None]


def train_stepwise(
    run: Run,
    recipe: StepwiseRecipe,
    cases: tuple[GridCases, GridCases],
    *,
    start: Start | None = None,
    init: Path | None = None,
    say: Progress,
) -> None:
    """Train the four networks one after the other.

    Args:
        run: Where checkpoints and log go.
        recipe: Of the run.
        cases: Training and validation cases.
        start: What the networks start from.
        init: Local torchvision-format ResNet34 checkpoint for the window classifier.
        say: Called with lines for people.
    """
    trained: dict[str, nn.Module] = {}
    for name in STAGES:
        network = build(name, recipe)
        if start is not None:
            start_network(network, name, start, cases[0], say)
        if name == "classify" and init is not None:
            copied, left = init_from_file(network, init)
            say(f"classify: {copied} tensors from {init.name}, {left} at random")
        _train_one(name, network, run, recipe, cases, trained, say)
        trained[name] = network
        if run.team.first:
            draw_curves(run.folder)


def load_best(name: str, run: Run, recipe: StepwiseRecipe) -> nn.Module:
    """The best network of a finished stage.

    Raises:
        ModelError: The run is of another version, whose network has another shape.
    """
    network = build(name, recipe)
    restore(network, Checkpoint.load(run.folder / "checkpoints" / f"{name}.pt").best_network)
    return network.eval()


def _train_one(
    name: str,
    network: nn.Module,
    run: Run,
    recipe: StepwiseRecipe,
    cases: tuple[GridCases, GridCases],
    trained: dict[str, nn.Module],
    say: Progress,
) -> None:
    """Train one network in place; it ends with its best weights."""
    stage: StageRecipe = getattr(recipe, name)
    checkpoint = run.folder / "checkpoints" / f"{name}.pt"
    if checkpoint.exists():
        state = Checkpoint.load(checkpoint)
        if state.finished:
            restore(network, state.best_network)
            return
    tasks: dict[str, Callable[..., Task]] = {
        "classify": _classify_task,
        "segment_metastasis": partial(_segment_task, label=MaskLabel.METASTASIS),
        "segment_bladder": partial(_segment_task, label=MaskLabel.BLADDER),
        "locate": partial(_locate_task, trained=trained, say=say),
    }
    task = tasks[name](name, recipe, *cases)
    state = train_stage(network, task, stage, recipe, run.folder, say, run.team)
    network.load_state_dict(state.best_network)


def _classify_task(name: str, recipe: StepwiseRecipe, train_cases: GridCases, val_cases: GridCases) -> Task:
    samples = ClassifySamples(train_cases, recipe.data, recipe.augment)
    stage, least = recipe.classify, recipe.data.window_min_px

    def loss(network: nn.Module, images: Tensor, labels: Tensor, done: float) -> Tensor:
        return classifier_loss(network, images, labels, gamma=stage.gamma, least=least, auxiliary=stage.auxiliary)

    def fit(network: nn.Module) -> None:
        assert isinstance(network, CellClassifier)
        fit_evidence(network, train_cases, least)

    figures = classify_figures(val_cases, stage.validation_windows, least, recipe.seed)
    return Task(name, STAGES.index(name), samples, loss, figures, fit if stage.auxiliary > 0 else None)


def _segment_task(
    name: str, recipe: StepwiseRecipe, train_cases: GridCases, val_cases: GridCases, label: MaskLabel
) -> Task:
    stage: SegmentRecipe = getattr(recipe, name)
    samples = SegmentSamples(train_cases, label, recipe.data, recipe.augment)
    figures = segment_figures(val_cases, label, stage.validation_windows, recipe.seed)
    return Task(name, STAGES.index(name), samples, _segment_loss(stage.cross_entropy_until), figures)


def _locate_task(
    name: str,
    recipe: StepwiseRecipe,
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
