"""Checkpoints that survive a kill at any moment: written under another name, then renamed."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bonescan.core.errors import ModelError
from bonescan.core.files import write_bytes


@dataclass
class Checkpoint:
    """Where a stage is.

    There is no random state in it: each step draws from a generator made of seed, stage and step.

    Attributes:
        step: Steps done.
        seconds: Time spent, over all resumptions.
        network: State dict.
        optimizer: State dict.
        average: State dict of the running average, empty where there is none.
        best: Best validation figure so far.
        best_network: State dict of that moment.
        finished: Whether the stage is done.
        start: State dict of the network before the first step, empty where nothing of it is kept.
        stepped: Whether all steps are done, though something may be left to fit before the stage is finished.
    """

    step: int
    seconds: float
    network: dict[str, Any]
    optimizer: dict[str, Any]
    average: dict[str, Any]
    best: float
    best_network: dict[str, Any]
    finished: bool
    start: dict[str, Any] = field(default_factory=dict)
    stepped: bool = False

    def save(self, path: Path) -> None:
        """Write, or leave the earlier one as it was."""
        buffer = io.BytesIO()
        torch.save(asdict(self), buffer)
        write_bytes(path, buffer.getvalue())

    @staticmethod
    def load(path: Path) -> Checkpoint:
        """Read what `save` wrote."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        return Checkpoint(**{"average": {}, "stepped": state["finished"], **state})


def restore(part: nn.Module | torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Give a network or its optimizer what a run kept of it.

    Args:
        part: Of the shape that this version makes; changed in place.
        state: Its state dict in a checkpoint.

    Raises:
        ModelError: It has another shape.
    """
    try:
        part.load_state_dict(state)
    except (RuntimeError, ValueError, KeyError) as error:
        raise ModelError(
            "the run is of another version, whose networks have another shape",
            hint="Start from it with --start, or train anew",
        ) from error


def best_network(run: Path, stage: str) -> dict[str, Any] | None:
    """State dict of a stage's best network, or None where the stage is not finished.

    A part of a network that is trained alone afterwards is a stage of its own, called ``<stage>.<part>``. Where that is
    finished, its weights take the place of those of the part.

    Args:
        run: Folder of the run.
        stage: Name of the stage.
    """
    found = _finished(run, stage)
    if found is None:
        return None
    for path in sorted((run / "checkpoints").glob(f"{stage}.*.pt")):
        part = path.stem.removeprefix(f"{stage}.")
        found |= {f"{part}.{name}": value for name, value in (_finished(run, path.stem) or {}).items()}
    return found


def _finished(run: Path, stage: str) -> dict[str, Any] | None:
    path = run / "checkpoints" / f"{stage}.pt"
    if not path.exists() or not (state := Checkpoint.load(path)).finished:
        return None
    return state.best_network
