"""The networks have the sizes that the paper prints."""

import pytest
import torch

from bonescan.models.networks.region_unet import RegionUNet
from bonescan.models.networks.report_net import ReportNet
from bonescan.models.networks.window_classifier import WindowClassifier

pytestmark = pytest.mark.train


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


def test_table_1_output_sizes():
    network = WindowClassifier().eval()
    maps = network.features(torch.rand(1, 1, 256, 256))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (16, 128, 128),
        (64, 64, 64),
        (128, 32, 32),
        (256, 16, 16),
        (512, 8, 8),
    ]
    assert network(torch.rand(3, 1, 256, 256)).shape == (3, 2)


def test_table_1_layers():
    network = WindowClassifier()
    assert network.conv1.kernel_size == (8, 8)
    assert network.conv1.stride == (2, 2)
    assert (network.maxpool.kernel_size, network.maxpool.stride) == (3, 2)
    assert [len(layer) for layer in (network.layer1, network.layer2, network.layer3, network.layer4)] == [3, 4, 6, 3]
    kernels = {c.kernel_size for layer in (network.layer1, network.layer4) for b in layer for c in (b.conv1, b.conv2)}
    assert kernels == {(3, 3)}


def test_resnet34_has_34_layers_with_weights():
    network = WindowClassifier()
    layers = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    shortcuts = [m for m in layers if isinstance(m, torch.nn.Conv2d) and m.kernel_size == (1, 1)]
    assert len(layers) - len(shortcuts) == 34


@pytest.mark.parametrize("columns", [512, 1024])
def test_the_report_network_ends_at_2_by_2_by_1024(columns):
    network = ReportNet().eval()
    image = torch.rand(1, 2, 1024, columns)
    assert network.features(image).shape == (1, 1024, 2, 2)
    assert network(image).shape == (1, 6)


def test_the_unet_s_widths_are_1_4_8_16_and_back():
    network = RegionUNet(base=2)
    down = (network.down1, network.down2, network.down3, network.bottom)
    assert [block.conv2.out_channels for block in down] == [2, 8, 16, 32]
    up = (network.join3, network.join2, network.join1, network.head)
    assert [getattr(block, "conv2", block).out_channels for block in up] == [16, 8, 2, 1]
    for layer in (network.up3, network.up2, network.up1):
        assert layer.out_channels * 2 == layer.in_channels
    assert network(torch.rand(1, 1, 256, 256)).shape == (1, 1, 256, 256)
