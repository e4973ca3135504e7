import json

import numpy as np
import pytest

from bonescan.core.anatomy import MaskLabel
from bonescan.core.errors import OutputError, UnreadableInputError
from bonescan.io.labelme import rasterise, read_labelme, scale_nearest, write_labelme


def shape(label, points, kind="polygon"):
    return {"label": label, "points": points, "shape_type": kind, "group_id": None, "flags": {}}


@pytest.fixture
def annotate(tmp_path):
    def annotate(*shapes, rows=6, columns=8, **more):
        document = {
            "version": "5.5.0",
            "flags": {},
            "shapes": list(shapes),
            "imagePath": "scan.png",
            "imageData": "bm90IGEgcGljdHVyZQ==",
            "imageHeight": rows,
            "imageWidth": columns,
        }
        path = tmp_path / "scan.json"
        path.write_text(json.dumps(document | more), encoding="utf-8")
        return path

    return annotate


SQUARE = [[1, 1], [4, 1], [4, 3], [1, 3]]


def test_a_polygon(annotate):
    annotation = read_labelme(annotate(shape("metastasis", SQUARE)))
    assert (annotation.rows, annotation.columns, annotation.image_path) == (6, 8, "scan.png")
    labels = rasterise(annotation)
    assert labels.dtype == np.uint8
    expected = np.zeros((6, 8))
    expected[1:3, 1:4] = MaskLabel.METASTASIS
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("corners", [[[1, 1], [4, 3]], [[4, 3], [1, 1]], [[4, 1], [1, 3]]])
def test_a_rectangle_is_given_by_two_corners(annotate, corners):
    as_rectangle = rasterise(read_labelme(annotate(shape("benign", corners, "rectangle"))))
    assert (as_rectangle == MaskLabel.BENIGN).sum() == 6


def test_a_circle_is_given_by_its_centre_and_a_point_on_it(annotate):
    labels = rasterise(read_labelme(annotate(shape("benign", [[20, 15], [20, 25]], "circle"), rows=30, columns=40)))
    rows, columns = np.mgrid[0:30, 0:40] + 0.5
    disc = np.hypot(rows - 15, columns - 20)
    assert (labels[disc < 9.5] == MaskLabel.BENIGN).all()
    assert not labels[disc > 10.5].any()


def test_what_is_ticked_for_the_picture(annotate):
    assert read_labelme(annotate(flags={"Spine": True, "ribs": False})).flags == {"spine"}
    assert read_labelme(annotate(flags=None)).flags == frozenset()


def test_labels_add_up_and_the_bladder_wins(annotate):
    path = annotate(
        shape("Bladder", [[3, 1], [6, 1], [6, 3], [3, 3]]),
        shape(" metastasis", SQUARE),
        shape("metastasis", [[0, 4], [2, 4], [2, 6], [0, 6]]),
        shape("benign", [[0, 0], [8, 0], [8, 2], [0, 2]]),
    )
    labels = rasterise(read_labelme(path))
    np.testing.assert_array_equal(
        labels,
        [
            [3, 3, 3, 3, 3, 3, 3, 3],
            [3, 1, 1, 2, 2, 2, 3, 3],
            [0, 1, 1, 2, 2, 2, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0],
            [1, 1, 0, 0, 0, 0, 0, 0],
            [1, 1, 0, 0, 0, 0, 0, 0],
        ],
    )


def test_another_size_is_reached_by_nearest_neighbour(annotate):
    annotation = read_labelme(annotate(shape("metastasis", SQUARE)))
    labels, double = rasterise(annotation), rasterise(annotation, (12, 16))
    np.testing.assert_array_equal(double, np.kron(labels, np.ones((2, 2))))
    np.testing.assert_array_equal(scale_nearest(double, (6, 8)), labels)
    assert rasterise(annotation, (3, 5)).shape == (3, 5)


