"""Views onto the network's grid and back."""

import numpy as np
import pytest

from bonescan.core.study import View, ViewName
from bonescan.inference.preprocess import (
    CEILING,
    GREY_LEVELS,
    Grid,
    body_mask,
    from_grid,
    hot_level,
    labels_to_grid,
    render,
    to_grid,
)
from tests.bodies import body, disc


def _view(counts):
    return View(ViewName.ANTERIOR, np.asarray(counts, np.float32))


def _noisy(size=(1024, 256), level=20.0, seed=0):
    return np.random.default_rng(seed).poisson(body(size, level=level)).astype(np.float32)


def test_the_image_has_the_network_s_shape_type_and_range():
    image = to_grid(_view(_noisy())).image
    assert image.shape == (1024, 256)
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() <= CEILING / 2


@pytest.mark.parametrize("factor", [0.01, 3.0, 250.0])
def test_the_scale_of_the_counts_does_not_matter(factor):
    counts = _noisy()
    np.testing.assert_allclose(to_grid(_view(counts * factor)).image, to_grid(_view(counts)).image, atol=1e-4)


def test_space_around_the_body_does_not_matter():
    counts = body()
    padded = np.pad(counts, ((60, 130), (40, 25)))
    difference = np.abs(to_grid(_view(padded)).image - to_grid(_view(counts)).image)
    assert difference.mean() < 0.01


@pytest.mark.parametrize("size", [(512, 128), (2048, 512), (900, 300)])
def test_the_matrix_does_not_matter(size):
    area = size[0] * size[1] / (1024 * 256)
    difference = np.abs(to_grid(_view(body(size) / area)).image - to_grid(_view(body())).image)
    assert difference.mean() < 0.04


def _stretched(counts):
    """As public research files are: rows and columns repeated up to 1024 × 256."""
    rows, columns = np.arange(1024) * counts.shape[0] // 1024, np.arange(256) * counts.shape[1] // 256
    return counts[np.ix_(rows, columns)]


def _unequal(counts):
    """With an edge that keeps every row and column from being equal to the one before."""
    framed = np.pad(counts, ((1, 0), (1, 0)))
    framed[::2, 0] = framed[0, ::2] = 0.01
    return framed


def test_repeated_rows_and_columns_of_research_files_do_not_matter():
    counts = body((700, 200))
    difference = np.abs(to_grid(_view(_stretched(counts))).image - to_grid(_view(counts)).image)
    assert difference.mean() < 0.02


def test_repeated_rows_and_columns_of_research_files_are_no_noisier():
    scans = [_noisy((700, 200), seed=seed) for seed in range(8)]
    inside = to_grid(_view(body((700, 200)))).image > 0.25
    measured, stretched, as_they_are = (
        np.stack([image(scan) for scan in scans]).std(axis=0)[inside].mean()
        for image in (
            lambda scan: to_grid(_view(scan)).image,
            lambda scan: to_grid(_view(_stretched(scan))).image,
            lambda scan: to_grid(_view(_unequal(_stretched(scan)))).image,
        )
    )
    assert stretched == pytest.approx(measured, rel=0.03)
    assert as_they_are > 1.1 * measured


def test_poisson_noise_is_as_strong_in_hot_bone_as_in_soft_tissue():
    stack = np.stack([to_grid(_view(_noisy(level=60.0, seed=seed))).image for seed in range(12)])
    spread, mean = stack.std(axis=0), stack.mean(axis=0)
    soft, bone = spread[(mean > 0.25) & (mean < 0.4)].mean(), spread[mean > 0.7].mean()
    assert bone == pytest.approx(soft, rel=0.25)


def test_a_blazing_bladder_hardly_changes_the_rest():
    counts = body()
    hot = counts + 4000 * disc((1024, 256), 470, 128, 9)
    elsewhere = np.s_[:380]
    np.testing.assert_allclose(to_grid(_view(hot)).image[elsewhere], to_grid(_view(counts)).image[elsewhere], atol=0.05)


def test_a_speck_far_from_the_body_does_not_widen_the_box():
    counts = np.pad(body((800, 256)), ((0, 224), (0, 0)))
    speck = counts.copy()
    speck[1010:1013, 10:13] = 500
    assert to_grid(_view(speck)).grid.row1 == pytest.approx(to_grid(_view(counts)).grid.row1, abs=3)


@pytest.mark.parametrize("size", [(300, 80), (1024, 256), (1030, 259), (2048, 1024)])
def test_the_box_holds_the_body_and_little_else(size):
    counts = np.zeros(size, np.float32)
    rows, columns = size
    top, bottom, left, right = rows // 10, rows * 9 // 10, columns // 5, columns * 7 // 10
    counts[top:bottom, left:right] = 10
    grid = to_grid(_view(counts)).grid
    for found, edge, side in zip((grid.row0, grid.column0), (top, left), size, strict=True):
        assert edge - 0.03 * side <= found <= edge
    for found, edge, side in zip((grid.row1, grid.column1), (bottom, right), size, strict=True):
        assert edge <= found <= edge + 0.03 * side
    assert grid.reference == pytest.approx(10, rel=0.1)  # what is smoothed reaches a little over the edge


