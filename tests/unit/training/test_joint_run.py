"""A joint run: cohort → training → kill → resume → export → the same answers from both backends."""

import json

import numpy as np
import pytest
import torch

from bonescan.core.errors import ModelError, UsageError
from bonescan.inference import runtime
from bonescan.inference.joint import Joint
from bonescan.models.bundle import load_bundle
from bonescan.training import stage
from bonescan.training.checkpoint import Checkpoint
from bonescan.training.export_onnx import export_bundle
from bonescan.training.loop import train
from tests.bodies import study, view
from tests.training_cohort import write_training_cohort

pytestmark = [pytest.mark.train, pytest.mark.slow]

RECIPE = """
name = "tiny"
version = "0"
pipeline = "joint"
threads = 1
[optimizer]
kind = "adamw"
average = 0.9
clip = 1.0
[joint]
steps = 3
batch = 2
micro_batch = 1
validate_every = 2
validation_windows = 2
checkpoint_every = 1
"""


class _KilledError(Exception):
    pass


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("joint")
    write_training_cohort(folder / "cohort")
    (folder / "tiny.toml").write_text(RECIPE)
    train(folder / "tiny.toml", folder / "cohort", folder / "run", workers=0)
    return folder


def state(run):
    return Checkpoint.load(run / "checkpoints" / "joint.pt")


def test_a_killed_run_ends_as_an_undisturbed_one(place, monkeypatch):
    whole, calls = stage._gradients, []

    def killed(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise _KilledError
        return whole(*arguments)

    monkeypatch.setattr(stage, "_gradients", killed)
    with pytest.raises(_KilledError):
        train(place / "tiny.toml", place / "cohort", place / "again", workers=0)
    monkeypatch.undo()
    assert state(place / "again").step == 1
    train(place / "tiny.toml", place / "cohort", place / "again", workers=0, resume=True)
    for name in ("network", "average", "best_network"):
        torch.testing.assert_close(
            getattr(state(place / "again"), name), getattr(state(place / "run"), name), rtol=0, atol=0
        )


def test_what_is_kept_is_the_average(place):
    ended = state(place / "run")
    assert any(not torch.equal(ended.network[name], ended.average[name]) for name in ended.network)
    torch.testing.assert_close(ended.best_network, ended.average, rtol=0, atol=0)


def test_the_log_says_every_figure(place):
    lines = [json.loads(line) for line in (place / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 3]
    assert {"dice_metastasis", "dice_bladder", "dice_benign", "dice_regions", "auc_patient", "report"} <= set(lines[0])
    assert (place / "run" / "curves.png").stat().st_size > 1000


def test_an_unfinished_run_is_not_exported(place, tmp_path):
    ended = state(place / "run")
    ended.finished = False
    for part in ("recipe.toml", "run.json"):
        (tmp_path / part).write_bytes((place / "run" / part).read_bytes())
    (tmp_path / "checkpoints").mkdir()
    ended.save(tmp_path / "checkpoints" / "joint.pt")
    with pytest.raises(ModelError, match="not finished"):
        export_bundle(tmp_path, tmp_path / "bundle")


def test_only_the_stepwise_pipeline_takes_a_resnet(place, tmp_path):
    with pytest.raises(UsageError, match="joint"):
        train(place / "tiny.toml", place / "cohort", tmp_path, init=place / "resnet.pth")


def test_both_backends_give_the_same_answers(place):
    export_bundle(place / "run", place / "bundle")
    bundle = load_bundle(place / "bundle")
    assert bundle.manifest.pipeline == "joint"
    assert bundle.manifest.thresholds.window_metastasis is None
    assert set(bundle.manifest.files) == {"joint.onnx", "MODEL_CARD.md"}
    assert bundle.manifest.figure("export_largest_difference").value < 0.05
    card = (place / "bundle" / "MODEL_CARD.md").read_text()
    assert "both views" in card
    assert "scans of another hospital" in card
    assert not bundle.manifest.regions, "the cohort has no region maps"
    counts = np.random.default_rng(0).poisson(20, (400, 120)).astype(np.float32)
    patient = study(view(counts), view(counts, "posterior"))
    results = []
    for backend in runtime.available():
        result = Joint(bundle, backend=backend, precision="f32" if backend == "openvino" else None).run(patient)
        results.append([result.probability, *result.sites.values(), float(result.views[1].metastasis.mean())])
    np.testing.assert_allclose(results[0], results[1], atol=2e-3)
    runtime.clear()
