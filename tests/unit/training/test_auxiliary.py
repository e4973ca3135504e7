"""Cell maps and how they are weighed with the paper's logits."""

import numpy as np
import pytest
import torch

from bonescan.models.networks.cell_classifier import CellClassifier
from bonescan.models.networks.window_classifier import WindowClassifier
from bonescan.training.auxiliary import cell_loss, classifier_loss, fit_evidence, fit_logistic
from tests.grid_cases import grid_cases

pytestmark = pytest.mark.train


def test_it_starts_as_the_paper_s_network():
    own = CellClassifier(shrink=2)
    plain = WindowClassifier(shrink=2)
    plain.load_state_dict({k: v for k, v in own.state_dict().items() if not k.startswith(("cells", "evidence"))})
    strip = torch.rand(1, 1, 512, 256)
    torch.testing.assert_close(own.eval()(strip), plain.eval()(strip))


@pytest.mark.parametrize("shrink", [1, 2])
def test_a_window_has_its_own_strongest_cell(shrink):
    torch.manual_seed(0)
    network = CellClassifier(shrink=shrink).eval()
    with torch.inference_mode():
        strip = torch.rand(1, 1, 512, 256)
        weighed = network.weighed(strip)
        _, cells = network.with_cells(strip)
    assert weighed.shape == (3, 8)
    half = cells[0].shape[2] // 4
    for window in range(3):
        inside = cells[0][0, :, window * half : (window + 2) * half]
        torch.testing.assert_close(weighed[window, 2:5], inside.amax(dim=(1, 2)))


def test_logistic_regression_finds_the_weights():
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(20000, 3, generator=rng) * torch.tensor([1.0, 10.0, 0.1]) + 2
    logit = x @ torch.tensor([[1.0], [0.2], [0.0]]) - 3
    y = (torch.rand(20000, 1, generator=rng) < torch.sigmoid(logit)).float()
    weight, bias = fit_logistic(x, y)
    assert weight[0, :2].tolist() == pytest.approx([1.0, 0.2], abs=0.06)
    agreement = torch.sigmoid(x @ weight.T + bias) - torch.sigmoid(logit)
    assert float(agreement.abs().max()) < 0.05


def test_fitting_changes_the_weighing_alone():
    torch.manual_seed(0)
    network = CellClassifier(shrink=2)
    before = {k: v.clone() for k, v in network.state_dict().items()}
    fit_evidence(network, grid_cases(2), 12)
    changed = {k for k, v in network.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {"evidence.weight", "evidence.bias"}
    assert np.isfinite(network.evidence.weight.detach().numpy()).all()


def test_the_loss_weighs_the_cells():
    torch.manual_seed(0)
    network = CellClassifier(shrink=2).eval()
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
    with pytest.raises(TypeError, match="CellClassifier"):
        classifier_loss(
            WindowClassifier(), torch.rand(1, 1, 256, 256), torch.zeros(1, 1, 256, 256), gamma=1, least=12, auxiliary=1
        )
