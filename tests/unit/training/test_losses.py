"""The paper's losses against their formulas."""

import math

import pytest
import torch

from bonescan.training.losses import dice_loss, focal_loss, report_loss

pytestmark = pytest.mark.train


def _logit(p):
    return math.log(p / (1 - p))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_focal_loss_is_the_paper_s_formula(p, y):
    expected = -y * (1 - p) * math.log(p) - (1 - y) * p * math.log(1 - p)
    loss = focal_loss(torch.tensor([_logit(p)]), torch.tensor([y]), gamma=1)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_focal_loss_without_gamma_is_cross_entropy():
    logits, targets = torch.randn(8, 2), torch.randint(0, 2, (8, 2)).float()
    torch.testing.assert_close(focal_loss(logits, targets, gamma=0), report_loss(logits, targets))


def test_focal_loss_survives_certainty():
    loss = focal_loss(torch.tensor([80.0, -80.0]), torch.tensor([0.0, 1.0]))
    assert torch.isfinite(loss)
    assert float(loss) == pytest.approx(80)


def test_dice_loss_is_0_for_the_truth_and_near_1_for_its_opposite():
    mask = torch.zeros(2, 1, 32, 32)
    mask[0, 0, 8:20, 8:20] = 1
    certain = (mask * 2 - 1) * 50
    assert float(dice_loss(certain, mask)) == pytest.approx(0, abs=1e-4)
    assert float(dice_loss(-certain, mask)) > 0.99


def test_dice_loss_is_the_soft_dice_of_the_whole_batch():
    logits = torch.zeros(2, 1, 4, 4)
    mask = torch.zeros(2, 1, 4, 4)
    mask[0, 0, :2] = 1
    # p = 1/2 on 32 pixels, 8 of them true: 2 * 4 / (16 + 8).
    assert float(dice_loss(logits, mask, smooth=0.0)) == pytest.approx(1 - 8 / 24)


def test_drawing_on_an_empty_batch_costs():
    empty = torch.zeros(1, 1, 16, 16)
    assert float(dice_loss(torch.full_like(empty, -20), empty)) < 0.01
    assert float(dice_loss(torch.full_like(empty, 5), empty)) > 0.9
