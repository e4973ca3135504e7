"""Augmentation: what is drawn, and what each parameter does."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bonescan.training.augment import Parameters, change_geometry, change_intensity, draw
from bonescan.training.recipe import AugmentRecipe

pytestmark = pytest.mark.train


def _same(count=1):
    one, zero = np.ones(count, np.float32), np.zeros(count, np.float32)
    return Parameters(
        angle_deg=zero, size=one, aspect=one, shift_rows=zero, shift_columns=zero, mirror=one, gain=one,
        exponent=one, ceiling=one * 64, floor=zero, kept=one, blur=zero,
    )  # fmt: skip


def _change(**values):
    return replace(_same(), **{name: np.array([value], np.float32) for name, value in values.items()})


def _spot(row, column, size=64):
    image = torch.zeros(1, 1, size, size)
    image[0, 0, row - 2 : row + 3, column - 2 : column + 3] = 1
    return image


def _centre(image):
    rows, columns = np.mgrid[0 : image.shape[2], 0 : image.shape[3]]
    weight = image[0, 0].numpy()
    return float((rows * weight).sum() / weight.sum()), float((columns * weight).sum() / weight.sum())


def test_the_same_generator_draws_the_same():
    first, second = (draw(np.random.default_rng([1, 2, 3]), 5, AugmentRecipe()) for _ in range(2))
    for name in vars(first):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_what_is_drawn_stays_in_range():
    recipe = AugmentRecipe()
    drawn = draw(np.random.default_rng(0), 2000, recipe)
    assert np.abs(drawn.angle_deg).max() <= 7
    assert set(np.unique(drawn.mirror)) == {-1, 1}
    assert drawn.size.max() <= 1 + recipe.scale
    assert drawn.kept.min() >= recipe.thin_least
    assert drawn.kept.max() <= 1
    assert (drawn.aspect > 0).all(), "never upside down"


def test_nothing_happens_without_parameters():
    image = torch.rand(1, 1, 40, 32)
    torch.testing.assert_close(change_intensity(image, torch.ones(1), _same(), 0), image, atol=1e-5, rtol=1e-4)
    moved, labels = change_geometry(image, (image > 0.5).float(), _same(), (40, 32))
    torch.testing.assert_close(moved, image, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(labels, (image > 0.5).float())


def test_images_and_labels_move_together():
    image = _spot(20, 40)
    parameters = _change(angle_deg=7, size=1.1, aspect=1.05, shift_rows=5, shift_columns=-3, mirror=-1)
    moved, labels = change_geometry(image, image, parameters, (64, 64))
    assert _centre(moved) == pytest.approx(_centre(labels), abs=0.5)
    assert set(labels.unique().tolist()) <= {0, 1}


def test_the_middle_is_cut_out():
    moved, _ = change_geometry(_spot(20, 40), _spot(20, 40), _same(), (48, 32))
    assert moved.shape == (1, 1, 48, 32)
    assert _centre(moved) == pytest.approx((20 - 8, 40 - 16), abs=0.1)


@pytest.mark.parametrize(
    ("change", "centre"),
    [
        ({"shift_rows": 4}, (16, 40)),
        ({"shift_columns": 4}, (20, 36)),
        ({"mirror": -1}, (20, 23)),
        ({"size": 2.0}, (31.5 - 23, 31.5 + 17)),
    ],
)
def test_each_change_moves_a_spot_where_it_should(change, centre):
    moved, _ = change_geometry(_spot(20, 40), _spot(20, 40), _change(**change), (64, 64))
    assert _centre(moved) == pytest.approx(centre, abs=0.3)


def test_a_quarter_turn_would_be_a_quarter_turn():
    moved, _ = change_geometry(_spot(20, 32), _spot(20, 32), _change(angle_deg=90), (64, 64))
    row, column = _centre(moved)
    assert row == pytest.approx(31.5, abs=1)
    assert abs(column - 31.5) == pytest.approx(11.5, abs=1)


def test_saturation_clips_and_a_floor_cuts():
    ratio = torch.tensor([0.05, 1.0, 9.0, 30.0]).view(1, 1, 1, 4)
    image = torch.sqrt(ratio) / 2
    changed = (2 * change_intensity(image, torch.ones(1), _change(ceiling=9, floor=0.1), 0)) ** 2
    torch.testing.assert_close(changed.flatten(), torch.tensor([0.0, 1.0, 9.0, 9.0]), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kept", [0.4, 0.7])
def test_thinning_adds_the_noise_of_fewer_counts(kept):
    # 40 counts where the reference is 10: thinned and scaled back they vary by 40 * (1 - p) / p.
    image = torch.full((1, 1, 200, 200), 1.0)
    changed = change_intensity(image, torch.tensor([10.0]), _change(kept=kept), 3)
    counts = (2 * changed) ** 2 * 10
    assert float(counts.mean()) == pytest.approx(40, rel=0.01)
    assert float(counts.var()) == pytest.approx(40 * (1 - kept) / kept, rel=0.05)


def test_blur_spreads_and_keeps_the_sum():
    image = _spot(32, 32) * 0.5
    blurred = change_intensity(image, torch.ones(1), _change(blur=1.2), 0)
    assert float(blurred.max()) < 0.5
    assert float(blurred.sum()) == pytest.approx(float(image.sum()), rel=0.01)
