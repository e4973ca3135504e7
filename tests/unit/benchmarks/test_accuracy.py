"""Evaluations of several models as one result, and the tables of committed ones."""

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import accuracy, accuracy_page

COHORT = {"name": "default", "fingerprint": "f"}


@pytest.fixture
def named(monkeypatch):
    """Model → name in its manifest; the command line is replaced by what it would write."""
    names = {"joint": "joint", "stepwise": "stepwise", "runs/mine": "joint"}

    def bonescan(command, *words):
        out = Path(words[words.index("-o") + 1])
        out.mkdir(parents=True, exist_ok=True)
        if command == "simulate":
            (out / "cohort.csv").touch()
        elif words[0] == "--compare":
            folders = [Path(word) for word in words[1 : words.index("-o")]]
            found = [json.loads((folder / "evaluation.json").read_text())["method"]["name"] for folder in folders]
            twice = Counter(found)
            labels = [name if twice[name] == 1 else f.name for name, f in zip(found, folders, strict=True)]
            document = {"methods": dict.fromkeys(labels), "pairs": [{"first": labels[0], "second": labels[1]}]}
            (out / "comparison.json").write_text(json.dumps(document))
        else:
            model = words[words.index("--model") + 1]
            document = {"method": {"name": names[model], "sha256": model}, "cohorts": [COHORT], "command": "dropped"}
            (out / "evaluation.json").write_text(json.dumps(document))

    monkeypatch.setattr(accuracy, "bonescan", bonescan)
    return names


def test_the_default_call_names_models_by_their_manifests(named, tmp_path):
    found = accuracy.run("default", list(accuracy.MODELS), tmp_path, 1)
    assert list(found) == ["command", "what", "simulated_with", "fingerprint", "methods", "comparison"]
    assert found["command"] == "python -m benchmarks.accuracy default"
    assert list(found["methods"]) == ["joint", "stepwise"]
    committed = json.loads((accuracy.RESULTS / "accuracy-default.json").read_text(encoding="utf-8"))
    assert (committed["command"], list(committed["methods"])) == (found["command"], list(found["methods"]))


def test_two_models_of_one_name_are_both_kept_under_the_names_of_their_comparison(named, tmp_path):
    found = accuracy.run("default", ["joint", "runs/mine"], tmp_path, 1)
    assert found["command"] == "python -m benchmarks.accuracy default --models joint,runs/mine"
    kept = {label: method["method"]["sha256"] for label, method in found["methods"].items()}
    assert kept == {"default-joint": "joint", "default-mine": "runs/mine"}
    (pair,) = found["comparison"]["pairs"]
    assert {pair["first"], pair["second"]} == set(found["methods"])


def test_one_model_has_no_comparison(named, tmp_path):
    found = accuracy.run("default", ["stepwise"], tmp_path, 1)
    assert list(found["methods"]) == ["stepwise"]
    assert "comparison" not in found


def test_models_that_would_share_a_folder_of_results_are_refused(named, tmp_path):
    with pytest.raises(ValueError, match="have one name"):
        accuracy.run("default", ["runs/mine", "others/mine"], tmp_path, 1)


def test_a_difference_without_an_interval_is_said_without_one():
    bare = {"value": 0.25, "low": None, "high": None, "n": 3}
    undefined = bare | {"value": None}
    pair = {
        "first": "a",
        "second": "b",
        "auc": bare | {"low": -0.5, "high": 0.75, "delong_p": 0.5},
        "dice_metastasis_as_drawn": bare,
        "dice_bladder": None,
        "false_alarms_a_study": undefined,
        "report_accuracy": bare | {"mcnemar_p": 0.04},
    }
    assert accuracy_page._difference(pair) == (
        "`a` minus `b` on the same patients: area under the curve +0.250 (-0.500 to +0.750, p = 0.5), pooled Dice of "
        "metastasis +0.250, report accuracy +0.250 (p = 0.04)."
    )
