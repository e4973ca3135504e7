"""The comparison at equal budgets: every method gets the same minutes of one core, by a recipe that can be read."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from benchmarks import equal_budget
from benchmarks.equal_budget import ALL, CORES, LONG, METHODS, VARIANTS, Job, recipe_text
from bonescan.training.recipe import read_recipe

JOB = Job(work=Path("work"), phantoms=Path("phantoms"), minutes=25, short=12, steps=900, patients=400, processes=2)


@pytest.mark.parametrize("name", [*METHODS, *VARIANTS])
def test_all_stages_together_take_what_every_method_gets(name, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(recipe_text(JOB, name), encoding="utf-8")
    recipe, _ = read_recipe(path)
    stages = [stage for stage in vars(recipe).values() if getattr(stage, "minutes", None)]
    assert sum(stage.minutes for stage in stages) == pytest.approx(12 if name in VARIANTS else 25, abs=0.05)
    assert recipe.threads == 1
    assert recipe.pipeline == ALL[name].recipe


@pytest.mark.parametrize("name", LONG)
def test_long_ones_end_by_steps_alone(name, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(recipe_text(JOB, name), encoding="utf-8")
    recipe, _ = read_recipe(path)
    assert recipe.joint.steps == 900
    assert recipe.joint.minutes is None
    assert recipe.answers.minutes is None


def test_each_method_is_trained_once_and_every_core_is_used(tmp_path, monkeypatch):
    trained, together = [], Barrier(CORES, timeout=20)

    def train(job, name, core):
        if core not in {each for _, each in trained}:
            together.wait()
        trained.append((name, core))

    monkeypatch.setattr(equal_budget, "train", train)
    monkeypatch.setattr(equal_budget, "simulate", lambda job: None)
    monkeypatch.setattr(sys, "argv", ["equal_budget", str(tmp_path), "--phantoms", str(tmp_path), "--only", "train"])
    equal_budget.main()
    assert sorted(name for name, _ in trained) == sorted(ALL)
    assert {core for _, core in trained} == set(range(CORES))


def test_steps_are_those_of_each_stage(tmp_path):
    run = tmp_path / "joint" / "run"
    run.mkdir(parents=True)
    lines = [{"stage": "joint", "step": 5}, {"stage": "joint", "step": 9}, {"stage": "joint.study", "step": 30}]
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert equal_budget.steps(replace(JOB, work=tmp_path), "joint") == {"joint": 9, "joint.study": 30}


def test_a_variant_differs_from_the_joint_recipe_in_what_it_says():
    whole = set(recipe_text(JOB, "joint-short").splitlines())
    assert set(recipe_text(JOB, "joint-one-view").splitlines()) - whole == {"[augment]", "one_view = 1.0"}


def test_the_benign_class_is_all_that_its_ablation_leaves_out():
    whole = set(recipe_text(JOB, "joint-long").splitlines())
    assert set(recipe_text(JOB, "joint-no-benign").splitlines()) - whole == {"benign = 0.0"}
