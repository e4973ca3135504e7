"""Recipes: strict, frozen, and the shipped one."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bonescan.core.errors import RecipeError
from bonescan.training.recipe import read_recipe

pytestmark = pytest.mark.train

RECIPES = Path(__file__).parents[3] / "recipes"
MINIMAL = """
name = "tiny"
version = "1"
pipeline = "stepwise"
[classify]
steps = 1
[segment_metastasis]
steps = 1
[segment_bladder]
steps = 1
[locate]
steps = 1
"""
JOINT = 'name = "a"\nversion = "1"\npipeline = "joint"\n[joint]\nsteps = 1\n'


def _read(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return read_recipe(path)


def test_the_shipped_recipe_keeps_to_the_paper_where_it_says_so():
    recipe, sha256 = read_recipe(RECIPES / "stepwise.toml")
    assert recipe.classify.lr == recipe.locate.lr == 0.01
    assert recipe.classify.batch == recipe.segment_metastasis.batch == recipe.locate.batch == 16
    assert recipe.classify.gamma == 1
    assert recipe.classify.stem == "paper"
    assert recipe.augment.rotation_deg <= 7
    assert len(sha256) == 64


def test_a_recipe_is_frozen(tmp_path):
    recipe, _ = _read(tmp_path, MINIMAL)
    with pytest.raises(ValidationError):
        recipe.seed = 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MINIMAL.replace("[locate]\nsteps = 1", "[locate]\nsteps = 1\nepochs = 3"), "locate.epochs"),
        (MINIMAL.replace("[locate]\nsteps = 1", ""), "locate"),
        (MINIMAL.replace("[classify]\nsteps = 1", "[classify]\nsteps = 0"), "classify.steps"),
        (MINIMAL.replace('"stepwise"', '"magic"'), r"unknown pipeline, 'magic'; expected one of stepwise, joint, unet"),
        (MINIMAL.replace('pipeline = "stepwise"', ""), r"has no key pipeline; expected one of stepwise, joint, unet"),
        (MINIMAL.replace('"stepwise"', "[1]"), r"unknown pipeline, \[1\]"),
        (JOINT + "minuts = 50", r"toml has a fault: joint\.minuts: unknown key; did you mean minutes\.$"),
        (JOINT + "[answer]\nsteps = 1", r"fault: answer: unknown key; did you mean answers\.$"),
        (JOINT + "[answers]\nsteps = 1\npases = 1", r"answers\.pases: unknown key; did you mean passes\.$"),
        (JOINT + "[answers]\nsteps = 1\nzzz = 1", r"answers\.zzz: unknown key\.$"),
        (JOINT + "lr = inf\nminutes = nan", r"has 2 faults: joint\.minutes: .*finite number; joint\.lr: .*finite"),
        ('name = "a"\nversion = "1"\npipeline = "joint"\n[joint]\nsteps = 0', "nothing to learn"),
        ("quantise = 'integer'" + MINIMAL, r"quantise: Input should be 'none', 'int8' or 'mixed'"),
        (MINIMAL + "[data]\nmetastasis_share = 0.8", r"metastasis_share \+ bladder_share \+ benign_share is 1\.15"),
        (JOINT + "[data]\nmetastatic_share = 0.8", r"metastatic_share \+ benign_share is 1\.1; expected at most 1"),
        (JOINT + "[augment]\ngrey_step = [0.0, 0.4]", r"grey_step: .*from 0 to 0\.4; expected the least first"),
        (JOINT + "[augment]\ngrey_step = [0.4, 0.06]", r"grey_step: .*from 0\.4 to 0\.06"),
        (JOINT + "[augment]\ngrey_step = [0.06, inf]", r"grey_step\.1: .*finite number"),
        ("name = ", "not TOML"),
    ],
)
def test_faults_are_named(tmp_path, text, said):
    with pytest.raises(RecipeError, match=said):
        _read(tmp_path, text)


def test_shares_may_be_all_there_is(tmp_path):
    recipe, _ = _read(tmp_path, MINIMAL + "[data]\nmetastasis_share = 0.7\nbladder_share = 0.2\nbenign_share = 0.1")
    assert recipe.data.metastasis_share == 0.7
    recipe, _ = _read(tmp_path, JOINT + "[data]\nmetastatic_share = 0.7\n[augment]\ngrey_step = [0.3, 0.3]")
    assert recipe.augment.grey_step == (0.3, 0.3)


def test_a_byte_order_mark_does_not_matter(tmp_path):
    assert _read(tmp_path, f"\ufeff{MINIMAL}")[0] == _read(tmp_path, MINIMAL)[0]


def test_a_missing_recipe_is_said(tmp_path):
    with pytest.raises(RecipeError, match=r"none\.toml"):
        read_recipe(tmp_path / "none.toml")


def test_any_change_of_the_file_changes_its_hash(tmp_path):
    assert _read(tmp_path, MINIMAL)[1] != _read(tmp_path, MINIMAL + "# a remark\n")[1]


@pytest.mark.parametrize("name", ["unet", "resnet34-report", "nnunet"])
def test_every_baseline_has_a_recipe_with_a_budget(name):
    recipe, _ = read_recipe(RECIPES / f"{name}.toml")
    assert recipe.pipeline == recipe.name == name
    (stage,) = (getattr(recipe, stage) for stage in ("unet", "report", "nnunet") if hasattr(recipe, stage))
    assert stage.minutes == 60


@pytest.mark.parametrize("key", ["[optimizer]\nmomentum = 0.5", "[data]\npatch_px = 64"])
def test_nnunet_is_not_told_what_it_decides_itself(tmp_path, key):
    text = (RECIPES / "nnunet.toml").read_text(encoding="utf-8")
    with pytest.raises(RecipeError, match="unknown key"):
        _read(tmp_path, text + key)
