"""`bonescan fetch` and `bonescan send` against a real archive, as a user runs them."""

import json

import pydicom
import pytest

from tests.contract.commands import bonescan
from tests.orthanc import free_port


@pytest.fixture(scope="module")
def study(written):
    analysis, folder = written("latin names")
    return str(analysis.study.study_instance_uid), folder


@pytest.fixture
def secrets(tmp_path):
    path = tmp_path / "headers.txt"
    path.write_text("# of the archive\nAuthorization: Basic dGVzdDp0ZXN0\n")
    return path


def test_results_go_there_and_the_scan_comes_back(study, orthanc, secrets, tmp_path):
    uid, folder = study
    scan = folder.parents[1] / "scan"
    words = ["--url", orthanc.dicomweb, "--header-file", secrets]
    done = bonescan("send", scan, folder, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"6 of 6 objects -> 127.0.0.1:{orthanc.http_port}\n"
    done = bonescan("fetch", "--study", uid, "-o", tmp_path / "scans", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"1 object -> {tmp_path / 'scans' / uid}\n"
    (file,) = (tmp_path / "scans" / uid).iterdir()
    assert pydicom.dcmread(file).Modality == "NM"
    assert bonescan("info", tmp_path / "scans" / uid).returncode == 0


def test_programs_read_what_became_of_each(study, orthanc, secrets, tmp_path):
    uid, folder = study
    letter = tmp_path / "letter.dcm"
    letter.write_text("Dear colleague")
    words = ["--url", orthanc.dicomweb, "--header-file", secrets, "--json"]
    done = bonescan("send", folder / "dicom" / "sr.dcm", letter, *words)
    assert done.returncode == 3
    document = json.loads(done.stdout)
    assert [entry["file"] for entry in document["sent"]] == [str(folder / "dicom" / "sr.dcm")]
    assert [entry["exit_code"] for entry in document["failures"]] == [3]
    done = bonescan("fetch", "--study", uid, "-o", tmp_path / "scans", *words, "--modality", "sr")
    document = json.loads(done.stdout)
    assert [pydicom.dcmread(file).Modality for file in document["files"]] == ["SR"]


@pytest.mark.parametrize("command", ["send", "fetch"])
def test_a_peer_that_refuses_is_exit_code_6(command, study, orthanc, tmp_path):
    uid, folder = study
    words = {"send": [folder / "dicom" / "sr.dcm"], "fetch": ["--study", uid, "-o", tmp_path / "scans"]}[command]
    refused = bonescan(command, *words, "--url", orthanc.dicomweb)
    absent = bonescan(command, *words, "--url", f"http://127.0.0.1:{free_port()}/dicom-web")
    plain = bonescan(command, *words, "--url", orthanc.dicomweb.replace("http:", "https:"))
    for done, said in ((refused, "HTTP 401"), (absent, "cannot be reached"), (plain, "no trusted connection")):
        assert done.returncode == 6, done.stderr
        (sentence,) = done.stderr.splitlines()
        assert said in sentence
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "scans").exists()


def test_a_study_that_is_not_there_is_a_bad_input(orthanc, secrets, tmp_path):
    words = ["--url", orthanc.dicomweb, "--header-file", secrets, "-o", tmp_path / "scans"]
    done = bonescan("fetch", "--study", "1.2.3.4", *words)
    assert done.returncode == 3
    assert "no such study" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["fetch", "--study", "../../etc", "--url", "http://127.0.0.1:1/x", "-o", "scans"],
        ["fetch", "--study", "1.2", "--url", "ftp://host/x", "-o", "scans"],
        ["fetch", "--study", "1.2", "--url", "https://user:secret@host/x", "-o", "scans"],
        ["fetch", "--study", "1.2", "--url", "http://user:secret@host:99999/x", "-o", "scans"],
        ["fetch", "--study", "1.2", "--url", "http://127.0.0.1:1/x", "-o", "scans", "--header", "secret"],
        ["fetch", "--study", "1.2", "--url", "http://127.0.0.1:1/x", "-o", "scans", "--ca", "missing.pem"],
        ["send", "empty", "--url", "http://127.0.0.1:1/x"],
        ["send", "--url", "http://127.0.0.1:1/x"],
    ],
    ids=lambda words: " ".join(words[1:5]),
)
def test_wrong_words_are_a_usage_error_and_show_no_secret(words, tmp_path):
    (tmp_path / "empty").mkdir()
    done = bonescan(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "secret" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
