"""From nothing to a model of one's own by commands alone: simulate, train, export, analyse."""

import json

import pytest

from tests.contract.commands import bonescan

RECIPE = """
name = "mini"
version = "0.0.1"
pipeline = "stepwise"
threads = 2
{stages}
"""
BATCH = {"classify": 2, "segment_metastasis": 2, "segment_bladder": 2, "locate": 1}


@pytest.mark.slow
@pytest.mark.train
def test_a_model_of_ones_own(study_file, tmp_path):
    stages = (f"[{name}]\nsteps = 1\nvalidation_windows = 4\nbatch = {batch}" for name, batch in BATCH.items())
    (tmp_path / "mini.toml").write_text(RECIPE.format(stages="\n".join(stages)))
    commands = [
        "simulate -n 12 --seed 5 -o cohort --processes 2",
        "train mini.toml --cohort cohort -o run",
        "export run -o bundle",
        f"analyze {study_file} --model ./bundle -o out --json",
    ]
    done = {}
    for command in commands:
        done[command.split()[0]] = result = bonescan(*command.split(), cwd=tmp_path, timeout=600)
        assert result.returncode == 0, result.stderr
    assert done["train"].stdout == "trained -> run; next: bonescan export run -o BUNDLE\n"
    (analysis,) = json.loads(done["analyze"].stdout)["analyses"]
    assert analysis["analysis"]["model"]["name"] == "mini"
    again = bonescan(*commands[1].split(), cwd=tmp_path)
    assert again.returncode == 2, "a run is not trained over without --resume"
    assert (tmp_path / "bundle" / "MODEL_CARD.md").is_file()
