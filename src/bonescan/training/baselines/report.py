"""The ResNet34 report network: sites from the picture alone, without a map of lesions."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS
from bonescan.metrics.roc import auc
from bonescan.models.networks.report_resnet import ReportResNet
from bonescan.training.augment import change_geometry, change_intensity, draw
from bonescan.training.baselines.found import Floats, Found, Method, of_sites
from bonescan.training.cache import GridCases
from bonescan.training.checkpoint import Checkpoint, restore
from bonescan.training.data import generator
from bonescan.training.losses import report_loss
from bonescan.training.maps import side_by_side
from bonescan.training.recipe import AugmentRecipe, ReportRecipe
from bonescan.training.run import Run
from bonescan.training.stage import Task, train_stage
from bonescan.training.team import device_of

STAGE = "report"
_NUMBER = 21


class PictureSamples:
    """Both views of patients of the whole set, and their sites."""

    def __init__(self, cases: GridCases, augment: AugmentRecipe) -> None:
        self._cases, self._augment = cases, augment

    def batch(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Draw a batch.

        Args:
            rng: Of the step.
            count: Patients.

        Returns:
            (count, 1, 1024, 512) images, anterior left of posterior; (count, 6) float sites.
        """
        chosen = rng.integers(len(self._cases), size=count)
        images = torch.from_numpy(np.stack([self._cases.image(int(case)) for case in chosen]))
        flat = images.view(count * 2, 1, GRID_ROWS, GRID_COLUMNS)
        parameters = draw(rng, count * 2, self._augment)
        references = torch.from_numpy(np.asarray(self._cases.references)[chosen].reshape(-1))
        noisy = change_intensity(flat, references, parameters, int(rng.integers(2**31)))
        moved, _ = change_geometry(noisy, noisy[:, :0], parameters, (GRID_ROWS, GRID_COLUMNS))
        sites = torch.from_numpy(np.asarray(self._cases.sites)[chosen].astype(np.float32))
        return side_by_side(moved.view(count, 2, 1, GRID_ROWS, GRID_COLUMNS)), sites


def report_figures(cases: GridCases, count: int, seed: int) -> Callable[[nn.Module], dict[str, float]]:
    """Mean area under the curve of the sites, and of the patient, over validation patients."""
    chosen = np.sort(generator(seed, _NUMBER, 0).permutation(len(cases))[:count])
    truth, metastasis = np.asarray(cases.sites)[chosen], np.asarray(cases.metastasis)[chosen]

    def figures(network: nn.Module) -> dict[str, float]:
        scores = np.stack([_sites(network, cases.image(int(case))) for case in chosen])
        areas = [auc(scores[:, i], truth[:, i]) for i in range(truth.shape[1])]
        known = [area for area in areas if np.isfinite(area)]
        sites = float(np.mean(known)) if known else float("nan")
        return {"auc_sites": sites, "auc_patient": auc(scores.max(axis=1), metastasis)}

    return figures


def build_report(recipe: ReportRecipe) -> ReportResNet:
    """Make the network, its random start given by the recipe's seed."""
    torch.manual_seed(recipe.seed)
    return ReportResNet(recipe.report.stem, recipe.report.shrink)


def train_report(
    run: Run, recipe: ReportRecipe, cases: tuple[GridCases, GridCases], say: Callable[[str], None]
) -> None:
    """Train it, from its checkpoint where there is one.

    Args:
        run: Where checkpoints and log go.
        recipe: Of the run.
        cases: Training and validation cases.
        say: Called with lines for people.
    """

    def loss(network: nn.Module, images: Tensor, sites: Tensor, done: float) -> Tensor:
        return report_loss(network(images).float(), sites)

    figures = report_figures(cases[1], recipe.report.validation_windows, recipe.seed)
    task = Task(STAGE, _NUMBER, PictureSamples(cases[0], recipe.augment), loss, figures)
    train_stage(build_report(recipe), task, recipe.report, recipe, run.folder, say, run.team)


def report_method(run: Path, recipe: ReportRecipe) -> Method:
    """The trained network as a method."""
    network = build_report(recipe)
    restore(network, Checkpoint.load(run / "checkpoints" / f"{STAGE}.pt").best_network)

    def method(images: Floats) -> list[Found]:
        found = []
        for image in images:
            began = time.perf_counter()
            sites = _sites(network, image)
            found.append(of_sites(sites, time.perf_counter() - began))
        return found

    return method


def _sites(network: nn.Module, image: Floats) -> Floats:
    """(2, 1024, 256) → (6,) probabilities."""
    network.eval()
    with torch.inference_mode():
        picture = side_by_side(torch.from_numpy(image)[None, :, None])
        result: Floats = torch.sigmoid(network(picture.to(device_of(network))))[0].cpu().numpy()
    return result
