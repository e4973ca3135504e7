"""Cohort → training → kill → resume → export → bundle → the same answers from both backends."""

import shutil

import numpy as np
import pytest
import torch

from bonescan.core.errors import ModelError, RecipeError, UsageError
from bonescan.inference import runtime
from bonescan.inference.stepwise import NETWORKS
from bonescan.models.bundle import load_bundle
from bonescan.training import stepwise
from bonescan.training.checkpoint import Checkpoint
from bonescan.training.export_onnx import export_bundle
from bonescan.training.init import build, init_from_run
from bonescan.training.loop import train
from bonescan.training.run import open_run
from bonescan.training.stepwise import load_best
from tests.training_cohort import write_training_cohort

pytestmark = [pytest.mark.train, pytest.mark.slow]

STAGE = "steps = 2\nbatch = 2\nvalidate_every = 2\nvalidation_windows = 6\ncheckpoint_every = 1\n"
RECIPE = f"""
name = "tiny"
version = "0"
pipeline = "stepwise"
threads = 1
quantise = "mixed"
[data]
strip_windows = 1
[segment_metastasis]
base = 2
{STAGE}
[segment_bladder]
base = 2
{STAGE}
[classify]
shrink = 2
auxiliary = 1.0
{STAGE}
[locate]
{STAGE}
"""


