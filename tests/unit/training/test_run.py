"""What a run keeps of that which it was begun with, and what it says when it is to go on with something else."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from bonescan.core.errors import CohortError, RecipeError, UsageError
from bonescan.io.cohort import CohortCase, read_cohort, write_cohort
from bonescan.models.bundle import load_bundle
from bonescan.models.registry import find_bundle
from bonescan.training import export_onnx, loop
from bonescan.training.cache import Cohorts
from bonescan.training.loop import _check_split, train
from bonescan.training.run import RECORD, begin, open_run, started_from
from bonescan.training.start import open_start
from tests.training_cohort import write_training_cohort

pytestmark = pytest.mark.train

RECIPE = 'name = "s"\nversion = "0"\npipeline = "stepwise"\n' + "".join(
    f"[{stage}]\nsteps = 1\n" for stage in ("classify", "segment_metastasis", "segment_bladder", "locate")
)
COHORTS = Cohorts(
    tuple(
        CohortCase(f"T{i}", f"P{i}", ("scan.dcm",), split, False, (), False) for i, split in enumerate(("train", "val"))
    ),
    "0" * 64,
    fingerprints={Path(): "0" * 64},
)


@pytest.fixture(autouse=True)
def scans(tmp_path, monkeypatch):
    """The scan that both cases are of; they lie in the working folder."""
    (tmp_path / "scan.dcm").touch()
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "resnet34.pth"
    path.write_bytes(b"weights")
    return path


def forget(folder, key):
    """As an earlier version wrote it."""
    facts = json.loads((folder / RECORD).read_text())
    del facts[key]
    (folder / RECORD).write_text(json.dumps(facts))


def test_the_checkpoint_of_init_is_kept_and_asked_for_again(recipe, checkpoint, tmp_path):
    run = begin(recipe, COHORTS, tmp_path / "run", resume=False, init=checkpoint)
    kept = {"name": "resnet34.pth", "sha256": sha256(b"weights").hexdigest()}
    assert run.facts["init"] == run.identity["init"] == kept
    with pytest.raises(UsageError, match=r"resnet34\.pth: name that with --init"):
        begin(recipe, COHORTS, tmp_path / "run", resume=True)
    begin(recipe, COHORTS, tmp_path / "run", resume=True, init=checkpoint)
    checkpoint.write_bytes(b"others")
    with pytest.raises(UsageError, match="another checkpoint"):
        begin(recipe, COHORTS, tmp_path / "run", resume=True, init=checkpoint)


def test_a_run_without_init_does_not_go_on_with_one(recipe, checkpoint, tmp_path):
    run = begin(recipe, COHORTS, tmp_path / "run", resume=False)
    assert "init" not in run.identity
    with pytest.raises(UsageError, match="begun without --init"):
        begin(recipe, COHORTS, tmp_path / "run", resume=True, init=checkpoint)


@pytest.mark.parametrize("given", [True, False])
def test_a_run_of_an_earlier_version_that_kept_no_init_goes_on(recipe, checkpoint, tmp_path, given):
    begin(recipe, COHORTS, tmp_path / "run", resume=False)
    forget(tmp_path / "run", "init")
    begin(recipe, COHORTS, tmp_path / "run", resume=True, init=checkpoint if given else None)


def test_a_checkpoint_that_is_not_there_is_said_before_the_run_is_begun(recipe, tmp_path):
    with pytest.raises(RecipeError, match=r"cannot read the checkpoint none\.pth"):
        begin(recipe, COHORTS, tmp_path / "run", resume=False, init=tmp_path / "none.pth")
    assert not (tmp_path / "run").exists()


def test_what_a_kill_left_half_written_is_removed_when_the_run_goes_on(recipe, tmp_path):
    run = begin(recipe, COHORTS, tmp_path / "run", resume=False)
    checkpoints = run.folder / "checkpoints"
    checkpoints.mkdir()
    torn, whole = checkpoints / ".joint.pt.x1y2.part", checkpoints / "joint.pt"
    for path in (torn, whole):
        path.write_bytes(b"weights")
    begin(recipe, COHORTS, run.folder, resume=True)
    assert whole.exists()
    assert not torn.exists()


@pytest.mark.parametrize("ill", [True, False])
def test_validation_patients_who_are_all_alike_are_said_before_the_minutes(recipe, tmp_path, monkeypatch, ill):
    write_training_cohort(tmp_path / "cohort")
    cases = read_cohort(tmp_path / "cohort")
    kept = [case for case in cases if case.split == "train" or case.metastasis == ill]
    said = []
    monkeypatch.setattr(loop, "prepare", lambda *_, **__: said.append("minutes"))
    monkeypatch.setattr(loop, "launch", lambda *_, **__: None)
    for name, some in (("both", cases), ("alike", kept)):
        write_cohort(tmp_path / "cohort", list(some))
        loop.train(recipe, tmp_path / "cohort", tmp_path / name, progress=said.append)
    assert said[0] == said[2] == "minutes"
    assert said[1].startswith(f"of the patients to tune on {int(ill)} have metastases and {int(not ill)} have none: ")


def test_a_bundle_says_that_a_network_was_taught_elsewhere(recipe, checkpoint, tmp_path):
    run = begin(recipe, COHORTS, tmp_path / "run", resume=False, init=checkpoint)
    after = begin(recipe, COHORTS, tmp_path / "after", resume=False, start=run)
    for one in (run, after):
        assert "checkpoint resnet34.pth" in export_onnx._description(one, simulated=True)
    plain = begin(recipe, COHORTS, tmp_path / "plain", resume=False)
    assert export_onnx._description(plain, simulated=True) == "Simulated patients."


def test_a_run_knows_all_cohorts_that_taught_its_networks(recipe, tmp_path):
    others = replace(COHORTS, fingerprint="others", fingerprints={Path("one"): "one", Path("two"): "two"})
    first = begin(recipe, others, tmp_path / "first", resume=False)
    seed = first.recipe.seed
    assert first.taught_by == {"others": seed, "one": seed, "two": seed}
    reseeded = tmp_path / "reseeded.toml"
    reseeded.write_text(f"seed = {seed + 1}\n{RECIPE}")
    second = begin(reseeded, COHORTS, tmp_path / "second", resume=False, start=first)
    third = begin(recipe, COHORTS, tmp_path / "third", resume=False, start=open_run(Path(second.folder)))
    before = {**first.taught_by, **dict.fromkeys((COHORTS.fingerprint, *COHORTS.fingerprints.values()), seed + 1)}
    assert open_run(Path(third.folder)).facts["taught_before"] == before


def test_a_bundle_tells_a_run_that_starts_from_it_what_taught_it(recipe, tmp_path):
    bundle = load_bundle(find_bundle("joint"))
    start = open_start("joint")
    run = begin(recipe, COHORTS, tmp_path / "run", resume=False, start=start)
    assert run.facts["taught_before"] == {bundle.manifest.training_cohort.fingerprint: bundle.manifest.recipe["seed"]}
    assert set(run.taught_by) > set(run.facts["taught_before"])


def on_disk(folder):
    """A cohort with a scan on each of its sides."""
    folder.mkdir()
    cases = [replace(case, files=(f"{case.study_id}.dcm",), folder=folder) for case in COHORTS.cases]
    for case in cases:
        (folder / case.files[0]).write_text(case.study_id)
    return replace(COHORTS, cases=tuple(cases))


def test_a_run_keeps_the_marks_of_the_scans_that_taught_it_and_its_start(recipe, tmp_path):
    one, other = on_disk(tmp_path / "one"), on_disk(tmp_path / "other")
    (tmp_path / "other" / "T0.dcm").write_text("somebody else")
    first = begin(recipe, one, tmp_path / "first", resume=False)
    assert first.trained_scans == (sha256(b"T0").hexdigest()[:16],)
    begin(recipe, other, tmp_path / "second", resume=False, start=first)
    both = {sha256(b"somebody else").hexdigest()[:16], *first.trained_scans}
    assert open_run(tmp_path / "second").trained_scans == tuple(sorted(both))


@pytest.mark.parametrize("name", ["T0.dcm", "T0.json", "T1/masks/anterior.png"])
def test_a_run_does_not_go_on_with_outlines_that_have_changed(recipe, tmp_path, name):
    cohorts = on_disk(tmp_path / "cohort")
    begin(recipe, cohorts, tmp_path / "run", resume=False)
    begin(recipe, cohorts, tmp_path / "run", resume=True)
    (tmp_path / "cohort" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "cohort" / name).write_text("corrected")
    with pytest.raises(UsageError, match=r"another version of the scans or annotations\. Name another folder"):
        begin(recipe, cohorts, tmp_path / "run", resume=True)
    forget(tmp_path / "run", "content")
    begin(recipe, cohorts, tmp_path / "run", resume=True)


def test_a_cohort_without_a_split_is_refused_and_an_earlier_run_goes_on(recipe, tmp_path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "scan.dcm").touch()
    write_cohort(tmp_path / "ours", [CohortCase("T0", "P0", ("scan.dcm",))])
    with pytest.raises(CohortError, match=r"1 of 1 studies of .*ours have no side.*'bonescan cohort split .*ours'"):
        train(recipe, tmp_path / "ours", tmp_path / "run")
    assert not (tmp_path / "run").exists()
    said = []
    _check_split([tmp_path / "ours"], 7, going_on=True, say=said.append)
    assert "ours --seed 7'" in said[0]


def test_the_start_is_named_where_it_is_forgotten(recipe, tmp_path):
    first = begin(recipe, COHORTS, tmp_path / "first", resume=False)
    begin(recipe, COHORTS, tmp_path / "second", resume=False, start=open_run(Path(first.folder)))
    with pytest.raises(UsageError, match=r"begun from the run in .*first: name that with --start"):
        begin(recipe, COHORTS, tmp_path / "second", resume=True)
    assert started_from(tmp_path / "second") == f"the run in {first.folder}"
    assert started_from(tmp_path / "first") is started_from(tmp_path / "nowhere") is None
    forget(tmp_path / "second", "start")
    assert started_from(tmp_path / "second") == f"a run of the recipe {first.recipe_sha256[:16]}"
    with pytest.raises(UsageError, match="begun without --start"):
        begin(recipe, COHORTS, tmp_path / "first", resume=True, start=first)
