from dataclasses import replace

import numpy as np
import pytest

from bonescan.core.errors import NotABoneScanError
from bonescan.core.study import View, ViewName
from bonescan.io.plausibility import check_bone_scan, sides_level
from bonescan.io.thumbnail import Looked, limited, shrink
from phantoms import analytic_study, analytic_view

ROWS, COLUMNS = np.mgrid[0:1024, 0:256].astype(np.float32)


def check_views(views):
    check_bone_scan([Looked(view) for view in views])


def check(counts, **facts):
    check_views([View(ViewName.ANTERIOR, np.asarray(counts, dtype=np.float32), **facts)])


def test_bodies_pass():
    for counts in (3e4, 2e6):
        check_views(analytic_study(counts=counts).views)


def test_a_hot_injection_site_and_contamination_do_not_matter():
    counts = analytic_view().counts.copy()
    counts[480:500, 20:34] += 4000
    counts[600:640, 100:120] += 900
    check(counts)


def test_a_body_broader_than_the_field_passes():
    """Its arms run along either edge, a hot injection site at the wrist among them."""
    counts = analytic_view().counts.copy()
    counts[((COLUMNS < 12) | (COLUMNS >= 244)) & (ROWS > 180) & (ROWS < 560)] += 1.4 * counts.mean()
    counts[440:460, :14] += 5 * np.percentile(counts, 99)
    assert sides_level(limited(shrink(counts), 99.5)) > 0.6
    check(counts)


def test_nothing_at_all():
    with pytest.raises(NotABoneScanError, match="no image"):
        check_views([])


@pytest.mark.parametrize("level", [0, 7])
def test_an_empty_image(level):
    with pytest.raises(NotABoneScanError, match="empty"):
        check(np.full((1024, 256), level))


@pytest.mark.parametrize("shape", [(256, 256), (300, 400), (1024, 100), (64, 64)])
def test_other_shapes(shape):
    with pytest.raises(NotABoneScanError, match="as high as wide"):
        check(np.random.default_rng(0).poisson(3, shape))


def test_a_thumbnail():
    with pytest.raises(NotABoneScanError, match="16 x 4 pixels"):
        check(np.eye(16)[:, :4])


def test_the_spacing_counts_for_the_shape():
    view = analytic_view(rows=1024, columns=768)
    with pytest.raises(NotABoneScanError):
        check(view.counts)
    check(view.counts, pixel_spacing_mm=(2.4, 0.8))


def test_noise():
    with pytest.raises(NotABoneScanError):
        check(np.random.default_rng(0).poisson(5, (1024, 256)))


def test_a_landscape_photograph_cut_tall():
    sky = 200 - ROWS / 8
    with pytest.raises(NotABoneScanError, match="background"):
        check(sky + np.random.default_rng(0).normal(0, 5, sky.shape))


def test_a_chest_x_ray_stretched_tall():
    lungs = sum(np.exp(-(((COLUMNS - c) / 45) ** 2) - ((ROWS - 450) / 300) ** 2) for c in (75, 181))
    with pytest.raises(NotABoneScanError):
        check(255 - 200 * lungs)


def test_a_hand_on_black_that_is_not_symmetric():
    fingers = sum(
        np.exp(-(((COLUMNS - c - tilt * (ROWS - 600)) / 9) ** 2)) * (top < ROWS) * (ROWS < 640)
        for c, top, tilt in ((70, 330, 0.05), (95, 220, 0.02), (120, 190, 0), (140, 260, -0.03))
    )
    thumb = np.exp(-(((COLUMNS - 215 + (ROWS - 560) * 0.3) / 12) ** 2)) * (ROWS > 480) * (ROWS < 700)
    with pytest.raises(NotABoneScanError, match="halves"):
        check(200 * (fingers + thumb))


def test_the_view_is_named():
    views = analytic_study().views
    empty = replace(views[1], counts=np.zeros_like(views[1].counts))
    with pytest.raises(NotABoneScanError, match="posterior"):
        check_views([views[0], empty])


@pytest.mark.parametrize("kept", [0.72, 0.69], ids=["an arm", "an arm and a shoulder"])
def test_a_body_that_lacks_a_part_on_one_side(kept):
    views = analytic_study().views
    one_armed = [replace(view, counts=view.counts * (np.arange(view.columns) < kept * view.columns)) for view in views]
    check_views(one_armed)
