"""The truth of a study: volumes, involvement, the index, and the table of lesions."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bonescan.core.anatomy import Laterality, MaskLabel, Region
from bonescan.core.study import ViewName
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.build import size_of
from bonescan.simulate.focal import Focus
from bonescan.simulate.patient import draw_patient, render
from bonescan.simulate.structures import STRUCTURES, number_of


def _focus(anatomy, name, radius_mm, contrast=6.0, side=Laterality.MIDLINE, kind="metastasis"):
    centre = anatomy.body.points_mm[anatomy.body.of(name, side)].mean(0)
    place = tuple(map(float, centre))
    return Focus(kind, kind, number_of(name, side), place, radius_mm, contrast, ragged=0.0)


@pytest.fixture(scope="module")
def study():
    """A woman whose L3 is all diseased, with a small lesion of the left ilium and a worn right hip."""
    anatomy = reference("F")
    parameters = draw_patient(21, "P", metastatic=False, benign=False, sex="F")
    foci = (
        _focus(anatomy, "L3", 80.0),
        _focus(anatomy, "ilium", 9.0, side=Laterality.LEFT),
        _focus(anatomy, "ilium", 9.0, side=Laterality.LEFT),
        _focus(anatomy, "femur", 30.0, side=Laterality.RIGHT, kind="benign"),
    )
    return render(replace(parameters, foci=foci))


def test_a_bone_that_is_all_diseased_is_involved_whole(study):
    bones = {(STRUCTURES[b.structure].name, STRUCTURES[b.structure].side): b for b in study.bones}
    assert bones["L3", Laterality.MIDLINE].fraction == pytest.approx(1)
    assert bones["L2", Laterality.MIDLINE].fraction == 0
    assert 0 < bones["ilium", Laterality.LEFT].fraction < 0.2
    assert bones["ilium", Laterality.RIGHT].fraction == 0
    assert bones["femur", Laterality.RIGHT].fraction == 0  # benign uptake is no involvement
    assert {b.structure for b in study.bones} == {n for n, s in STRUCTURES.items() if s.is_bone}


def test_the_same_volume_twice_counts_once(study):
    ilium = next(b for b in study.bones if b.structure == number_of("ilium", Laterality.LEFT))
    assert study.foci[1].volume_ml == study.foci[2].volume_ml
    assert ilium.diseased_ml == pytest.approx(study.foci[1].volume_ml)


def test_volume_of_a_lesion_is_that_of_the_bone_inside_its_radius(study):
    anatomy, focus = reference("F"), study.foci[1].focus
    at = anatomy.body.of("ilium", Laterality.LEFT)
    inside = np.linalg.norm(anatomy.body.points_mm[at] - np.array(focus.centre_mm), axis=1) <= focus.radius_mm
    size = size_of(anatomy.body, study.parameters.posture).bone_volume
    assert study.foci[1].volume_ml == pytest.approx(anatomy.body.volume_mm3[at[inside]].sum() * size / 1000, rel=1e-4)


def test_true_index_is_the_weighted_involvement(study):
    involved = study.involvement
    assert involved[Region.LUMBAR_SPINE] == pytest.approx(0.21, abs=0.03)  # one of five vertebrae
    assert involved[Region.FEMUR] == 0
    weights = {Region.LUMBAR_SPINE: 3.0, Region.FEMUR: 1.0}
    assert study.true_bsi_percent(weights) == pytest.approx(75 * involved[Region.LUMBAR_SPINE])
    by_volume = study.true_bsi_percent()
    diseased = sum(b.diseased_ml for b in study.bones)
    assert by_volume == pytest.approx(100 * diseased / sum(b.bone_ml for b in study.bones))


def test_document_is_plain_json_with_a_row_a_focus(study):
    document = json.loads(json.dumps(study.truth_document()))
    assert document["metastasis"] is True
    assert set(document["sites"]) == {"spine", "pelvis"}
    rows = document["foci"]
    assert [row["bone"] for row in rows] == ["L3", "ilium", "ilium", "femur"]
    assert [row["side"] for row in rows] == ["midline", "left", "left", "right"]
    for row in rows:
        assert row["visible_in"] == list(row["area_px"])
        for view, area in row["area_px"].items():
            assert row["area_mm2"][view] == pytest.approx(area * study.parameters.camera.pixel_mm**2, abs=0.1)
    assert document["lesion_px"] == sum(int((m == MaskLabel.METASTASIS).sum()) for m in study.labels.values())
    assert document["true_bsi_percent"] == pytest.approx(study.true_bsi_percent(), abs=1e-3)
    assert {bone["bone"] for bone in document["bones"]} == {"L3", "ilium"}


def test_noiseless_images_are_the_mean_of_the_counts(study):
    for view in ViewName:
        counts, expected = study.study.scan[view].counts, study.expected[view]
        assert counts.sum() == pytest.approx(expected.sum(), rel=0.01)
        assert np.corrcoef(counts.ravel(), expected.ravel())[0, 1] > 0.8


def test_nothing_is_labelled_where_nothing_was_scanned(study):
    camera = replace(study.parameters.camera, seen=(0.0, 0.3))
    cropped = render(replace(study.parameters, camera=camera))
    for view in ViewName:
        assert not (cropped.labels[view] == MaskLabel.METASTASIS).any()
        assert (cropped.study.scan[view].counts[cropped.labels[view] > 0] >= 0).all()
    assert cropped.sites == ()
    assert all(not truth.area_px for truth in cropped.foci)
