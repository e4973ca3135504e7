"""The comparison networks: shapes, and that they see what they are said to see."""

import pytest
import torch

from bonescan.models.networks.plain_unet import PlainUNet
from bonescan.models.networks.report_resnet import ReportResNet

pytestmark = pytest.mark.train


def test_a_plain_unet_answers_for_every_pixel_of_a_view():
    network = PlainUNet(base=2).eval()
    with torch.inference_mode():
        logits = network(torch.zeros(1, 1, 64, 32))
    assert logits.shape == (1, 2, 64, 32)
    assert float(torch.sigmoid(logits).mean()) < 0.2, "at the start hardly anything is lesion"


def test_a_plain_unet_has_no_residual_path():
    network = PlainUNet(base=2).eval()
    widths = [module.out_channels for module in network.down.modules() if isinstance(module, torch.nn.Conv2d)]
    assert widths == [2, 2, 4, 4, 8, 8, 16, 16, 32, 32]
    assert {module.kernel_size for module in network.down.modules() if isinstance(module, torch.nn.Conv2d)} == {(3, 3)}


def test_far_pixels_of_a_plain_unet_do_not_matter():
    torch.manual_seed(0)
    network = PlainUNet(base=2).eval()
    image = torch.rand(1, 1, 512, 16)
    changed = image.clone()
    changed[:, :, -16:] += 1
    with torch.inference_mode():
        difference = (network(image) - network(changed)).abs().amax(dim=(0, 1, 3))
    assert float(difference[:256].max()) < 1e-5
    assert float(difference[-16:].max()) > 1e-4


@pytest.mark.parametrize("shrink", [1, 2])
def test_the_report_resnet_answers_for_six_sites(shrink):
    network = ReportResNet(shrink=shrink).eval()
    with torch.inference_mode():
        one = network(torch.zeros(1, 1, 256, 128))
        other = network(torch.ones(1, 1, 256, 128))
    assert one.shape == (1, 6)
    assert not torch.equal(one, other)
