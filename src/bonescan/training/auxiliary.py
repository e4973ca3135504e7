"""The loss of the cell maps, and the weighing of their answers once they are learnt."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bonescan.models.networks.cell_classifier import CellClassifier
from bonescan.training.cache import GridCases
from bonescan.training.data import LABELS, window_labels
from bonescan.training.losses import focal_loss

_LEAST = 4
"""Label pixels that make a cell positive."""
_RIDGE = 1e-4


def classifier_loss(
    network: nn.Module, images: Tensor, labels: Tensor, *, gamma: float, least: int, auxiliary: float
) -> Tensor:
    """Focal loss of the paper's window logits, plus that of the cells.

    Args:
        network: With cell maps.
        images: (N, 1, rows, 256).
        labels: (N, 1, rows, 256) float `MaskLabel` values.
        gamma: Of the focal loss.
        least: Pixels that make a window positive.
        auxiliary: Weight of the cells.
    """
    if not isinstance(network, CellClassifier):
        raise TypeError(f"cell maps need a CellClassifier, not a {type(network).__name__}")
    logits, cells = network.with_cells(images)
    loss = focal_loss(logits.float(), window_labels(labels, least), gamma)
    if auxiliary == 0:
        return loss
    masks = torch.cat([(labels == int(label)).float() for label in LABELS], dim=1)
    return loss + auxiliary * sum((cell_loss(values.float(), masks, gamma) for values in cells), torch.zeros(()))


def cell_loss(logits: Tensor, masks: Tensor, gamma: float) -> Tensor:
    """Focal loss summed over all cells, over the number of positive ones.

    Args:
        logits: (N, 3, r, c).
        masks: (N, 3, rows, columns) float, at a whole multiple of the cells.
        gamma: Of the focal loss.

    Source: Lin et al. 2017, "Focal Loss for Dense Object Detection", for the normalisation.
    """
    side = masks.shape[2] // logits.shape[2]
    targets = (fn.avg_pool2d(masks, side) * side**2 > _LEAST - 0.5).float()
    return focal_loss(logits, targets, gamma) * (targets.numel() / targets.sum().clamp(min=1))


def fit_evidence(network: CellClassifier, cases: GridCases, least: int) -> None:
    """Fit how the network weighs window logits and cells, on all windows of the training cases as they are.

    Args:
        network: Trained otherwise; its `evidence` is replaced.
        cases: The training split.
        least: Pixels that make a window positive.
    """
    network.eval()
    weighed, targets = [], []
    with torch.inference_mode():
        for case in range(len(cases)):
            weighed.append(network.weighed(torch.from_numpy(cases.image(case)[:, None])))
            labels = torch.from_numpy(np.asarray(cases.labels[case], dtype=np.float32)[:, None])
            targets.append(window_labels(labels, least))
    weight, bias = fit_logistic(torch.cat(weighed), torch.cat(targets))
    with torch.no_grad():
        network.evidence.weight.copy_(weight)
        network.evidence.bias.copy_(bias)


def fit_logistic(inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Logistic regression.

    Args:
        inputs: (N, features).
        targets: (N, outputs) 0 or 1.

    Returns:
        (outputs, features) weight and (outputs,) bias.
    """
    inputs, targets = inputs.clone(), targets.clone()  # out of inference mode
    mean, spread = inputs.mean(dim=0), inputs.std(dim=0, correction=0).clamp(min=1e-3)
    scaled = (inputs - mean) / spread
    layer = nn.Linear(inputs.shape[1], targets.shape[1])
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = fn.binary_cross_entropy_with_logits(layer(scaled), targets) + _RIDGE * (layer.weight**2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    weight = layer.weight.detach() / spread
    return weight, layer.bias.detach() - weight @ mean
