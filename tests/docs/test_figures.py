"""Figures in the README are those of the committed result files, and each result says how it was made."""

import json
import re

import pytest

from benchmarks import install_size, readme
from tests.docs.commands import ROOT


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_the_block_of_figures_is_up_to_date(page):
    text = page.read_text(encoding="utf-8")
    assert readme.updated(text, readme.PAGES[page]()) == text, "run: make figures"


def test_every_result_names_its_command_and_machine():
    for path in readme.RESULTS.glob("*.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        assert result["command"].startswith("python -m benchmarks."), path.name


def test_outside_the_block_the_readme_states_no_measured_figure():
    text = readme.README.read_text(encoding="utf-8")
    outside = text.partition(readme.BEGIN)[0] + text.partition(readme.END)[2]
    assert re.findall(r"\d+(?:\.\d+)? ?(?:ms|s|MB|MiB|%)\b", outside) == []


def test_a_missed_aim_is_said_in_the_readme():
    speed = json.loads((readme.RESULTS / "speed.json").read_text(encoding="utf-8"))
    measured = {
        "Raw DICOM to analysis": (speed["in_process"]["dicom_to_analysis"]["median_s"], readme.LIMITS["patient_s"]),
        "`bonescan analyze` with PDF": (speed["processes"]["analyze"]["median_s"], readme.LIMITS["process_s"]),
        "`import bonescan`": (speed["processes"]["import_bonescan"]["median_s"], readme.LIMITS["import_s"]),
    }
    lines = readme.README.read_text(encoding="utf-8").splitlines()
    for name, (value, limit) in measured.items():
        (row,) = [line for line in lines if line.startswith(f"| {name}")]
        assert ("(missed)" in row) == (value > limit), name


def test_the_base_install_is_small_and_without_torch():
    install = json.loads((readme.RESULTS / "install.json").read_text(encoding="utf-8"))
    assert install["environment_mb"] <= install["limit_mb"]
    assert not install["holds_torch"]


def test_the_size_of_the_base_install_is_that_of_the_present_package():
    install = json.loads((readme.RESULTS / "install.json").read_text(encoding="utf-8"))
    assert install_size.package_mb() == pytest.approx(install["package_mb"], abs=1), (
        "run: python -m benchmarks.install_size, make figures"
    )


def test_the_results_are_about_the_shipped_model():
    from bonescan.models.bundle import read_manifest
    from bonescan.models.registry import DEFAULT_MODEL, find_bundle

    speed = json.loads((readme.RESULTS / "speed.json").read_text(encoding="utf-8"))
    manifest, _ = read_manifest(find_bundle(DEFAULT_MODEL))
    assert speed["in_process"]["model"]["name"] == manifest.name
    assert speed["in_process"]["model"]["version"] == manifest.version
    assert (ROOT / "src" / "bonescan" / "models" / "bundles" / manifest.name / "MODEL_CARD.md").is_file()


def test_what_the_benign_class_costs_is_printed():
    (pair,) = json.loads((readme.RESULTS / "ablation-benign.json").read_text(encoding="utf-8"))["pairs"]
    page = readme.accuracy_page.PAGE.read_text(encoding="utf-8")
    assert f"lesions hit that are named right {pair['lesions_named_right']['value']:+.3f} (" in page


def test_a_measured_voxel_body_names_its_phantoms():
    simulation = json.loads((readme.RESULTS / "simulation.json").read_text(encoding="utf-8"))
    assert ("voxel" in simulation) == ("--phantoms" in simulation["command"])


def test_what_the_page_says_of_the_broken_node_is_what_was_counted():
    result = json.loads((readme.RESULTS / "node_faults.json").read_text(encoding="utf-8"))
    kills = result["killed_again_and_again"]
    page = " ".join((ROOT / "docs" / "how-to" / "connect-a-pacs.md").read_text(encoding="utf-8").split())
    told = (
        "{senders} senders sent {studies} studies while the process was killed {kills} times: {acknowledged} were "
        "acknowledged, {analysed} analysed, {lost} lost, {twice} analysed twice, {half} files half-written, and all "
        "{objects_that_arrived} objects of results arrived"
    )
    assert told.format(**kills) in page
    assert kills["problems"] == []
    assert kills["objects_that_arrived"] == kills["objects_of_results"]
    assert f"{result['garbage']['connections']} connections of garbage" in page
    assert f"{result['idle_associations']['associations']} idle associations" in page
    assert result["full_disk"]["statuses_while_full"] == ["0xA700"]
