"""The gated setting: closed windows are empty, and the classifier decides about the patient."""

import numpy as np
import pytest

from bonescan.core.errors import ModelError
from bonescan.training.baselines.found import of_maps, of_sites
from bonescan.training.baselines.gate import Gate
from tests.tiny_bundle import tiny_bundle

pytestmark = pytest.mark.train

SHAPE = (2, 1024, 256)
WARM = 1.6
"""What the tiny classifier takes for metastasis."""
BOTH = np.array([True, True])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tiny_bundle(tmp_path_factory.mktemp("gate") / "tiny", thresholds={"patient": 0.25})


@pytest.fixture(scope="module")
def gate(bundle):
    return Gate(bundle, np.zeros(SHAPE, np.uint8), threads=1)


def _image(*rows):
    image = np.full(SHAPE, 0.5, np.float32)
    for row in rows:
        image[0, row : row + 20, 100:120] = WARM
    return image


def _found(*rows):
    values = np.zeros(SHAPE, np.float32)
    for row in rows:
        values[:, row : row + 20, 100:120] = 0.9
    return of_maps(values, np.full(SHAPE, 0.9, np.float32), np.zeros(SHAPE, np.uint8), 0.0)


def test_what_lies_in_closed_windows_alone_is_gone(gate):
    gated = gate.apply(_found(20, 900), _image(20), BOTH)
    assert gated.metastasis[0, 30, 110] == pytest.approx(0.9)
    assert gated.metastasis[0, 910].max() == 0
    assert gated.metastasis[1].max() == 0, "the posterior view has no suspicious window"
    assert gated.bladder.max() == 0, "and no view a window with bladder"
    assert gated.sites[0] > 0.5
    assert gate.threshold == 0.25


def test_the_classifier_decides_about_the_patient(gate):
    assert gate.apply(_found(20), _image(), BOTH).patient < 0.1
    assert gate.apply(_found(), _image(20), BOTH).patient > 0.9


def test_a_missing_view_is_not_asked(gate):
    image = _image(20)
    image[0] = 0
    assert gate.apply(_found(20), image, np.array([False, True])).patient < 0.1


def test_sites_of_a_method_without_maps_stay(gate):
    sites = np.array([0.1, 0.7, 0.2, 0, 0, 0.3], np.float32)
    gated = gate.apply(of_sites(sites, 0.0), _image(), BOTH)
    np.testing.assert_array_equal(gated.sites, sites)
    assert gated.patient < 0.1


def test_only_a_stepwise_bundle_gates(tmp_path):
    with pytest.raises(ModelError, match="no window classifier"):
        Gate(tiny_bundle(tmp_path / "joint", pipeline="joint"), np.zeros(SHAPE, np.uint8))
