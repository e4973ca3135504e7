"""Figures on a fixed part of the validation split while a network trains."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from bonescan.core.anatomy import MaskLabel
from bonescan.inference.windows import STARTS, WINDOW
from bonescan.metrics.dice import dice_figures
from bonescan.metrics.roc import auc
from bonescan.training.cache import GridCases
from bonescan.training.data import LABELS, WindowIndex, generator, index_windows
from bonescan.training.maps import side_by_side, worsen
from bonescan.training.team import device_of

_NUMBER = 1000
"""Stage number of the generators used here, away from those of the training."""


def classify_figures(cases: GridCases, count: int, least: int, seed: int) -> Callable[[nn.Module], dict[str, float]]:
    """Area under the curve over windows, half of them of metastatic patients' lesions."""
    index = index_windows(cases)
    chosen = _choose(index, MaskLabel.METASTASIS, least, count, seed, positive=0.4)
    images = _windows(cases, chosen)
    truth = index.pixels[chosen[:, 0], chosen[:, 1], chosen[:, 2], :2] >= least

    def figures(network: nn.Module) -> dict[str, float]:
        scores = _predict(network, images).numpy()
        return {"auc_metastasis": auc(scores[:, 0], truth[:, 0]), "auc_bladder": auc(scores[:, 1], truth[:, 1])}

    return figures


def segment_figures(
    cases: GridCases, label: MaskLabel, count: int, seed: int
) -> Callable[[nn.Module], dict[str, float]]:
    """Pooled Dice at one half, over windows with the class and some without."""
    chosen = _choose(index_windows(cases), label, 1, count, seed, positive=0.8)
    images = _windows(cases, chosen)
    truth = np.stack([cases.labels[c, v, STARTS[w] : STARTS[w] + WINDOW] == label for c, v, w in chosen])

    def figures(network: nn.Module) -> dict[str, float]:
        called = _predict(network, images).numpy()[:, 0] > 0.5
        sums = [a.sum(axis=(1, 2)).astype(float) for a in (called & truth, called, truth)]
        dice = dice_figures(*sums)
        return {"dice_pooled": dice["pooled"], "dice_bearing": dice["lesion_bearing"]}

    return figures


def locate_figures(cases: GridCases, count: int, seed: int) -> Callable[[nn.Module], dict[str, float]]:
    """Exact match and mean site AUC over metastatic patients, from worsened true maps."""
    rng = generator(seed, _NUMBER, 0)
    chosen = np.flatnonzero(cases.metastasis)[:count]
    if not len(chosen):
        chosen = np.arange(min(count, len(cases)))
    maps = np.stack([[worsen(view, rng) for view in cases.labels[case]] for case in chosen])
    images = np.stack([cases.image(int(case)) for case in chosen])
    inputs = side_by_side(torch.from_numpy(np.stack([images, maps], axis=2)))
    truth = cases.sites[chosen]

    def figures(network: nn.Module) -> dict[str, float]:
        scores = _predict(network, inputs, batch=4).numpy()
        exact = ((scores >= 0.5) == truth).all(axis=1).mean()
        areas = [auc(scores[:, i], truth[:, i]) for i in range(truth.shape[1])]
        known = [area for area in areas if np.isfinite(area)]
        return {"auc_sites": float(np.mean(known)) if known else float("nan"), "exact": float(exact)}

    return figures


def _choose(
    index: WindowIndex, label: MaskLabel, least: int, count: int, seed: int, *, positive: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """(n, 3) case, view, window: positives, and of the others half with a different label where there are."""
    rng = generator(seed, _NUMBER, LABELS.index(label))
    having = index.where(label, least)
    lacking = index.without(label)
    others = index.pixels[lacking[:, 0], lacking[:, 1], lacking[:, 2]].sum(axis=1)
    hard, easy = lacking[others > 0], lacking[others == 0]
    wanted = round(count * positive)
    rest = count - wanted
    parts = [rng.permutation(having)[:wanted], rng.permutation(hard)[: rest // 2], rng.permutation(easy)[: rest // 2]]
    return np.concatenate(parts)


def _windows(cases: GridCases, chosen: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Tensor:
    windows = [cases.images[c, v, STARTS[w] : STARTS[w] + WINDOW] for c, v, w in chosen]
    return torch.from_numpy(np.stack(windows).astype(np.float32)[:, None])


def _predict(network: nn.Module, inputs: Tensor, batch: int = 16) -> Tensor:
    network.eval()
    device = device_of(network)
    with torch.inference_mode():
        return torch.cat([torch.sigmoid(network(part.to(device))).cpu() for part in torch.split(inputs, batch)])
