"""Masks to polygons and back, for all masks."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bonescan.io.labelme import rasterise, read_labelme, write_labelme
from bonescan.io.polygons import fill_polygon, outline

masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))


@given(masks)
def test_outlines_fill_back_to_the_mask(mask):
    filled = np.zeros_like(mask)
    for polygon in outline(mask):
        filled ^= fill_polygon(polygon, mask.shape)
    np.testing.assert_array_equal(filled, mask)


@given(masks)
def test_outlines_run_along_pixel_edges_within_the_image(mask):
    for polygon in outline(mask):
        np.testing.assert_array_equal(polygon, np.rint(polygon))
        assert polygon.min() >= 0
        assert (polygon.max(axis=0) <= (mask.shape[1], mask.shape[0])).all()


@settings(max_examples=50)
@given(hnp.arrays(np.uint8, (9, 7), elements=st.integers(0, 3)))
def test_a_labelme_file_gives_back_its_labels(tmp_path_factory, labels):
    path = tmp_path_factory.mktemp("labelme") / "a.json"
    write_labelme(path, labels)
    np.testing.assert_array_equal(rasterise(read_labelme(path)), labels)


@given(
    hnp.arrays(np.float64, (6, 2), elements=st.floats(-4, 12, allow_nan=False).map(lambda v: round(v * 4) / 4)),
)
def test_filling_agrees_with_counting_crossings_at_each_centre(points):
    """Against the definition: a centre is inside where a ray to the left crosses an odd number of edges."""
    rows, columns = 8, 9
    expected = np.zeros((rows, columns), dtype=bool)
    for row in range(rows):
        for column in range(columns):
            x, y = column + 0.5, row + 0.5
            crossings = 0
            for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
                if y0 > y1:
                    x0, y0, x1, y1 = x1, y1, x0, y0
                if y0 <= y < y1 and x0 + (y - y0) / (y1 - y0) * (x1 - x0) <= x:
                    crossings += 1
            expected[row, column] = crossings % 2
    np.testing.assert_array_equal(fill_polygon(points, (rows, columns)), expected)
