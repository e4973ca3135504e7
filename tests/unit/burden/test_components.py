import numpy as np
import pytest

from bonescan.burden.components import components, minimum_area_px, remove_small
from bonescan.core.anatomy import MaskLabel


def test_diagonal_neighbours_are_one_lesion():
    mask = np.eye(4, dtype=bool)
    (component,) = components(mask)
    assert component.area_px == 4
    assert component.bbox == (0, 0, 4, 4)
    assert component.centroid == (1.5, 1.5)


def test_separate_lesions_come_from_the_head_down():
    mask = np.zeros((20, 20), bool)
    mask[15:17, 2:4] = mask[3:5, 10:12] = True
    first, second = components(mask)
    assert first.bbox == (3, 10, 5, 12)
    assert second.bbox == (15, 2, 17, 4)


def test_overlapping_boxes_do_not_share_pixels():
    mask = np.zeros((9, 9), bool)
    mask[0, :] = mask[:, 0] = True  # an L ...
    mask[4, 4] = True  # ... with a dot within its box
    large, dot = sorted(components(mask), key=lambda c: -c.area_px)
    assert (large.area_px, dot.area_px) == (17, 1)


def test_no_lesion():
    assert components(np.zeros((5, 5), bool)) == []


@pytest.mark.parametrize(
    ("shape", "spacing", "pixels"),
    [
        ((1024, 256), None, 9),
        ((512, 128), None, 9 / 4),
        ((2048, 512), None, 36),
        ((1024, 256), (2.2, 2.2), 50 / 4.84),
        ((512, 128), (1.1, 1.1), 50 / 1.21),
    ],
)
def test_smallest_lesion(shape, spacing, pixels):
    assert minimum_area_px(shape, spacing) == pytest.approx(pixels)


def test_small_lesions_go_and_the_bladder_stays():
    labels = np.zeros((1024, 256), np.uint8)
    labels[2:5, 2:5] = MaskLabel.METASTASIS  # 9 px: just enough
    labels[10:12, 2:6] = MaskLabel.METASTASIS  # 8 px
    labels[20:22, 2:4] = MaskLabel.BENIGN
    labels[20:22, 20:22] = MaskLabel.BLADDER
    cleaned = remove_small(labels, None)
    assert (cleaned == MaskLabel.METASTASIS).sum() == 9
    assert not (cleaned == MaskLabel.BENIGN).any()
    assert (cleaned == MaskLabel.BLADDER).sum() == 4
    assert (labels == MaskLabel.METASTASIS).sum() == 17, "the input is not changed"
