"""The regional segmentation model: a small residual U-Net, one for metastasis and one for bladder.

The paper's widths "1-4-8-16" and back are read as multiples of a base. Max pooling keeps the channels, each upsampling
halves them, and the map of the way down with the same size is concatenated.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bonescan.models.networks.blocks import ConvBlock

MULTIPLES = (1, 4, 8, 16)
"""Source: paper, "Regional Segmentation Model": "1-4-8-16" down, "16-8-4-1" up."""


_PRIOR_LOGIT = -3.0


class RegionUNet(nn.Module):
    """Which pixels of a window belong to the class?

    Args:
        base: Channels of the first block.

    Source: paper, "Regional Segmentation Model" and Figure 3.
    """

    def __init__(self, base: int = 16) -> None:
        super().__init__()
        one, four, eight, sixteen = (base * m for m in MULTIPLES)
        self.down1 = ConvBlock(1, one)
        self.down2 = ConvBlock(one, four)
        self.down3 = ConvBlock(four, eight)
        self.bottom = ConvBlock(eight, sixteen)
        self.pool = nn.MaxPool2d(2)
        self.up3 = _halve(sixteen)
        self.join3 = ConvBlock(sixteen // 2 + eight, eight)
        self.up2 = _halve(eight)
        self.join2 = ConvBlock(eight // 2 + four, four)
        self.up1 = _halve(four)
        self.join1 = ConvBlock(four // 2 + one, one)
        self.head = nn.Conv2d(one, 1, 1)
        # Start from "hardly anything is lesion", as is true; from one half, the Dice loss has almost no slope.
        nn.init.constant_(self.head.get_parameter("bias"), _PRIOR_LOGIT)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W), H and W multiples of 8 → (N, 1, H, W) logits."""
        first = self.down1(x)
        second = self.down2(self.pool(first))
        third = self.down3(self.pool(second))
        deep = self.bottom(self.pool(third))
        out = self.join3(torch.cat([self.up3(deep), third], dim=1))
        out = self.join2(torch.cat([self.up2(out), second], dim=1))
        out = self.join1(torch.cat([self.up1(out), first], dim=1))
        logits: Tensor = self.head(out)
        return logits


def _halve(channels: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, channels // 2, 2, stride=2)
