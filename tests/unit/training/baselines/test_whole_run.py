"""U-Net and report network by way of recipes: train, kill, resume, predict, gated and not."""

import numpy as np
import pytest
import torch

from bonescan.core.errors import CohortError, ModelError, UsageError
from bonescan.io.cohort import read_cohort
from bonescan.io.predictions import read_predictions
from bonescan.training.baselines.predict import predict_cohort
from bonescan.training.baselines.thresholds import read_thresholds
from bonescan.training.checkpoint import Checkpoint
from bonescan.training.loop import train
from tests.tiny_bundle import tiny_bundle
from tests.training_cohort import write_training_cohort

pytestmark = [pytest.mark.train, pytest.mark.slow]

STAGE = "steps = 2\nbatch = 1\nvalidate_every = 1\nvalidation_windows = 2\ncheckpoint_every = 1\n"
RECIPE = 'name = "{name}"\nversion = "0"\npipeline = "{name}"\nthreads = 1\n[{stage}]\n' + STAGE
RECIPES = {
    "unet": RECIPE.format(name="unet", stage="unet") + "base = 2\npatch_px = 64\n",
    "resnet34-report": RECIPE.format(name="resnet34-report", stage="report") + "shrink = 2\n",
}
STAGES = {"unet": "unet", "resnet34-report": "report"}


class _KilledError(Exception):
    pass


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("baselines")
    write_training_cohort(folder / "cohort")
    for name, text in RECIPES.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


@pytest.fixture(scope="module", params=RECIPES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def run(place, name):
    folder = place / f"run-{name}"
    train(place / f"{name}.toml", place / "cohort", folder, progress=lambda line: None, workers=0)
    return folder


@pytest.fixture(scope="module")
def predictions(run, place, name):
    predict_cohort(run, place / "cohort", place / f"pred-{name}", split="val", progress=lambda line: None)
    return read_predictions(place / f"pred-{name}")


def test_a_killed_and_resumed_run_ends_where_another_does(run, place, name):
    def kill(line):
        if ": step 2 " in line:
            raise _KilledError

    cut, words = place / f"cut-{name}", {"workers": 0}
    with pytest.raises(_KilledError):
        train(place / f"{name}.toml", place / "cohort", cut, progress=kill, **words)
    with pytest.raises(ModelError, match="not finished"):
        predict_cohort(cut, place / "cohort", place / "early", split="val")
    lines = []
    train(place / f"{name}.toml", place / "cohort", cut, resume=True, progress=lines.append, **words)
    assert f"{STAGES[name]}: resumed at step 1" in lines
    ends = [Checkpoint.load(folder / "checkpoints" / f"{STAGES[name]}.pt") for folder in (run, cut)]
    torch.testing.assert_close(ends[0].network, ends[1].network, rtol=0, atol=0)
    assert read_thresholds(run) == read_thresholds(cut)


def test_the_run_draws_its_curves(run):
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_every_study_of_the_split_is_answered(predictions, place, name):
    assert set(predictions.studies) == {case.study_id for case in read_cohort(place / "cohort").split("val")}
    assert predictions.about.name == name
    assert predictions.about.made_with["run"]["recipe_sha256"]
    for study in predictions.studies.values():
        assert 0 <= study.probability <= 1
        assert study.probability == pytest.approx(max(study.sites.values()), abs=1e-5)
        assert study.seconds > 0


def test_masks_are_in_the_geometry_of_the_view(predictions, name):
    masks = predictions.read_masks("T4")
    if name == "resnet34-report":
        assert masks == {}
        return
    assert {mask.shape for mask in masks.values()} == {(512, 128)}
    assert len(masks) == 2


def test_predictions_are_not_overwritten(predictions, run, place):
    with pytest.raises(UsageError, match="already holds"):
        predict_cohort(run, place / "cohort", predictions.folder, split="val")


def test_a_split_without_studies_is_said(run, place):
    with pytest.raises(CohortError, match="'test'"):
        predict_cohort(run, place / "cohort", place / "none")


def test_a_gate_answers_for_the_patient(run, place, name, predictions):
    limits = {"patient": 0.75, "window_metastasis": 1.0, "window_bladder": 1.0}
    bundle = tiny_bundle(place / f"gate-{name}", thresholds=limits)
    out = place / f"gated-{name}"
    predict_cohort(run, place / "cohort", out, split="val", gate=str(bundle.folder), progress=lambda line: None)
    gated = read_predictions(out)
    assert gated.about.name == f"{name} gated"
    assert gated.about.thresholds.patient == 0.75
    assert gated.about.thresholds.sites == predictions.about.thresholds.sites
    assert gated.about.made_with["gate"]["sha256"] == bundle.sha256
    for study_id, study in gated.studies.items():
        if name == "unet":
            assert max(study.sites.values()) == 0, "every window is closed"
        else:
            assert study.sites == predictions.studies[study_id].sites


def test_a_run_without_a_baseline_is_refused(place, tmp_path):
    (tmp_path / "recipe.toml").write_text(
        'name = "s"\nversion = "0"\npipeline = "stepwise"\n'
        + "".join(f"[{s}]\nsteps = 1\n" for s in ("classify", "segment_metastasis", "segment_bladder", "locate"))
    )
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(ModelError, match="no baseline"):
        predict_cohort(tmp_path, place / "cohort", tmp_path / "out", split="val")


def test_a_run_without_a_checkpoint_is_not_finished(place, name, tmp_path):
    (tmp_path / "recipe.toml").write_text(RECIPES[name])
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(ModelError, match="not finished"):
        predict_cohort(tmp_path, place / "cohort", tmp_path / "out", split="val")


def test_a_missing_view_is_no_finding(run, place, name):
    from bonescan.training.baselines.found import site_map
    from bonescan.training.baselines.train import method_of
    from bonescan.training.run import open_run

    method = method_of(open_run(run), site_map(run))
    images = np.random.default_rng(0).random((1, 2, 1024, 256), np.float32)
    images[:, 1] = 0
    (found,) = method(images)
    if name == "unet":
        assert found.metastasis[0].max() > 0
        assert found.metastasis[1].max() == found.bladder[1].max() == 0
    assert 0 < found.patient < 1
