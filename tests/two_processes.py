"""What two processes do in tests: here, so that processes that are started anew can import it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import nn

from bonescan.core.errors import RecipeError
from bonescan.training.recipe import StageRecipe, StepwiseRecipe
from bonescan.training.stage import Task, train_stage

STAGE = StageRecipe(steps=6, batch=5, validate_every=3, checkpoint_every=2, lr=0.05)
STAGES = ("classify", "segment_metastasis", "segment_bladder", "locate")
RECIPE = StepwiseRecipe(
    name="tiny",
    version="1",
    pipeline="stepwise",
    optimizer={"clip": 1.0, "average": 0.5},
    **{name: {"steps": 1} for name in STAGES},
)


class Line:
    """y = 2 x + noise."""

    def batch(self, rng, count):
        """Draw a batch."""
        x = torch.from_numpy(rng.normal(size=(count, 3)).astype("float32"))
        return x, 2 * x[:, :1] + 0.1 * torch.from_numpy(rng.normal(size=(count, 1)).astype("float32"))


def network(norm):
    """A line with a bend, with or without batch norm, and a layer that no loss asks."""
    torch.manual_seed(0)
    middle = nn.BatchNorm1d(4) if norm else nn.Identity()
    layers = nn.Sequential(nn.Linear(3, 4), middle, nn.Tanh(), nn.Linear(4, 1))
    layers.register_module("unused", nn.Linear(1, 1))
    return layers


def _loss(net, inputs, targets, done):
    out = net[3](net[2](net[1](net[0](inputs))))
    return ((out - targets) ** 2).mean()


def _figures(net):
    return {"nothing": 0.0}


def train_line(team, folder, norm, micro, lines):
    """Train it; each process leaves its network behind, and the lines that it said."""
    net = network(norm)
    stage = STAGE.model_copy(update={"micro_batch": micro})
    say = partial(_write, lines / f"{team.rank}.txt")
    state = train_stage(net, Task("line", 0, Line(), _loss, _figures), stage, RECIPE, folder, say, team)
    torch.save({"network": net.state_dict(), "best": state.best_network}, lines / f"{team.rank}.pt")


def fail_in_the_second(team):
    """Refuse to go on in one process; the other waits for it."""
    if not team.first:
        raise RecipeError(f"process {team.rank} found a fault", expected="none", hint="Mend it")
    team.wait()


def _write(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as handle:
        handle.write(line + "\n")
