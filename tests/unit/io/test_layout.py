import itertools

import numpy as np
import pytest

from bonescan.core.errors import NotABoneScanError
from bonescan.core.study import Polarity, Units, ViewName
from bonescan.io.frames import Frame
from bonescan.io.layout import find_panels, split_frames
from phantoms import analytic_study
from pictures import picture


@pytest.fixture(scope="module")
def views():
    return [view.counts for view in analytic_study().views]


def rendered(counts, top):
    return picture(counts, top=top, white=False).astype(np.float32)


@pytest.mark.parametrize("shape", [(1024, 256), (512, 128), (2048, 512), (1024, 400)])
def test_one_body_is_one_panel(shape):
    for view in analytic_study(rows=shape[0], columns=shape[1]).views:
        assert len(find_panels(view.counts)) == 1


def test_one_body_in_a_wide_matrix_is_one_panel(views):
    wide = np.pad(views[1], ((0, 0), (128, 128)))
    assert len(find_panels(wide)) == 1


def test_side_by_side(views):
    panels = find_panels(np.concatenate(views, axis=1))
    assert [(p.view, p.start, p.stop) for p in panels] == [
        (ViewName.ANTERIOR, 0, 256),
        (ViewName.POSTERIOR, 256, 512),
    ]


@pytest.mark.parametrize("order", [o for o in itertools.permutations(range(4)) if o[0] < 2])
def test_four_panels_in_any_order_with_the_anterior_leftmost(views, order):
    panels = [rendered(views[0], 60), rendered(views[0], 12), rendered(views[1], 60), rendered(views[1], 12)]
    found = find_panels(np.concatenate([panels[i] for i in order], axis=1))
    first = {view: next(p for p in found if p.view is view) for view in ViewName}
    # Of each view the rendering that saturates less is to be read: numbers 0 and 2.
    assert order[first[ViewName.ANTERIOR].start // 256] == 0
    assert order[first[ViewName.POSTERIOR].start // 256] == 2


def test_composite_of_another_size(views):
    small = [v[::2, ::2] for v in views]
    four = np.concatenate([rendered(v, t) for t in (30, 8) for v in small], axis=1)
    assert four.shape == (512, 512)
    assert len(find_panels(four)) == 4


def test_a_sheet_of_several_patients_is_refused():
    others = [
        rendered(np.random.default_rng(i).poisson(view.counts * (1 + i / 3)), 60)
        for i in range(2)
        for view in analytic_study(rows=1024, columns=256).views
    ]
    shuffled = [np.roll(panel, 37 * i, axis=0) for i, panel in enumerate(others)]
    with pytest.raises(NotABoneScanError, match="one picture each"):
        find_panels(np.concatenate(shuffled, axis=1))


def test_split_frames_cuts_only_what_has_no_name(views):
    both = np.concatenate(views, axis=1)
    unnamed = Frame(both, None, Polarity.HOT_HIGH, Units.COUNTS)
    frames, findings = split_frames([unnamed])
    assert [frame.view for frame in frames] == list(ViewName)
    np.testing.assert_array_equal(frames[1].image, views[1])
    assert [f.code for f in findings] == ["views_assumed"]
    named = Frame(both, ViewName.ANTERIOR, Polarity.HOT_HIGH, Units.COUNTS)
    assert split_frames([named]) == ((named,), ())
