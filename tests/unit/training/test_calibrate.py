"""Bundles calibrated on other patients: what changes, what stays, and who takes part."""

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from bonescan.cli.main import app
from bonescan.core.anatomy import SITES
from bonescan.core.errors import CohortError, UsageError
from bonescan.inference.joint import Calibration
from bonescan.io.cohort import read_cohort, split_patients, write_cohort, write_masks
from bonescan.io.cohort_content import scan_marks
from bonescan.models.bundle import CARD, Figure, load_bundle, write_bundle
from bonescan.training.cache import open_cache
from bonescan.training.calibrate import calibrate_bundle
from bonescan.training.card import model_card, untuned_in_words
from tests.joint_bundle import joint_bundle
from tests.tiny_bundle import tiny_bundle
from tests.training_cohort import write_training_cohort

pytestmark = pytest.mark.train

SPOILT = {"patient": (0.3, 2.0), "sites_if_metastasis": (2.0, -1.0), "review": (0.1, 0.9)}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrate")
    write_training_cohort(folder / "cohort")
    joint_bundle(folder / "good")
    joint_bundle(folder / "spoilt", thresholds={"patient": 0.97, "segment_bladder": 0.9}, calibration=SPOILT)
    for name in ("good", "spoilt"):
        calibrate_bundle(folder / name, [folder / "cohort"], folder / f"{name}-calibrated", workers=0)
    return folder


def with_changes(bundle, folder, **changes):
    manifest = bundle.manifest.model_copy(update=changes)
    return write_bundle(folder, manifest, {name: bundle.path(name).read_bytes() for name in manifest.files})


def many_patients(folder, source, metastatic, split):
    """A cohort without masks, of as many patients as `metastatic` has answers, all with one scan of another cohort."""
    sick, well, *_ = read_cohort(source)
    folder.mkdir()
    for n in range(len(metastatic)):
        (folder / f"{n}.dcm").hardlink_to(source / well.files[0])
    write_cohort(
        folder,
        [
            replace(sick if ill else well, study_id=f"S{n}", patient_id=f"P{n}", files=(f"{n}.dcm",), split=split)
            for n, ill in enumerate(metastatic)
        ],
    )
    return read_cohort(folder)


def test_what_the_bundle_said_before_does_not_matter(place):
    good, spoilt = (load_bundle(place / f"{name}-calibrated").manifest for name in ("good", "spoilt"))
    assert good.thresholds == spoilt.thresholds
    assert good.calibration == spoilt.calibration
    assert good.figures == spoilt.figures


def test_the_networks_stay_as_they_are(place):
    before, after = load_bundle(place / "good"), load_bundle(place / "good-calibrated")
    assert after.path("joint.onnx").read_bytes() == before.path("joint.onnx").read_bytes()
    assert after.manifest.training_cohort == before.manifest.training_cohort
    assert after.sha256 != before.sha256, "another model is another hash"


def test_probabilities_are_those_of_the_patients(place):
    """The hand-made network says the same of everybody: a calibrated one says how many of these have metastases."""
    manifest = load_bundle(place / "good-calibrated").manifest
    said = Calibration.of(manifest.calibration).probabilities([[1.1] * (1 + len(SITES))])
    assert said[0, 0] == pytest.approx(0.5, abs=0.01)


def test_the_bundle_and_its_card_say_on_whom(place):
    bundle = load_bundle(place / "good-calibrated")
    assert bundle.manifest.calibration_cohort.cases == {"calibration": 6}
    assert {figure.dataset for figure in bundle.manifest.figures} == {
        "simulated calibration patients, also used for tuning"
    }
    card = bundle.path(CARD).read_text()
    assert "## Calibration" in card
    assert "simulated patients only, calibrated and measured on" in card


def test_the_card_says_on_how_many_cohorts_it_was_trained(place):
    manifest = load_bundle(place / "good").manifest

    def card(*fingerprints):
        trained_on = manifest.training_cohort.model_copy(update={"fingerprints": fingerprints})
        return model_card(manifest.model_copy(update={"simulated_only": False, "training_cohort": trained_on}))

    assert "Trained on the patients of one cohort, measured on" in card("a")
    assert "Trained on the patients of 2 cohorts, measured on" in card("a", "b")
    assert "Trained on the patients of its training cohort, measured on" in card()
    calibrated = manifest.model_copy(update={"simulated_only": False, "calibration_cohort": manifest.training_cohort})
    assert "Trained on the patients of its training cohort, tuned" in model_card(calibrated)


