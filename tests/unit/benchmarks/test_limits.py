"""Where the wrong pixels of a view lie, on a view drawn by hand; and what more counts are."""

import numpy as np
import pytest

from benchmarks.limits import counted, where_wrong
from bonescan.core.anatomy import MaskLabel
from bonescan.core.study import Scan, Study, View, ViewName

SHAPE = (40, 60)


def square(row, column, size):
    mask = np.zeros(SHAPE, bool)
    mask[row : row + size, column : column + size] = True
    return mask


def test_each_wrong_pixel_is_counted_where_it_lies():
    found, called_there = square(2, 2, 6), square(4, 4, 6)
    unseen, doubted = square(20, 2, 3), square(20, 20, 4)
    mimic, alarm = square(30, 40, 5), square(2, 40, 2)
    true = found | unseen | doubted
    called = called_there | mimic | alarm
    labels = np.where(true, MaskLabel.METASTASIS, MaskLabel.BACKGROUND).astype(np.uint8)
    labels[mimic] = MaskLabel.BENIGN
    abnormal = np.select([called, doubted], [0.9, 0.4]).astype(np.float32)
    counts = where_wrong(labels, called, abnormal)
    assert counts == {
        "edge, not called": 36 - 16,
        "edge, called too much": 36 - 16,
        "lesion missed, not seen": 9,
        "lesion missed, though seen": 16,
        "false alarm on benign uptake": 25,
        "false alarm on nothing": 4,
    }
    assert sum(counts.values()) == (true ^ called).sum()


def test_nothing_wrong_counts_nothing():
    true = square(5, 5, 4)
    labels = np.where(true, MaskLabel.METASTASIS, MaskLabel.BACKGROUND).astype(np.uint8)
    assert not sum(where_wrong(labels, true, true.astype(np.float32)).values())


def test_more_counts_are_less_noise_at_the_same_level():
    mean = np.full((200, 100), 10, np.float32)
    study = Study("one", Scan((View(ViewName.ANTERIOR, mean),)))
    rng = np.random.default_rng(0)
    (fourfold,) = counted(study, {"anterior": mean}, 4, rng).views
    assert fourfold.counts.mean() == pytest.approx(10, rel=0.01)
    assert fourfold.counts.var() == pytest.approx(10 / 4, rel=0.05)
    (noiseless,) = counted(study, {"anterior": mean}, np.inf, rng).views
    assert np.array_equal(noiseless.counts, mean)