def test_an_empty_view_gives_zeros():
    gridded = to_grid(_view(np.zeros((64, 32))))
    assert gridded.image.shape == (1024, 256)
    assert not gridded.image.any()
    assert not body_mask(np.zeros((64, 32), np.float32)).any()


@pytest.mark.parametrize("size", [(1024, 256), (512, 128), (2048, 512)])
def test_a_disc_comes_back_where_it_was(size):
    counts = body(size)
    grid = to_grid(_view(counts)).grid
    mask = disc(size, 0.3 * size[0], 0.55 * size[1], (0.02 * size[0], 0.05 * size[1]))
    back = from_grid(labels_to_grid(mask.astype(np.uint8), grid).astype(np.float32), grid)
    assert back.shape == size
    found = back >= 0.5
    dice = 2 * (found & mask).sum() / (found.sum() + mask.sum())
    assert dice > 0.95
    rows, columns = np.nonzero(found)
    assert rows.mean() == pytest.approx(0.3 * size[0], abs=0.7)
    assert columns.mean() == pytest.approx(0.55 * size[1], abs=0.7)


def test_nothing_comes_back_outside_the_box():
    grid = Grid(rows=100, columns=60, row0=20.5, row1=80.5, column0=10, column1=50, reference=1.0)
    back = from_grid(np.ones((1024, 256), np.float32), grid)
    assert not back[:20].any()
    assert not back[81:].any()
    assert not back[:, :10].any()
    np.testing.assert_allclose(back[21:80, 10:50], 1, atol=1e-5)


def test_labels_stay_labels():
    grid = to_grid(_view(body((512, 128)))).grid
    labels = np.random.default_rng(0).choice(np.array([0, 1, 3], np.uint8), (512, 128))
    gridded = labels_to_grid(labels, grid)
    assert gridded.dtype == np.uint8
    assert set(np.unique(gridded)) == {0, 1, 3}


def test_renderings_are_white_outside_and_one_is_four_times_darker():
    view = _view(body())
    wide, narrow = render(view, "wide"), render(view, "narrow")
    assert wide.dtype == np.uint8
    assert wide[0, 0] == narrow[0, 0] == 255
    faint = (wide < 250) & (narrow > 5)
    ratio = (255.0 - narrow[faint]).sum() / (255.0 - wide[faint]).sum()
    assert ratio == pytest.approx(GREY_LEVELS["wide"] / GREY_LEVELS["narrow"], rel=0.05)


@pytest.mark.parametrize("size", [(1024, 256), (512, 128), (700, 210)])
def test_what_does_not_matter_is_left_out_and_nothing_else(size):
    grid = to_grid(_view(body(size))).grid
    values = np.full((1024, 256), 0.004, np.float32)
    values[300:340, 90:120] = np.random.default_rng(0).random((40, 30), np.float32)
    whole, quick = from_grid(values, grid), from_grid(values, grid, least=0.01)
    assert np.abs(whole - quick).max() <= 0.004 + 1e-6
    np.testing.assert_array_equal(whole[whole > 0.01], quick[whole > 0.01])
    assert (from_grid(np.full_like(values, 0.004), grid, least=0.01) == 0).all()


@pytest.mark.parametrize("size", [(1024, 256), (512, 128), (700, 210)])
def test_a_mirrored_map_comes_back_as_the_map_itself_does(size):
    grid = to_grid(_view(_noisy(size))).grid
    values = np.zeros((1024, 256), np.float32)
    values[300:340, 90:100] = np.random.default_rng(0).random((40, 10), np.float32)
    back = from_grid(values[:, ::-1], grid, mirrored=True, least=0.01)
    np.testing.assert_array_equal(back, from_grid(values, grid, least=0.01))
    assert back.any()


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 50, 1000, 40_000])
@pytest.mark.parametrize("kind", ["counts", "constant", "noise", "hot where nobody looks first", "hot where they do"])
def test_the_hot_level_is_the_98th_percentile(count, kind):
    rng = np.random.default_rng(count)
    values = {
        "counts": lambda: rng.poisson(3, count),
        "constant": lambda: np.full(count, 7),
        "noise": lambda: rng.normal(0, 1, count),
        "hot where nobody looks first": lambda: np.where(np.arange(count) % 16, 100 + rng.random(count), 1),
        "hot where they do": lambda: np.where(np.arange(count) % 16, 1, 100 + rng.random(count)),
    }[kind]().astype(np.float32)
    assert hot_level(values) == pytest.approx(float(np.percentile(values, 98)), rel=1e-6)
