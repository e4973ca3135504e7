"""Cutting windows and joining them."""

import numpy as np
import pytest

from bonescan.inference.windows import STARTS, STRIDE, WINDOW, blend, composite, cut_composite, extract


def _image(rows=1024, columns=256):
    return np.arange(rows * columns, dtype=np.float32).reshape(rows, columns)


def test_a_view_has_seven_windows_from_the_head_down():
    windows = extract(_image())
    assert windows.shape == (7, 256, 256)
    assert STARTS == (0, 128, 256, 384, 512, 640, 768)
    for start, window in zip(STARTS, windows, strict=True):
        assert window[0, 0] == _image()[start, 0]


def test_blending_what_was_cut_gives_the_image_back():
    image = np.random.default_rng(0).random((1024, 256), np.float32)
    np.testing.assert_allclose(blend(extract(image)), image, atol=1e-6)


def test_a_window_counts_most_in_its_middle():
    windows = np.zeros((7, WINDOW, WINDOW), np.float32)
    windows[3] = 1
    profile = blend(windows)[:, 0]
    assert profile[: STARTS[3]].max() == 0
    assert profile.argmax() in (STARTS[3] + 127, STARTS[3] + 128)
    assert np.all(np.diff(profile[STARTS[3] : STARTS[3] + 128]) >= -1e-6)
    assert profile[STARTS[3] + STRIDE // 2] == pytest.approx(0.5, abs=0.01)


def test_the_paper_s_image_has_28_windows_by_panel_and_49_to_the_letter():
    panels = np.stack([np.full((1024, 256), i, np.float32) for i in range(4)])
    image = composite(panels)
    assert image.shape == (1024, 1024)
    by_panel = cut_composite(image)
    assert by_panel.shape == (28, 256, 256)
    assert all(window.min() == window.max() for window in by_panel), "a window never crosses panels"
    literal = cut_composite(image, stride_columns=128)
    assert literal.shape == (49, 256, 256)
    assert any(window.min() != window.max() for window in literal)


def test_the_28_windows_are_those_of_the_four_views():
    panels = np.random.default_rng(1).random((4, 1024, 256), np.float32)
    by_panel = cut_composite(composite(panels)).reshape(7, 4, 256, 256)
    for i, panel in enumerate(panels):
        np.testing.assert_array_equal(by_panel[:, i], extract(panel))
