"""The trained joint network, and what exporting did to it."""

from __future__ import annotations

import numpy as np
import torch

from bonescan.core.errors import ModelError
from bonescan.inference.runtime import Network
from bonescan.models.networks.joint import JointNetwork
from bonescan.training.cache import GridCases
from bonescan.training.checkpoint import best_network, restore
from bonescan.training.joint.answers import STAGE as ANSWERS
from bonescan.training.joint.samples import mirrored
from bonescan.training.joint.train import STAGE, build_joint
from bonescan.training.recipe import JointRecipe
from bonescan.training.run import Run


def load_joint(run: Run, recipe: JointRecipe) -> JointNetwork:
    """The best network of a finished run.

    Raises:
        ModelError: The run is not finished, or of another version.
    """
    best = best_network(run.folder, STAGE)
    unanswered = recipe.answers is not None and best_network(run.folder, ANSWERS) is None
    if best is None or unanswered:
        raise ModelError("the run is not finished", hint="Go on with 'bonescan train --resume'")
    network = build_joint(recipe)
    restore(network, best)
    return network.eval()


@torch.inference_mode()
def joint_difference(network: JointNetwork, exported: Network, cases: GridCases, count: int) -> float:
    """Largest difference of a study's probability between the trained and the exported network, over some cases."""
    largest = 0.0
    for case in range(min(count, len(cases))):
        image = mirrored(cases.image(case))[None]
        trained = torch.sigmoid(network(torch.from_numpy(image)).study).numpy()
        found = 1 / (1 + np.exp(-exported.outputs(image)["study"]))
        largest = max(largest, float(np.abs(trained - found).max()))
    return largest
