"""Cell maps: there in training, gone from the exported answer."""

import pytest
import torch

from bonescan.models.networks.window_classifier import WindowClassifier
from bonescan.training.auxiliary import SupervisedClassifier, cell_loss, classifier_loss

pytestmark = pytest.mark.train


def test_without_the_cells_it_is_the_paper_s_network():
    own = SupervisedClassifier(shrink=2)
    plain = WindowClassifier(shrink=2)
    assert set(own.state_dict()) - set(plain.state_dict()) == {
        "cells.0.weight", "cells.0.bias", "cells.1.weight", "cells.1.bias",
    }  # fmt: skip
    plain.load_state_dict({k: v for k, v in own.state_dict().items() if not k.startswith("cells")})
    window = torch.rand(1, 1, 256, 256)
    torch.testing.assert_close(own.eval()(window), plain.eval()(window))


def test_the_loss_weighs_the_cells():
    torch.manual_seed(0)
    network = SupervisedClassifier(shrink=2).eval()
    images, labels = torch.rand(1, 1, 256, 256), torch.zeros(1, 1, 256, 256)
    labels[0, 0, 40:60, 40:60] = 1
    none, one, two = (
        float(classifier_loss(network, images, labels, gamma=1, least=12, auxiliary=w).detach())
        for w in (0.0, 1.0, 2.0)
    )
    assert one > none
    assert two - one == pytest.approx(one - none, rel=1e-4)


def test_cells_are_positive_where_the_label_is():
    masks = torch.zeros(1, 3, 64, 64)
    masks[0, 0, 16:32, 32:48] = 1
    right = torch.full((1, 3, 4, 4), -12.0)
    right[0, 0, 1, 2] = 12.0
    assert float(cell_loss(right, masks, 1.0)) < 1e-3
    assert float(cell_loss(-right, masks, 1.0)) > 10


def test_a_plain_network_is_refused():
    with pytest.raises(TypeError, match="SupervisedClassifier"):
        classifier_loss(
            WindowClassifier(), torch.rand(1, 1, 256, 256), torch.zeros(1, 1, 256, 256), gamma=1, least=12, auxiliary=1
        )
