"""Muon: what its steps are, beside singular values and AdamW as torch has it."""

import numpy as np
import pytest
import torch
from torch import nn

from bonescan.models.networks.cell_classifier import CellClassifier
from bonescan.models.networks.joint import JointNetwork
from bonescan.models.networks.plain_unet import PlainUNet
from bonescan.models.networks.region_unet import RegionUNet
from bonescan.models.networks.report_net import ReportNet
from bonescan.models.networks.report_resnet import ReportResNet
from bonescan.training.muon import Muon, normalised, orthogonal

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


def test_a_trained_network_answers_as_before():
    """As one that kept some of its start, or an average: its convolutions have another norm, its statistics fit it."""
    torch.manual_seed(0)
    net = JointNetwork(widths=(8, 12, 16, 20, 24), depths=(1, 1, 1, 1))
    images = 4 * torch.rand(2, 2, 64, 64)
    with torch.no_grad():
        for scale, (_, convolution, norm) in zip(torch.linspace(1, 4, 60), normalised(net), strict=False):
            convolution.weight.mul_(scale)
            norm.momentum = None  # an average of all that passes: here of one batch
        net.train()(images)
        before = net.eval()(images)
        muon(net)
        after = net(images)
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one, other, atol=5e-3, rtol=1e-2)


@pytest.mark.parametrize("make", [JointNetwork, CellClassifier, RegionUNet, ReportNet, ReportResNet, PlainUNet])
def test_the_batch_norm_of_every_convolution_without_bias_is_found(make):
    net = make()
    pairs = normalised(net)
    bare = [name for name, m in net.named_modules() if isinstance(m, nn.Conv2d) and m.bias is None]
    assert [name for name, _, _ in pairs] == bare
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    assert {id(norm) for _, _, norm in pairs} == {id(norm) for norm in norms}
    assert all(convolution.out_channels == norm.num_features for _, convolution, norm in pairs)


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
