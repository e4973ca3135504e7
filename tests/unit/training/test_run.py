"""What a run keeps of that which it was begun with, and what it says when it is to go on with something else."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from bonescan.core.errors import RecipeError, UsageError
from bonescan.io.cohort import CohortCase
from bonescan.models.bundle import load_bundle
from bonescan.models.registry import find_bundle
from bonescan.training import export_onnx
from bonescan.training.cache import Cohorts
from bonescan.training.run import RECORD, begin, open_run, started_from
from bonescan.training.start import open_start

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
