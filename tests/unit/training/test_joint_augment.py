"""Augmentation of whole patients: both views and all truth move together."""

import numpy as np
import pytest
import torch

from bonescan.core.anatomy import MaskLabel
from bonescan.training.cache import UNKNOWN
from bonescan.training.joint.augment import change_patients, draw_joint
from bonescan.training.joint.samples import JointSamples, mirrored
from bonescan.training.recipe import JointAugmentRecipe, JointDataRecipe
from tests.grid_cases import grid_cases

pytestmark = pytest.mark.train

STILL = {
    "rotation_deg": 0,
    "scale": 0,
    "stretch": 0,
    "shift_px": 0,
    "flip": 0,
    "gain": 0,
    "gamma": 0,
    "saturate": 0,
    "floor": 0,
    "thin": 0,
    "blur": 0,
    "view_shift": 0,
    "elastic_px": 0,
    "crop": 0,
    "crop_legs": 0,
    "one_view": 0,
    "region_gain": 0,
    "field_gain": 0,
    "bladder_gain": 0,
    "pairs": 0,
    "grey_levels": 0,
}


def change(cases, seed=0, **recipe):
    parameters = draw_joint(np.random.default_rng(seed), len(cases), JointAugmentRecipe(**{**STILL, **recipe}))
    tensors = (np.array(values) for values in (cases.images.astype(np.float32), cases.labels, cases.regions))
    images, labels, regions = (torch.from_numpy(values) for values in tensors)
    return change_patients(images, labels, regions, torch.from_numpy(np.array(cases.references)), parameters)


@pytest.fixture(scope="module")
def cases():
    # Counts of 64 or more times the reference are cut by `to_grid`, and of 20 or more here: stay below.
    made = grid_cases(2, noise=0)
    made.images[:] = np.minimum(made.images, 2)
    return made


def test_without_parameters_nothing_changes(cases):
    images, labels, regions = change(cases)
    np.testing.assert_allclose(images.numpy(), cases.images.astype(np.float32), atol=1e-3)
    np.testing.assert_array_equal(labels.numpy(), cases.labels)
    assert (regions.numpy() == cases.regions[:, :, 1::2, 1::2]).mean() > 0.99


@pytest.mark.parametrize("what", [{"crop": 1}, {"crop_legs": 1}, {"elastic_px": 5}, {"scale": 0.2}, {"flip": 1}])
def test_labels_stay_on_what_they_label(cases, what):
    images, labels, _ = change(cases, seed=3, **what)
    assert not np.array_equal(labels.numpy(), cases.labels)
    bladder = labels == MaskLabel.BLADDER
    assert bladder.any()
    assert images[bladder].median() > 1.9
    assert images[labels == MaskLabel.BACKGROUND].median() < 0.5


def test_legs_that_are_cut_stretch_the_rest(cases):
    _, labels, _ = change(cases, seed=1, crop_legs=1)
    before = [np.flatnonzero((view == MaskLabel.BLADDER).any(axis=1)).max() for view in cases.labels[:, 0]]
    after = [np.flatnonzero((view == MaskLabel.BLADDER).any(axis=1)).max() for view in labels[:, 0].numpy()]
    assert all(b > a + 15 for a, b in zip(before, after, strict=True))


def test_a_missing_view_is_empty_and_its_regions_are_unknown(cases):
    images, labels, regions = change(cases, one_view=1)
    empty = (images == 0).all(dim=3).all(dim=2)
    assert (empty.sum(dim=1) == 1).all()
    assert (labels[empty] == 0).all()
    assert (regions[empty] == UNKNOWN).all()
    assert (regions[~empty] != UNKNOWN).all()


def test_grey_levels_are_few(cases):
    images, _, _ = change(cases, grey_levels=1, grey_step=(0.3, 0.3))
    ratios = ((2 * images) ** 2 / 0.3).numpy()
    np.testing.assert_allclose(ratios, np.rint(ratios), atol=1e-3)


def test_regions_change_against_each_other(cases):
    images, _, _ = change(cases, seed=2, region_gain=0.5)
    ratio = images[0, 0, [100, 700], 70].numpy() / cases.images[0, 0, [100, 700], 70].astype(np.float32)
    assert abs(np.log(ratio[0] / ratio[1])) > 0.1


def test_a_batch_is_the_same_for_the_same_step_and_mirrors_the_posterior():
    made = grid_cases(4)
    samples = JointSamples(made, JointDataRecipe(), JointAugmentRecipe(**STILL))
    first, again = (samples.batch(np.random.default_rng([1, 2]), 3) for _ in range(2))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    images, (labels, regions, study) = first
    assert images.shape == labels.shape == (3, 2, 1024, 256)
    assert regions.shape == (3, 2, 256, 64)
    assert study.shape == (3, 7)
    assert any(np.array_equal(labels[0].numpy(), mirrored(case)) for case in made.labels)
    assert not any(np.array_equal(labels[0].numpy(), case) for case in made.labels)


def test_classes_are_drawn_by_their_shares():
    samples = JointSamples(
        grid_cases(4), JointDataRecipe(metastatic_share=1, benign_share=0), JointAugmentRecipe(**STILL)
    )
    _, (labels, _, study) = samples.batch(np.random.default_rng(0), 4)
    assert study[:, 0].all()
    assert (labels == MaskLabel.METASTASIS).flatten(1).any(dim=1).all()
