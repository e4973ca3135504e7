"""`bonescan evaluate` as a user runs it: simulated patients, a bundle, another method, readers, all side by side."""

import csv
import json
import re

import pytest

from bonescan.io.cohort import read_cohort
from bonescan.io.cohort_content import scan_marks
from bonescan.io.predictions import PredictedStudy, PredictionsAbout, write_predicted_masks, write_predictions
from bonescan.models.bundle import load_bundle, write_bundle
from tests.contract.commands import bonescan

PICTURES = {"roc.png", "calibration.png", "dice.png", "froc.png", "bstbi.png", "strata.png"}


@pytest.fixture(scope="module")
def place(tmp_path_factory, model):
    """A folder with a cohort of simulated patients, and what the hand-made bundle makes of it."""
    place = tmp_path_factory.mktemp("place")
    for words in (
        "simulate -n 6 --seed 3 -o cohort",
        f"evaluate --cohort cohort --model {model} --split all -o result",
    ):
        done = bonescan(*words.split(), cwd=place, timeout=300)
        assert done.returncode == 0, done.stderr
    (place / "stdout.txt").write_text(done.stdout)
    return place


@pytest.mark.slow
def test_the_folder_holds_document_page_pictures_and_cases(place):
    result = place / "result"
    assert {path.name for path in result.iterdir()} == PICTURES | {"cases.jsonl", "evaluation.json", "report.html"}
    document = json.loads((result / "evaluation.json").read_text())
    assert document["schema"] == "bonescan.evaluation/1"
    assert document["studies"] == 6
    assert document["method"]["name"] == "tiny"
    assert document["cohorts"][0]["fingerprint"] == read_cohort(place / "cohort").fingerprint
    assert document["cohorts"][0]["simulated"]
    assert document["command"].startswith("bonescan evaluate --cohort cohort")
    assert document["bstbi_against_alp"] is None
    assert 0 <= document["dice"]["bladder"]["as_drawn"]["by_view"]["pooled"]["value"] <= 1
    assert "not a medical device" in (place / "stdout.txt").read_text()


@pytest.mark.slow
def test_the_page_needs_no_other_file_and_says_what_it_is(place):
    page = (place / "result" / "report.html").read_text()
    assert page.count("data:image/png;base64,") == len(PICTURES)
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "simulated patients" in page
    assert "not a medical device" in page
    assert "nan" not in re.sub(r"base64,[^\"]*", "", page)


@pytest.mark.slow
def test_a_second_run_reuses_the_cases(place, model):
    before = (place / "result" / "cases.jsonl").read_bytes()
    done = bonescan("evaluate", "--cohort", "cohort", "--model", model, "--split", "all", "-o", "result", cwd=place)
    assert done.returncode == 0
    assert (place / "result" / "cases.jsonl").read_bytes() == before


@pytest.mark.slow
def test_studies_that_taught_the_model_are_named_beside_the_figures(place, model, tmp_path):
    cases = list(read_cohort(place / "cohort"))
    bundle = load_bundle(model)
    known = bundle.manifest.training_cohort.model_copy(
        update={"scans": tuple(mark for case in cases[:2] for mark in scan_marks(case))}
    )
    files = {name: bundle.path(name).read_bytes() for name in bundle.manifest.files}
    write_bundle(tmp_path / "learnt", bundle.manifest.model_copy(update={"training_cohort": known}), files)
    words = ("evaluate", "--cohort", "cohort", "--model", tmp_path / "learnt", "--split", "all", "-o", tmp_path / "out")
    done = bonescan(*map(str, words), cwd=place, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Warning: 2 of these 6 studies taught tiny" in done.stdout
    assert "2 of these 6 studies taught tiny" in (tmp_path / "out" / "report.html").read_text()
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text())["studies_that_taught_the_method"] == 2
    assert json.loads((place / "result" / "evaluation.json").read_text())["studies_that_taught_the_method"] is None
    assert "taught" not in (place / "stdout.txt").read_text()


@pytest.mark.slow
def test_another_method_and_readers_are_put_beside_it(place):
    cohort = read_cohort(place / "cohort")
    for case in cohort:
        write_predicted_masks(place / "truth", case.study_id, case.read_labels())
    rows = [PredictedStudy(case.study_id) for case in cohort]
    write_predictions(place / "truth", PredictionsAbout(name="truth", version="1"), rows)
    with (place / "readers.csv").open("w") as file:
        table = csv.writer(file)
        table.writerow(["study_id", "reader", "metastasis"])
        table.writerows([case.study_id, "R1", int(case.metastasis)] for case in cohort)
    words = "evaluate --cohort cohort --predictions truth --readers readers.csv --split all -o other --json"
    done = bonescan(*words.split(), cwd=place)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["dice"]["metastasis"]["as_drawn"]["by_view"]["pooled"]["value"] == 1
    assert document["method"]["scored_by"] == "lesion pixels"
    assert document["localisation"] is None
    assert document["readers"]["calls"]["R1"]["accuracy"]["value"] == 1
    assert document["readers"]["pairs"][0]["accuracy"]["mcnemar_p"] == 1
    done = bonescan("evaluate", "--compare", "other", "result", "-o", "compared", cwd=place)
    assert done.returncode == 0, done.stderr
    document = json.loads((place / "compared" / "comparison.json").read_text())
    assert document["pairs"][0]["dice_metastasis_as_drawn"]["value"] > 0
    assert (place / "compared" / "report.html").read_text().count("data:image/png;base64,") == 3


def test_counts_alone_give_the_paper_s_tables(tmp_path):
    (tmp_path / "counts.csv").write_text(
        "reader,true_positive,false_negative,true_negative,false_positive\nmodel,50,4,59,10\nexperienced,47,7,69,0\n"
    )
    done = bonescan("evaluate", "--counts", "counts.csv", "-o", "tables", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"model vs experienced, P +0\.110 +0\.340 +0\.001", done.stdout)
    assert (tmp_path / "tables" / "readers.json").is_file()


@pytest.mark.parametrize("words", ["--counts counts.csv", "--compare one two"])
def test_a_folder_with_an_evaluation_is_not_written_over(tmp_path, words):
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "evaluation.json").write_text("{}")
    done = bonescan("evaluate", *words.split(), "-o", "result", cwd=tmp_path)
    assert done.returncode == 2
    assert "result holds results of another kind, evaluation.json" in done.stderr
    assert [path.name for path in (tmp_path / "result").iterdir()] == ["evaluation.json"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("-o out", 2, "one of --cohort, --counts and --compare"),
        ("--compare one -o out", 2, "at least two"),
        ("--compare one two -o out", 3, "no cases.jsonl"),
        ("--cohort nowhere -o out", 3, "no cohort.csv"),
        ("--cohort c --model m --predictions p -o out", 2, "one of them"),
        ("folder --cohort c -o out", 2, "without --compare"),
        ("--counts c.csv --model m -o out", 2, "need a cohort"),
        ("--cohort c --predictions p --ungated -o out", 2, "without a model"),
        ("--cohort c --predictions p --looks once -o out", 2, "without a model"),
    ],
)
def test_words_that_make_no_sense_are_refused(tmp_path, words, code, said):
    done = bonescan("evaluate", *words.split(), cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
