"""The plain U-Net: trained on the whole set, normals included, and asked about whole views."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bonescan.core.anatomy import MaskLabel
from bonescan.inference.preprocess import GRID_COLUMNS
from bonescan.metrics.dice import dice_figures
from bonescan.models.networks.plain_unet import PlainUNet
from bonescan.training.baselines.found import Floats, Found, Method, SiteMap, of_maps
from bonescan.training.cache import GridCases
from bonescan.training.checkpoint import Checkpoint, restore
from bonescan.training.data import CLASSES, cut, generator, near
from bonescan.training.losses import dice_loss
from bonescan.training.recipe import AugmentRecipe, UnetRecipe, UnetStageRecipe
from bonescan.training.run import Run
from bonescan.training.stage import Task, train_stage
from bonescan.training.team import device_of

STAGE = "unet"
_NUMBER = 20
"""Stage number of its generators, away from those of other pipelines."""


class WholeSetSamples:
    """Patches of all views: some around metastases, the others anywhere."""

    def __init__(self, cases: GridCases, stage: UnetStageRecipe, augment: AugmentRecipe) -> None:
        self._cases, self._stage, self._augment = cases, stage, augment
        self._views = np.argwhere(np.asarray(cases.references) > 0)
        having = [bool((cases.labels[case, view] == MaskLabel.METASTASIS).any()) for case, view in self._views]
        self._positive = self._views[having] if any(having) else self._views

    def batch(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Draw a batch.

        Args:
            rng: Of the step.
            count: Patches.

        Returns:
            (count, 1, side, side) images and (count, 1, side, side) float `MaskLabel` values.
        """
        side = self._stage.patch_px
        places, middles = [], []
        for _ in range(count):
            around = rng.random() < self._stage.lesion_share
            pool = self._positive if around else self._views
            case, view = (int(v) for v in pool[rng.integers(len(pool))])
            middle: tuple[int, int] | None = None
            if around:
                where = np.flatnonzero(self._cases.labels[case, view] == MaskLabel.METASTASIS)
                middle = divmod(int(where[rng.integers(where.size)]), GRID_COLUMNS) if where.size else None
            places.append((case, view))
            middles.append(near(rng, middle, side))
        return cut(self._cases, places, middles, (side, side), rng, self._augment)


def unet_loss(network: nn.Module, images: Tensor, labels: Tensor, done: float) -> Tensor:
    """Mean of Dice loss and cross-entropy, each a mean over both classes.

    The paper's Dice loss alone has no slope on the many patches without the class.
    """
    logits = network(images).float()
    masks = class_masks(labels)
    dice = torch.stack([dice_loss(logits[:, i], masks[:, i]) for i in range(len(CLASSES))]).mean()
    return 0.5 * dice + 0.5 * nn.functional.binary_cross_entropy_with_logits(logits, masks)


def class_masks(labels: Tensor) -> Tensor:
    """(N, 1, H, W) `MaskLabel` values → (N, 2, H, W) float masks of metastasis and bladder."""
    return torch.cat([(labels == int(label)).float() for label in CLASSES], dim=1)


def unet_figures(cases: GridCases, count: int, seed: int) -> Callable[[nn.Module], dict[str, float]]:
    """Pooled Dice at one half over whole views of validation patients."""
    views = np.argwhere(np.asarray(cases.references) > 0)
    chosen = views[np.sort(generator(seed, _NUMBER, 0).permutation(len(views))[:count])]

    def figures(network: nn.Module) -> dict[str, float]:
        sums = np.zeros((len(CLASSES), 3, len(chosen)))
        for number, (case, view) in enumerate(chosen):
            image = np.asarray(cases.images[case, view], np.float32)
            called = _probabilities(network, image[None])[0] > 0.5
            for i, label in enumerate(CLASSES):
                truth = np.asarray(cases.labels[case, view]) == label
                sums[i, :, number] = (called[i] & truth).sum(), called[i].sum(), truth.sum()
        pooled = [dice_figures(*sums[i])["pooled"] for i in range(len(CLASSES))]
        return {f"dice_{label.name.lower()}": value for label, value in zip(CLASSES, pooled, strict=True)}

    return figures


def build_unet(recipe: UnetRecipe) -> PlainUNet:
    """Make the network, its random start given by the recipe's seed."""
    torch.manual_seed(recipe.seed)
    return PlainUNet(recipe.unet.base)


def train_unet(run: Run, recipe: UnetRecipe, cases: tuple[GridCases, GridCases], say: Callable[[str], None]) -> None:
    """Train it, from its checkpoint where there is one.

    Args:
        run: Where checkpoints and log go.
        recipe: Of the run.
        cases: Training and validation cases.
        say: Called with lines for people.
    """
    train_cases, val_cases = cases
    samples = WholeSetSamples(train_cases, recipe.unet, recipe.augment)
    figures = unet_figures(val_cases, recipe.unet.validation_windows, recipe.seed)
    task = Task(STAGE, _NUMBER, samples, unet_loss, figures)
    train_stage(build_unet(recipe), task, recipe.unet, recipe, run.folder, say, run.team)


def unet_method(run: Path, recipe: UnetRecipe, where: SiteMap) -> Method:
    """The trained U-Net as a method."""
    network = build_unet(recipe)
    restore(network, Checkpoint.load(run / "checkpoints" / f"{STAGE}.pt").best_network)

    def method(images: Floats) -> list[Found]:
        return [_found(network, image, where) for image in images]

    return method


def _found(network: nn.Module, image: Floats, where: SiteMap) -> Found:
    began = time.perf_counter()
    present = image.any(axis=(1, 2))
    maps = np.zeros((len(CLASSES), *image.shape), np.float32)
    if present.any():
        maps[:, present] = _probabilities(network, image[present]).swapaxes(0, 1)
    return of_maps(maps[0], maps[1], where, time.perf_counter() - began)


def _probabilities(network: nn.Module, images: Floats) -> Floats:
    """(N, 1024, 256) → (N, 2, 1024, 256)."""
    network.eval()
    with torch.inference_mode():
        result: Floats = torch.sigmoid(network(torch.from_numpy(images)[:, None].to(device_of(network)))).cpu().numpy()
    return result
