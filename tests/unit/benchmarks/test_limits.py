"""Where the wrong pixels of a view lie, on a view drawn by hand."""

import numpy as np

from benchmarks.limits import where_wrong
from bonescan.core.anatomy import MaskLabel

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
    benign = np.where(doubted, 0.4, 0).astype(np.float32)
    counts = where_wrong(true, called, np.where(called, 0.9, 0).astype(np.float32), benign, labels)
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
    nothing = np.zeros(SHAPE, np.float32)
    assert not sum(where_wrong(true, true, true.astype(np.float32), nothing, true.astype(np.uint8)).values())
