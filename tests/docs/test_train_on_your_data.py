"""The page's commands, word for word, on a hospital of ten patients and with a recipe of two steps."""

import json

import numpy as np
import pytest

from bonescan.cli.main import main
from bonescan.core.anatomy import Region
from bonescan.core.study import ViewName
from bonescan.io.cohort import read_cohort
from bonescan.io.label_masks import write_masks
from bonescan.models.bundle import load_bundle
from tests.docs.commands import PAGES, blocks, console_lines
from tests.hospital import SIZE, annotate, write_scan
from tests.training_cohort import write_training_cohort

PAGE = "train-on-your-data.md"
RECIPE = """
name = "ours"
version = "0"
pipeline = "joint"
threads = 1
[optimizer]
kind = "adamw"
[joint]
steps = 2
batch = 2
micro_batch = 1
validate_every = 2
validation_windows = 2
"""
DONE_OTHERWISE = ("simulate", "evaluate")
"""Simulated patients are made faster here; the evaluation has tests of its own."""

pytestmark = [pytest.mark.train, pytest.mark.slow]


def commands():
    """Those of the page on the straight way, in their order."""
    lines = [words for page, words in console_lines() if page == PAGE and words[0] == "bonescan"]
    assert {words[1] for words in lines} == {
        "cohort",
        "simulate",
        "calibrate",
        "train",
        "export",
        "analyze",
        "evaluate",
    }
    return [words[1:] for words in lines if words[1] not in DONE_OTHERWISE and "simulated-run" not in words]


def run(words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0, words


def outline(cohort, labels, archive_of):
    for study_id, file in archive_of.items():
        spot, masks = labels[file]
        annotate(cohort / study_id, masks, ("spine",) if spot == "metastasis" else () if spot else ("nothing",))


def test_from_an_archive_to_a_model(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BONESCAN_CACHE_DIR", str(tmp_path / "settings"))
    labels = {}
    for number in range(10):
        spot = ("metastasis", "benign", "metastasis", "")[number % 4]
        file = f"archive/{number}.dcm"
        labels[file] = spot, write_scan(tmp_path / file, f"P{number}", spot, number)
    (tmp_path / "study.dcm").write_bytes((tmp_path / "archive" / "0.dcm").read_bytes())
    (tmp_path / "recipes").mkdir()
    for name in ("joint", "joint-refine"):
        (tmp_path / "recipes" / f"{name}.toml").write_text(RECIPE)
    write_training_cohort(tmp_path / "simulated")
    (tmp_path / "simulated" / "simulation.json").write_text("{}")
    whole = dict.fromkeys(ViewName, np.full(SIZE, Region.FEMUR, np.uint8))
    write_masks(tmp_path / "simulated", "T0", {}, whole)
    for words in commands():
        run(words)
        if words[:2] == ["cohort", "new"]:
            capsys.readouterr()
            run([*words, "--json"])
            found = json.loads(capsys.readouterr().out)["studies"]
            outline(tmp_path / "ours", labels, {entry["study_id"]: entry["files"][0] for entry in found})
    cohort = read_cohort(tmp_path / "ours")
    assert {name: len(cohort.split(name)) for name in ("train", "val", "test")} == {"train": 6, "val": 2, "test": 2}
    manifest = load_bundle(tmp_path / "bundle").manifest
    assert manifest.training_cohort.cases == {"train": 12, "val": 2}
    assert len(manifest.training_cohort.scans) == 12
    assert "Of those for training 6 are simulated." in manifest.training_cohort.description
    assert manifest.regions
    assert not manifest.simulated_only
    analysis = json.loads((tmp_path / "out" / "study" / "analysis.json").read_text())
    assert analysis["model"]["name"] == "ours"


def test_labelme_is_opened_as_the_command_says():
    (page,) = [path for path in PAGES if path.name == PAGE]
    (line,) = [line for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ labelme")]
    assert line == "$ labelme ours --labels ours/labels.txt --flags ours/flags.txt --nodata --autosave"
