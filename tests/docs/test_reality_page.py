"""The page about real scans shows the committed counts of the shipped model, and calls them what they are."""

import json
import re

from benchmarks.reality import page
from bonescan.models.bundle import read_manifest
from bonescan.models.registry import DEFAULT_MODEL, find_bundle


def _result():
    return json.loads(page.RESULT.read_text(encoding="utf-8"))


def test_the_page_shows_the_committed_counts():
    text = page.PAGE.read_text(encoding="utf-8")
    said = "run: python -m benchmarks.reality --real DIR --results benchmarks/results/reality.json"
    assert page.updated(text, _result()) == text, said


def test_the_counts_are_of_the_shipped_model():
    manifest, _ = read_manifest(find_bundle(DEFAULT_MODEL))
    measured = [(model["name"], model["version"]) for model in _result()["models"]]
    assert (manifest.name, manifest.version) in measured


def test_the_result_says_that_it_is_no_accuracy_and_names_no_patient():
    result = _result()
    assert "not accuracy" in result["what"]
    assert re.findall(r"R\d{3}", json.dumps(result)) == []