def test_what_exporting_did_is_still_said(place, tmp_path):
    figure = Figure(name="export_largest_difference", value=0.01, dataset="validation")
    bundle = with_changes(load_bundle(place / "good"), tmp_path / "measured", figures=(figure,))
    calibrated = calibrate_bundle(bundle.folder, [place / "cohort"], tmp_path / "out", name="ours", workers=0)
    assert calibrated.manifest.figure("export_largest_difference") == figure
    assert calibrated.manifest.name == "ours"


def test_a_bundle_trained_on_the_cohort_takes_its_validation_patients_alone(place, tmp_path):
    bundle = load_bundle(place / "good")
    own = bundle.manifest.training_cohort.model_copy(update={"fingerprint": read_cohort(place / "cohort").fingerprint})
    bundle = with_changes(bundle, tmp_path / "own", training_cohort=own)
    calibrated = calibrate_bundle(bundle.folder, [place / "cohort"], tmp_path / "out", workers=0)
    assert calibrated.manifest.calibration_cohort.cases == {"calibration": 2}


def test_a_cohort_among_those_trained_on_takes_its_validation_patients_alone(place, tmp_path):
    write_training_cohort(tmp_path / "other")
    cases = [replace(case, patient_id=f"Q{case.patient_id}") for case in read_cohort(tmp_path / "other")]
    write_cohort(tmp_path / "other", cases)
    bundle = load_bundle(place / "good")
    ours = read_cohort(place / "cohort").fingerprint
    both = bundle.manifest.training_cohort.model_copy(update={"fingerprint": "b", "fingerprints": ("a", ours)})
    bundle = with_changes(bundle, tmp_path / "both", training_cohort=both)
    said = []
    folders = [place / "cohort", tmp_path / "other"]
    for given, count in ((folders[:1], 2), (folders, 2 + 6)):
        manifest = calibrate_bundle(bundle.folder, given, tmp_path / "out", workers=0, progress=said.append).manifest
        assert manifest.calibration_cohort.cases == {"calibration": count}
    assert manifest.calibration_cohort.fingerprints == (ours, read_cohort(tmp_path / "other").fingerprint)
    sentence = "hand-made was trained on cohort: of these patients only those for validation take part"
    assert said.count(sentence) == 2


def test_training_patients_are_known_again_in_a_table_that_has_changed(place, tmp_path):
    write_training_cohort(tmp_path / "ours")
    cohort = read_cohort(tmp_path / "ours")
    marks = tuple(mark for case in cohort.split("train")[:2] for mark in scan_marks(case))
    bundle = load_bundle(place / "good")
    own = bundle.manifest.training_cohort.model_copy(update={"fingerprint": cohort.fingerprint, "scans": marks})
    bundle = with_changes(bundle, tmp_path / "own", training_cohort=own)
    # A primary tumour typed in, sides drawn anew, and a new scan of a patient who was trained on.
    new = "T5/T5.dcm"
    (tmp_path / "ours" / "new.dcm").write_bytes((tmp_path / "ours" / new).read_bytes() + bytes(2))
    again = replace(cohort["T0"], study_id="T0-later", files=("new.dcm",))
    write_cohort(
        tmp_path / "ours",
        [*(replace(case, primary="prostate", split="val") for case in cohort), replace(again, split="val")],
    )
    said = []
    calibrated = calibrate_bundle(bundle.folder, [tmp_path / "ours"], tmp_path / "out", workers=0, progress=said.append)
    assert calibrated.manifest.calibration_cohort.cases == {"calibration": 4}
    assert calibrated.manifest.training_cohort.scans == marks
    assert f"{bundle.manifest.name} was trained on 2 patients of ours, where the table has changed: left out" in said


@pytest.mark.parametrize("simulated", [True, False])
def test_a_bundle_that_cannot_know_its_patients_says_so(place, tmp_path, simulated):
    said = []
    bundle = with_changes(load_bundle(place / "good"), tmp_path / "old", simulated_only=simulated)
    calibrate_bundle(bundle.folder, [place / "cohort"], tmp_path / "out", workers=0, progress=said.append)
    assert any("exported by an earlier version" in line for line in said) != simulated


@pytest.mark.parametrize("taught", ["alone", "beside others", "before"])
def test_a_cohort_without_a_split_gets_that_of_the_training(place, tmp_path, monkeypatch, taught):
    cohort = many_patients(tmp_path / "cohort", place / "cohort", [number % 2 == 0 for number in range(30)], None)
    sides = [split_patients(cohort.cases, seed=seed) for seed in (0, 7)]
    default, trained = ({name for name, side in chosen.items() if side == "val"} for chosen in sides)
    assert default != trained
    bundle = load_bundle(place / "good")
    own = cohort.fingerprint
    named = {
        "alone": {"fingerprint": own},
        "beside others": {"fingerprint": "b", "fingerprints": ("a", own)},
        "before": {"fingerprint": "b", "before": {own: 7}},
    }[taught]
    trained_on = bundle.manifest.training_cohort.model_copy(update=named)
    recipe = {"seed": 8 if taught == "before" else 7}
    bundle = with_changes(bundle, tmp_path / "own", training_cohort=trained_on, recipe=recipe)
    taken = []

    def remember(folder, cases, **options):
        taken.extend(case.study_id for case in cases)
        return open_cache(folder, cases, **options)

    monkeypatch.setattr("bonescan.training.calibrate.open_cache", remember)
    calibrate_bundle(bundle.folder, [tmp_path / "cohort"], tmp_path / "out", workers=0)
    assert set(taken) == trained


