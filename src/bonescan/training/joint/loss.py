"""What the joint network is trained to minimise."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bonescan.core.anatomy import MaskLabel
from bonescan.training.cache import UNKNOWN
from bonescan.training.recipe import JointStageRecipe
from bonescan.training.stage import Loss

_SMOOTH = 20.0
"""Pixels; a lesion of fewer is not worth a Dice loss of its own."""


_UNDER_FINDINGS = 10.0
"""How many times as much a region counts under a finding: hot spots hide the bone, and are named by it."""


_LEAST_PIXELS = 12
"""Grid pixels of metastasis that make a view metastatic."""


def joint_loss(stage: JointStageRecipe) -> Loss:
    """Cross-entropy and Dice of the findings, cross-entropy of the regions, and of metastasis and sites."""

    def loss(network: nn.Module, images: Tensor, truth: tuple[Tensor, ...], done: float) -> Tensor:
        labels, regions, study = truth
        out = network(images)
        findings = out.findings.float().flatten(0, 1)
        found = labels.flatten(0, 1).long()
        if not stage.benign:
            found = torch.where(found == MaskLabel.BENIGN, MaskLabel.BACKGROUND, found)
        total = stage.cross_entropy * fn.cross_entropy(findings, found)
        shares = torch.softmax(findings, dim=1)
        for label, weight in (
            (MaskLabel.METASTASIS, 1.0),
            (MaskLabel.BENIGN, stage.benign),
            (MaskLabel.BLADDER, stage.bladder),
        ):
            if weight:
                total = total + weight * dice(shares[:, label], (found == label).float())
        if stage.regions:
            total = total + stage.regions * region_loss(
                out.regions.float().flatten(0, 1), regions.flatten(0, 1), labels.flatten(0, 1)
            )
        if stage.study:
            total = total + stage.study * study_loss(out.study.float(), study, metastatic_views(labels))
        return total

    return loss


def metastatic_views(labels: Tensor) -> Tensor:
    """(N, 2), 1 where a view shows metastasis: where it has a lesion's pixels.

    Args:
        labels: (N, 2, H, W) `MaskLabel`.
    """
    return ((labels == MaskLabel.METASTASIS).sum(dim=(2, 3)) >= _LEAST_PIXELS).float()


def study_loss(logits: Tensor, study: Tensor, views: Tensor, *, sites: float = 1.0) -> Tensor:
    """Cross-entropy of the study's answers, and of each view's metastasis.

    Patients without metastases say nothing about sites: where it is has to be answered if there is any.

    Args:
        logits: (N, 3, 7).
        study: (N, 7), 0 or 1.
        views: (N, 2), as `metastatic_views` gives.
        sites: Weight of the sites.
    """
    entropy = fn.binary_cross_entropy_with_logits
    both, metastatic = logits[:, 0], study[:, 0] > 0
    total = entropy(both[:, 0], study[:, 0]) + 0.5 * entropy(logits[:, 1:, 0], views)
    if bool(metastatic.any()):
        total = total + sites * entropy(both[metastatic, 1:], study[metastatic, 1:])
    return total


def dice(shares: Tensor, truth: Tensor) -> Tensor:
    """Half pooled over the batch, half the mean over views where there is anything or anything is drawn.

    Pooled alone, one patient full of metastases outweighs ten with one each.

    Args:
        shares: (N, H, W) probability.
        truth: (N, H, W), 0 or 1.
    """
    overlap = (shares * truth).sum(dim=(1, 2))
    total = shares.sum(dim=(1, 2)) + truth.sum(dim=(1, 2))
    pooled = 1 - (2 * overlap.sum() + 1) / (total.sum() + 1)
    each = 1 - (2 * overlap + _SMOOTH) / (total + _SMOOTH)
    having = truth.flatten(1).any(dim=1)
    apart = each[having].mean() if bool(having.any()) else each.mean()
    return 0.5 * (pooled + apart)


def region_loss(logits: Tensor, regions: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy over pixels whose region is known, and Dice over the regions there are.

    Args:
        logits: (N, regions, h, w).
        regions: (N, h, w) uint8 `Region` or `UNKNOWN`.
        labels: (N, H, W) `MaskLabel`, on a whole multiple of these pixels; metastases and benign uptake count more.
    """
    known = (regions != UNKNOWN).float()
    if not bool(known.any()):
        return logits.sum() * 0
    target = torch.where(regions == UNKNOWN, torch.zeros_like(regions), regions).long()
    findings = ((labels == MaskLabel.METASTASIS) | (labels == MaskLabel.BENIGN)).float()
    under = fn.max_pool2d(findings[:, None], labels.shape[-1] // regions.shape[-1])[:, 0]
    weights = known * (1 + (_UNDER_FINDINGS - 1) * under)
    entropy = (fn.cross_entropy(logits, target, reduction="none") * weights).sum() / weights.sum()
    shares = torch.softmax(logits, dim=1) * known[:, None]
    truth = fn.one_hot(target, logits.shape[1]).permute(0, 3, 1, 2) * known[:, None]
    overlap = (shares * truth).sum(dim=(0, 2, 3))[1:]
    total = (shares + truth).sum(dim=(0, 2, 3))[1:]
    return entropy + (1 - (2 * overlap + 1) / (total + 1)).mean()
