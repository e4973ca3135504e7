"""The two residual blocks that all networks of the paper are built from."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class BasicBlock(nn.Module):
    """ResNet basic block: two 3×3 convolutions and a shortcut.

    Parameter names are those of torchvision, so that its checkpoints fit.

    Source: He et al. 2016, "Deep Residual Learning for Image Recognition", Figure 5 left.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) → (N, outputs, H / stride, W / stride)."""
        out = torch.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return torch.relu(out + self.downsample(x))


class ConvBlock(nn.Module):
    """The paper's convolution block: 3×3 convolution + batch norm + LeakyReLU twice, around it a 1×1 residual.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        hidden: Channels between the two convolutions; as many as `outputs` by default.

    Source: paper, "Regional Segmentation Model", Model Structure.
    """

    def __init__(self, inputs: int, outputs: int, hidden: int | None = None) -> None:
        super().__init__()
        hidden = outputs if hidden is None else hidden
        self.conv1 = nn.Conv2d(inputs, hidden, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.residual = nn.Conv2d(inputs, outputs, 1)
        self.activation = nn.LeakyReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) → (N, outputs, H, W)."""
        out = self.activation(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        result: Tensor = self.activation(out + self.residual(x))
        return result
