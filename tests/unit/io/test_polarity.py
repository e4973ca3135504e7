import numpy as np
import pytest

from bonescan.core.study import Polarity
from bonescan.io.polarity import detect_polarity, hot_high
from phantoms import analytic_view
from pictures import picture


@pytest.mark.parametrize("view", ["anterior", "posterior"])
@pytest.mark.parametrize("counts", [5e4, 2e6])
def test_counts_are_hot_high_and_their_negative_is_not(view, counts):
    image = analytic_view(view, counts=counts).counts
    assert detect_polarity(image) is Polarity.HOT_HIGH
    assert detect_polarity(image.max() - image) is Polarity.HOT_LOW


def test_saturated_renderings():
    counts = analytic_view().counts
    for top in (4.0, 15.0, 60.0):
        assert detect_polarity(picture(counts, top=top).astype(np.float32)) is Polarity.HOT_LOW
        assert detect_polarity(picture(counts, top=top, white=False).astype(np.float32)) is Polarity.HOT_HIGH


def test_a_constant_image_has_the_default():
    assert detect_polarity(np.full((64, 16), 7, dtype=np.float32)) is Polarity.HOT_HIGH


def test_hot_high_turns_the_white_background_into_zero():
    stored = np.array([[250, 240], [10, 250]], dtype=np.float32)
    np.testing.assert_array_equal(hot_high(stored, Polarity.HOT_LOW), [[0, 10], [240, 0]])


def test_hot_high_cuts_negative_values_off():
    np.testing.assert_array_equal(hot_high(np.array([[-3, 2]], dtype=np.float32), Polarity.HOT_HIGH), [[0, 2]])
