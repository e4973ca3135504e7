"""The smaller commands, as a user runs them."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bonescan.io.cohort import read_cohort
from tests.contract.commands import bonescan
from tests.tiny_bundle import tiny_bundle


def test_info_tells_what_was_understood(study_file):
    done = bonescan("info", study_file)
    assert (done.returncode, done.stderr) == (0, "")
    heading, anterior, posterior, quality = done.stdout.splitlines()
    assert heading == "analytic: 99mTc-MDP, sex F, 740 MBq"
    assert anterior.split()[:4] == ["anterior", "1024", "x", "256"]
    assert posterior.split()[-2:] == ["frame", "2"]
    assert quality == "  quality: no finding"


def test_info_for_programs_holds_the_same(study_file):
    document = json.loads(bonescan("info", study_file, "--json").stdout)
    assert [view["view"] for view in document["views"]] == ["anterior", "posterior"]
    assert document["views"][0]["polarity"] == "hot_high"
    assert document["views"][0]["pixel_spacing_mm"] == [2.2, 2.2]
    assert document["quality"] == []


def test_models_lists_what_is_installed(tmp_path):
    tiny_bundle(tmp_path / "models" / "tiny")
    env = {"BONESCAN_MODELS_DIR": str(tmp_path / "models")}
    text = bonescan("models", env=env).stdout
    assert "tiny 0.0.1\n" in text
    for word in ("Apache-2.0", "simulated patients only", "made by hand for tests"):
        assert word in text
    entries = {entry["name"]: entry for entry in json.loads(bonescan("models", "--json", env=env).stdout)}
    assert len(entries["tiny"]["sha256"]) == 64
    assert entries["tiny"]["schema"] == "bonescan.bundle/1"


def test_models_lists_the_names_that_can_be_given(tmp_path):
    for folder in ("ours", "joint"):
        tiny_bundle(tmp_path / "models" / folder)
    env = {"BONESCAN_MODELS_DIR": str(tmp_path / "models")}
    done = bonescan("models", env=env)
    assert "\nours (tiny 0.0.1)\n" in done.stdout
    assert done.stdout.startswith("joint ")
    assert done.stderr.startswith(f"{tmp_path / 'models' / 'joint'}: not listed")
    entries = json.loads(bonescan("models", "--json", env=env).stdout)
    assert [(entry["model"], entry["name"]) for entry in entries if entry["name"] == "tiny"] == [("ours", "tiny")]


def test_models_lists_the_others_where_one_cannot_be_read(tmp_path):
    tiny_bundle(tmp_path / "models" / "tiny")
    (tmp_path / "models" / "bad").mkdir()
    (tmp_path / "models" / "bad" / "bundle.json").write_text("{}")
    env = {"BONESCAN_MODELS_DIR": str(tmp_path / "models")}
    for words in (["models"], ["models", "--json"]):
        done = bonescan(*words, env=env)
        assert done.returncode == 4
        assert "made by hand for tests" in done.stdout
        assert done.stderr.startswith(f"bonescan: {tmp_path / 'models' / 'bad'}: bundle.json of bad has ")
    assert {"tiny", "joint"} <= {entry["name"] for entry in json.loads(done.stdout)}
    checks = json.loads(bonescan("doctor", "--json", env=env).stdout)["checks"]
    assert sorted(check["state"] for check in checks if check["name"] == "model") == ["broken", "ok", "ok", "ok"]


def test_doctor_finds_this_installation_healthy():
    done = bonescan("doctor", "--json")
    document = json.loads(done.stdout)
    assert [check for check in document["checks"] if check["state"] == "broken"] == []
    assert document["healthy"] is True
    assert done.returncode == 0


def test_doctor_says_what_is_broken():
    done = bonescan("doctor", env={"BONESCAN_MODEL": "no-such-model"})
    assert done.returncode == 4
    assert "no-such-model" in done.stdout
    assert done.stderr == "bonescan: model: broken; see above.\n"


@pytest.mark.slow
def test_a_simulation_that_is_killed_goes_on_to_the_same_bytes(tmp_path):
    words = ["simulate", "-n", 3, "--seed", 3, "--annotations", "masks,labelme", "-o"]
    done = bonescan(*words, tmp_path / "a", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert (facts["studies"], facts["patients"]) == (3, 3)
    assert facts["fingerprint"] == read_cohort(tmp_path / "a").fingerprint
    killed = subprocess.Popen([sys.executable, "-m", "bonescan", *map(str, words), str(tmp_path / "b")])
    first = tmp_path / "b" / "S003-00000" / "truth.json"
    while not first.is_file() and killed.poll() is None:
        time.sleep(0.05)
    killed.kill()
    killed.wait()
    assert not (tmp_path / "b" / "cohort.csv").exists()
    assert bonescan(*words, tmp_path / "b").returncode == 0
    files = [
        {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        for folder in (tmp_path / "a", tmp_path / "b")
    ]
    assert files[0] == files[1]
    name = "S003-00001"
    done = bonescan("simulate", "--rebuild", tmp_path / "a" / name, "--annotations", "masks,labelme", "-o", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    anew = {
        Path(name) / p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*") if p.is_file()
    }
    assert anew == {path: data for path, data in files[0].items() if path.parts[0] == name}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-n", 1], "--out"),
        (["-o", "cohort"], "--number"),
        (["-o", "cohort", "-n", 1, "--annotations", "crayon"], "crayon"),
        (["-o", "cohort", "-n", 1, "--recipe", "easy"], "paper-621"),
        (["-o", "cohort", "-n", 1, "--sheet", "sheet.png"], "--realism"),
    ],
)
def test_simulate_says_what_is_missing_or_wrong(tmp_path, words, said):
    done = bonescan("simulate", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--rebuild", "--realism"])
def test_simulate_names_a_folder_that_holds_no_such_thing(tmp_path, option):
    done = bonescan("simulate", option, tmp_path / "nothing", "-o", tmp_path / "out")
    assert done.returncode == 3
    assert "nothing" in done.stderr


def test_simulate_refuses_a_folder_of_another_cohort(tmp_path):
    (tmp_path / "simulation.json").write_text('{"seed": 99}')
    done = bonescan("simulate", "-n", 1, "--seed", 3, "-o", tmp_path)
    assert done.returncode == 2
    assert "another seed" in done.stderr


@pytest.mark.train
def test_train_refuses_a_cohort_that_is_not_there(tmp_path):
    done = bonescan("train", tmp_path / "recipe.toml", "--cohort", tmp_path / "cohort", "-o", tmp_path / "run")
    assert done.returncode in {2, 3}
    assert done.stderr.startswith("bonescan: ")
    assert list(tmp_path.iterdir()) == []


def test_without_torch_train_and_export_say_what_to_install(tmp_path, monkeypatch):
    from bonescan.cli import extras
    from bonescan.core.errors import MissingExtraError

    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'bonescan\[train\]'"):
        extras.need_torch("train")
