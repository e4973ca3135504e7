"""The joint network: both views in one pass, to findings, regions, six sites and one probability.

The posterior view comes mirrored, so that the same row and column is the same place of the body in both, and the
network weighs at every pixel what the two cameras saw of it. A residual U-Net of five levels works on 2×2 blocks of the
grid (space to depth), since the camera resolves no more than two of its pixels; its last layer says each of the four
pixels of a block. Skeletal regions come from a coarser level. The study's answers are pooled from these maps site by
site: how strong and how large is what lies in the pelvis, and what do the deep features say there.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bonescan.core.anatomy import SITES, MaskLabel, Region
from bonescan.models.networks.blocks import BasicBlock

VIEWS = 2
LABELS = len(MaskLabel)
REGIONS = len(Region)
WIDTHS = (32, 48, 96, 160, 224)
"""Channels of the levels, from 2 to 32 pixels of the grid."""
DEPTHS = (1, 2, 2, 2)
"""Residual blocks on the way down, below the first level: that one, half of a usual U-Net's cost, has a stem alone."""
STRIDE = 2 * 2 ** (len(WIDTHS) - 1)
"""Rows and columns are multiples of it."""

WEIGHED = (MaskLabel.METASTASIS, MaskLabel.BENIGN)
"""Findings that the study's answers are weighed from."""

_PRIOR_LOGIT = 4.0
_RANKS = (1, 4, 16, 64)
"""Which of the strongest cells of a site are looked at: of a spot, a large lesion, many of them."""
_FAINTEST = 1e-3
"""Probability that counts as nothing."""


class JointOutput(NamedTuple):
    """Logits.

    Attributes:
        findings: (N, view, `MaskLabel`, H, W), softmax over the labels.
        regions: (N, view, `Region`, H / 4, W / 4), softmax over the regions.
        study: (N, 3, 7): of both views, of the anterior and of the posterior: metastasis, then the six sites, a sigmoid
            each.
    """

    findings: Tensor
    regions: Tensor
    study: Tensor


class JointNetwork(nn.Module):
    """Both views of a study to all that is said about it.

    Args:
        widths: Channels of the levels.
        depths: Residual blocks of the levels on the way down, but for the first.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS, depths: tuple[int, ...] = DEPTHS) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), _conv(4 * VIEWS, widths[0]))
        self.down = nn.ModuleList(
            nn.Sequential(
                BasicBlock(widths[level - 1], widths[level], 2),
                *(BasicBlock(widths[level], widths[level]) for _ in range(depths[level - 1] - 1)),
            )
            for level in range(1, len(widths))
        )
        self.narrow = nn.ModuleList(_pointwise(widths[i + 1], widths[i]) for i in range(len(widths) - 1))
        self.up = nn.ModuleList([_conv(widths[0], widths[0]), *(BasicBlock(width, width) for width in widths[1:-1])])
        self.findings = nn.Conv2d(widths[0], VIEWS * LABELS * 4, 1)
        self.regions = nn.Sequential(_conv(widths[1], widths[1]), nn.Conv2d(widths[1], VIEWS * REGIONS, 1))
        self.study = StudyHead()
        # Start from "hardly anything is a finding", as is true.
        bias = self.findings.get_parameter("bias").data.view(VIEWS, LABELS, 4)
        bias.zero_()
        bias[:, MaskLabel.BACKGROUND] = _PRIOR_LOGIT

    def forward(self, x: Tensor) -> JointOutput:
        """(N, 2, H, W): anterior, and posterior mirrored; a missing view is zeros."""
        blocks, regions = self.maps(x)
        findings = _split(fn.pixel_shuffle(blocks.flatten(1, 3), 2), (VIEWS, LABELS))
        return JointOutput(findings, regions, self.study(_cells(blocks), regions))

    def seen(self, x: Tensor) -> Tensor:
        """What the answers for the study are weighed from; see `StudyHead.look`."""
        blocks, regions = self.maps(x)
        return self.study.look(_cells(blocks), regions)

    def maps(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of findings in blocks, (N, view, label, 4 pixels, H / 2, W / 2), and of regions."""
        out = self.stem(x)
        levels = [out]
        for block in self.down:
            out = block(out)
            levels.append(out)
        coarse = levels[1]
        for level in range(len(self.up) - 1, -1, -1):
            wider = fn.interpolate(self.narrow[level](out), scale_factor=2.0, mode="nearest")
            out = self.up[level](levels[level] + wider)
            coarse = out if level == 1 else coarse
        return _split(self.findings(out), (VIEWS, LABELS, 4)), _split(self.regions(coarse), (VIEWS, REGIONS))


