"""What the joint network's loss rewards, and what it passes over."""

import pytest
import torch
from torch import nn
from torch.nn import functional as fn

from bonescan.core.anatomy import SITES, MaskLabel, Region
from bonescan.models.networks.joint import JointOutput
from bonescan.training.cache import UNKNOWN
from bonescan.training.joint.loss import dice, joint_loss, region_loss, study_loss
from bonescan.training.recipe import JointStageRecipe

pytestmark = pytest.mark.train


class _Fixed(nn.Module):
    """Says the same whatever it sees."""

    def __init__(self, output):
        super().__init__()
        self.output = output

    def forward(self, x):
        return self.output


def truth():
    labels = torch.zeros(2, 2, 32, 32, dtype=torch.uint8)
    labels[0, :, 4:12, 4:12] = MaskLabel.METASTASIS
    labels[1, :, 20:30, 8:20] = MaskLabel.BLADDER
    regions = torch.zeros(2, 2, 8, 8, dtype=torch.uint8)
    regions[:, :, 2:5] = Region.PELVIS
    study = torch.zeros(2, 1 + len(SITES))
    study[0, :2] = 1
    return labels, regions, study


def output(labels, regions, study, sure=10.0):
    views = torch.stack([study[:, 0]] * 2, dim=1)
    answers = torch.stack([study, study, study], dim=1)
    answers[:, 1:, 0] = views
    return JointOutput(
        sure * fn.one_hot(labels.long(), len(MaskLabel)).permute(0, 1, 4, 2, 3).float(),
        sure * fn.one_hot(regions.long(), len(Region)).permute(0, 1, 4, 2, 3).float(),
        sure * (2 * answers - 1),
    )


def loss_of(said, true):
    return float(joint_loss(JointStageRecipe(steps=1))(_Fixed(output(*said)), torch.zeros(1), true, 0.0))


def test_the_truth_costs_nothing_and_each_mistake_something():
    right = truth()
    assert loss_of(right, right) < 0.1
    for n in range(3):
        wrong = list(truth())
        wrong[n] = torch.zeros_like(wrong[n])
        assert loss_of(wrong, right) > loss_of(right, right) + 0.3


def test_one_lesion_counts_beside_many():
    many, few = torch.zeros(64, 64), torch.zeros(64, 64)
    many[:, :40], few[:5, :5] = 1, 1
    masks = torch.stack([many, few])
    forgotten = torch.stack([many, torch.zeros_like(few)])
    assert dice(forgotten, masks) > 0.1
    pooled = 1 - 2 * (forgotten * masks).sum() / (forgotten + masks).sum()
    assert pooled < 0.01


def test_nothing_drawn_where_nothing_is_costs_nothing():
    empty = torch.zeros(2, 8, 8)
    assert dice(empty, empty) == 0


def test_a_region_wrong_under_a_finding_costs_more_than_elsewhere():
    labels, regions, _ = (part.flatten(0, 1) if part.ndim == 4 else part for part in truth())
    right = 10 * fn.one_hot(regions.long(), len(Region)).permute(0, 3, 1, 2).float()
    nothing = torch.zeros_like(labels)

    def cost(row: int, marked: torch.Tensor) -> float:
        wrong = right.clone()
        wrong[0, :, row, 1] = 0
        wrong[0, Region.RIBS, row, 1] = 10
        return float(region_loss(wrong, regions, marked))

    under, beside = 2, 4  # rows of four pixels; the metastasis fills the second and the third
    assert cost(under, nothing) == pytest.approx(cost(beside, nothing), rel=1e-4)
    assert cost(under, labels) > 3 * cost(beside, labels) > 0


def test_unknown_regions_are_passed_over():
    logits = torch.randn(2, len(Region), 8, 8, requires_grad=True)
    unknown = torch.full((2, 8, 8), UNKNOWN, dtype=torch.uint8)
    nothing = torch.zeros(2, 32, 32)
    loss = region_loss(logits, unknown, nothing)
    loss.backward()
    assert loss == 0
    assert (logits.grad == 0).all()
    half = unknown.clone()
    half[:, :4] = Region.FEMUR
    changed = logits.detach().clone()
    changed[:, :, 4:] += torch.randn(2, len(Region), 4, 8)
    torch.testing.assert_close(region_loss(logits.detach(), half, nothing), region_loss(changed, half, nothing))


def test_a_patient_without_metastases_says_nothing_about_sites():
    study = truth()[2]
    logits = torch.zeros(2, 3, 7, requires_grad=True)
    views = study[:, :1].expand(-1, 2)
    study_loss(logits, study, views).backward()
    assert (logits.grad[0, 0, 1:] != 0).all()
    assert (logits.grad[1, 0, 1:] == 0).all()
    assert (logits.grad[:, :, 0] != 0).all()
    assert torch.isfinite(study_loss(logits, torch.zeros_like(study), torch.zeros_like(views)))
