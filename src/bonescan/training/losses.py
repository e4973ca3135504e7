"""The paper's three losses, on logits."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as fn


def focal_loss(logits: Tensor, targets: Tensor, gamma: float = 1.0) -> Tensor:
    """Binary focal loss, mean over all outputs.

    ``-y (1 - p)^gamma log p - (1 - y) p^gamma log(1 - p)``; gamma 0 is the cross-entropy. The paper writes the labels
    as ±1, which its formula cannot mean; they are 0 and 1 here.

    Args:
        logits: Any shape.
        targets: Same shape, 0 or 1.
        gamma: How much easy samples are turned down.

    Source: paper, "Diagnostic Classification Model"; Lin et al. 2017.
    """
    cross_entropy = fn.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    probability = torch.sigmoid(logits)
    missing = targets * (1 - probability) + (1 - targets) * probability
    return (missing**gamma * cross_entropy).mean()


def dice_loss(logits: Tensor, targets: Tensor, smooth: float = 1.0) -> Tensor:
    """Soft Dice loss, pooled over the batch: ``1 - (2 sum(p y) + s) / (sum(p) + sum(y) + s)``.

    Pooling lets samples without the class count: what is drawn in them enlarges the denominator.

    Args:
        logits: (N, 1, H, W).
        targets: Same shape, 0 or 1.
        smooth: Keeps the quotient defined when all is empty.

    Source: paper, "Regional Segmentation Model".
    """
    probability = torch.sigmoid(logits)
    overlap = (probability * targets).sum()
    return 1 - (2 * overlap + smooth) / (probability.sum() + targets.sum() + smooth)


def report_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy of the six sites, mean over all outputs.

    Source: paper, "Diagnostic Report Generation Model".
    """
    return fn.binary_cross_entropy_with_logits(logits, targets)
