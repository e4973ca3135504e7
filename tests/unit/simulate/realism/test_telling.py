"""Telling patches apart: easy where they differ, impossible where they do not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bonescan.core.study import ViewName
from bonescan.simulate.realism.patches import PATCH, SCALES, describe_patches, waves
from bonescan.simulate.realism.storage import FrameFacts, NativeFrame
from bonescan.simulate.realism.telling import tell_apart


def frames(seed, *, blur=0.0):
    rng = np.random.default_rng(seed)
    made = []
    for patient in "ABCDEFGH":
        broad = gaussian_filter(rng.normal(size=(220, 120)), 8.0)
        values = rng.poisson(20 * np.exp(3 * broad)).astype(np.float32)
        values = gaussian_filter(values, blur) if blur else values
        regions = np.ones(values.shape, np.uint8)
        made.append(NativeFrame(patient, ViewName.ANTERIOR, values, regions, FrameFacts(1, 0, values.sum())))
    return made


def test_patches_of_one_kind_are_not_told_apart():
    telling = tell_apart(frames(0), frames(1), per_frame=40)
    assert telling.accuracy < 0.6


def test_a_blur_is_seen_in_the_grain():
    telling = tell_apart(frames(0), frames(1, blur=0.7), per_frame=20)
    assert telling.low <= telling.accuracy <= telling.high
    assert telling.accuracy > 0.9
    assert set(telling.by_scale) == set(SCALES)
    assert telling.by_scale["grain"] > 0.9
    assert telling.by_region["skull"] == pytest.approx(telling.accuracy, abs=0.02)


def test_the_same_seed_tells_the_same():
    assert tell_apart(frames(0), frames(1), per_frame=6, seed=3) == tell_apart(
        frames(0), frames(1), per_frame=6, seed=3
    )


def test_waves_are_orthogonal_and_blind_to_brightness():
    wave = waves()
    np.testing.assert_allclose(wave @ wave.T, np.eye(48), atol=1e-5)
    np.testing.assert_allclose(wave.sum(1), 0, atol=1e-5)


def test_patches_lie_in_the_frame_and_name_their_region():
    (one, *_) = frames(0)
    tight = replace(one, values=one.values[:PATCH, : PATCH + 1], regions=one.regions[:PATCH, : PATCH + 1])
    patches = describe_patches([tight], 3, np.random.default_rng(0))
    assert patches.region.tolist() == [1, 1, 1]
    assert all(np.isfinite(features).all() and len(features) == 3 for features in patches.features.values())
