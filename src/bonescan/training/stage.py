"""The loop that trains one network."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from bonescan.training.average import Average
from bonescan.training.checkpoint import Checkpoint
from bonescan.training.data import generator
from bonescan.training.recipe import BaseRecipe, StageRecipe
from bonescan.training.schedule import learning_rate, progress

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
        validate: Network → figures; the first is the one to maximise.
    """

    name: str
    number: int
    samples: Samples
    loss: Loss
    validate: Callable[[nn.Module], dict[str, float]]


def train_stage(
    network: nn.Module,
    task: Task,
    stage: StageRecipe,
    recipe: BaseRecipe,
    run: Path,
    say: Callable[[str], None],
) -> Checkpoint:
    """Train a network, from its checkpoint where there is one, and return the finished checkpoint.

    Writes ``<run>/checkpoints/<stage>.pt`` and appends to ``<run>/metrics.jsonl``.
    """
    path = run / "checkpoints" / f"{task.name}.pt"
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a quarter faster on a CPU
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
    )
    if path.exists():
        state = Checkpoint.load(path)
        network.load_state_dict(state.network)
        optimizer.load_state_dict(state.optimizer)
        average.state = state.average
        say(f"{task.name}: resumed at step {state.step}")
    started = time.monotonic() - state.seconds
    losses: list[float] = []
    while not state.finished:
        done = progress(stage, state.step, time.monotonic() - started)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(stage, recipe.optimizer, done)
        losses.append(_step(network, optimizer, task, stage, recipe, state.step, done))
        average.update(network, state.step)
        state.step += 1
        state.seconds = time.monotonic() - started
        state.finished = progress(stage, state.step, state.seconds) >= 1
        if state.finished or state.step % stage.validate_every == 0:
            with average.applied(network):
                figures = task.validate(network)
                _keep_best(state, network, next(iter(figures.values())))
            _record(run, task.name, state, done, losses, figures, say)
            losses.clear()
        if state.finished or state.step % stage.checkpoint_every == 0:
            state.network, state.optimizer = network.state_dict(), optimizer.state_dict()
            state.average = average.state
            state.save(path)
    return state


def _step(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    task: Task,
    stage: StageRecipe,
    recipe: BaseRecipe,
    step: int,
    done: float,
) -> float:
    network.train()
    inputs, targets = task.samples.batch(generator(recipe.seed, task.number, step), stage.batch)
    parts = math.ceil(stage.batch / (stage.micro_batch or stage.batch))
    optimizer.zero_grad(set_to_none=True)
    total = 0.0
    for part, answers in zip(inputs.chunk(parts), _chunks(targets, parts), strict=True):
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
            loss = task.loss(network, part, answers, done) * (len(part) / len(inputs))
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    if recipe.optimizer.clip:
        nn.utils.clip_grad_norm_(network.parameters(), recipe.optimizer.clip)
    optimizer.step()
    return total


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
    # Norms and biases are not drawn to zero: they set levels, they do not fit noise.
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": chosen.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=stage.lr)


def _keep_best(state: Checkpoint, network: nn.Module, figure: float) -> None:
    """Remember the network if it is the best so far; the last one even if it is a little worse."""
    if figure >= state.best - (_CLEARLY if state.finished else 0.0):
        state.best = figure
        state.best_network = {name: value.clone() for name, value in network.state_dict().items()}


def _record(
    run: Path,
    name: str,
    state: Checkpoint,
    done: float,
    losses: list[float],
    figures: dict[str, float],
    say: Callable[[str], None],
) -> None:
    line = {
        "stage": name,
        "step": state.step,
        "seconds": round(state.seconds, 1),
        "progress": round(done, 4),
        "loss": round(float(np.mean(losses)), 5),
        **{key: round(value, 5) for key, value in figures.items()},
    }
    with (run / "metrics.jsonl").open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(line) + "\n")
    shown = ", ".join(f"{key} {value:.4f}" for key, value in figures.items())
    say(f"{name}: step {state.step} ({done:.0%}, {state.seconds:.0f} s): loss {line['loss']:.4f}, {shown}")
