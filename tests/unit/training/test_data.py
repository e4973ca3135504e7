"""What batches hold, and that they depend on seed, stage and step alone."""

import numpy as np
import pytest
import torch

from bonescan.core.anatomy import MaskLabel
from bonescan.training.data import ClassifySamples, SegmentSamples, generator, index_windows, window_labels
from bonescan.training.maps import LocateSamples, side_by_side, worsen
from bonescan.training.recipe import AugmentRecipe, DataRecipe
from tests.grid_cases import grid_cases

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def cases():
    return grid_cases()


def _samples(kind, cases):
    data, augment = DataRecipe(), AugmentRecipe()
    return {
        "classify": lambda: ClassifySamples(cases, data, augment),
        "segment": lambda: SegmentSamples(cases, MaskLabel.METASTASIS, data, augment),
        "locate": lambda: LocateSamples(cases, data, augment, {}),
    }[kind]()


@pytest.mark.parametrize("kind", ["classify", "segment", "locate"])
def test_a_step_s_batch_is_always_the_same_and_another_step_s_is_not(kind, cases):
    samples = _samples(kind, cases)
    first, again, other = (samples.batch(generator(1, 0, step), 2) for step in (5, 5, 6))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert not torch.equal(first[0], other[0])


def test_shapes(cases):
    images, labels = _samples("classify", cases).batch(generator(0, 0, 0), 3)
    assert images.shape == labels.shape == (3, 1, 512, 256)
    images, masks = _samples("segment", cases).batch(generator(0, 0, 0), 3)
    assert images.shape == masks.shape == (3, 1, 128, 128)
    images, sites = _samples("locate", cases).batch(generator(0, 0, 0), 2)
    assert images.shape == (2, 2, 1024, 512)
    assert sites.shape == (2, 6)
    for tensor in (images, masks):
        assert torch.isfinite(tensor).all()


def test_windows_are_indexed_by_their_pixels(cases):
    index = index_windows(cases)
    for case, view, window in index.where(MaskLabel.METASTASIS, 12):
        assert (cases.labels[case, view, window * 128 : window * 128 + 256] == 1).sum() >= 12
    assert not set(map(tuple, index.where(MaskLabel.BLADDER, 1))) & set(map(tuple, index.without(MaskLabel.BLADDER)))


def test_a_missing_view_is_never_drawn():
    cases = grid_cases(2)
    cases.references[:, 1] = 0
    index = index_windows(cases)
    assert (index.without(MaskLabel.METASTASIS)[:, 1] == 0).all()


def test_window_labels_follow_the_pixels():
    labels = torch.zeros(1, 1, 512, 256)
    labels[0, 0, 10:14, 10:13] = float(MaskLabel.METASTASIS)
    labels[0, 0, 300:320, 100:120] = float(MaskLabel.BLADDER)
    labels[0, 0, 200, 0:11] = float(MaskLabel.METASTASIS)
    assert window_labels(labels, 12).tolist() == [[1, 0], [0, 1], [0, 1]]


def test_classes_are_balanced(cases):
    samples = _samples("classify", cases)
    labels = torch.cat([samples.batch(generator(0, 0, step), 8)[1] for step in range(6)])
    share = window_labels(labels, 12)[:, 0].mean()
    assert 0.15 < share < 0.7


def test_patches_lie_on_lesions_and_some_on_what_resembles_them(cases):
    samples = _samples("segment", cases)
    masks = torch.cat([samples.batch(generator(0, 1, step), 16)[1] for step in range(6)])
    having = (masks.sum(dim=(1, 2, 3)) > 0).float().mean()
    assert 0.7 < having < 0.98


def test_worsened_maps_are_probabilities_near_the_truth():
    labels = grid_cases(1).labels[0, 0]
    maps = [worsen(labels, np.random.default_rng(seed)) for seed in range(30)]
    assert all(m.min() >= 0 and m.max() <= 1 for m in maps)
    near = [m for m in maps if m.any()]
    assert 15 < len(near) < 30, "lesions are lost now and then"
    assert np.mean([m[labels == 1].mean() for m in near]) > 0.4
    assert max(m[600:].max() for m in maps) == 0


def test_a_normal_map_stays_empty_unless_benign_uptake_is_mistaken():
    labels = grid_cases(2).labels[1, 0]
    maps = [worsen(labels, np.random.default_rng(seed)) for seed in range(40)]
    drawn = sum(m.any() for m in maps)
    assert 0 < drawn < 20


def test_anterior_lies_left_of_posterior():
    views = torch.stack([torch.zeros(1, 1, 4, 3), torch.ones(1, 1, 4, 3)], dim=1)
    assert side_by_side(views)[0, 0, 0].tolist() == [0, 0, 0, 1, 1, 1]
