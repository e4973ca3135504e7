import numpy as np
import pytest

from bonescan.burden.bstbi import bstbi, pooled
from bonescan.burden.lesions import Segmented
from bonescan.burden.measure import measure
from bonescan.core.anatomy import MaskLabel
from tests.bodies import view

COUNTS = np.arange(1, 17, dtype=np.float32).reshape(4, 4)


def segmented(name="anterior", spacing=(2.0, 3.0), scale=1.0):
    labels = np.zeros((4, 4), np.uint8)
    labels[0, :2] = MaskLabel.METASTASIS
    labels[1, :2] = MaskLabel.BENIGN
    labels[3, 3] = MaskLabel.BLADDER
    return Segmented(view(COUNTS * scale, name, spacing), labels, np.zeros((4, 4), np.float32))


def test_per_view_and_pooled():
    a, p = segmented(), segmented("posterior", scale=9)
    burden = measure([a, p])
    masks = a.labels == MaskLabel.METASTASIS, a.labels == MaskLabel.BLADDER
    assert burden.bstbi_by_view["anterior"] == pytest.approx(bstbi(COUNTS, *masks))
    assert burden.bstbi == pytest.approx(pooled([(COUNTS, *masks), (COUNTS * 9, *masks)]))
    assert burden.bstbi == pytest.approx(5 * 3 / (4 * 3 + 136 - 16))  # benign uptake is part of the rest
    assert burden.k == 5
    assert "K=5" in burden.definition
    assert "whole view" in burden.definition


def test_area_needs_the_spacing_of_every_view():
    assert measure([segmented(), segmented("posterior")]).lesion_area_mm2 == 2 * 2 * 6
    assert measure([segmented(), segmented("posterior", spacing=None)]).lesion_area_mm2 is None


def test_k_can_be_chosen():
    assert measure([segmented()], k=1).bstbi == pytest.approx(3 / 120)
