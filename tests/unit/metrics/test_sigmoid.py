"""The fitted sigmoid, on data that a known one made."""

import numpy as np
import pytest

from bonescan.metrics.sigmoid import fit_sigmoid


def test_the_sigmoid_that_made_the_data_is_found():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, 20_000).astype(np.float32)
    truth = rng.random(logits.size) < 1 / (1 + np.exp(-(0.5 * logits - 1)))
    slope, offset = fit_sigmoid(logits, truth)
    assert slope == pytest.approx(0.5, abs=0.03)
    assert offset == pytest.approx(-1, abs=0.06)


def test_classes_that_do_not_overlap_give_finite_numbers():
    slope, offset = fit_sigmoid(np.array([-3, -2, 2, 3], np.float32), np.array([False, False, True, True]))
    assert np.isfinite([slope, offset]).all()
    assert slope > 0


def test_one_class_leaves_logits_as_they_are():
    assert fit_sigmoid(np.zeros(3, np.float32), np.zeros(3, bool)) == (1.0, 0.0)
