"""A bundle and predictions on a cohort of analytic patients whose answers are known."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import bonescan as bs
from bonescan.core.anatomy import SITES, MaskLabel, Site
from bonescan.core.errors import CohortError, UnreadableInputError, UsageError
from bonescan.core.study import Scan, Units
from bonescan.evaluation import run
from bonescan.evaluation.amount import reported_bstbi
from bonescan.evaluation.judge import judge
from bonescan.evaluation.methods import MethodName
from bonescan.evaluation.records import read_records
from bonescan.evaluation.run import answer_all, collect
from bonescan.inference.joint import Joint
from bonescan.io.cohort import read_cohort, write_cohort, write_masks
from bonescan.io.cohort_content import content_of
from bonescan.io.predictions import (
    PredictedStudy,
    PredictionsAbout,
    read_predictions,
    write_predicted_masks,
    write_predictions,
)
from tests.joint_bundle import joint_bundle
from tests.tiny_bundle import tiny_bundle
from tests.training_cohort import write_training_cohort


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    write_training_cohort(folder)
    return read_cohort(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return MethodName(str(tiny_bundle(tmp_path_factory.mktemp("models") / "tiny").folder))


@pytest.fixture(scope="module")
def records(cohort, model, tmp_path_factory):
    return answer_all(model, [cohort], tmp_path_factory.mktemp("out"), split="all")[1]


def test_what_is_judged_is_what_analyze_reports(cohort, model, records):
    for case, record in zip(cohort, records, strict=True):
        analysis = bs.analyze(case.read_study(), model=model.model)
        assert record.probability == pytest.approx(analysis.metastasis.probability)
        assert record.present == analysis.metastasis.present
        assert record.sites_said == tuple(name for name, site in analysis.sites.items() if site.present)
        assert reported_bstbi(record) == pytest.approx(analysis.burden.bstbi, abs=1e-6)
        area = sum(x.area_px for x in analysis.lesions if x.class_ == "metastasis")
        drawn = sum(view.metastasis.drawn for view in record.views)
        assert area == (drawn if record.present else 0)


def test_the_truth_is_that_of_the_masks(cohort, records):
    for case, record in zip(cohort, records, strict=True):
        masks = case.read_labels()
        for view in record.views:
            mask = masks[view.view]
            assert view.metastasis.true == (mask == MaskLabel.METASTASIS).sum()
            assert view.bladder.true == (mask == MaskLabel.BLADDER).sum()
            assert 0 <= view.bladder.both <= min(view.bladder.drawn, view.bladder.true)
            assert len(view.lesions) == case.metastasis
            held = np.array(view.true_window)
            assert held[:, 0].any() == case.metastasis
            assert held[:, 1].any()
            # The bladder lies at row 240 of 512: in the windows of the middle, and in none at the feet.
            assert not held[-1, 1]


def test_a_killed_run_goes_on_and_ends_alike(cohort, model, records, tmp_path, monkeypatch):
    calls = []

    def failing(case, *args, **facts):
        calls.append(case.study_id)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return judge(case, *args, **facts)

    monkeypatch.setattr(run, "judge", failing)
    with pytest.raises(KeyboardInterrupt):
        answer_all(model, [cohort], tmp_path, split="all")
    assert not (tmp_path / "cases.jsonl").exists()
    told = []
    _, again = answer_all(model, [cohort], tmp_path, split="all", progress=lambda *at: told.append(at))
    assert told[0] == (3, 6)
    assert len(calls) == 4 + 3
    assert [r.study_id for r in read_records(tmp_path / "cases.jsonl")[1]] == [r.study_id for r in again]
    assert [(r.study_id, r.present, r.views[0].metastasis) for r in again] == [
        (r.study_id, r.present, r.views[0].metastasis) for r in records
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["cases.jsonl"]
    answer_all(model, [cohort], tmp_path, split="all")
    assert len(calls) == 7, "what is done is not done again"


def test_two_processes_find_the_same(cohort, model, records, tmp_path):
    _, found = answer_all(model, [cohort], tmp_path, split="all", processes=2)
    assert [r.study_id for r in found] == [r.study_id for r in records]
    for one, other in zip(found, records, strict=True):
        assert one.views[0].metastasis == other.views[0].metastasis
        assert one.probability == pytest.approx(other.probability, abs=1e-4)


def test_a_pipeline_without_windows_has_those_of_its_maps(cohort, tmp_path):
    name = MethodName(str(joint_bundle(tmp_path / "joint").folder))
    case = cohort["T0"]
    answer = name.open().answer(case)
    record = judge(case, answer, cohort=0, patient=0)
    assert record.needs_review is not None or answer.needs_review is None
    for view in record.views:
        found = np.array(view.windows)
        assert found.shape == (7, 2)
        assert found.max(axis=0) == pytest.approx(
            [maps[view.view].max() for maps in (answer.maps, answer.bladder_maps)]
        )
        # The bladder lies in the middle of the body, and no window at the feet sees it.
        assert found[-1, 1] < 0.5 < found[:, 1].max()


def test_without_its_gate_a_stepwise_model_segments_every_window(cohort, tmp_path):
    shut = tiny_bundle(tmp_path / "shut", name="shut", thresholds={"window_metastasis": 1.0})
    drawn = {}
    for gated in (True, False):
        method = MethodName(str(shut.folder), gated=gated).open()
        answer = method.answer(cohort["T0"])
        drawn[method.facts.name] = sum((mask == MaskLabel.METASTASIS).sum() for mask in answer.labels.values())
    assert drawn["shut"] == 0
    assert drawn["shut-ungated"] > 100
    with pytest.raises(UsageError, match="has no gate"):
        MethodName(str(joint_bundle(tmp_path / "joint").folder), gated=False).open()


def test_how_often_a_joint_model_looks_can_be_said(cohort, tmp_path, monkeypatch):
    bundle = str(joint_bundle(tmp_path / "joint").folder)
    passes = []
    infer = Joint._infer
    monkeypatch.setattr(Joint, "_infer", lambda self, images: passes.append(1) or infer(self, images))
    said = {}
    for looks, count in (("once", 1), ("in-doubt", 2), ("twice", 2)):
        method = MethodName(bundle, looks=looks).open()
        method.answer(cohort["T0"])
        passes.clear()
        said[looks] = method.answer(cohort["T0"])
        assert len(passes) == count, "the hand-made network is in doubt about everybody"
        assert method.facts.name == {"in-doubt": "hand-made"}.get(looks, f"hand-made-{looks}")
    # What it says is the same of a body and its mirror image.
    assert said["once"].probability == pytest.approx(said["twice"].probability)
    with pytest.raises(UsageError, match="looks once at everybody"):
        MethodName(str(tiny_bundle(tmp_path / "tiny").folder), looks="twice").open()


def test_apart_each_view_is_analysed_as_if_there_were_no_other(cohort, tmp_path):
    bundle = str(joint_bundle(tmp_path / "joint").folder)
    method = MethodName(bundle, apart=True).open()
    case = cohort["T0"]
    study = case.read_study()
    alone = [bs.analyze(replace(study, scan=Scan((view,))), model=bundle) for view in study.views]
    answer = method.answer(case)
    assert method.facts.name.endswith("-apart")
    assert answer.probability == pytest.approx(max(one.metastasis.probability for one in alone))
    for view, one in zip(study.views, alone, strict=True):
        drawn = answer.labels[view.name] == MaskLabel.BLADDER
        assert drawn.any()
        assert np.array_equal(drawn, one.masks[view.name] == MaskLabel.BLADDER)


def test_a_folder_of_something_else_is_refused(cohort, model, tmp_path):
    answer_all(model, [cohort], tmp_path, split="val")
    with pytest.raises(UsageError, match="another split"):
        answer_all(model, [cohort], tmp_path, split="all")


@pytest.mark.parametrize("name", ["masks/anterior.png", "masks/regions_posterior.png", "labelme/anterior.json", "SCAN"])
def test_scans_and_annotations_that_have_changed_are_noticed_and_a_copy_is_not(cohort, tmp_path, name):
    for copy in ("before", "after"):
        shutil.copytree(cohort.folder, tmp_path / copy)
    before, after = (read_cohort(tmp_path / copy) for copy in ("before", "after"))
    assert content_of(before) == content_of(after) == content_of(cohort)
    changed = after["T3"].paths[0] if name == "SCAN" else after.folder / "T3" / name
    changed.parent.mkdir(exist_ok=True)
    changed.write_bytes(b"something else")
    assert content_of(after) != content_of(before)
    assert after.fingerprint == before.fingerprint


def test_records_of_masks_that_have_changed_are_not_reused(cohort, tmp_path):
    shutil.copytree(cohort.folder, tmp_path / "cohort")
    own, name = read_cohort(tmp_path / "cohort"), perfect(tmp_path / "p", cohort)
    answer_all(name, [own], tmp_path / "o", split="all")
    masks = {view: np.zeros_like(mask) for view, mask in own["T0"].read_labels().items()}
    write_predicted_masks(tmp_path / "p", "T0", masks)
    with pytest.raises(UsageError, match="another model"):
        answer_all(name, [own], tmp_path / "o", split="all")
    perfect(tmp_path / "p", cohort)
    answer_all(name, [own], tmp_path / "o", split="all")
    write_masks(own.folder, "T0", masks)
    with pytest.raises(UsageError, match="another version of the scans or annotations"):
        answer_all(name, [own], tmp_path / "o", split="all")


def test_a_picture_has_no_counts(cohort, model):
    case = cohort["T0"]
    answer = model.open().answer(case)
    views = tuple(replace(view, units=Units.DISPLAY) for view in answer.study.views)
    grey = judge(case, replace(answer, study=replace(answer.study, scan=Scan(views))), cohort=0, patient=0)
    assert [view.counts for view in grey.views] == [None, None]
    assert judge(case, answer, cohort=0, patient=0).views[0].counts == answer.study.views[0].counts_total


def test_only_the_side_that_is_asked_for(cohort):
    assert [task.case.study_id for task in collect([cohort], "val")] == ["T4", "T5"]
    assert len(collect([cohort], "all", limit=3)) == 3
    with pytest.raises(CohortError, match="'test'") as refused:
        collect([cohort], "test")
    assert "cohort split" not in refused.value.hint
    with pytest.raises(CohortError) as refused:
        collect([replace(cohort, cases=tuple(replace(case, split=None) for case in cohort))], "test")
    assert f"'bonescan cohort split {cohort.folder}'" in refused.value.hint
    with pytest.raises(CohortError, match="more than one cohort"):
        collect([cohort, cohort], "all")


def test_a_simulated_study_makes_a_cohort_simulated(cohort, tmp_path):
    for name, mark in (("whole", "simulation.json"), ("one", "T1/truth.json"), ("header", "T1/T1.dcm"), ("none", "")):
        for case in cohort:
            (tmp_path / name / case.study_id).mkdir(parents=True)
            (tmp_path / name / case.files[0]).touch()
        write_cohort(tmp_path / name, cohort)
        if name == "header":
            (tmp_path / name / mark).write_bytes((cohort.folder / mark).read_bytes())
        elif mark:
            (tmp_path / name / mark).touch()
        assert run.is_simulated(read_cohort(tmp_path / name)) == bool(mark)


def test_studies_of_one_patient_share_a_number(cohort, tmp_path):
    cases = [replace(case, patient_id="P", split="test", files=("a.dcm",)) for case in cohort]
    (tmp_path / "a.dcm").touch()
    write_cohort(tmp_path, cases)
    assert {task.patient for task in collect([read_cohort(tmp_path)], "all")} == {0}


def test_a_normal_without_annotation_is_known_to_hold_no_metastasis(cohort, model):
    method = model.open()
    for name, metastatic in (("T1", False), ("T0", True)):
        case = replace(cohort[name], study_id="unannotated", folder=cohort.folder)
        record = judge(case, method.answer(case), cohort=0, patient=0)
        for view in record.views:
            assert view.bladder is None
            assert (view.metastasis is None) == metastatic
            if not metastatic:
                assert (view.metastasis.true, view.lesions) == (0, ())
        assert record.bstbi_true == (None if metastatic else 0)


@pytest.mark.parametrize("kind", ["mask", "region map"])
def test_what_is_not_as_large_as_its_view_is_refused_with_both_sizes(cohort, model, tmp_path, kind):
    shutil.copytree(cohort.folder, tmp_path / "cohort")
    case = read_cohort(tmp_path / "cohort")["T0"]
    cut = {view: np.zeros_like(mask)[:-1] for view, mask in case.read_labels().items()}
    write_masks(case.folder, "T0", *((cut,) if kind == "mask" else ({}, cut)))
    with pytest.raises(CohortError, match=f"the anterior {kind} of T0 has 511 x 128 pixels; expected 512 x 128"):
        judge(case, model.open().answer(case), cohort=0, patient=0)


def perfect(folder, cohort, *, silent=False, masks=True):
    """Predictions that say the truth."""
    rows = []
    for case in cohort:
        if masks:
            write_predicted_masks(folder, case.study_id, case.read_labels())
        sites = {site: float(site in case.sites) for site in SITES}
        rows.append(PredictedStudy(case.study_id, None if silent else float(case.metastasis), sites, 1.5))
    write_predictions(folder, PredictionsAbout(name="truth", version="1"), rows)
    return MethodName(predictions=folder)


@pytest.mark.parametrize("silent", [False, True])
def test_predictions_that_say_the_truth_are_right(cohort, tmp_path, silent):
    header, found = answer_all(perfect(tmp_path / "p", cohort, silent=silent), [cohort], tmp_path / "o", split="all")
    assert header.method.scored_by == ("lesion pixels" if silent else "probability")
    for case, record in zip(cohort, found, strict=True):
        assert record.present == case.metastasis
        assert record.sites_said == tuple(case.sites)
        assert record.bstbi_drawn == record.bstbi_true
        assert record.seconds == 1.5
        assert all(view.metastasis.both == view.metastasis.drawn == view.metastasis.true for view in record.views)
        assert all(view.surface[0] == view.surface[1] for view in record.views)


def test_a_method_without_masks_is_judged_by_its_calls(cohort, tmp_path):
    _, found = answer_all(perfect(tmp_path / "p", cohort, masks=False), [cohort], tmp_path / "o", split="all")
    assert all(view.metastasis is None and not view.lesions for record in found for view in record.views)
    assert [record.present for record in found] == [case.metastasis for case in cohort]
    assert found[0].bstbi_drawn is None


def test_predictions_of_nothing_are_refused(cohort, tmp_path):
    name = perfect(tmp_path / "p", cohort, silent=True, masks=False)
    with pytest.raises(UnreadableInputError, match=r"neither a probability nor masks .* <study_id>/anterior.png"):
        name.open()


def test_predictions_that_miss_a_study_or_a_pixel_are_refused(cohort, tmp_path):
    name = perfect(tmp_path / "p", cohort)
    case = cohort["T0"]
    rows = read_predictions(tmp_path / "p").studies
    write_predicted_masks(tmp_path / "p", "T0", {view: mask[:-1] for view, mask in case.read_labels().items()})
    with pytest.raises(CohortError, match="511 x 128 pixels; expected 512 x 128"):
        name.open().answer(case)
    (tmp_path / "p" / "T1" / "anterior.png").unlink()
    with pytest.raises(CohortError, match="no anterior mask of T1"):
        name.open().answer(cohort["T1"])
    about = PredictionsAbout(name="truth", version="1")
    write_predictions(tmp_path / "p", about, [row for row in rows.values() if row.study_id != "T0"])
    with pytest.raises(CohortError, match="no row of T0"):
        name.open().answer(case)
    write_predictions(tmp_path / "p", about, [replace(rows["T0"], probability=None), rows["T1"]])
    with pytest.raises(UnreadableInputError, match="some studies only"):
        name.open()


def test_a_site_is_named_even_where_none_reaches_its_threshold(cohort, tmp_path):
    sites = dict.fromkeys(SITES, 0.1) | {Site.FEMUR: 0.3}
    about = PredictionsAbout(name="unsure", version="1")
    write_predictions(tmp_path, about, [PredictedStudy("T0", 0.9, sites), PredictedStudy("T1", 0.1, sites)])
    method = MethodName(predictions=tmp_path).open()
    assert method.answer(cohort["T0"]).sites_said == (Site.FEMUR,)
    assert method.answer(cohort["T1"]).sites_said == ()
