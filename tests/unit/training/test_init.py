"""Networks at their start: the same for the same seed, and from a local checkpoint."""

import pytest
import torch

from bonescan.core.errors import RecipeError
from bonescan.models.networks.window_classifier import WindowClassifier
from bonescan.training.init import STAGES, build, init_from_file
from bonescan.training.recipe import StepwiseRecipe

pytestmark = pytest.mark.train

RECIPE = StepwiseRecipe(
    name="tiny",
    version="1",
    pipeline="stepwise",
    classify={"steps": 1},
    segment_metastasis={"steps": 1, "base": 2},
    segment_bladder={"steps": 1, "base": 2},
    locate={"steps": 1},
)


@pytest.mark.parametrize("stage", STAGES)
def test_a_seed_gives_a_start(stage):
    first, again = build(stage, RECIPE).state_dict(), build(stage, RECIPE).state_dict()
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    other = build(stage, RECIPE.model_copy(update={"seed": 5})).state_dict()
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_both_segmentation_networks_start_differently():
    first, second = (build(f"segment_{name}", RECIPE).state_dict() for name in ("metastasis", "bladder"))
    assert not torch.equal(first["down2.conv1.weight"], second["down2.conv1.weight"])


def test_a_checkpoint_is_taken(tmp_path):
    source = WindowClassifier("imagenet").state_dict()
    source["conv1.weight"] = torch.randn(64, 3, 7, 7)
    torch.save(source, tmp_path / "resnet34.pth")
    network = build("classify", RECIPE)
    copied, _ = init_from_file(network, tmp_path / "resnet34.pth")
    assert copied > 150
    torch.testing.assert_close(network.state_dict()["layer4.0.conv2.weight"], source["layer4.0.conv2.weight"])


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 torn"])
def test_what_is_no_checkpoint_is_said(tmp_path, content):
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(RecipeError, match=r"bad\.pth"):
        init_from_file(build("classify", RECIPE), tmp_path / "bad.pth")


def test_a_checkpoint_of_something_else_is_said(tmp_path):
    torch.save({"encoder.weight": torch.ones(2)}, tmp_path / "other.pth")
    with pytest.raises(RecipeError, match=r"no tensor of other\.pth fits"):
        init_from_file(build("classify", RECIPE), tmp_path / "other.pth")


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    torch.save({"conv1.weight": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(RecipeError):
        init_from_file(build("classify", RECIPE), tmp_path / "trap.pth")
    assert not (tmp_path / "sprung").exists()
