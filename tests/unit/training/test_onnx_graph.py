"""The graph of a bundle says what the trained network says."""

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from bonescan.core.anatomy import MaskLabel
from bonescan.inference import runtime
from bonescan.models.networks.joint import JointNetwork
from bonescan.training.onnx_graph import joint_to_onnx

pytestmark = pytest.mark.train


@torch.inference_mode()
def test_the_joint_network_s_graph_answers_as_the_network(tmp_path):
    torch.manual_seed(3)
    network = JointNetwork().eval()
    nn.init.normal_(network.findings.weight, std=5.0)  # so that something is found somewhere
    images = torch.rand(1, 2, 1024, 256)
    onnx.save(joint_to_onnx(network), tmp_path / "joint.onnx")
    out = runtime.load(tmp_path / "joint.onnx", backend="onnxruntime").outputs(images.numpy())
    runtime.clear()
    expected = network(images)
    shares = torch.softmax(expected.findings, dim=2)[:, :, MaskLabel.BACKGROUND + 1 :]
    assert shares.max() > 0.9
    np.testing.assert_allclose(out["findings"], shares, atol=1e-4)
    np.testing.assert_allclose(out["study"], expected.study, atol=1e-4)
    assert out["regions"].shape == (1, 2, 512, 128)
    # Halfway between the middles of two pixels of a map the larger wins, so where four agree, they all do.
    coarse = expected.regions.argmax(dim=2)
    agree = (coarse[..., 1:, 1:] == coarse[..., :-1, :-1]) & (coarse[..., 1:, :-1] == coarse[..., :-1, 1:])
    agree &= coarse[..., 1:, 1:] == coarse[..., :-1, 1:]
    assert agree.any()
    assert (out["regions"][..., 1:-1:2, 1:-1:2][agree] == coarse[..., :-1, :-1][agree].numpy()).all()
