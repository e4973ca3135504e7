"""The diagnostic classification model: ResNet34 as in the paper's Table 1.

The table asks for an 8×8 stem with 16 channels, which no ImageNet checkpoint has: with the paper's stem the stem and
the first convolution behind it (16 instead of 64 inputs) start at random, everything else can start from a checkpoint.
The stem "imagenet" (7×7, 64 channels) takes the checkpoint's too, its three colours summed to one channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bonescan.models.networks.blocks import BasicBlock

Stem = Literal["paper", "imagenet"]

DEPTHS = (3, 4, 6, 3)
WIDTHS = (64, 128, 256, 512)
WINDOW = 256
STRIDE = 32
"""Pixels of the input to one of the last map: a window is 8×8 there."""
CLASSES = ("metastasis", "bladder")


class WindowClassifier(nn.Module):
    """Does a 256×256 window hold metastasis, and does it hold bladder?

    A strip of several windows, one below the other at stride 128, goes through in one piece: its feature map is 32
    times smaller, so pooling 8×8 at stride 4 gives each window's answer and the windows share their convolutions.

    Args:
        stem: "paper" for the 8×8, 16-channel first layer of Table 1; "imagenet" for ResNet's own.
        shrink: Average the input down by this factor first. 1 is the paper's; 2 costs a quarter, and a camera that
            resolves 8 to 10 mm loses little on the 4 mm pixels that are left.

    Source: paper, Table 1. Output sizes 128, 64, 32, 16, 8 for an input of 256 that is not shrunk.
    """

    def __init__(self, stem: Stem = "paper", shrink: int = 1) -> None:
        super().__init__()
        self.shrink = shrink
        kernel, width = (8, 16) if stem == "paper" else (7, 64)
        self.conv1 = nn.Conv2d(1, width, kernel, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(width, WIDTHS[0], DEPTHS[0], stride=1)
        self.layer2 = _stage(WIDTHS[0], WIDTHS[1], DEPTHS[1], stride=2)
        self.layer3 = _stage(WIDTHS[1], WIDTHS[2], DEPTHS[2], stride=2)
        self.layer4 = _stage(WIDTHS[2], WIDTHS[3], DEPTHS[3], stride=2)
        self.fc = nn.Linear(WIDTHS[3], len(CLASSES))
        _initialise(self)

    def features(self, x: Tensor) -> list[Tensor]:
        """Feature maps of the five layers of Table 1, conv1 to conv5_x.

        Args:
            x: (N, 1, 256, 256).

        Returns:
            Maps of 128, 64, 32, 16 and 8 pixels a side, divided by `shrink`.
        """
        if self.shrink > 1:
            x = fn.avg_pool2d(x, self.shrink)
        maps = [torch.relu(self.bn1(self.conv1(x)))]
        maps.append(self.layer1(self.maxpool(maps[-1])))
        for layer in (self.layer2, self.layer3, self.layer4):
            maps.append(layer(maps[-1]))
        return maps

    def forward(self, x: Tensor) -> Tensor:
        """Logits of metastasis and bladder, one row a window.

        Args:
            x: (N, 1, 256, 256) windows, or (N, 1, 256 + 128 k, 256) strips of k + 1 windows each.

        Returns:
            (N, 2), or (N * (k + 1), 2), the windows of a strip in a row from top to bottom.
        """
        return self.classify(self.features(x)[-1])

    def classify(self, deep: Tensor) -> Tensor:
        """Pool the map of conv5_x over each window and weigh: (N, 512, rows, side) → (N * windows, 2) logits."""
        side = WINDOW // (STRIDE * self.shrink)
        pooled = fn.avg_pool2d(deep, side, stride=side // 2)
        rows = pooled.flatten(2).transpose(1, 2).reshape(-1, WIDTHS[3])
        logits: Tensor = self.fc(rows)
        return logits

    def init_from_torchvision(self, state: Mapping[str, Tensor]) -> tuple[int, int]:
        """Copy what fits from a torchvision-format ResNet34 checkpoint.

        Args:
            state: Its state dict; the first layer (64, 3, 7, 7) is summed over the colours.

        Returns:
            Tensors copied, and tensors of this network left at random.
        """
        own = self.state_dict()
        chosen: dict[str, Tensor] = {}
        for name, target in own.items():
            source = state.get(name)
            if source is None:
                continue
            if name == "conv1.weight":
                source = source.sum(dim=1, keepdim=True)
            if source.shape == target.shape:
                chosen[name] = source.to(target.dtype)
        if not chosen:
            return 0, len(own)
        self.load_state_dict({**own, **chosen})
        return len(chosen), len(own) - len(chosen)


def _stage(inputs: int, outputs: int, depth: int, stride: int) -> nn.Sequential:
    blocks = [BasicBlock(inputs, outputs, stride)]
    blocks += [BasicBlock(outputs, outputs) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)


def _initialise(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if isinstance(module, BasicBlock):
            # Blocks start as the identity, which lets a short schedule train 34 layers from nothing.
            nn.init.zeros_(module.bn2.weight)
