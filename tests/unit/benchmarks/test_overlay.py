"""The picture of the README: few colours, and outlines that keep theirs."""

import numpy as np

from benchmarks.overlay import COLOURS, GREYS, few_colours


def test_outlines_keep_their_colours_among_greys():
    picture = np.repeat(np.random.default_rng(0).integers(0, 256, (200, 200, 1), dtype=np.uint8), 3, axis=2)
    picture[50:52, 20:90], picture[90:92, 20:90], picture[120:122, 20:90] = (220, 30, 30), (30, 150, 60), (230, 150, 0)
    small = few_colours(picture)
    assert len(small.getcolors()) <= GREYS + COLOURS
    difference = np.abs(np.asarray(small.convert("RGB")).astype(int) - picture)
    assert difference.max() <= 255 / (GREYS - 1) / 2 + 1


def test_a_grey_picture_stays_grey():
    picture = np.full((20, 20, 3), 100, np.uint8)
    assert np.ptp(np.asarray(few_colours(picture).convert("RGB"))) == 0
