"""Where a training starts from: a finished run, or a bundle, the shipped ones among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from bonescan.core.errors import ModelError, RecipeError, UnknownModelError
from bonescan.models.bundle import Bundle, load_bundle
from bonescan.models.registry import find_bundle
from bonescan.training.cache import GridCases
from bonescan.training.exported import stage_inputs
from bonescan.training.init import init_from_run
from bonescan.training.run import RECORD, Run, open_run
from bonescan.training.unfold import exported_weights, unfold

_CASES = 16
"""Training cases whose images say what statistics the batch norms of a bundle's networks had."""


@dataclass(frozen=True)
class StartBundle:
    """A bundle to start from.

    Attributes:
        bundle: As loaded.
    """

    bundle: Bundle

    @property
    def words(self) -> str:
        """Its name, in words for people."""
        return f"the model {self.bundle.manifest.name} {self.bundle.manifest.version}"

    @property
    def identity(self) -> dict[str, Any]:
        """What names it in the record of a run; as that of a run, with the bundle's name and hash."""
        manifest = self.bundle.manifest
        return {
            "recipe_sha256": manifest.recipe_sha256,
            "cohort_fingerprint": manifest.training_cohort.fingerprint,
            "started_from": None,
            "simulated": self.simulated_only,
            "bundle": f"{manifest.name} {manifest.version}",
            "bundle_sha256": self.bundle.sha256,
        }

    @property
    def taught_by(self) -> dict[str, int]:
        """Fingerprint of each cohort that taught its networks → the seed of its split, where that was drawn."""
        return self.bundle.manifest.taught_by

    @property
    def trained_scans(self) -> tuple[str, ...]:
        """Marks of the scans that taught its networks; none where they were not kept."""
        return self.bundle.manifest.training_cohort.scans

    @property
    def regions(self) -> bool:
        """Whether its networks were taught where the bones are."""
        return self.bundle.manifest.regions

    @property
    def simulated_only(self) -> bool:
        """Whether simulated patients alone taught it."""
        return self.bundle.manifest.simulated_only


Start = Run | StartBundle


def open_start(name_or_dir: str | Path) -> Start:
    """Open a run, or a bundle given by folder or by name.

    Raises:
        ModelError: It is neither.
    """
    folder = Path(name_or_dir)
    if (folder / RECORD).is_file():
        return open_run(folder)
    try:
        return StartBundle(load_bundle(find_bundle(name_or_dir)))
    except UnknownModelError as error:
        raise ModelError(
            f"nothing to start from: {name_or_dir} holds no training run and is no model", expected=error.expected
        ) from error


def start_network(network: nn.Module, stage: str, start: Start, cases: GridCases, say: Callable[[str], None]) -> None:
    """Give a network the weights to start from.

    Args:
        network: Changed in place.
        stage: Its name in run and bundle.
        start: Where from.
        cases: To train on.
        say: Called with lines for people.

    Raises:
        ModelError: That stage of the run is not finished, or the bundle has no such network.
        RecipeError: The network has another shape.
    """
    if isinstance(start, Run):
        init_from_run(network, stage, start.folder, say)
        return
    bundle = start.bundle
    file = f"{stage}.onnx"
    if file not in bundle.manifest.files:
        raise RecipeError(
            f"the model {bundle.manifest.name} has no network {stage}",
            hint=f"Start from it with a recipe of its pipeline, {bundle.manifest.pipeline}",
        )
    chosen = np.unique(np.linspace(0, len(cases) - 1, min(_CASES, len(cases))).astype(np.intp))
    images = torch.from_numpy(np.concatenate([stage_inputs(stage, cases, case) for case in chosen]))
    unfold(network, exported_weights(onnx.load(bundle.path(file))), images)
    network.train()
    say(f"{stage}: starts from the model {bundle.manifest.name} {bundle.manifest.version}")
