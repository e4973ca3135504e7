"""`bonescan cohort` as a user runs it: from an archive to a table, with an annotator who saves in LabelMe."""

import json

import pydicom
import pytest

from bonescan.io.cohort import read_cohort
from tests.contract.commands import bonescan
from tests.hospital import annotate, write_scan
from tests.joint_bundle import joint_bundle

SPOTS = ("metastasis", "metastasis", "benign", "", "metastasis", "benign")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An archive of six scans and a letter, and the cohort begun from it."""
    place = tmp_path_factory.mktemp("hospital")
    labels = {f"{n}.dcm": write_scan(place / "archive" / f"{n}.dcm", f"P{n}", spot, n) for n, spot in enumerate(SPOTS)}
    (place / "archive" / "letter.dcm").write_text("Dear colleague")
    done = bonescan("cohort", "new", "archive", "-o", "ours", "--json", cwd=place)
    assert done.returncode == 3
    assert "letter.dcm" in done.stderr
    assert "1 of 7 inputs could not be used" in done.stderr
    document = json.loads(done.stdout)
    assert len(document["failures"]) == 1
    drawn = {entry["study_id"]: labels[entry["files"][0].rpartition("/")[2]] for entry in document["studies"]}
    names = {entry["files"][0].rpartition("/")[2][0]: entry["study_id"] for entry in document["studies"]}
    return place, drawn, names


def test_from_an_archive_to_a_cohort(place, model):
    place, drawn, names = place
    again = bonescan("cohort", "new", "archive/0.dcm", "-o", "ours", cwd=place)
    assert "studies added: 0, already there: 1, patients: 1 -> ours" in again.stdout
    assert "labelme ours --labels ours/labels.txt" in again.stdout
    assert (place / "ours.key").stat().st_mode & 0o077 == 0
    empty = bonescan("cohort", "check", "ours", cwd=place)
    assert (empty.returncode, "waiting        6" in empty.stdout) == (0, True)
    for number in "0123":
        ticked = ("spine",) if SPOTS[int(number)] == "metastasis" and number != "1" else ()
        annotate(place / "ours" / names[number], drawn[names[number]], ticked)
    filled = bonescan("cohort", "fill", "ours", cwd=place)
    assert filled.stdout == "rows added: 3, studies that wait: 3 -> ours/cohort.csv\n"
    assert {line.split()[0] for line in filled.stderr.splitlines()} == {names[n] for n in "145"}
    more = bonescan("cohort", "fill", "ours", "--model", model, cwd=place)
    # The hand-made model knows no regions, and says so.
    assert (more.returncode, "knows no regions" in more.stderr) == (4, True)
    joint_bundle(place / "bones")
    # As a person's editor saved it, under Windows.
    note = place / "ours" / "sites-to-check.txt"
    note.write_bytes("S-0 Ödem, später\n".encode("cp1252"))
    more = bonescan("cohort", "fill", "ours", "--model", "bones", cwd=place)
    assert "rows added: 1, studies that wait: 2" in more.stdout
    assert "sites suggested by regions: 1" in more.stdout
    noted = note.read_bytes().splitlines()[1].decode().split()
    assert (noted[0], noted[1] in {"other", "femur", "femur;other"}) == (names["1"], True)
    before = (place / "ours" / "cohort.csv").read_text()
    drawn_sides = bonescan("cohort", "split", "ours", cwd=place)
    assert [line.split()[0] for line in drawn_sides.stdout.splitlines()] == ["train", "val", "test"]
    assert (place / "ours" / "cohort.csv").read_text() != before
    cohort = read_cohort(place / "ours")
    assert {case.study_id for case in cohort} == {names[n] for n in "0123"}
    checked = json.loads(bonescan("cohort", "check", "ours", "--json", cwd=place).stdout)
    assert checked["faults"] == []
    assert (checked["studies"], checked["metastasis"], checked["benign"], checked["annotated_views"]) == (4, 2, 1, 8)
    assert checked["sites"]["spine"] == 1
    assert checked["sites_to_check"] == 1
    assert checked["waiting"] == sorted(names[n] for n in "45")
    assert bonescan("cohort", "split", "ours", "--all", "test", cwd=place).stdout.startswith("test  4 studies")


def test_text_in_the_pixels_is_warned_about(tmp_path):
    write_scan(tmp_path / "a.dcm", "P1")
    dataset = pydicom.dcmread(tmp_path / "a.dcm")
    dataset.BurnedInAnnotation = "YES"
    dataset.save_as(tmp_path / "a.dcm")
    done = bonescan("cohort", "new", "a.dcm", "-o", "ours", "--json", cwd=tmp_path)
    assert done.returncode == 0
    (study,) = json.loads(done.stdout)["studies"]
    assert done.stderr == f"bonescan: ours/{study['study_id']} {study['warnings'][0]}.\n"
    assert "burned into its pixels" in done.stderr


def test_every_fault_is_listed_and_the_code_is_3(tmp_path):
    (tmp_path / "cohort.csv").write_text(
        "study_id,patient_id,files,split,metastasis,sites,benign,primary,sex,age_years,alp_u_l,treatment_start_days\n"
        "A,P,gone.dcm,,1,spine,0,,,,,\nB,,gone.dcm,,2,,0,,,,,\n"
    )
    done = bonescan("cohort", "check", tmp_path)
    assert done.returncode == 3
    assert done.stdout == "3 faults\n"
    assert "row 2: file gone.dcm does not exist" in done.stderr
    assert "row 3: metastasis '2' is neither 0 nor 1" in done.stderr
    assert len(done.stderr.splitlines()) == 3


@pytest.mark.parametrize("command", ["fill", "split", "check"])
def test_no_cohort(tmp_path, command):
    done = bonescan("cohort", command, "nowhere", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "nowhere" in done.stderr