def test_other_names(annotate):
    annotation = read_labelme(annotate(shape("Hot spot", SQUARE)))
    with pytest.raises(UnreadableInputError, match="'Hot spot'"):
        rasterise(annotation)
    assert rasterise(annotation, names={"hot spot": MaskLabel.METASTASIS}).max() == 1


def test_no_shape_is_an_empty_mask(annotate):
    assert not rasterise(read_labelme(annotate())).any()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (shape("metastasis", [[1, 1]], "point"), "a point of 1 points"),
        (shape("metastasis", [[1, 1], [2, 2]]), "a polygon of 2 points"),
        (shape("metastasis", [[1, 1], [2, 2]], "line"), "a line"),
        (shape("metastasis", [[1, 1], [2, 2], [3, 3]], "circle"), "a circle"),
        (shape("metastasis", [[1, 1], [2, 2], [1e300, 3]]), "no places"),
        (shape("metastasis", "text"), "damaged"),
        ({"label": "metastasis"}, "damaged"),
        ("text", "damaged"),
    ],
)
def test_shapes_that_are_none(annotate, wrong, words):
    with pytest.raises(UnreadableInputError, match=words):
        read_labelme(annotate(wrong))


def test_absurd_or_absent_sizes(annotate):
    with pytest.raises(UnreadableInputError, match="claims"):
        read_labelme(annotate(rows=10**6, columns=10**6))
    with pytest.raises(UnreadableInputError):
        read_labelme(annotate(imageHeight=None))


@pytest.mark.parametrize(
    "nothing",
    [
        shape("metastasis", [[3, 3], [3.3, 3]], "circle"),
        shape("metastasis", [[1.1, 1.1], [1.4, 1.1], [1.4, 1.4]]),
        shape("metastasis", [[9, 1], [12, 1], [12, 4]]),
    ],
    ids=["a circle between pixels", "a speck", "beside the picture"],
)
def test_a_shape_that_covers_no_pixel_is_no_empty_mask(annotate, nothing):
    annotation = read_labelme(annotate(shape("benign", SQUARE), nothing))
    with pytest.raises(UnreadableInputError, match=r"shape 2 \(metastasis\) covers no pixel"):
        rasterise(annotation)


def test_a_shape_that_gets_lost_on_the_way_to_another_size(annotate):
    annotation = read_labelme(annotate(shape("metastasis", [[2, 2], [3, 2], [3, 3], [2, 3]])))
    assert rasterise(annotation).sum() == 1
    with pytest.raises(UnreadableInputError, match="covers no pixel"):
        rasterise(annotation, (3, 4))


def test_a_shape_under_others_is_none_that_covers_no_pixel(annotate):
    path = annotate(shape("metastasis", SQUARE), shape("bladder", [[0, 0], [8, 0], [8, 6], [0, 6]]))
    assert (rasterise(read_labelme(path)) == MaskLabel.BLADDER).all()


@pytest.mark.parametrize("text", ["", "no json", "[1, 2]", '{"shapes": 3}', "\xff"])
def test_files_that_are_none(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UnreadableInputError, match=r"a\.json"):
        read_labelme(path)


def test_what_is_written_is_what_labelme_writes(tmp_path):
    labels = np.zeros((9, 7), dtype=np.uint8)
    labels[1:4, 2:5] = MaskLabel.METASTASIS
    labels[6:8, 1:3] = MaskLabel.BLADDER
    write_labelme(tmp_path / "a.json", labels, image_path="a.png")
    document = json.loads((tmp_path / "a.json").read_text())
    assert set(document) == {"version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth"}
    assert [(s["label"], s["shape_type"], len(s["points"])) for s in document["shapes"]] == [
        ("metastasis", "polygon", 4),
        ("bladder", "polygon", 4),
    ]
    np.testing.assert_array_equal(rasterise(read_labelme(tmp_path / "a.json")), labels)


def test_an_unwritable_place(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_labelme(tmp_path / "file" / "a.json", np.zeros((2, 2), dtype=np.uint8))
