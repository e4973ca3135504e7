"""Muon: what its steps are, beside singular values and AdamW as torch has it."""

import numpy as np
import pytest
import torch
from torch import nn

from bonescan.training.muon import Muon, orthogonal

pytestmark = pytest.mark.train


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 4, 3)
    )


def muon(net, **changes):
    return Muon(net, **{"lr": 0.002, "turn": 15.0, "momentum": 0.9, "weight_decay": 0.1, **changes})


def descend(net, optimizer, steps=1):
    rng = np.random.default_rng(0)
    for _ in range(steps):
        images = torch.from_numpy(rng.standard_normal((6, 2, 4, 4), np.float32))
        optimizer.zero_grad()
        net(images).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize("shape", [(16, 144), (96, 32), (20, 20)])
def test_all_singular_values_become_about_one(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape) @ torch.diag(torch.logspace(0, -1.5, shape[1]))
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert 0.5 < values.min() < values.max() < 1.3


def test_a_step_turns_a_convolution_by_its_share_and_keeps_its_norm():
    net = network()
    optimizer = muon(net)
    weight = net[0].weight
    before = weight.detach().clone()
    assert before.norm().item() == pytest.approx(8**0.5, rel=1e-5)
    descend(net, optimizer)
    assert weight.norm().item() == pytest.approx(8**0.5, rel=1e-5)
    assert ((weight - before).norm() / before.norm()).item() == pytest.approx(0.002 * 15, rel=0.05)


def test_a_batch_norm_hides_the_fixed_norm():
    images = torch.randn(4, 2, 4, 4)
    net = network()
    before = net(images)
    muon(net)
    assert torch.allclose(net(images), before, atol=1e-4)


def test_all_else_steps_as_adamw_does():
    ours, theirs = network(), network()
    optimizer = muon(ours)
    # Torch's own, with a convolution that never moves on either side.
    theirs[0].weight.data.copy_(ours[0].weight)
    optimizer.param_groups[0]["params"].clear()
    matrices, others = [theirs[4].weight], [theirs[1].weight, theirs[1].bias, theirs[4].bias]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    descend(ours, optimizer, 5)
    descend(theirs, torch.optim.AdamW(groups, lr=0.002), 5)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_its_state_goes_on_where_it_was():
    once, twice = network(), network()
    whole, half = muon(once), muon(twice)
    descend(once, whole, 2)
    descend(once, whole, 2)
    descend(twice, half, 2)
    again = network()
    resumed = muon(again)
    again.load_state_dict(twice.state_dict())
    resumed.load_state_dict(half.state_dict())
    descend(again, resumed, 2)
    for one, other in zip(once.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
