"""The localised part of the report model: image and metastasis map of the whole body in, six sites out.

The paper feeds a 1024×1024 image of four panels. Two views side by side are 1024×512 and hold the same: the pooling at
the entry then halves the rows only, and both arrive at 512×512 and at last at 2×2×1024.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as fn

from bonescan.core.anatomy import SITES
from bonescan.models.networks.blocks import ConvBlock

WIDTHS = (8, 16, 32, 64, 96, 128, 192, 1024)
"""Channels behind each block, for maps of 512, 256, … 4 pixels a side. Only the last is the paper's; the others grow
gradually so that the network costs little and stays small."""


class ReportNet(nn.Module):
    """Which of the six sites hold metastases?

    Source: paper, "Diagnostic Report Generation Model" and Figure 4: the block of the segmentation model down to
    2×2×1024, average pooling, one fully connected layer, six outputs; Xavier initialisation.
    """

    def __init__(self) -> None:
        super().__init__()
        inputs = (2, *WIDTHS[:-1])
        # Only the second convolution widens, which keeps the 1024 channels of the last block affordable.
        self.blocks = nn.ModuleList(
            ConvBlock(i, o, hidden=i if i > 2 else o) for i, o in zip(inputs, WIDTHS, strict=True)
        )
        self.fc = nn.Linear(WIDTHS[-1], len(SITES))
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def features(self, x: Tensor) -> Tensor:
        """(N, 2, 1024, 512) or (N, 2, 1024, 1024) → (N, 1024, 2, 2)."""
        two_views = x.shape[2] > x.shape[3]
        x = fn.avg_pool2d(x, (2, 1) if two_views else (2, 2))
        for block in self.blocks:
            x = fn.max_pool2d(block(x), 2)
        return x

    def forward(self, x: Tensor) -> Tensor:
        """(N, 2, 1024, 512) or (N, 2, 1024, 1024): image, metastasis map → (N, 6) logits in the order of `SITES`."""
        logits: Tensor = self.fc(self.features(x).mean(dim=(2, 3)))
        return logits
