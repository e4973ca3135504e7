"""The classifier beyond the paper's table: strips, shrinking, and a start from a checkpoint."""

import pytest
import torch

from bonescan.models.networks.window_classifier import WindowClassifier

pytestmark = pytest.mark.train


def _checkpoint():
    """Shapes of torchvision's resnet34 without its 1000-class head."""
    torch.manual_seed(7)
    own = WindowClassifier("imagenet").state_dict()
    state = {name: torch.randn_like(v) if v.is_floating_point() else v for name, v in own.items()}
    state["conv1.weight"] = torch.randn(64, 3, 7, 7)
    state["fc.weight"], state["fc.bias"] = torch.randn(1000, 512), torch.randn(1000)
    return state


def test_a_strip_gives_one_answer_a_window_in_order():
    network = WindowClassifier(shrink=2).eval()
    with torch.inference_mode():
        strips = torch.rand(2, 1, 512, 256)
        answers = network(strips)
        assert answers.shape == (6, 2)
        torch.testing.assert_close(network(strips[1:]), answers[3:], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("shrink", [1, 2])
def test_shrinking_divides_the_maps(shrink):
    maps = WindowClassifier(shrink=shrink).eval().features(torch.rand(1, 1, 256, 256))
    assert [m.shape[-1] * shrink for m in maps] == [128, 64, 32, 16, 8]


def test_the_imagenet_stem_takes_everything_but_the_head():
    state = _checkpoint()
    network = WindowClassifier("imagenet")
    _, left = network.init_from_torchvision(state)
    assert left == 2
    torch.testing.assert_close(network.conv1.weight, state["conv1.weight"].sum(dim=1, keepdim=True))
    torch.testing.assert_close(network.layer3[2].conv2.weight, state["layer3.2.conv2.weight"])


def test_the_paper_s_stem_stays_random_and_the_rest_is_taken():
    state = _checkpoint()
    network = WindowClassifier("paper")
    before = network.conv1.weight.clone()
    copied, left = network.init_from_torchvision(state)
    assert copied > 200 > left
    torch.testing.assert_close(network.conv1.weight, before)
    torch.testing.assert_close(network.layer1[0].conv2.weight, state["layer1.0.conv2.weight"])
    torch.testing.assert_close(network.layer4[2].bn2.running_var, state["layer4.2.bn2.running_var"])


def test_a_foreign_checkpoint_changes_nothing():
    network = WindowClassifier()
    before = network.fc.weight.clone()
    assert network.init_from_torchvision({"something": torch.ones(3)})[0] == 0
    torch.testing.assert_close(network.fc.weight, before)
