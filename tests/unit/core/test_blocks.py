"""Blocks of pixels to their means, whatever does not fill a block left out."""

import numpy as np
import pytest

from bonescan.core.blocks import block_mean


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("step", [1, 2, 3, 5])
def test_each_value_is_the_mean_of_its_block(dtype, step):
    image = np.random.default_rng(step).random((17, 23)).astype(dtype)
    means = block_mean(image, step)
    assert means.dtype == dtype
    assert means.shape == (17 // step, 23 // step)
    for row, column in np.ndindex(means.shape):
        block = image[row * step : (row + 1) * step, column * step : (column + 1) * step]
        assert means[row, column] == pytest.approx(block.mean(), rel=1e-6)


def test_a_picture_smaller_than_a_block_comes_back():
    image = np.ones((2, 9), np.float32)
    assert block_mean(image, 3) is image
