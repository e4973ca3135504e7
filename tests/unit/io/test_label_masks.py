from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bonescan.core.anatomy import MaskLabel, Region
from bonescan.core.errors import CohortError
from bonescan.core.study import ViewName
from bonescan.io.cohort import CohortCase
from bonescan.io.dicom import write_nm
from bonescan.io.label_masks import encode_label_png, read_label_png, read_ticked, write_masks
from bonescan.io.labelme import write_labelme
from pictures import picture, save_picture

LABELS = np.zeros((1024, 256), dtype=np.uint8)
LABELS[300:320, 120:140] = MaskLabel.METASTASIS
LABELS[490:510, 110:146] = MaskLabel.BLADDER


def case(folder, *files):
    return CohortCase("S1", "P1", files or ("S1/S1.dcm",), folder=folder)


def test_masks_and_regions(tmp_path):
    regions = np.full((1024, 256), Region.FEMUR, dtype=np.uint8)
    write_masks(tmp_path, "S1", {ViewName.ANTERIOR: LABELS}, {ViewName.POSTERIOR: regions})
    labels = case(tmp_path).read_labels()
    assert list(labels) == ["anterior"]
    np.testing.assert_array_equal(labels["anterior"], LABELS)
    np.testing.assert_array_equal(case(tmp_path).read_regions()["posterior"], regions)


def test_nothing_annotated(tmp_path):
    assert case(tmp_path).read_labels() == {}
    assert case(tmp_path).read_regions() is None


def test_labelme_in_the_masks_folder(tmp_path, study):
    write_nm(study, tmp_path / "S1" / "S1.dcm")
    write_labelme(tmp_path / "S1" / "masks" / "posterior.json", LABELS)
    np.testing.assert_array_equal(case(tmp_path).read_labels()["posterior"], LABELS)


def test_labelme_beside_its_pictures_goes_before_older_ones(tmp_path, study):
    write_nm(study, tmp_path / "S1" / "S1.dcm")
    write_labelme(tmp_path / "S1" / "masks" / "posterior.json", 0 * LABELS)
    write_labelme(tmp_path / "S1" / "labelme" / "posterior.json", LABELS)
    np.testing.assert_array_equal(case(tmp_path).read_labels()["posterior"], LABELS)
    assert read_ticked(tmp_path, "S1") == {ViewName.POSTERIOR: frozenset()}


def test_labelme_of_a_view_that_is_not_there_stays(tmp_path, study):
    posterior = replace(study, scan=replace(study.scan, views=study.views[1:]))
    assert [view.name for view in posterior.views] == ["posterior"]
    write_nm(posterior, tmp_path / "S1" / "S1.dcm")
    write_labelme(tmp_path / "S1" / "masks" / "anterior.json", LABELS)
    labels = case(tmp_path).read_labels()
    assert list(labels) == ["anterior"]
    np.testing.assert_array_equal(labels["anterior"], LABELS)


def test_labelme_beside_each_picture_and_of_another_size(tmp_path, study):
    for view in study.views:
        save_picture(tmp_path / f"R1_{view.name}.png", picture(view.counts))
    write_labelme(tmp_path / "R1_anterior.json", LABELS)
    write_labelme(tmp_path / "R1_posterior.json", LABELS[::2, ::2])
    labels = case(tmp_path, "R1_anterior.png", "R1_posterior.png").read_labels()
    np.testing.assert_array_equal(labels["anterior"], LABELS)
    np.testing.assert_array_equal(labels["posterior"], LABELS)  # its shapes have even sides


def test_labelme_on_a_picture_that_was_stretched_somewhat(tmp_path, study):
    write_nm(study, tmp_path / "S1" / "S1.dcm")
    write_labelme(tmp_path / "S1" / "masks" / "anterior.json", np.repeat(LABELS, 5, axis=1)[:, ::4])
    assert case(tmp_path).read_labels()["anterior"].shape == LABELS.shape


@pytest.mark.parametrize(
    "other",
    [LABELS.T, np.concatenate([LABELS, LABELS], axis=1), LABELS[:, 64:192]],
    ids=["turned", "both views", "cropped"],
)
def test_labelme_on_another_picture_is_not_stretched_onto_the_view(tmp_path, study, other):
    write_nm(study, tmp_path / "S1" / "S1.dcm")
    write_labelme(tmp_path / "S1" / "labelme" / "anterior.json", other)
    rows, columns = other.shape
    with pytest.raises(CohortError, match=rf"anterior\.json was drawn on {rows} x {columns} pixels, .* 1024 x 256"):
        case(tmp_path).read_labels()


def test_labelme_on_the_composite_of_the_paper(tmp_path, study):
    a, p = (view.counts for view in study.views)
    panels = [picture(a, top=60), picture(p, top=60), picture(a, top=9), picture(p, top=9)]
    save_picture(tmp_path / "R1.png", np.concatenate(panels, axis=1))
    empty, spine = np.zeros_like(LABELS), np.where(LABELS == 1, LABELS, 0).astype(np.uint8)
    # The anterior view is annotated on both of its panels, in parts; the posterior on one.
    write_labelme(tmp_path / "R1.json", np.concatenate([spine, empty, LABELS - spine, spine], axis=1))
    labels = case(tmp_path, "R1.png").read_labels()
    np.testing.assert_array_equal(labels["anterior"], LABELS)
    np.testing.assert_array_equal(labels["posterior"], spine)


def test_values_out_of_range(tmp_path):
    write_masks(tmp_path, "S1", {ViewName.ANTERIOR: LABELS + 9}, {ViewName.ANTERIOR: LABELS + 99})
    with pytest.raises(CohortError, match=r"anterior\.png has the value 11; expected labels from 0 to 3"):
        case(tmp_path).read_labels()
    with pytest.raises(CohortError, match="labels from 0 to 14"):
        case(tmp_path).read_regions()


def test_masks_that_are_none(tmp_path):
    path = tmp_path / "mask.png"
    path.write_text("text")
    with pytest.raises(CohortError, match="cannot be read"):
        read_label_png(path)
    Image.new("RGB", (4, 4)).save(path)
    with pytest.raises(CohortError, match="mode RGB"):
        read_label_png(path)


def test_a_palette_is_not_applied(tmp_path):
    picture = Image.fromarray(LABELS).convert("P")
    picture.putdata(LABELS.ravel().tolist())
    picture.putpalette([255, 0, 0] * 256)
    picture.save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read_label_png(tmp_path / "mask.png"), LABELS)


def test_only_labels_are_encoded():
    with pytest.raises(ValueError, match="not uint8"):
        encode_label_png(LABELS.astype(np.int64))


def test_faults_of_annotations_name_the_file(tmp_path, study):
    write_nm(study, tmp_path / "S1" / "S1.dcm")
    masks = tmp_path / "S1" / "masks"
    masks.mkdir()
    (masks / "anterior.json").write_text("{}")
    with pytest.raises(CohortError, match=r"the annotation anterior\.json"):
        case(tmp_path).read_labels()
    (tmp_path / "S1" / "S1.dcm").write_text("text")
    with pytest.raises(CohortError, match="the study S1"):
        case(tmp_path).read_labels()
