from itertools import pairwise

import numpy as np
import pytest

from bonescan.io.thumbnail import COLUMNS, ROWS, crop_to_body, shrink


def test_blocks_are_averaged():
    image = np.arange(256 * 128, dtype=np.float32).reshape(256, 128)
    expected = image.reshape(ROWS, 2, COLUMNS, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(shrink(image), expected)


def test_blocks_of_unequal_size_are_averaged_each_over_its_own():
    image = np.random.default_rng(0).random((300, 77), np.float32)
    rows, columns = np.linspace(0, 300, ROWS + 1).astype(int), np.linspace(0, 77, COLUMNS + 1).astype(int)
    expected = [
        [image[top:bottom, left:right].mean() for left, right in pairwise(columns)] for top, bottom in pairwise(rows)
    ]
    np.testing.assert_allclose(shrink(image), expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(1024, 256), (300, 77), (64, 16), (33, 18), (129, 65)])
def test_any_size_becomes_the_grid(shape):
    thumbnail = shrink(np.full(shape, 5, dtype=np.float32))
    assert thumbnail.shape == (ROWS, COLUMNS)
    np.testing.assert_allclose(thumbnail, 5)


def test_margins_are_cut_off():
    image = np.zeros((40, 30), dtype=np.float32)
    image[5:35, 10:20] = 3
    assert crop_to_body(image).shape == (30, 10)
    assert crop_to_body(np.zeros((4, 4), dtype=np.float32)).shape == (4, 4)
