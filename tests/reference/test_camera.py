"""The camera against analytic answers."""

import numpy as np
import pytest

from bonescan.core.study import ViewName
from bonescan.simulate.camera import FWHM_PER_SIGMA, Camera, Projector, scatter, splat


def _slab(depth_mm: float, half_mm: float = 200.0) -> tuple[np.ndarray, np.ndarray]:
    """A water slab of points on a 4 mm lattice, and the volume of each."""
    z, y, x = (
        np.arange(-half_mm, half_mm, 4.0) + 2,
        np.arange(0, depth_mm, 4.0) + 2,
        np.arange(-half_mm, half_mm, 4.0) + 2,
    )
    points = np.stack(np.meshgrid(z, y, x, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
    points[:, 0] += half_mm
    return points, np.full(len(points), 64.0, np.float32)


def test_resolution_follows_the_collimator_formula():
    camera = Camera()
    effective = 35.0 - 2 / 2.7
    for distance in (0.0, 100.0, 200.0):
        collimator = 1.5 * (effective + distance) / effective
        assert camera.fwhm_mm(distance) == pytest.approx(np.hypot(3.8, collimator))
    assert camera.fwhm_mm(100.0) == pytest.approx(7.1, abs=0.2)  # vendors quote 7.4 mm for LEHR at 10 cm


@pytest.mark.parametrize("distance", [50.0, 100.0, 200.0])
def test_point_source_has_the_width_of_the_formula(distance):
    camera = Camera(pixel_mm=1.0, rows=512, columns=512, gap_mm=(0.0, 0.0), attenuation_per_mm=0.0)
    box = np.array([[0, 0, -150], [300, 400, 150], [150, distance, 0]], np.float32)
    projector = Projector(camera, box, np.zeros(3, np.float32))
    image = projector.project(ViewName.ANTERIOR, box[2:], np.ones(1, np.float32))
    small = projector.project_small(ViewName.ANTERIOR, box[2:], np.ones(1, np.float32))
    for picture in (image, small):
        row = picture.sum(0)
        x = np.arange(row.size)
        mean = (row * x).sum() / row.sum()
        sigma = np.sqrt((row * (x - mean) ** 2).sum() / row.sum())
        assert sigma * FWHM_PER_SIGMA == pytest.approx(float(camera.fwhm_mm(distance)), rel=0.03)


def test_blur_and_splat_conserve_counts():
    rng = np.random.default_rng(0)
    points = rng.uniform([100, 0, -100], [500, 200, 100], (500, 3)).astype(np.float32)
    camera = Camera(attenuation_per_mm=0.0)
    projector = Projector(camera, points, np.zeros(500, np.float32))
    activity = rng.uniform(0, 2, 500).astype(np.float32)
    for view in ViewName:
        assert projector.project(view, points, activity).sum() == pytest.approx(activity.sum(), rel=1e-3)
        assert projector.project_small(view, points, activity).sum() == pytest.approx(activity.sum(), rel=1e-2)
    inside = splat(np.float32([1.5]), np.float32([2.25]), np.float32([3]), np.zeros(1, np.intp), (1, 4, 5))
    assert inside.sum() == pytest.approx(3)
    assert inside[0, 1, 2] == pytest.approx(3 * 0.5 * 0.75)


def test_slab_attenuates_by_the_law_of_beer_and_lambert():
    points, volume = _slab(200.0)
    camera = Camera(attenuation_per_mm=0.012)
    projector = Projector(camera, points, volume)
    source = np.array([[200, 60, 0]], np.float32)
    for view, depth in ((ViewName.ANTERIOR, 60.0), (ViewName.POSTERIOR, 140.0)):
        # The coarse cells place the skin to within half a cell.
        expected = np.exp(-0.012 * np.array([depth + 5, depth - 5]))
        assert expected[0] < projector.transmission(view, source)[0] < expected[1]


def test_left_is_right_in_front_and_left_behind():
    box = np.array([[0, 0, -200], [1700, 250, 200], [600, 120, 150]], np.float32)
    camera = Camera()
    projector = Projector(camera, box, np.zeros(3, np.float32))
    for view, on_the_right in ((ViewName.ANTERIOR, True), (ViewName.POSTERIOR, False)):
        image = projector.project_small(view, box[2:], np.ones(1, np.float32))
        column = (image.sum(0) * np.arange(camera.columns)).sum() / image.sum()
        assert (column > camera.columns / 2) == on_the_right


def test_scatter_is_the_given_fraction_and_broad():
    camera = Camera(scatter_fraction=0.3)
    image = np.zeros((camera.rows, camera.columns), np.float32)
    image[512, 128] = 1000
    spread = scatter(image, camera)
    assert spread.sum() == pytest.approx(300, rel=0.02)
    assert spread.max() < 2
