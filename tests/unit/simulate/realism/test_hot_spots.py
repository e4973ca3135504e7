"""Hot spots on analytic pictures: how far above the bone around them, and how large at half of that."""

import numpy as np
import pytest

from bonescan.core.study import ViewName
from bonescan.simulate.realism.hot_spots import PERCENTILES, boxes_of, measure_hot_spots
from bonescan.simulate.realism.storage import FrameFacts, NativeFrame

MIDDLE = PERCENTILES.index(50)


def frame(*heights, sigma=3.0, bone=10.0, marked=True):
    """Gaussian spots of the given heights on even bone, 60 rows apart."""
    values = np.full((60 * len(heights), 60), bone)
    row, column = np.mgrid[: values.shape[0], :60]
    boxes = []
    for i, height in enumerate(heights):
        at = 60 * i + 30
        values += height * np.exp(-((row - at) ** 2 + (column - 30) ** 2) / (2 * sigma**2))
        boxes.append((slice(at - 8, at + 9), slice(22, 39)))
    regions = np.ones(values.shape, np.uint8)
    hot_spots = tuple(boxes) if marked else ()
    return NativeFrame("R1", ViewName.ANTERIOR, values.astype(np.float32), regions, FrameFacts(1, 0, 1), hot_spots)


def test_peak_and_area_are_those_of_the_spot_after_smoothing():
    spots = measure_hot_spots([frame(*[30.0] * 10)])
    # A Gaussian of sigma 3 smoothed by one of sigma 1: its peak falls by 9 / 10, half of it lies within 2 ln 2 sigma².
    assert spots.count == 10
    assert spots.over_bone[MIDDLE] == pytest.approx(1 + 0.9 * 3, rel=0.05)
    assert spots.area_px[MIDDLE] == pytest.approx(2 * np.pi * np.log(2) * 10, rel=0.08)


def test_percentiles_are_over_all_spots():
    spots = measure_hot_spots([frame(*[10.0] * 6), frame(*[50.0] * 6)])
    assert spots.count == 12
    assert spots.over_bone[0] < 2.2 < 4 < spots.over_bone[-1]


def test_few_spots_tell_nothing():
    assert measure_hot_spots([frame(30.0, 30.0)]) is None
    assert measure_hot_spots([frame(30.0, marked=False)]) is None


def test_boxes_are_those_of_the_metastases():
    labels = np.zeros((20, 20), np.uint8)
    labels[2:5, 3:6], labels[10:12, 10:11], labels[15:18, 15:18] = 1, 1, 3
    assert boxes_of(labels) == ((slice(2, 5), slice(3, 6)), (slice(10, 12), slice(10, 11)))
