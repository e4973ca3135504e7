"""The report network that the paper compares with: ResNet34 on the picture alone, without a map of lesions."""

from __future__ import annotations

from torch import Tensor, nn

from bonescan.core.anatomy import SITES
from bonescan.models.networks.window_classifier import WIDTHS, Stem, WindowClassifier


class ReportResNet(nn.Module):
    """Which of the six sites hold metastases?

    The layers of the paper's Table 1, pooled over the whole picture and with six outputs instead of two.

    Args:
        stem: See `WindowClassifier`.
        shrink: See `WindowClassifier`.

    Source: paper, Results, "based on Resnet34"; the paper says no more about it.
    """

    def __init__(self, stem: Stem = "paper", shrink: int = 1) -> None:
        super().__init__()
        self.trunk = WindowClassifier(stem, shrink)
        self.trunk.fc = nn.Linear(WIDTHS[-1], len(SITES))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 1024, 512), anterior left of posterior → (N, 6) logits in the order of `SITES`."""
        logits: Tensor = self.trunk.fc(self.trunk.features(x)[-1].mean(dim=(2, 3)))
        return logits
