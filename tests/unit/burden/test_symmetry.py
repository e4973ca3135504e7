"""The midline is found whatever the patient's position, and side follows the view."""

import numpy as np
import pytest

from bonescan.burden.symmetry import BodyFrame
from bonescan.core.anatomy import Laterality
from bonescan.core.study import ViewName
from tests.bodies import SIZE, body, disc

RNG = np.random.default_rng(3)


def expected_midline(rows, centre, tilt, size=SIZE):
    return centre * size[1] - 0.5 + tilt * (rows - 0.05 * size[0])


@pytest.mark.parametrize(("centre", "tilt"), [(0.5, 0.0), (0.46, 0.0), (0.55, 0.0), (0.5, 0.02), (0.52, -0.03)])
def test_midline_of_a_symmetric_body(centre, tilt):
    frame = BodyFrame.measure(ViewName.ANTERIOR, RNG.poisson(body(centre=centre, tilt=tilt)).astype(np.float32))
    rows = np.array([200, 300, 450])
    np.testing.assert_allclose(frame.midline(rows), expected_midline(rows, centre, tilt), atol=2.0)


@pytest.mark.parametrize("size", [(2048, 512), (512, 128), (700, 200)])
def test_midline_in_other_matrices(size):
    frame = BodyFrame.measure(ViewName.ANTERIOR, body(size))
    assert float(frame.midline(size[0] * 0.3)) == pytest.approx(size[1] / 2 - 0.5, abs=size[1] / 128)


def test_a_hot_lesion_on_one_side_does_not_move_the_midline():
    counts = body()
    counts[disc(SIZE, 470, 90, 12)] = 400
    counts[disc(SIZE, 300, 80, 8)] = 400
    frame = BodyFrame.measure(ViewName.ANTERIOR, counts)
    assert float(frame.midline(400)) == pytest.approx(127.5, abs=1.5)


def test_extent_of_the_body():
    frame = BodyFrame.measure(ViewName.ANTERIOR, body())
    assert frame.top == pytest.approx(0.045 * 1024, abs=10)
    assert frame.bottom == pytest.approx(0.96 * 1024, abs=10)
    assert frame.width == pytest.approx(0.86 * 256, abs=12)


@pytest.mark.parametrize(
    ("name", "column", "side"),
    [
        ("anterior", 70, Laterality.RIGHT),  # the patient's right is at the left of an anterior view
        ("anterior", 190, Laterality.LEFT),
        ("posterior", 70, Laterality.LEFT),
        ("posterior", 190, Laterality.RIGHT),
        ("anterior", 130, Laterality.MIDLINE),
        ("posterior", 124, Laterality.MIDLINE),
    ],
)
def test_laterality_is_the_patients(name, column, side):
    assert BodyFrame.measure(ViewName(name), body()).laterality(400, column) is side


def test_mirror_is_its_own_inverse():
    frame = BodyFrame.measure(ViewName.ANTERIOR, body(tilt=0.02))
    rows, columns = np.array([100, 500, 900]), np.array([30.0, 128.0, 240.0])
    np.testing.assert_allclose(frame.mirror(rows, frame.mirror(rows, columns)), columns)


def test_same_point_of_the_body_has_one_place_in_both_views():
    counts = body(centre=0.47)
    anterior = BodyFrame.measure(ViewName.ANTERIOR, counts)
    posterior = BodyFrame.measure(ViewName.POSTERIOR, counts[:, ::-1])
    np.testing.assert_allclose(anterior.place(400, 60), posterior.place(400, 255 - 60), atol=0.01)


@pytest.mark.parametrize("size", [SIZE, (1030, 259)])
def test_what_lies_in_the_body(size):
    frame = BodyFrame.measure(ViewName.ANTERIOR, body(size))
    rows, columns = np.array([300, 300, 2, size[0] - 1]), np.array([127, 1, 127, size[1] - 1])
    assert frame.in_body(rows, columns).tolist() == [True, False, False, False]


def test_an_empty_view_is_the_whole_image():
    frame = BodyFrame.measure(ViewName.ANTERIOR, np.zeros((40, 20), np.float32))
    assert (frame.top, frame.bottom, frame.width, float(frame.midline(7))) == (0, 39, 20, 9.5)
