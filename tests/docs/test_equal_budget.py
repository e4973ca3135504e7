"""The comparison at equal budgets: every method gets the same minutes of one core, by a recipe that can be read."""

from pathlib import Path

import pytest

from benchmarks.equal_budget import METHODS, QUEUES, VARIANTS, Job, method, recipe_text
from bonescan.training.recipe import read_recipe

JOB = Job(work=Path("work"), phantoms=Path("phantoms"), minutes=25, short=12, patients=400, processes=2)


@pytest.mark.parametrize("name", [*METHODS, *VARIANTS])
def test_all_stages_together_take_what_every_method_gets(name, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(recipe_text(JOB, name), encoding="utf-8")
    recipe, _ = read_recipe(path)
    stages = [stage for stage in vars(recipe).values() if getattr(stage, "minutes", None)]
    assert sum(stage.minutes for stage in stages) == pytest.approx(12 if name in VARIANTS else 25, abs=0.05)
    assert recipe.threads == 1
    assert recipe.pipeline == method(name).recipe


def test_each_method_is_trained_once():
    trained = [name for queue in QUEUES for name in queue]
    assert sorted(trained) == sorted([*METHODS, *VARIANTS])


def test_a_variant_differs_from_the_joint_recipe_in_what_it_says():
    whole = set(recipe_text(JOB, "joint-short").splitlines())
    assert set(recipe_text(JOB, "joint-no-benign").splitlines()) - whole == {"benign = 0.0"}
    assert set(recipe_text(JOB, "joint-one-view").splitlines()) - whole == {"[augment]", "one_view = 1.0"}
