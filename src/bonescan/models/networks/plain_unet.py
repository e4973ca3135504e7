"""The plain U-Net that the paper compares with: no residuals, no gate, whole views of all patients.

Ronneberger's network with two changes that have become usual: convolutions keep the size, and each is followed by batch
norm, without which a short schedule from a random start hardly learns.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from bonescan.models.networks.window_classifier import CLASSES

DEPTH = 5
"""Resolutions, each with twice the channels of the one above. Source: Ronneberger et al. 2015, Figure 1."""
_PRIOR_LOGIT = -3.0


class PlainUNet(nn.Module):
    """Which pixels are metastasis, and which are bladder?

    Args:
        base: Channels of the first resolution; Ronneberger's has 64.

    Source: Ronneberger et al. 2015, "U-Net: Convolutional Networks for Biomedical Image Segmentation", Figure 1.
    """

    def __init__(self, base: int = 16) -> None:
        super().__init__()
        widths = [base * 2**level for level in range(DEPTH)]
        self.down = nn.ModuleList(_twice(i, o) for i, o in pairwise([1, *widths]))
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in reversed(widths[:-1]))
        self.join = nn.ModuleList(_twice(2 * w, w) for w in reversed(widths[:-1]))
        self.head = nn.Conv2d(base, len(CLASSES), 1)
        # Start from "hardly anything is lesion", as is true.
        nn.init.constant_(self.head.get_parameter("bias"), _PRIOR_LOGIT)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W), H and W multiples of 16 → (N, 2, H, W) logits in the order of `CLASSES`."""
        levels = []
        for number, block in enumerate(self.down):
            x = block(x if number == 0 else self.pool(x))
            levels.append(x)
        for up, join, level in zip(self.up, self.join, reversed(levels[:-1]), strict=True):
            x = join(torch.cat([level, up(x)], dim=1))
        logits: Tensor = self.head(x)
        return logits


def _twice(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(*_convolution(inputs, outputs), *_convolution(outputs, outputs))


def _convolution(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
