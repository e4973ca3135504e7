"""Which pixels a focus's mask holds, and whether a reader could see the focus at all: on analytic spots."""

import numpy as np
import pytest

from bonescan.core.anatomy import MaskLabel
from bonescan.simulate.masks import (
    MASK_OF_OWN_MAXIMUM,
    NOBODY,
    ROSE,
    VISIBLE_CONTRAST,
    VISIBLE_SHARE,
    ShownFocus,
    label_view,
)
from bonescan.simulate.projector import Patch

SIZE = (120, 60)
PIXEL_MM = 2.0
NOTHING = Patch(0, 0, np.zeros((0, 0), np.float32))


def spot(height, sigma=3.0, row=40, column=20):
    r, c = np.mgrid[-12:13, -12:13]
    return Patch(row, column, (height * np.exp(-(r**2 + c**2) / (2 * sigma**2))).astype(np.float32))


def label(*spots, counts=10.0, rows=(0, SIZE[0]), kinds=None, bones=None, bladder=NOTHING):
    """Label spots, each a metastasis in a bone of its own unless said otherwise."""
    base = np.ones(SIZE, np.float32)
    foci = list(map(ShownFocus, spots, kinds or [MaskLabel.METASTASIS] * len(spots), bones or range(len(spots))))
    return label_view(base, bladder, foci, rows=rows, pixel_mm=PIXEL_MM, counts=counts)


def test_a_bright_focus_is_outlined_at_its_share_of_its_own_maximum():
    labels, _, (area,) = label(spot(5.0))
    radius = 3.0 * np.sqrt(-2 * np.log(MASK_OF_OWN_MAXIMUM))
    assert area == (labels == MaskLabel.METASTASIS).sum() == pytest.approx(np.pi * radius**2, rel=0.1)


@pytest.mark.parametrize(("share", "visible"), [(0.95, False), (1.05, True)])
def test_what_hardly_differs_is_not_visible_however_many_counts(share, visible):
    own = spot(1.0).image
    mean = own[own >= MASK_OF_OWN_MAXIMUM].mean()
    labels, _, (area,) = label(spot(share * VISIBLE_CONTRAST / mean), counts=1e6)
    assert bool(area) == (labels > 0).any() == visible


def test_an_edge_with_little_behind_it_makes_no_focus_visible():
    """Most of a faint spot lies on warm bone, a rim of it on little: there it has more than the contrast."""
    faint = spot(0.8 * VISIBLE_CONTRAST)
    base = np.ones(SIZE, np.float32)
    base[:, faint.column + 14 :] = 0.3
    assert (faint.image[:, 14:] > VISIBLE_CONTRAST * 0.3).any()
    focus = ShownFocus(faint, MaskLabel.METASTASIS, 0)
    areas = label_view(base, NOTHING, [focus], rows=(0, SIZE[0]), pixel_mm=PIXEL_MM, counts=1e6).areas
    assert areas == [0]


def test_faint_foci_are_visible_together_where_one_bone_holds_them():
    """Three of 0.4 of everything else make their bone hot; of each alone, or in three bones, nothing is to be seen."""
    faint = [spot(0.4, row=row) for row in (38, 40, 42)]
    assert label(faint[0], counts=1e6).areas == [0]
    assert label(*faint, counts=1e6).areas == [0, 0, 0]
    labels, _, areas = label(*faint, counts=1e6, bones=(7, 7, 7))
    assert all(areas)
    assert (labels == MaskLabel.METASTASIS).sum() > max(areas)
    kinds = [MaskLabel.METASTASIS, MaskLabel.METASTASIS, MaskLabel.BENIGN]
    assert label(*faint, counts=1e6, bones=(7, 7, 7), kinds=kinds).areas[2] == 0


def test_a_pixel_needs_its_share_of_everything_else_from_all_foci_together():
    """Foci of a fifth of everything else hold no pixel alone, and the middle of their bone together."""
    weak = [spot(0.2)] * 4
    assert not label(weak[0], counts=1e6).labels.any()
    labels, _, areas = label(*weak, counts=1e6, bones=(7,) * 4)
    assert len(set(areas)) == 1
    assert labels[52, 32] == MaskLabel.METASTASIS


@pytest.mark.parametrize(("part", "visible"), [(0.9, False), (1.1, True)])
def test_a_focus_lost_in_a_hotter_one_of_its_bone_is_not_visible(part, visible):
    hot = 5.0
    faint = part * VISIBLE_SHARE / (1 - VISIBLE_SHARE) * hot
    hotter, lost = label(spot(hot), spot(faint), bones=(7, 7)).areas
    assert hotter
    assert bool(lost) == visible
    assert label(spot(hot), spot(faint)).areas[1]


def test_a_pixel_of_two_foci_is_of_the_stronger_one():
    for heights in ((5.0, 2.0), (2.0, 5.0)):
        owners = label(*map(spot, heights)).owners
        assert owners[52, 32] == int(np.argmax(heights))


def test_few_counts_hide_a_focus_by_the_rose_criterion():
    (area,) = label(spot(1.0), counts=1e6).areas
    r, c = np.mgrid[-12:13, -12:13]
    own = np.exp(-(r**2 + c**2) / 18)
    own = own[own >= MASK_OF_OWN_MAXIMUM]
    needed = ROSE**2 * (own.sum() + own.size) / own.sum() ** 2
    assert area
    assert label(spot(1.0), counts=1.05 * needed).areas == [area]
    assert label(spot(1.0), counts=0.95 * needed).areas == [0]


def test_a_speck_is_not_visible():
    assert label(spot(5.0, sigma=0.6), counts=1e6).areas == [0]


def test_what_the_camera_did_not_see_has_no_mask():
    whole, _, (area,) = label(spot(5.0))
    middle = 52
    half, _, (part,) = label(spot(5.0), rows=(middle, SIZE[0]))
    assert 0 < part < area
    assert not half[:middle].any()
    assert np.array_equal(half[middle:], whole[middle:])
    assert label(spot(5.0), rows=(100, SIZE[0])).areas == [0]


def test_bladder_goes_before_metastasis_and_that_before_benign_uptake():
    both = label(spot(5.0), spot(5.0), kinds=(MaskLabel.METASTASIS, MaskLabel.BENIGN)).labels
    assert set(np.unique(both)) == {MaskLabel.BACKGROUND, MaskLabel.METASTASIS}
    full = label(spot(5.0), bladder=spot(20.0)).labels
    assert full[52, 32] == MaskLabel.BLADDER


def test_each_pixel_is_of_the_focus_that_its_label_is_of():
    kinds = (MaskLabel.METASTASIS, MaskLabel.BENIGN, MaskLabel.METASTASIS)
    shown = label(spot(5.0, row=20), spot(5.0, row=26), spot(0.01, row=80), kinds=kinds)
    assert set(np.unique(shown.owners)) == {NOBODY, 0, 1}
    assert np.array_equal(shown.owners == 0, shown.labels == MaskLabel.METASTASIS)
    assert np.array_equal(shown.owners == 1, shown.labels == MaskLabel.BENIGN)
    assert (label(spot(5.0), bladder=spot(20.0)).owners == NOBODY).all()
