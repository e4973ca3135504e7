"""`bonescan deidentify` as a user runs it."""

import json

import pydicom
import pytest

from bonescan.io.dicom_writer import write_nm
from tests.contract.commands import bonescan
from tests.phantoms import analytic_study


@pytest.fixture
def archive(tmp_path):
    """Two scans of one patient, one of another, and a letter."""
    folder = tmp_path / "archive"
    for number, patient in enumerate(("DOE^JOHN", "DOE^JOHN", "ROE^JANE")):
        path = folder / f"{patient}-{number}.dcm"
        write_nm(analytic_study(f"s{number}", rows=512, columns=128, seed=number), path, patient_id=f"ID-{patient}")
        dataset = pydicom.dcmread(path)
        dataset.PatientName = patient
        dataset.save_as(path)
    (folder / "letter.txt").write_text("Dear colleague")
    (folder / "letter.dcm").write_text("Dear colleague")
    return folder


def test_a_folder_is_cleaned_and_what_cannot_be_is_listed(archive, tmp_path):
    done = bonescan("deidentify", archive, "-o", tmp_path / "clean", "--key-file", tmp_path / "key.bin")
    assert done.returncode == 3
    assert done.stdout == f"3 objects of 2 patients -> {tmp_path / 'clean'}\n"
    listed, summary = done.stderr.splitlines()
    assert "letter.dcm" in listed
    assert summary == "bonescan: 1 of 4 inputs could not be used."
    files = sorted((tmp_path / "clean").rglob("*.dcm"))
    assert len(files) == 3
    assert len({path.parts[-3] for path in files}) == 2
    left = b"".join(path.read_bytes() for path in files) + "".join(map(str, files)).encode()
    assert not [word for word in (b"DOE", b"JOHN", b"ROE", b"JANE") if word in left.upper()]
    assert bonescan("info", files[0]).returncode == 0


def test_the_same_key_gives_the_same_files(archive, tmp_path):
    scan = next(archive.glob("ROE*"))
    words = [scan, "--key-file", tmp_path / "key.bin", "--json"]
    first, second = (json.loads(bonescan("deidentify", *words, "-o", tmp_path / out).stdout) for out in ("a", "b"))
    assert first["failures"] == []
    (one,), (other,) = first["objects"], second["objects"]
    assert one["patient"] == other["patient"]
    pair = [(tmp_path / out / entry["file"]).read_bytes() for out, entry in (("a", one), ("b", other))]
    assert pair[0] == pair[1]
    apart = json.loads(bonescan("deidentify", scan, "-o", tmp_path / "c", "--json").stdout)
    assert apart["objects"][0]["patient"] != one["patient"]


def test_another_object_of_the_same_number_does_not_replace_the_first(archive, tmp_path):
    scan = next(archive.glob("ROE*"))
    dataset = pydicom.dcmread(scan)
    dataset.save_as(archive / "ROE^JANE-3-again.dcm")
    dataset.SeriesNumber = 7
    dataset.save_as(archive / "ROE^JANE-4-other.dcm")
    done = bonescan("deidentify", *sorted(archive.glob("ROE*")), "-o", tmp_path / "clean")
    assert done.returncode == 3
    assert done.stdout.startswith("1 objects of 1 patient ->")
    assert "4-other.dcm has the SOP Instance UID of another object" in done.stderr
    (left,) = (tmp_path / "clean").rglob("*.dcm")
    assert pydicom.dcmread(left).SeriesNumber == 1


def test_a_capture_is_warned_about(archive, tmp_path):
    scan = next(archive.glob("ROE*"))
    dataset = pydicom.dcmread(scan)
    dataset.BurnedInAnnotation = "YES"
    dataset.save_as(scan)
    done = bonescan("deidentify", scan, "-o", tmp_path / "clean")
    assert done.returncode == 0
    assert "look at it before it leaves" in done.stderr


def test_what_fails_does_not_keep_the_others_back(archive, tmp_path):
    for path in archive.glob("*JOHN*"):
        dataset = pydicom.dcmread(path)
        dataset.BurnedInAnnotation = "YES"
        dataset.save_as(path)
    (archive / "0-dangling.dcm").symlink_to(tmp_path / "gone.dcm")
    words = ["deidentify", archive, "--key-file", tmp_path / "key.bin", "--json", "-o"]
    first = json.loads(bonescan(*words, tmp_path / "first").stdout)
    assert len(first["objects"]) == 3
    roe = next(entry["patient"] for entry in first["objects"] if "ROE" in entry["input"])
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / roe).write_text("in the way")
    for doe in archive.glob("*JOHN*"):
        doe.rename(archive / f"ZZ-{doe.name}")  # after the one that cannot be written
    done = bonescan(*words, tmp_path / "second")
    assert done.returncode == 5
    document = json.loads(done.stdout)
    assert len(document["objects"]) == 2
    assert sorted(failure["exit_code"] for failure in document["failures"]) == [3, 3, 5]
    assert done.stderr.count("look at it before it leaves") == 2
    assert "2 of 5 inputs could not be used" in done.stderr
    assert "1 of 5 results could not be written" in done.stderr


def test_what_is_missing_or_cannot_be_written_has_its_code(archive, tmp_path):
    assert bonescan("deidentify", tmp_path / "missing", "-o", tmp_path / "clean").returncode == 3
    (tmp_path / "file").write_text("")
    assert bonescan("deidentify", archive, "-o", tmp_path / "file" / "clean").returncode == 5
    (tmp_path / "key.bin").write_bytes(b"short")
    done = bonescan("deidentify", archive, "-o", tmp_path / "clean", "--key-file", tmp_path / "key.bin")
    assert done.returncode == 2