def test_a_name_that_cannot_be_is_refused_before_any_work(place, tmp_path):
    bundle = joint_bundle(tmp_path / "bundle")
    with pytest.raises(UsageError, match="'Our Hospital'"):
        calibrate_bundle(bundle.folder, [tmp_path / "no cohort"], bundle.folder, name="Our Hospital", workers=0)
    assert load_bundle(bundle.folder) == bundle


def test_test_patients_take_no_part(place, tmp_path):
    write_training_cohort(tmp_path / "cohort")
    write_cohort(tmp_path / "cohort", [replace(case, split="test") for case in read_cohort(tmp_path / "cohort")])
    with pytest.raises(CohortError, match="0 have metastases and 0 have none"):
        calibrate_bundle(place / "good", [tmp_path / "cohort"], tmp_path / "out", workers=0)
    assert not (tmp_path / "out").exists()


def test_one_with_metastases_among_those_measured_on_is_too_few(place, tmp_path):
    """Every other patient is tuned on, and of 45 without and one with metastases that is none with."""
    many_patients(tmp_path / "cohort", place / "cohort", [number == 45 for number in range(46)], "train")
    with pytest.raises(CohortError, match="to tune on 0 have metastases and 23 have none"):
        calibrate_bundle(place / "good", [tmp_path / "cohort"], tmp_path / "out", workers=0)


def test_what_nobody_has_outlined_keeps_its_threshold_and_that_is_said(place, tmp_path):
    write_training_cohort(tmp_path / "cohort")
    for case in read_cohort(tmp_path / "cohort"):
        masks = {name: np.where(labels == 1, 1, 0).astype(np.uint8) for name, labels in case.read_labels().items()}
        write_masks(tmp_path / "cohort", case.study_id, masks)
    said = []
    bundle = calibrate_bundle(
        place / "spoilt", [tmp_path / "cohort"], tmp_path / "out", workers=0, progress=said.append
    )
    assert bundle.manifest.thresholds.segment_bladder == 0.9
    assert bundle.manifest.thresholds.segment_benign == 0.5
    sentence = "Not tuned, since no patient to tune on has such pixels outlined: 0.90 (bladder), 0.50 (benign uptake)."
    assert sentence in said
    assert sentence in bundle.path(CARD).read_text()


def test_the_card_says_what_is_not_calibrated(place):
    manifest = load_bundle(place / "good").manifest
    assert "are calibrated on validation patients" in model_card(manifest)
    thresholds = manifest.thresholds.model_copy(update={"untuned": ("patient",)})
    card = model_card(manifest.model_copy(update={"thresholds": thresholds}))
    assert "are not calibrated (see Thresholds)" in card
    assert untuned_in_words(thresholds) in card
    assert untuned_in_words(thresholds).startswith("Not calibrated, since")


@pytest.mark.slow
def test_the_stepwise_pipeline_gets_thresholds_and_no_calibration(place, tmp_path):
    bundle = tiny_bundle(tmp_path / "stepwise")
    bundle = with_changes(bundle, bundle.folder, recipe={"data": {"window_min_px": 12}})
    tuned = calibrate_bundle(bundle.folder, [place / "cohort"], tmp_path / "out", workers=0)
    assert tuned.manifest.thresholds.window_metastasis is not None
    assert tuned.manifest.figure("window_auc_metastasis").value is not None
    assert tuned.manifest.calibration is None
    card = tuned.path(CARD).read_text()
    assert "Thresholds and figures come from these patients" in card
    assert "a score to\ncompare with its threshold, not a calibrated probability" in card


def test_the_command_says_what_it_found_and_what_is_next(place, tmp_path):
    words = ["calibrate", "--cohort", str(place / "cohort"), "--model", str(place / "good"), "-o", str(tmp_path / "b")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "patient sensitivity" in result.output
    assert "site pelvis" in result.output
    assert ["threshold", "before", "now"] in [line.split() for line in result.output.splitlines()]
    assert f"--model {tmp_path / 'b'}" in result.output
