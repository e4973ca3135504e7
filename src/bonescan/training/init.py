"""Networks at the start of their training."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from bonescan.core.errors import ModelError, RecipeError
from bonescan.models.networks.cell_classifier import CellClassifier
from bonescan.models.networks.region_unet import RegionUNet
from bonescan.models.networks.report_net import ReportNet
from bonescan.models.networks.window_classifier import WindowClassifier
from bonescan.training.checkpoint import best_network
from bonescan.training.recipe import StepwiseRecipe

STAGES = ("segment_metastasis", "segment_bladder", "classify", "locate")
"""In the order of training; also the names of the bundle's networks. The last one needs the others' maps."""


def build(stage: str, recipe: StepwiseRecipe) -> nn.Module:
    """Make the network of a stage, its random start given by the recipe's seed."""
    torch.manual_seed(recipe.seed * len(STAGES) + STAGES.index(stage))
    builders: dict[str, Callable[[], nn.Module]] = {
        "classify": lambda: CellClassifier(recipe.classify.stem, recipe.classify.shrink),
        "segment_metastasis": lambda: RegionUNet(recipe.segment_metastasis.base),
        "segment_bladder": lambda: RegionUNet(recipe.segment_bladder.base),
        "locate": ReportNet,
    }
    return builders[stage]()


def init_from_file(network: nn.Module, path: Path) -> tuple[int, int]:
    """Start the window classifier from a local torchvision-format ResNet34 checkpoint.

    Nothing is ever downloaded. Only tensors are read from the file, no code.

    Returns:
        Tensors copied, and tensors left at random.

    Raises:
        RecipeError: The file cannot be read, or nothing in it fits.
    """
    if not isinstance(network, WindowClassifier):
        raise TypeError(f"only the window classifier takes a checkpoint, not {type(network).__name__}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise RecipeError(f"cannot read the checkpoint {path.name}", hint="Give a torchvision resnet34 file") from error
    copied, left = network.init_from_torchvision(state) if isinstance(state, dict) else (0, 0)
    if copied == 0:
        raise RecipeError(f"no tensor of {path.name} fits", expected="the names and shapes of torchvision's resnet34")
    return copied, left


_LARGEST_NEW = 0.1
"""Share of a network's tensors that may begin anew when it starts from another run: a head, not a body."""


def init_from_run(network: nn.Module, stage: str, run: Path, say: Callable[[str], None]) -> None:
    """Start a network from the best one of the same stage of a finished run.

    A head of another shape begins anew, so that what was learnt can be kept when the network's answers change.

    Args:
        network: To start; changed in place.
        stage: Its name in the run.
        run: Finished.
        say: Told how many tensors begin anew, if any do.

    Raises:
        ModelError: The stage of that run is not finished.
        RecipeError: Its network has another shape.
    """
    best = best_network(run, stage)
    if best is None:
        raise ModelError(
            f"the stage {stage} of the run in {run} is not finished", expected="a finished run to start from"
        )
    own = network.state_dict()
    fitting = {name: t for name, t in best.items() if name in own and own[name].shape == t.shape}
    left = len(own) - len(fitting)
    if left > _LARGEST_NEW * len(own):
        raise RecipeError(
            f"the networks of the run in {run} have another shape", hint="Give both recipes the same widths and options"
        )
    if left:
        say(f"{stage}: {left} tensors do not fit those of the run to start from, and begin anew")
    network.load_state_dict(own | fitting)
