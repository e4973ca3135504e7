import numpy as np
import pytest

from bonescan.io.polygons import fill_polygon, outline


def polygon(*points):
    return np.array(points, dtype=float)


def test_a_pixel_belongs_if_its_centre_is_inside():
    mask = fill_polygon(polygon((0.4, 0.6), (2.6, 0.6), (2.6, 3.4), (0.4, 3.4)), (4, 4))
    expected = np.zeros((4, 4), dtype=bool)
    expected[1:3, 0:3] = True
    np.testing.assert_array_equal(mask, expected)


def test_shapes_that_share_an_edge_share_no_pixel():
    """Also where the edge runs through centres of pixels."""
    left = fill_polygon(polygon((0, 0), (2.5, 0), (4.5, 6), (0, 6)), (6, 8))
    right = fill_polygon(polygon((2.5, 0), (8, 0), (8, 6), (4.5, 6)), (6, 8))
    np.testing.assert_array_equal(left ^ right, np.ones((6, 8), dtype=bool))
    assert not (left & right).any()


@pytest.mark.parametrize("turn", [1, -1])
def test_orientation_does_not_matter(turn):
    triangle = polygon((1, 1), (9, 2), (4, 9))[::turn]
    assert fill_polygon(triangle, (10, 10)).sum() == fill_polygon(triangle[[1, 2, 0]], (10, 10)).sum() == 30


def test_a_star_is_hollow_by_the_even_odd_rule():
    angles = np.pi * (-0.5 + 0.8 * np.arange(5))
    star = 50 + 45 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    mask = fill_polygon(star, (100, 100))
    assert not mask[50, 50]
    assert mask[12, 50]


def test_area_of_a_disc():
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    disc = np.stack([60 + 50 * np.cos(angles), 60.3 + 50 * np.sin(angles)], axis=1)
    assert fill_polygon(disc, (128, 128)).sum() == pytest.approx(np.pi * 50**2, rel=2e-3)


def test_outside_of_the_image():
    assert fill_polygon(polygon((-5, -5), (50, -5), (50, 50), (-5, 50)), (4, 3)).all()
    assert not fill_polygon(polygon((10, 10), (20, 10), (20, 20)), (4, 3)).any()
    half = fill_polygon(polygon((-5, -5), (1, -5), (1, 50), (-5, 50)), (4, 3))
    np.testing.assert_array_equal(half, [[True, False, False]] * 4)


def test_a_square_has_four_corners():
    mask = np.zeros((6, 6), dtype=bool)
    mask[1:4, 2:5] = True
    (square,) = outline(mask)
    assert sorted(map(tuple, square)) == [(2, 1), (2, 4), (5, 1), (5, 4)]


def test_pieces_and_holes():
    mask = np.zeros((12, 20), dtype=bool)
    mask[1:10, 1:10] = True
    mask[3:5, 3:5] = mask[6:8, 6:8] = False
    mask[2, 15] = mask[3, 16] = True  # touch at a corner: one piece
    polygons = outline(mask)
    assert len(polygons) == 2
    np.testing.assert_array_equal(np.bitwise_xor.reduce([fill_polygon(p, mask.shape) for p in polygons]), mask)


def test_no_mask_has_no_outline():
    assert outline(np.zeros((5, 5), dtype=bool)) == []
