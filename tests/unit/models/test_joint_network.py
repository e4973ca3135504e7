"""The joint network: shapes, cost, and what it may and may not depend on."""

import pytest
import torch
from torch import nn

from bonescan.core.anatomy import SITES, MaskLabel, Region
from bonescan.models.networks.joint import STRIDE, WEIGHED, JointNetwork

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return JointNetwork().eval()


@torch.inference_mode()
def test_shapes(network):
    out = network(torch.rand(2, 2, 8 * STRIDE, 2 * STRIDE))
    assert out.findings.shape == (2, 2, len(MaskLabel), 8 * STRIDE, 2 * STRIDE)
    assert out.regions.shape == (2, 2, len(Region), 2 * STRIDE, STRIDE // 2)
    assert out.study.shape == (2, 3, 1 + len(SITES))


@torch.inference_mode()
def test_it_starts_from_hardly_anything_being_a_finding(network):
    shares = torch.softmax(network(torch.rand(1, 2, 8 * STRIDE, 2 * STRIDE)).findings, dim=2)
    assert shares[:, :, MaskLabel.BACKGROUND].mean() > 0.9


@torch.inference_mode()
def test_one_pass_costs_what_the_design_allows():
    """5 to 40 GFLOP for a study of two views, a multiplication and an addition counted as two."""
    cost = []
    network = JointNetwork().eval()
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda m, _, out: cost.append(2 * m.weight.numel() * out[0, 0].numel()))
    network(torch.zeros(1, 2, 1024, 256))
    assert 5e9 < sum(cost) < 40e9


@torch.inference_mode()
def test_a_pixel_of_each_view_is_weighed_with_the_other_view(network):
    image = torch.rand(1, 2, 8 * STRIDE, 2 * STRIDE)
    changed = image.clone()
    changed[:, 1, 100:120, 20:40] += 1
    before, after = (network(x).findings[0, 0, :, 110, 30] for x in (image, changed))
    assert not torch.equal(before, after)


@torch.inference_mode()
def test_each_view_is_answered_for_as_if_the_other_showed_nothing(network):
    count, height, width = 2, 64, 16
    cells = torch.softmax(torch.randn(count, 2, len(MaskLabel), height, width), dim=2)[:, :, WEIGHED]
    regions = torch.randn(count, 2, len(Region), height, width)
    study = network.study(cells, regions)
    for view in range(2):
        alone = cells.clone()
        alone[:, 1 - view] = 0
        answers = network.study(alone, regions)
        torch.testing.assert_close(answers[:, 0], study[:, 1 + view])
        assert not torch.equal(answers[:, 0], study[:, 0])


@torch.inference_mode()
def test_where_no_site_is_the_study_is_the_same_whatever_the_maps_say(network):
    regions = torch.full((1, 2, len(Region), 64, 16), -100.0)
    regions[:, :, Region.BACKGROUND] = 100
    faint, strong = (torch.softmax(scale * torch.randn(1, 2, len(WEIGHED), 64, 16), dim=2) for scale in (1, 9))
    torch.testing.assert_close(network.study(faint, regions), network.study(strong, regions))
