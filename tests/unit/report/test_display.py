import numpy as np
import pytest

from bonescan.core.anatomy import MaskLabel
from bonescan.report.display import black_level, enlarged, inverse_grey, picture, shown_size
from tests.bodies import body, disc, view


def test_uptake_is_dark_on_white():
    grey = inverse_grey(np.array([[0, 1, 5, 10, 100]], np.float32), 10)
    assert grey.dtype == np.uint8
    assert grey[0, 0] == 255
    assert grey[0, 3] == grey[0, 4] == 0
    assert list(grey[0]) == sorted(grey[0], reverse=True)
    assert grey[0, 2] < 127, "faint bone is lifted"


def test_a_full_bladder_does_not_pale_the_skeleton():
    counts = body()
    spot = disc(counts.shape, 512, 128, 25)
    before = black_level(counts)
    counts[spot] = 5000
    assert black_level(counts, spot) == pytest.approx(before, rel=0.05)
    assert black_level(counts) < 2.5 * before, "nor does one that nobody recognised"


@pytest.mark.parametrize("bladder", [None, np.ones((8, 8), bool)])
def test_an_empty_view_is_white(bladder):
    empty = np.zeros((8, 8), np.float32)
    assert (inverse_grey(empty, black_level(empty, bladder)) == 255).all()


@pytest.mark.parametrize(
    ("size", "spacing", "width"),
    [
        ((1024, 256), (2.2, 2.2), 500),
        ((1024, 256), None, 500),
        ((1024, 256), (2.0, 3.0), 750),
        ((500, 250), None, 1000),
    ],
)
def test_true_proportions(size, spacing, width):
    assert shown_size(view(np.zeros(size), spacing=spacing), 2000) == (width, 2000)


def test_ribs_and_spine_are_apart_and_neither_is_lost():
    drawn = np.asarray(picture(view(body()), np.zeros((1024, 256), np.uint8), 1024))
    spine, thigh, soft = drawn[300, 128], drawn[700, 128 + 36], drawn[450, 60]
    assert spine < 60
    assert spine < thigh < soft < 255


def test_bladder_labels_steer_the_window():
    counts = body()
    labels = np.zeros(counts.shape, np.uint8)
    spot = disc(counts.shape, 512, 128, 25)
    counts[spot], labels[spot] = 5000, MaskLabel.BLADDER
    with_labels, without = (np.asarray(picture(view(counts), x, 512)) for x in (labels, None))
    assert with_labels[150, 64] + 15 < without[150, 64]


def test_masks_are_enlarged_in_place():
    mask = disc((64, 32), 40, 10, 6)
    large = enlarged(mask, (96, 192))
    rows, columns = np.nonzero(large)
    assert large.sum() == pytest.approx(9 * mask.sum(), rel=0.05)
    assert rows.mean() == pytest.approx(40 * 3 + 1, abs=0.5)
    assert columns.mean() == pytest.approx(10 * 3 + 1, abs=0.5)
