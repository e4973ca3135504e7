"""A training run of the joint pipeline."""

from __future__ import annotations

from collections.abc import Callable

import torch

from bonescan.models.networks.joint import JointNetwork
from bonescan.training.cache import GridCases
from bonescan.training.checkpoint import best_network
from bonescan.training.curves import draw_curves
from bonescan.training.joint.answers import STAGE as ANSWERS
from bonescan.training.joint.answers import train_answers
from bonescan.training.joint.figures import joint_figures
from bonescan.training.joint.loss import joint_loss
from bonescan.training.joint.samples import JointSamples
from bonescan.training.recipe import JointRecipe
from bonescan.training.run import Run
from bonescan.training.stage import Task, keep_stage, train_stage
from bonescan.training.start import Start, start_network

STAGE = "joint"


def build_joint(recipe: JointRecipe) -> JointNetwork:
    """Make the network, its random start given by the recipe's seed."""
    torch.manual_seed(recipe.seed)
    return JointNetwork()


def train_joint(
    run: Run,
    recipe: JointRecipe,
    cases: tuple[GridCases, GridCases],
    *,
    start: Start | None = None,
    say: Callable[[str], None],
) -> None:
    """Train the network, then what it answers for the study where the recipe says so.

    Args:
        run: Where checkpoints and log go.
        recipe: Of the run.
        cases: Training and validation cases.
        start: What the network starts from; needed where the recipe leaves the maps as they start.
        say: Called with lines for people.
    """
    network = build_joint(recipe)
    if start is not None:
        start_network(network, STAGE, start, cases[0], say)
    if recipe.joint.steps:
        task = Task(
            name=STAGE,
            number=0,
            samples=JointSamples(cases[0], recipe.data, recipe.augment),
            loss=joint_loss(recipe.joint),
            validate=joint_figures(cases[1], recipe.joint.validation_windows, recipe.precision),
        )
        network.load_state_dict(
            train_stage(network, task, recipe.joint, recipe, run.folder, say, run.team).best_network
        )
    elif run.team.first:
        keep_stage(network, STAGE, run.folder)
    if recipe.answers is not None and best_network(run.folder, ANSWERS) is None:
        train_answers(run, recipe, network, cases, say=say)
    if run.team.first:
        draw_curves(run.folder)
