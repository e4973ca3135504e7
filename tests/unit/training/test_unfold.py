"""From an exported network back to one that can be trained: the same answers, batch norms that fit their images."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from bonescan.core.errors import BundleCorruptError, ModelError, RecipeError
from bonescan.models.bundle import load_bundle
from bonescan.models.networks.joint import JointNetwork
from bonescan.models.registry import find_bundle
from bonescan.training.exported import load_exactly, stage_inputs
from bonescan.training.init import STAGES, build
from bonescan.training.muon import Muon
from bonescan.training.onnx_graph import joint_to_onnx
from bonescan.training.quantise import Quantisation, float_activations, quantise
from bonescan.training.recipe import StepwiseRecipe
from bonescan.training.start import StartBundle, open_start, start_network
from bonescan.training.unfold import exported_weights, unfold
from tests.grid_cases import grid_cases

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def cases():
    return grid_cases(6)


def seen(stage, cases):
    return np.concatenate([stage_inputs(stage, cases, case) for case in (0, 1)])


def started(stage, network, model, cases):
    said = []
    start_network(network, stage, open_start(model), cases, said.append)
    assert said == [f"{stage}: starts from the model {' '.join(version(model))}"]
    return network.eval()


def version(model):
    manifest = load_bundle(find_bundle(model)).manifest
    return manifest.name, manifest.version


def test_the_joint_network_answers_as_the_shipped_file(cases, tmp_path):
    network = started("joint", JointNetwork(), "joint", cases)
    onnx.save(float_activations(onnx.load(find_bundle("joint") / "joint.onnx")), tmp_path / "joint.onnx")
    exported = load_exactly(tmp_path / "joint.onnx")
    image = seen("joint", cases)[:1]
    with torch.inference_mode():
        found = network(torch.from_numpy(image))
    told = exported.outputs(image)
    np.testing.assert_allclose(found.study.numpy(), told["study"], atol=1e-3)
    np.testing.assert_allclose(torch.softmax(found.findings, 2)[:, :, 1:].numpy(), told["findings"], atol=1e-3)


@pytest.mark.parametrize("stage", STAGES)
def test_the_paper_s_networks_answer_as_the_shipped_files(stage, cases):
    folder = find_bundle("stepwise")
    recipe = StepwiseRecipe.model_validate(json.loads((folder / "bundle.json").read_text())["recipe"])
    network = started(stage, build(stage, recipe), "stepwise", cases)
    images = seen(stage, cases)
    with torch.inference_mode():
        found = torch.sigmoid(network(torch.from_numpy(images))).numpy()
    np.testing.assert_allclose(found, load_exactly(folder / f"{stage}.onnx")(images), atol=1e-3)


def test_batch_norms_have_the_statistics_of_what_passes_them():
    """In training, where batches are normalised by their own statistics, the network begins where the file is."""
    torch.manual_seed(0)
    trained = JointNetwork()
    for module in trained.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias)
            nn.init.uniform_(module.running_var, 0.5, 2)
    model = joint_to_onnx(trained)
    images = torch.rand(2, 2, 64, 32)
    network = JointNetwork()
    unfold(network, exported_weights(model), images)
    # It brings weights to its norm, which must change nothing.
    Muon(network, lr=0.002, turn=15.0, momentum=0.9, weight_decay=0.1)
    with torch.inference_mode():
        expected, in_use, in_training = trained.eval()(images), network(images), network.train()(images)
    torch.testing.assert_close(in_use.findings, expected.findings, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(in_training.findings, expected.findings, atol=1e-2, rtol=1e-2)
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in network.modules())


def test_rounded_weights_are_taken_as_rounded():
    torch.manual_seed(0)
    trained = JointNetwork().eval()
    exact = exported_weights(joint_to_onnx(trained))
    rounded = exported_weights(quantise(joint_to_onnx(trained), Quantisation()))
    assert exact.keys() <= rounded.keys()
    widest = exact["down.3.1.conv2.weight"]
    np.testing.assert_allclose(rounded["down.3.1.conv2.weight"], widest, atol=np.abs(widest).max() / 254 + 1e-6)


def test_another_shape_is_refused(cases):
    weights = exported_weights(onnx.load(find_bundle("joint") / "joint.onnx"))
    with pytest.raises(BundleCorruptError, match="expected shape"):
        unfold(JointNetwork(widths=(16, 48, 96, 160, 224)), weights, torch.from_numpy(seen("joint", cases)))
    del weights["up.1.conv1.weight_bias"]
    with pytest.raises(BundleCorruptError, match=r"up\.1\.bn1"):
        unfold(JointNetwork(), weights, torch.from_numpy(seen("joint", cases)))


def test_another_pipeline_is_refused(cases):
    with pytest.raises(RecipeError, match="has no network joint"):
        start_network(JointNetwork(), "joint", open_start("stepwise"), cases, print)


def test_what_is_neither_run_nor_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no training run and is no model"):
        open_start(tmp_path)
    with pytest.raises(ModelError, match="joint"):
        open_start("no-such-model")


def test_a_bundle_names_itself():
    start = open_start(Path(find_bundle("joint")))
    assert isinstance(start, StartBundle)
    assert start.identity["bundle"] == " ".join(version("joint"))
    assert len(start.identity["bundle_sha256"]) == 64
    assert start.simulated_only
