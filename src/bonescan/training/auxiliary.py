"""Cell maps: a second, much richer answer that the window classifier learns from, in training only.

"This window holds metastasis" is one bit; a short run cannot find out from it which of a hundred hot pixels was
meant. So two 1×1 convolutions on the maps of conv3_x and conv4_x also say, cell by cell, where metastasis, bladder and
benign uptake are. They are left out of the exported network, which is the paper's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bonescan.models.networks.window_classifier import WIDTHS, Stem, WindowClassifier
from bonescan.training.data import LABELS, window_labels
from bonescan.training.losses import focal_loss

_LEVELS = (2, 3)
"""Which feature maps: conv3_x and conv4_x, with cells of 8 and 16 pixels of what the network sees."""
_LEAST = 4
"""Label pixels that make a cell positive."""


class SupervisedClassifier(WindowClassifier):
    """The window classifier with its two cell maps."""

    def __init__(self, stem: Stem = "paper", shrink: int = 1) -> None:
        super().__init__(stem, shrink)
        self.cells = nn.ModuleList(nn.Conv2d(WIDTHS[level - 1], len(LABELS), 1) for level in _LEVELS)
        for head in self.cells:
            nn.init.constant_(head.get_parameter("bias"), -4.0)

    def with_cells(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Window logits as `forward`, and (N, 3, rows, columns) logits of each cell map."""
        maps = self.features(x)
        return self.classify(maps[-1]), [head(maps[level]) for head, level in zip(self.cells, _LEVELS, strict=True)]


def classifier_loss(
    network: nn.Module, images: Tensor, labels: Tensor, *, gamma: float, least: int, auxiliary: float
) -> Tensor:
    """Focal loss of the windows, plus that of the cells.

    Args:
        network: With cell maps.
        images: (N, 1, rows, 256).
        labels: (N, 1, rows, 256) float `MaskLabel` values.
        gamma: Of the focal loss.
        least: Pixels that make a window positive.
        auxiliary: Weight of the cells.
    """
    if not isinstance(network, SupervisedClassifier):
        raise TypeError(f"cell maps need a SupervisedClassifier, not a {type(network).__name__}")
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