class StudyHead(nn.Module):
    """What the maps say about the study and about each view.

    Of each site and view it looks at how strong the 1st, 4th, 16th and 64th strongest cells of metastasis and of benign
    uptake are, on a logarithmic scale: the maps tell 0.01 from 0.1 as clearly as 0.5 from 0.9. All six sites together
    then answer for each, since a lesion beside a border is named by what lies on both sides of it.
    """

    def __init__(self) -> None:
        super().__init__()
        member = torch.zeros(len(SITES), REGIONS)
        for region in Region:
            if region.site is not None:
                member[SITES.index(region.site), region] = 1
        self.register_buffer("member", member, persistent=False)
        self.site = nn.Sequential(nn.Linear(VIEWS * 2 * len(_RANKS), 64), nn.ReLU(), nn.Linear(64, 16))
        self.answer = nn.Linear(16 * len(SITES), 1 + len(SITES))

    def forward(self, cells: Tensor, regions: Tensor) -> Tensor:
        """Weigh the maps.

        Args:
            cells: (N, view, `WEIGHED`, h, w) probability of these findings in cells of 4×4 pixels.
            regions: (N, view, region, h, w) logits.

        Returns:
            (N, 3, 7) logits: of both views, and of each as if the other showed nothing.
        """
        return self.weigh(self.look(cells, regions))

    def look(self, cells: Tensor, regions: Tensor) -> Tensor:
        """What is looked at, (N, 3, site, 16): of each view the ranks of metastasis, then of benign uptake, 0 to 1."""
        sites = self.get_buffer("member") @ torch.softmax(regions.float(), dim=2).flatten(3)
        strongest = (cells.flatten(3)[:, :, :, None] * sites[:, :, None]).topk(max(_RANKS), dim=-1).values
        ranks = torch.stack([strongest[..., rank - 1] for rank in _RANKS], dim=-1).transpose(2, 3).flatten(3)
        seen = 1 - torch.log(ranks.clamp(min=_FAINTEST)) / math.log(_FAINTEST)
        anterior, posterior = seen[:, 0], seen[:, 1]
        nothing = torch.zeros_like(anterior)
        pairs = ((anterior, posterior), (anterior, nothing), (nothing, posterior))
        return torch.stack([torch.cat(pair, dim=-1) for pair in pairs], dim=1)

    def weigh(self, seen: Tensor) -> Tensor:
        """(N, 3, 7) logits from what `look` gives."""
        answers: Tensor = self.answer(self.site(seen).flatten(2))
        return answers


def _cells(blocks: Tensor) -> Tensor:
    """What `cells_of` makes of logits, (N, view, label, 4 pixels, H / 2, W / 2)."""
    return cells_of(torch.softmax(blocks.float(), dim=2).flatten(0, 1).flatten(3), *blocks.shape[-2:])


def cells_of(shares: Tensor, height: int, width: int) -> Tensor:
    """The most of four blocks, in each its pixels' mean.

    Planes are added and compared whole: pooling of so few channels takes runtimes several times as long.

    Args:
        shares: (N views, label, 4 pixels, height width) probability.
        height: Of the blocks.
        width: Of the blocks.

    Returns:
        (N, view, `WEIGHED`, height / 2, width / 2).
    """
    pixels = shares.shape[2]
    picked = torch.stack([shares[:, label] for label in WEIGHED], dim=1).view(-1, pixels, height * width)
    means = (picked[:, 0] + picked[:, 1] + picked[:, 2] + picked[:, 3]) / pixels
    lines = means.view(-1, 2, width)
    most = torch.maximum(lines[:, 0], lines[:, 1]).view(-1, width // 2, 2).amax(2)
    return most.view(-1, VIEWS, len(WEIGHED), height // 2, width // 2)


def _split(values: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Split the channels into several axes."""
    return values.view(values.shape[0], *sizes, *values.shape[2:])


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def _pointwise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