class _KilledError(Exception):
    pass


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    write_training_cohort(folder / "cohort")
    (folder / "tiny.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(place):
    """A run that was killed in its third stage and resumed."""
    lines = []

    def kill_while_classifying(line):
        lines.append(line)
        if line.startswith("classify: step"):
            raise _KilledError

    with pytest.raises(_KilledError):
        train(place / "tiny.toml", place / "cohort", place / "run", progress=kill_while_classifying, workers=0)
    with pytest.raises(ModelError, match="not finished"):
        export_bundle(place / "run", place / "early")
    train(place / "tiny.toml", [place / "cohort"], place / "run", resume=True, progress=lines.append, workers=0)
    assert "classify: resumed at step 1" in lines
    return place / "run"


@pytest.fixture(scope="module")
def bundle(run, place):
    export_bundle(run, place / "bundle")
    return load_bundle(place / "bundle")


def test_the_run_keeps_what_it_was_made_from(run):
    assert (run / "recipe.toml").read_text() == RECIPE
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    stages = [line.split('"')[3] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert list(dict.fromkeys(stages)) == ["segment_metastasis", "segment_bladder", "classify", "locate"]
    facts = open_run(run).facts
    assert facts["cases"] == {"train": 4, "val": 2}
    assert facts["cohort_fingerprints"] == [facts["cohort_fingerprint"]]


def test_a_run_is_not_overwritten_by_accident(run, place):
    with pytest.raises(UsageError, match="already holds a run"):
        train(place / "tiny.toml", place / "cohort", run, workers=0)


def test_a_run_does_not_go_on_with_another_recipe(run, place):
    (place / "other.toml").write_text(RECIPE.replace('version = "0"', 'version = "1"'))
    with pytest.raises(UsageError, match="another recipe"):
        train(place / "other.toml", place / "cohort", run, resume=True, workers=0)


def test_a_classifier_killed_while_it_is_weighed_is_weighed_when_resumed(run, place, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    again = shutil.copytree(run, place / "unweighed")
    for stage in ("classify", "locate"):
        (again / "checkpoints" / f"{stage}.pt").unlink()
    words = {"resume": True, "workers": 0, "progress": lambda line: None}
    with monkeypatch.context() as once:
        once.setattr(stepwise, "fit_evidence", killed)
        with pytest.raises(KeyboardInterrupt):
            train(place / "tiny.toml", place / "cohort", again, **words)
    with pytest.raises(ModelError, match="classify of the run is not finished"):
        export_bundle(again, place / "unweighed-bundle")
    train(place / "tiny.toml", place / "cohort", again, **words)
    expected, found = (Checkpoint.load(folder / "checkpoints" / "classify.pt").best_network for folder in (run, again))
    assert not torch.equal(expected["evidence.weight"], torch.eye(*expected["evidence.weight"].shape))
    for part in ("evidence.weight", "evidence.bias"):
        torch.testing.assert_close(found[part], expected[part], rtol=0, atol=0)


def test_two_runs_of_a_recipe_end_alike(run, place, monkeypatch):
    # Only the first stage again: the other three would take as long as the whole test.
    monkeypatch.setattr(stepwise, "STAGES", ("segment_metastasis",))
    train(place / "tiny.toml", place / "cohort", place / "again", workers=0, progress=lambda line: None)
    first, again = (
        Checkpoint.load(folder / "checkpoints" / "segment_metastasis.pt").network for folder in (run, place / "again")
    )
    torch.testing.assert_close(first, again, rtol=0, atol=0)


def test_a_run_can_start_from_another(run, place, monkeypatch):
    monkeypatch.setattr(stepwise, "STAGES", ("segment_metastasis",))
    train(place / "tiny.toml", place / "cohort", place / "tuned", start=run, workers=0, progress=lambda line: None)
    assert open_run(place / "tuned").facts["started_from"] == open_run(run).identity
    with pytest.raises(UsageError, match="another start"):
        train(place / "tiny.toml", place / "cohort", place / "tuned", resume=True, workers=0)


def test_a_recipe_that_keeps_its_start_wants_one(place):
    (place / "keeps.toml").write_text(RECIPE.replace("[data]", "[optimizer]\nkeep_start = 0.5\n[data]"))
    with pytest.raises(UsageError, match=r"keeps 0\.5 of what training starts from"):
        train(place / "keeps.toml", place / "cohort", place / "kept", workers=0)
    assert not (place / "kept").exists()


def test_a_recipe_that_leaves_a_network_as_it_is_wants_a_start(place):
    head, locate, tail = RECIPE.partition("[locate]\nsteps = 2")
    assert locate
    (place / "leaves.toml").write_text(f"{head}[locate]\nsteps = 1{tail}")
    with pytest.raises(UsageError, match="locate for one step") as refused:
        train(place / "leaves.toml", place / "cohort", place / "left", workers=0)
    assert "--start stepwise" in str(refused.value)
    assert not (place / "left").exists()


def test_networks_start_where_the_other_run_ended(run, place):
    recipe = open_run(run).recipe
    network = build("locate", recipe)
    said: list[str] = []
    init_from_run(network, "locate", run, said.append)
    assert not said
    torch.testing.assert_close(
        network.state_dict(), load_best("locate", open_run(run), open_run(run).recipe).state_dict(), rtol=0, atol=0
    )
    network.fc = torch.nn.Linear(network.fc.in_features, 2)
    init_from_run(network, "locate", run, said.append)
    assert "2 tensors" in said[0], "a head of another shape begins anew"
    wide = recipe.model_copy(update={"segment_bladder": recipe.segment_bladder.model_copy(update={"base": 4})})
    with pytest.raises(RecipeError, match="another shape"):
        init_from_run(build("segment_bladder", wide), "segment_bladder", run, said.append)
    with pytest.raises(ModelError, match="not finished"):
        init_from_run(network, "locate", place, said.append)


def test_the_bundle_says_what_it_is(bundle):
    manifest = bundle.manifest
    assert manifest.name == "tiny"
    assert set(manifest.files) == {*NETWORKS, "MODEL_CARD.md"}
    assert manifest.recipe["data"]["strip_windows"] == 1
    assert manifest.training_cohort.fingerprints == (manifest.training_cohort.fingerprint,)
    assert len(manifest.training_cohort.scans) == 4
    assert manifest.figure("patient_auc").count == 2
    card = bundle.path("MODEL_CARD.md").read_text(encoding="utf-8")
    assert "Not a medical device" in card
    assert "patient_auc" in card


@pytest.mark.parametrize("stage", ["classify", "segment_metastasis", "segment_bladder", "locate"])
def test_both_backends_answer_as_the_trained_network(bundle, run, stage):
    columns, channels = (512, 2) if stage == "locate" else (256, 1)
    rows = 1024 if stage == "locate" else 256
    images = np.random.default_rng(0).random((2, channels, rows, columns), np.float32)
    path = bundle.path(f"{stage}.onnx")
    one = runtime.load(path, backend="onnxruntime", threads=1)(images)
    other = runtime.load(path, backend="openvino", threads=1, precision="f32")(images)
    np.testing.assert_allclose(one, other, atol=1e-4)
    with torch.inference_mode():
        trained = torch.sigmoid(load_best(stage, open_run(run), open_run(run).recipe)(torch.from_numpy(images))).numpy()
    np.testing.assert_allclose(one, trained, atol=0.05)


def test_the_classifier_takes_whole_views(bundle):
    views = np.random.default_rng(0).random((2, 1, 1024, 256), np.float32)
    for backend in ("onnxruntime", "openvino"):
        answers = runtime.load(bundle.path("classify.onnx"), backend=backend, threads=1)(views)
        assert answers.shape == (14, 2)
