import json

import numpy as np
import pytest

from bonescan.core.anatomy import MaskLabel, Site
from bonescan.core.errors import CohortError
from bonescan.core.study import ViewName
from bonescan.io.cohort import read_cohort, write_cohort, write_masks
from bonescan.io.cohort_check import check_contents
from bonescan.io.cohort_fill import fill, studies_of
from bonescan.io.cohort_new import add_study, begin_cohort
from bonescan.io.deidentify.keyed import Keyed
from bonescan.io.inputs import StudyInput
from tests.hospital import annotate, write_scan

KEYED = Keyed(b"k" * 32)


@pytest.fixture
def add(tmp_path):
    """Add a scan with a spot to the cohort; returns its study_id and labels."""
    begin_cohort(tmp_path / "ours", KEYED)

    def add(spot="", seed=0):
        path = tmp_path / f"{seed}.dcm"
        labels = write_scan(path, f"P{seed}", spot, seed)
        return add_study(tmp_path / "ours", StudyInput("x", (path,)), KEYED), labels

    return add


def filled(tmp_path, name, sites_of=None):
    (entry,) = fill(tmp_path / "ours", [name], sites_of)
    return entry


def test_a_row_is_what_was_outlined_and_ticked(add, tmp_path):
    cohort = tmp_path / "ours"
    ill, labels = add("metastasis", 1)
    annotate(cohort / ill.study_id, labels, ("spine", "femur"))
    worn, labels = add("benign", 2)
    annotate(cohort / worn.study_id, labels)
    well, labels = add("", 3)
    annotate(cohort / well.study_id, labels, ("nothing",))
    cases, names = studies_of(cohort)
    assert cases == ()
    assert set(names) == {ill.study_id, worn.study_id, well.study_id}
    write_cohort(cohort, [entry.case for entry in fill(cohort, names)])
    read = read_cohort(cohort)
    assert (read[ill.study_id].metastasis, read[ill.study_id].sites) == (True, (Site.SPINE, Site.FEMUR))
    assert (read[worn.study_id].metastasis, read[worn.study_id].benign) == (False, True)
    assert (read[well.study_id].metastasis, read[well.study_id].benign) == (False, False)
    assert (read[ill.study_id].patient_id, read[ill.study_id].sex) == (ill.patient_id, "F")
    assert (read[ill.study_id].age_years, read[ill.study_id].split) == (51, None)
    assert check_contents(read) == []
    assert studies_of(cohort) == (read.cases, [])


def test_what_is_not_annotated_waits(add, tmp_path):
    study, labels = add("metastasis")
    place = tmp_path / "ours" / study.study_id
    assert filled(tmp_path, study.study_id).wants == "anterior and posterior view not annotated"
    annotate(place, {ViewName.ANTERIOR: labels[ViewName.ANTERIOR]}, ("spine",))
    assert filled(tmp_path, study.study_id).wants == "posterior view not annotated"
    annotate(place, labels)
    assert "no site ticked" in filled(tmp_path, study.study_id).wants
    (place / "labelme" / "posterior.json").write_text("{}")
    assert "posterior.json" in filled(tmp_path, study.study_id).wants


def test_sites_are_suggested_where_none_is_ticked(add, tmp_path):
    study, labels = add("metastasis")
    place = tmp_path / "ours" / study.study_id

    def ribs(scan, masks):
        assert scan.views[0].counts.shape == masks[ViewName.ANTERIOR].shape
        return frozenset({Site.RIBS})

    annotate(place, labels)
    entry = filled(tmp_path, study.study_id, ribs)
    assert (entry.case.sites, entry.suggested) == ((Site.RIBS,), True)
    annotate(place, labels, ("spine",))
    entry = filled(tmp_path, study.study_id, ribs)
    assert (entry.case.sites, entry.suggested) == ((Site.SPINE,), False)


@pytest.mark.parametrize(
    ("spot", "ticked", "words"),
    [("benign", ("ribs",), "ribs ticked, but no metastasis"), ("metastasis", ("spine", "nothing"), "nothing ticked")],
)
def test_what_contradicts_itself_waits(add, tmp_path, spot, ticked, words):
    study, labels = add(spot)
    annotate(tmp_path / "ours" / study.study_id, labels, ticked)
    assert words in filled(tmp_path, study.study_id).wants


def test_a_lesion_outlined_too_small_is_not_normal(add, tmp_path):
    study, labels = add()
    place = tmp_path / "ours" / study.study_id
    annotate(place, labels)
    path = place / "labelme" / "posterior.json"
    document = json.loads(path.read_text())
    circle = {"label": "metastasis", "shape_type": "circle", "points": [[30, 100], [30.6, 100]]}
    path.write_text(json.dumps(document | {"shapes": [circle]}))
    entry = filled(tmp_path, study.study_id)
    assert (entry.case, "posterior.json: shape 1 (metastasis) covers no pixel" in entry.wants) == (None, True)


@pytest.mark.parametrize("spot", ["metastasis", "benign"])
def test_nothing_is_ticked_for_the_view_that_shows_nothing(add, tmp_path, spot):
    study, labels = add(spot)
    place = tmp_path / "ours" / study.study_id
    annotate(place, {ViewName.ANTERIOR: labels[ViewName.ANTERIOR]}, ("nothing",))
    annotate(place, {ViewName.POSTERIOR: labels[ViewName.POSTERIOR]}, ("ribs",) if spot == "metastasis" else ())
    assert "nothing ticked for the anterior view, but findings" in filled(tmp_path, study.study_id).wants
    bladder = np.where(labels[ViewName.ANTERIOR] == MaskLabel.BLADDER, MaskLabel.BLADDER, 0).astype(np.uint8)
    annotate(place, {ViewName.ANTERIOR: bladder}, ("nothing",))
    case = filled(tmp_path, study.study_id).case
    assert (case.metastasis, case.benign) == (spot == "metastasis", spot == "benign")
    assert case.sites == ((Site.RIBS,) if spot == "metastasis" else ())


def test_annotations_that_are_not_of_the_views_wait(add, tmp_path):
    study, labels = add("benign")
    place = tmp_path / "ours" / study.study_id
    annotate(place, labels)
    write_masks(tmp_path / "ours", study.study_id, {ViewName.ANTERIOR: labels[ViewName.ANTERIOR][:-2]})
    assert filled(tmp_path, study.study_id).wants == "the anterior mask has 510 x 128 pixels, its view 512 x 128"


def test_a_faulty_table_is_not_added_to(add, tmp_path):
    (tmp_path / "ours" / "cohort.csv").write_text("study_id\n")
    with pytest.raises(CohortError, match="column"):
        studies_of(tmp_path / "ours")


def test_a_folder_without_a_cohort(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CohortError, match="holds no cohort"):
            studies_of(folder)
