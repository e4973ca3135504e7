"""Smoothing by matrices is SciPy's Gaussian filter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from bonescan.inference.smoothing import smooth


@given(
    rows=st.integers(1, 70),
    columns=st.integers(1, 40),
    sigma=st.tuples(st.floats(0, 6), st.floats(0, 6)),
    seed=st.integers(0, 9),
)
def test_it_is_the_filter_of_scipy(rows, columns, sigma, seed):
    image = np.random.default_rng(seed).poisson(20, (rows, columns)).astype(np.float32)
    expected = ndimage.gaussian_filter(image.astype(np.float64), sigma, truncate=2.0)
    np.testing.assert_allclose(smooth(image, sigma), expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(1024, 256), (2048, 512), (333, 97)])
def test_pictures_of_every_matrix_are_smoothed(shape):
    image = np.random.default_rng(0).poisson(5, shape).astype(np.float32)
    sigma = (shape[0] / 256, shape[1] / 96)
    smoothed = smooth(image, sigma)
    assert smoothed.dtype == np.float32
    np.testing.assert_allclose(smoothed, ndimage.gaussian_filter(image, sigma, truncate=2.0), rtol=1e-4, atol=1e-5)
