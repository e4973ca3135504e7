"""The loop that trains one network."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from bonescan.training.average import Average, drawn_back
from bonescan.training.checkpoint import Checkpoint, restore
from bonescan.training.data import generator
from bonescan.training.log import append_to_log, cut_log
from bonescan.training.muon import Muon
from bonescan.training.recipe import BaseRecipe, StageRecipe
from bonescan.training.schedule import learning_rate, progress
from bonescan.training.team import ALONE, Team

Targets = Tensor | tuple[Tensor, ...]
"""What the network is to answer: one tensor, or one an answer; the first axis is the batch."""
Loss = Callable[[nn.Module, Tensor, Any, float], Tensor]
"""Of network, inputs, targets and the progress of the stage."""


class Samples(Protocol):
    """A source of batches."""

    def batch(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Targets]:
        """Draw inputs and targets."""
        ...


_CLEARLY = 0.02
"""An earlier network must be better by this to be preferred to the last one, whose learning rate has come down: a
hundred validation windows do not tell smaller differences from chance."""


@dataclass(frozen=True)
class Task:
    """One network's training.

    Attributes:
        name: Stage.
        number: Which stage; part of the seed of each step.
        samples: Where batches come from.
        loss: What to minimise.
        validate: Network → figures; the first is the one to maximise. Those not defined for the patients are NaN.
        fit: Fits, once the steps are done, what they leave of the best network; None where they leave nothing.
    """

    name: str
    number: int
    samples: Samples
    loss: Loss
    validate: Callable[[nn.Module], dict[str, float]]
    fit: Callable[[nn.Module], None] | None = None


def train_stage(
    network: nn.Module,
    task: Task,
    stage: StageRecipe,
    recipe: BaseRecipe,
    run: Path,
    say: Callable[[str], None],
    team: Team = ALONE,
) -> Checkpoint:
    """Train a network, from its checkpoint where there is one, and return the finished checkpoint.

    Writes ``<run>/checkpoints/<stage>.pt`` and appends to ``<run>/metrics.jsonl``.

    Args:
        network: Trained in place on the device of `team`, and brought back to the CPU.
        task: What it learns.
        stage: For how long.
        recipe: Of the run.
        run: Folder of the run.
        say: Called with lines for people.
        team: The processes that train it together; the first of them writes.

    Raises:
        ModelError: The checkpoint is of another version, whose network has another shape.
    """
    path = run / "checkpoints" / f"{task.name}.pt"
    network.to(team.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # a quarter faster on a CPU
    optimizer = _optimizer(network, stage, recipe)
    average = Average(network, recipe.optimizer.average)
    state = Checkpoint(
        step=0,
        seconds=0.0,
        network=network.state_dict(),
        optimizer=optimizer.state_dict(),
        average=average.state,
        best=-math.inf,
        best_network=network.state_dict(),
        finished=False,
        start=_copied(network) if recipe.optimizer.keep_start else {},
    )
    if path.exists():
        state = Checkpoint.load(path)
        restore(network, state.network)
        restore(optimizer, state.optimizer)
        average.state = {name: value.to(team.device) for name, value in state.average.items()}
        say(f"{task.name}: resumed at step {state.step}")
    if team.first:
        cut_log(run, task.name, state.step)
    started = time.monotonic() - state.seconds
    losses: list[float] = []
    done = progress(stage, state.step, state.seconds)
    while not state.stepped:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(stage, recipe.optimizer, done)
        loss = _gradients(network, optimizer, task, stage, recipe, team, state.step, done)
        # The clock of the first process counts, so that all of them end at the same step.
        elapsed = time.monotonic() - started if team.first else 0.0
        loss, state.seconds = team.combine(network, (loss, elapsed))
        losses.append(loss)
        if recipe.optimizer.clip:
            nn.utils.clip_grad_norm_(network.parameters(), recipe.optimizer.clip)
        optimizer.step()
        average.update(network, state.step)
        state.step += 1
        done = progress(stage, state.step, state.seconds)
        state.stepped = done >= 1
        state.finished = state.stepped and task.fit is None
        if not team.first:
            continue
        if state.stepped or state.step % stage.validate_every == 0:
            with average.applied(network), drawn_back(network, state.start, recipe.optimizer.keep_start):
                figures = task.validate(network)
                _keep_best(state, network, next(iter(figures.values())))
            _record(run, task.name, state, done, losses, figures, say)
            losses.clear()
        if state.stepped or state.step % stage.checkpoint_every == 0:
            state.network, state.optimizer = network.state_dict(), optimizer.state_dict()
            state.average = average.state
            state.save(path)
    network.to("cpu")
    team.wait()
    if not team.first:
        state = Checkpoint.load(path)
    if task.fit is not None and not state.finished:
        network.load_state_dict(state.best_network)
        task.fit(network)
        state.best_network, state.finished = network.state_dict(), True
        if team.first:
            state.save(path)
    return state


def keep_stage(network: nn.Module, name: str, run: Path) -> None:
    """Write a network that is not trained as the finished checkpoint of its stage."""
    weights = network.state_dict()
    Checkpoint(0, 0.0, weights, {}, {}, 0.0, weights, finished=True, stepped=True).save(
        run / "checkpoints" / f"{name}.pt"
    )


def _gradients(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    task: Task,
    stage: StageRecipe,
    recipe: BaseRecipe,
    team: Team,
    step: int,
    done: float,
) -> float:
    """Leave the gradients of this process's part of the batch in the network, and return its share of the loss."""
    network.train()
    inputs, targets = task.samples.batch(generator(recipe.seed, task.number, step), stage.batch)
    count = len(inputs)
    inputs, targets = team.part(inputs), _map(team.part, targets)
    parts = math.ceil(len(inputs) / (stage.micro_batch or len(inputs)))
    optimizer.zero_grad(set_to_none=True)
    total = 0.0
    for part, answers in zip(inputs.chunk(parts), _chunks(targets, parts), strict=True):
        with torch.autocast(team.device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
            loss = task.loss(network, part, answers, done) * (len(part) / count)
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    return total


def _map(function: Callable[[Tensor], Tensor], targets: Targets) -> Targets:
    return function(targets) if isinstance(targets, Tensor) else tuple(function(target) for target in targets)


def _chunks(targets: Targets, parts: int) -> Sequence[Targets]:
    if isinstance(targets, Tensor):
        return targets.chunk(parts)
    return list(zip(*(target.chunk(parts) for target in targets), strict=True))


def _optimizer(network: nn.Module, stage: StageRecipe, recipe: BaseRecipe) -> torch.optim.Optimizer:
    chosen = recipe.optimizer
    if chosen.kind == "sgd":
        return torch.optim.SGD(
            network.parameters(),
            lr=stage.lr,
            momentum=chosen.momentum,
            nesterov=chosen.nesterov,
            weight_decay=chosen.weight_decay,
        )
    if chosen.kind == "muon":
        return Muon(
            network,
            lr=stage.lr,
            turn=chosen.turn,
            momentum=chosen.momentum,
            weight_decay=chosen.weight_decay,
            dtype=getattr(torch, recipe.precision),
        )
    # Norms and biases are not drawn to zero: they set levels, they do not fit noise.
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": chosen.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=stage.lr)


def _keep_best(state: Checkpoint, network: nn.Module, figure: float) -> None:
    """Remember the network if it is the best so far; the last one even if it is a little worse, or nothing tells."""
    figure = 0.0 if math.isnan(figure) else figure
    if figure >= state.best - (_CLEARLY if state.stepped else 0.0):
        state.best = figure
        state.best_network = _copied(network)


def _copied(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def _record(
    run: Path,
    name: str,
    state: Checkpoint,
    done: float,
    losses: list[float],
    figures: dict[str, float],
    say: Callable[[str], None],
) -> None:
    defined = {key: value for key, value in figures.items() if math.isfinite(value)}
    line = {
        "stage": name,
        "step": state.step,
        "seconds": round(state.seconds, 1),
        "progress": round(done, 4),
        "loss": round(float(np.mean(losses)), 5),
        **{key: round(value, 5) for key, value in defined.items()},
    }
    append_to_log(run, line)
    shown = ", ".join(f"{key} {value:.4f}" for key, value in {"loss": line["loss"], **defined}.items())
    say(f"{name}: step {state.step} ({done:.0%}, {state.seconds:.0f} s): {shown}")
