"""A joint run: cohort → training → kill → resume → export → the same answers from both backends."""

import json
import shutil

import numpy as np
import pytest
import torch

from bonescan.core.anatomy import MaskLabel
from bonescan.core.errors import ModelError, UsageError
from bonescan.inference import runtime
from bonescan.inference.joint import Joint
from bonescan.models.bundle import load_bundle
from bonescan.training import stage
from bonescan.training.cache import load_cache
from bonescan.training.checkpoint import Checkpoint, best_network
from bonescan.training.export_onnx import export_bundle
from bonescan.training.joint.answers import look
from bonescan.training.joint.export import load_joint
from bonescan.training.joint.samples import mirrored
from bonescan.training.loop import train
from bonescan.training.recipe import read_recipe
from bonescan.training.run import open_run
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
    assert {"dice_metastasis", "dice_bladder", "dice_benign", "auc_patient", "report"} <= set(lines[0])
    assert "dice_regions" not in lines[0], "the cohort has no region maps"
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


def test_a_run_of_another_version_is_not_exported(place, tmp_path):
    run = shutil.copytree(place / "run", tmp_path / "run")
    ended = state(run)
    ended.best_network["study.answer.weight"] = torch.zeros(7, 48)
    ended.save(run / "checkpoints" / "joint.pt")
    with pytest.raises(ModelError, match=r"another version.*--start"):
        load_joint(open_run(run), read_recipe(run / "recipe.toml")[0])


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
    assert "Trained and measured on simulated patients only" in card, "as the header of the scans says"
    assert not bundle.manifest.regions, "the cohort has no region maps"
    counts = np.random.default_rng(0).poisson(20, (400, 120)).astype(np.float32)
    patient = study(view(counts), view(counts, "posterior"))
    results = []
    for backend in runtime.available():
        result = Joint(bundle, backend=backend, precision="f32" if backend == "openvino" else None).run(patient)
        results.append([result.probability, *result.sites.values(), float(result.views[1].metastasis.mean())])
    np.testing.assert_allclose(results[0], results[1], atol=2e-3)
    runtime.clear()


ANSWERS = """
[answers]
passes = 2
steps = 40
lr = 0.01
batch = 4
validate_every = 20
validation_windows = 2
checkpoint_every = 10
"""


def answered(place, name, text, minutes=None, **options):
    recipe = place / f"{name}.toml"
    recipe.write_text(text + ANSWERS + (f"minutes = {minutes}\n" if minutes else ""))
    train(recipe, place / "cohort", place / name, workers=0, **options)
    return place / name


def weights(run):
    best = best_network(run, "joint")
    head = {name: best.pop(name) for name in list(best) if name.startswith("study.")}
    return best, head


def test_answers_learn_alone_after_the_maps(place):
    run = answered(place, "answered", RECIPE)
    maps, head = weights(run)
    before, head_before = weights(place / "run")
    torch.testing.assert_close(maps, before, rtol=0, atol=0)
    assert all(not torch.equal(head[name], head_before[name]) for name in head)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    steps = [(line["stage"], line["step"]) for line in lines]
    assert steps == [("joint", 2), ("joint", 3), ("joint.study", 20), ("joint.study", 40)]
    assert lines[-1]["loss"] < lines[-2]["loss"]
    said = load_joint(open_run(run), read_recipe(run / "recipe.toml")[0]).state_dict()
    torch.testing.assert_close({name: said[name] for name in head}, head, rtol=0, atol=0)


def test_answers_alone_leave_the_maps_of_what_they_start_from(place):
    run = answered(place, "alone", RECIPE.replace("steps = 3", "steps = 0"), start=place / "run")
    torch.testing.assert_close(weights(run)[0], weights(place / "run")[0], rtol=0, atol=0)
    answered(place, "after", RECIPE.replace("steps = 3", "steps = 0"), start=run)
    torch.testing.assert_close(weights(place / "after")[0], weights(run)[0], rtol=0, atol=0)
    # The first loss is that of the answers that the earlier run ended with.
    first, second = ((place / name / "metrics.jsonl").read_text().splitlines() for name in ("alone", "after"))
    assert json.loads(second[0])["loss"] < json.loads(first[0])["loss"]


def test_answers_alone_need_a_start(place):
    with pytest.raises(UsageError, match="--start joint"):
        answered(place, "nothing", RECIPE.replace("steps = 3", "steps = 0"))
    assert not (place / "nothing").exists()


def test_what_a_run_started_from_is_named_where_it_is_forgotten(place):
    text = RECIPE.replace("steps = 3", "steps = 0")
    answered(place, "forgotten", text, start=place / "run")
    with pytest.raises(UsageError, match=r"begun from the run in .*run: name that with --start"):
        answered(place, "forgotten", text, resume=True)


def test_a_run_whose_answers_are_learnt_is_not_looked_at_again(place):
    said = []
    run = answered(place, "twice", RECIPE)
    learnt = (run / "checkpoints" / "joint.study.pt").read_bytes()
    answered(place, "twice", RECIPE, resume=True, progress=said.append)
    assert not any("looked at" in line for line in said)
    assert (run / "checkpoints" / "joint.study.pt").read_bytes() == learnt


def test_a_run_whose_answers_are_not_learnt_is_not_exported(place, tmp_path):
    run = answered(place, "killed", RECIPE)
    (run / "checkpoints" / "joint.study.pt").unlink()
    with pytest.raises(ModelError, match="not finished"):
        export_bundle(run, tmp_path / "bundle")


def test_what_is_looked_at_is_what_the_network_answers_from(place):
    cases = load_cache(place / "run" / "cache" / "val")
    recipe = read_recipe(place / "tiny.toml")[0]
    network = load_joint(open_run(place / "run"), recipe)
    everyone = np.arange(len(cases))
    seen = look(network, cases, recipe, everyone, say=print)
    image = torch.from_numpy(mirrored(cases.image(0)))[None]
    with torch.inference_mode():
        torch.testing.assert_close(network.study.weigh(seen.looks[:1]), network(image).study, rtol=1e-4, atol=1e-4)
    assert seen.study[:, 0].bool().tolist() == cases.metastasis.tolist()
    metastatic = (cases.labels == MaskLabel.METASTASIS).any(axis=(1, 2, 3))
    assert seen.views.any(dim=1).tolist() == metastatic.tolist()
    changed = look(network, cases, recipe, everyone, augment=recipe.augment, number=1, say=print)
    assert not torch.equal(changed.looks, seen.looks)
    other = look(network, cases, recipe, everyone[::-1], say=print)
    torch.testing.assert_close(other.looks, seen.looks.flip(0), rtol=1e-4, atol=1e-4)


def test_no_more_patients_are_looked_at_once_it_is_late(place):
    cases = load_cache(place / "run" / "cache" / "train")
    recipe = read_recipe(place / "tiny.toml")[0]
    network = load_joint(open_run(place / "run"), recipe)
    order = np.tile(np.arange(len(cases))[::-1], 3)
    seen = look(network, cases, recipe, order, late=lambda: True, say=print)
    assert seen.study[:, 0].bool().tolist() == cases.metastasis[order[:4]].tolist()


def test_the_minutes_of_the_answers_hold_looking(place):
    said = []
    run = answered(place, "hurried", RECIPE, minutes=1e-4, progress=said.append)
    looked = [line.split(": ")[1] for line in said if "looked at" in line]
    assert looked == ["looked at 4 of 4 patients", "looked at 2 of 2 patients"], "no second pass"
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 1, "what is left of the minutes is over after the first step"
