"""The window classifier with cell maps: where in the window, as well as whether.

"This window holds metastasis" is one bit; a short run cannot find out from it which of a hundred hot pixels was meant.
So two 1×1 convolutions on the maps of conv3_x and conv4_x also say, cell by cell, where metastasis, bladder and benign
uptake are. The answer for a window weighs the paper's two logits with the strongest cell of each map, since a small
lesion drowns in an average over the window. The weights start as "the paper's logits alone" and are fitted last.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bonescan.models.networks.window_classifier import CLASSES, WIDTHS, WINDOW, Stem, WindowClassifier

LEVELS = (2, 3)
"""Which feature maps: conv3_x and conv4_x, with cells of 8 and 16 pixels of what the network sees."""
CELL_CLASSES = 3
"""Metastasis, bladder, benign uptake."""


class CellClassifier(WindowClassifier):
    """Table 1 of the paper, two cell maps, and a weighing of both.

    Args:
        stem: See `WindowClassifier`.
        shrink: See `WindowClassifier`.
    """

    def __init__(self, stem: Stem = "paper", shrink: int = 1) -> None:
        super().__init__(stem, shrink)
        self.cells = nn.ModuleList(nn.Conv2d(WIDTHS[level - 1], CELL_CLASSES, 1) for level in LEVELS)
        for head in self.cells:
            nn.init.constant_(head.get_parameter("bias"), -4.0)
        self.evidence = nn.Linear(len(CLASSES) + CELL_CLASSES * len(LEVELS), len(CLASSES))
        with torch.no_grad():
            self.evidence.weight.copy_(torch.eye(len(CLASSES), self.evidence.in_features))
            self.evidence.bias.zero_()

    def with_cells(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The paper's logits, one row a window, and (N, 3, rows, columns) logits of each cell map."""
        maps = self.features(x)
        return self.classify(maps[-1]), [head(maps[level]) for head, level in zip(self.cells, LEVELS, strict=True)]

    def weighed(self, x: Tensor) -> Tensor:
        """What is weighed: (N * windows, 8), the paper's two logits and the strongest cell of each class and map."""
        logits, cells = self.with_cells(x)
        parts = [logits]
        for level, values in zip(LEVELS, cells, strict=True):
            side = WINDOW // (2 ** (level + 1) * self.shrink)
            strongest = fn.max_pool2d(values, side, stride=side // 2)
            parts.append(strongest.flatten(2).transpose(1, 2).reshape(-1, CELL_CLASSES))
        return torch.cat(parts, dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """As `WindowClassifier`: (N * windows, 2) logits."""
        answer: Tensor = self.evidence(self.weighed(x))
        return answer
