"""From probability maps to scores of the patient and the six sites."""

import numpy as np
import pytest

from bonescan.core.anatomy import SITES, Region, Site
from bonescan.io.label_masks import encode_label_png
from bonescan.training.baselines.found import of_maps, of_sites, site_map
from bonescan.training.region_prior import FILE

pytestmark = pytest.mark.train

SHAPE = (2, 1024, 256)


@pytest.fixture
def where(tmp_path):
    """Spine in a column in the middle, left of it a rib, and femur below."""
    prior = np.zeros(SHAPE[1:], np.uint8)
    prior[100:400, 120:136] = Region.THORACIC_SPINE
    prior[100:400, 40:50] = Region.RIBS
    prior[600:800, 90:110] = Region.FEMUR
    for view in ("anterior", "posterior"):
        (tmp_path / FILE.format(view=view)).write_bytes(encode_label_png(prior))
    return site_map(tmp_path)


def _maps(*spots):
    values = np.zeros(SHAPE, np.float32)
    for view, row, column, value, side in spots:
        values[view, row : row + side, column : column + side] = value
    return values


def test_every_pixel_has_the_site_of_the_nearest_bone(where):
    assert where.shape == SHAPE
    expected = {(200, 128): Site.SPINE, (200, 45): Site.RIBS, (200, 80): Site.RIBS, (200, 100): Site.SPINE}
    for place, site in {**expected, (1000, 0): Site.FEMUR}.items():
        assert SITES[where[(0, *place)]] == site


def test_a_lesion_counts_for_its_site_and_the_patient(where):
    found = of_maps(_maps((0, 200, 124, 0.9, 12), (1, 650, 95, 0.4, 12)), _maps(), where, 1.5)
    sites = dict(zip(SITES, found.sites, strict=True))
    assert found.patient == pytest.approx(0.9, abs=0.02)
    assert sites[Site.SPINE] == pytest.approx(found.patient)
    assert sites[Site.FEMUR] == pytest.approx(0.4, abs=0.02)
    assert sites[Site.PELVIS] == 0
    assert found.seconds == 1.5


def test_a_lone_pixel_does_not_decide(where):
    lone = of_maps(_maps((0, 200, 124, 1.0, 1)), _maps(), where, 0.0)
    patch = of_maps(_maps((0, 200, 124, 0.5, 12)), _maps(), where, 0.0)
    assert lone.patient < 0.1 < patch.patient


def test_bladder_says_nothing_of_the_patient(where):
    assert of_maps(_maps(), _maps((0, 200, 124, 1.0, 30)), where, 0.0).patient == 0


def test_without_region_maps_the_shipped_ones_serve(tmp_path):
    shipped = site_map(tmp_path)
    assert set(np.unique(shipped)) == set(range(len(SITES)))
    assert SITES[shipped[0, 60, 128]] == Site.OTHER, "the skull"


def test_a_patient_is_as_probable_as_the_most_probable_site():
    sites = np.array([0.1, 0.7, 0.2, 0, 0, 0.3], np.float32)
    found = of_sites(sites, 0.0)
    assert found.patient == pytest.approx(0.7)
    assert found.metastasis is None
    np.testing.assert_array_equal(found.sites, sites)
