import numpy as np
import pytest

from bonescan.core.errors import NotABoneScanError
from bonescan.core.study import Polarity, Units, ViewName
from bonescan.io.frames import Frame, name_views

A, P = ViewName


def frame(view, level=1.0):
    return Frame(np.full((4, 2), level, dtype=np.float32), view, Polarity.HOT_HIGH, Units.COUNTS)


def test_names_win_over_order():
    views, findings = name_views([frame(P, 2), frame(A, 1)])
    assert [(view.name, view.counts[0, 0]) for view in views] == [(A, 1), (P, 2)]
    assert findings == ()


def test_the_other_view_follows_by_exclusion():
    views, findings = name_views([frame(P, 2), frame(None, 1)])
    assert [(view.name, view.counts[0, 0]) for view in views] == [(A, 1), (P, 2)]
    assert findings == ()


def test_order_decides_where_nothing_else_does_and_says_so():
    views, findings = name_views([frame(None, 1), frame(None, 2)])
    assert [(view.name, view.counts[0, 0]) for view in views] == [(A, 1), (P, 2)]
    assert [f.code for f in findings] == ["views_assumed"]


def test_one_unnamed_image_is_taken_as_anterior():
    views, findings = name_views([frame(None)])
    assert [view.name for view in views] == [A]
    assert [f.code for f in findings] == ["views_assumed"]


def test_of_two_images_of_a_view_the_one_with_more_counts_is_taken():
    views, _ = name_views([frame(A, 1), frame(A, 5), frame(P, 3), frame(P, 2)])
    assert [view.counts[0, 0] for view in views] == [5, 3]


@pytest.mark.parametrize("names", [[None] * 3, [A, None, None]])
def test_too_many_unnamed_images(names):
    with pytest.raises(NotABoneScanError, match="neither a code nor a name"):
        name_views([frame(name) for name in names])
