"""`bonescan analyze` as a user runs it, on a model of a few hand-made layers."""

import json

import jsonschema
import pytest
from PIL import Image

from bonescan import schemas
from bonescan.io.dicom_writer import write_nm
from tests.contract.commands import bonescan
from tests.phantoms import analytic_study


@pytest.fixture
def studies(tmp_path):
    """Two studies in a folder."""
    for number, name in enumerate(("first", "second")):
        write_nm(analytic_study(name, seed=number), tmp_path / "studies" / f"{name}.dcm")
    return tmp_path / "studies"


def _files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _validate(folder):
    schema = json.loads(schemas.ANALYSIS.read_text(encoding="utf-8"))
    document = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


def test_one_study_becomes_a_folder(studies, model, tmp_path):
    done = bonescan("analyze", studies / "first.dcm", "-o", tmp_path / "out", "--model", model)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert line.startswith("first: ")
    assert line.endswith(f"-> {tmp_path / 'out' / 'first'}")
    masks = ["masks/anterior.png", "masks/posterior.png"]
    assert _files(tmp_path / "out" / "first") == ["analysis.json", *masks, "overlay.png", "report.pdf", "report.txt"]
    document = _validate(tmp_path / "out" / "first")
    assert document["timing_ms"]["read"] > 0
    with Image.open(tmp_path / "out" / "first" / "masks" / "anterior.png") as mask:
        assert (mask.mode, mask.size) == ("L", (256, 1024))


def test_the_pdf_is_written_where_it_is_asked_for(studies, model, tmp_path):
    done = bonescan("analyze", studies / "first.dcm", "-o", tmp_path / "out", "--model", model, "--formats", "json")
    assert done.returncode == 0
    assert "report.pdf" not in _files(tmp_path / "out" / "first")


def test_good_inputs_are_done_and_bad_ones_listed(studies, model, tmp_path):
    (tmp_path / "letter.dcm").write_text("Dear colleague\n" * 50)
    words = [studies, tmp_path / "letter.dcm", tmp_path / "missing.dcm"]
    done = bonescan("analyze", *words, "-o", tmp_path / "out", "--model", model)
    assert done.returncode == 3
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["first", "second"]
    *listed, summary = done.stderr.splitlines()
    assert len(listed) == 2
    assert all(any(line.startswith(f"bonescan: {word}: ") for line in listed) for word in words[1:])
    assert summary == "bonescan: 2 of 4 inputs could not be used."
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["first", "second"]
    for name in ("first", "second"):
        _validate(tmp_path / "out" / name)


def test_json_is_one_document_for_programs(studies, model, tmp_path):
    words = [studies, tmp_path / "missing.dcm"]
    done = bonescan("analyze", *words, "-o", tmp_path / "out", "--model", model, "--json", "--formats", "json")
    assert done.returncode == 3
    document = json.loads(done.stdout)
    assert [entry["folder"] for entry in document["analyses"]] == [
        str(tmp_path / "out" / n) for n in ("first", "second")
    ]
    assert document["analyses"][0]["analysis"] == _validate(tmp_path / "out" / "first")
    (failure,) = document["failures"]
    assert failure["input"] == str(tmp_path / "missing.dcm")
    assert failure["exit_code"] == 3


def test_a_folder_that_cannot_be_written_does_not_end_the_batch(studies, model, tmp_path):
    (tmp_path / "out" / "first").mkdir(parents=True)
    (tmp_path / "out" / "first" / "letter.txt").write_text("Dear colleague")
    words = [studies, tmp_path / "missing.dcm", "-o", tmp_path / "out", "--model", model, "--formats", "json"]
    done = bonescan("analyze", *words, "--json")
    assert done.returncode == 5
    document = json.loads(done.stdout)
    assert [entry["folder"] for entry in document["analyses"]] == [str(tmp_path / "out" / "second")]
    assert sorted(entry["exit_code"] for entry in document["failures"]) == [3, 5]
    *listed, unused, unwritten = done.stderr.splitlines()
    assert len(listed) == 2
    assert any(line.startswith(f"bonescan: {studies / 'first.dcm'}: the folder first in ") for line in listed)
    assert unused == "bonescan: 1 of 3 inputs could not be used."
    assert unwritten == "bonescan: 1 of 3 results could not be written."


def test_another_study_of_the_same_name_does_not_overwrite_the_first(studies, model, tmp_path):
    write_nm(analytic_study("other", seed=7), tmp_path / "other" / "first.dcm", seed="other")
    for source in (studies, tmp_path / "other", studies):
        words = [source / "first.dcm", "-o", tmp_path / "out", "--model", model, "--formats", "json"]
        assert bonescan("analyze", *words).returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["first", "first-2"]


def test_pictures_of_another_patient_do_not_overwrite_the_first(model, tmp_path):
    for patient in (1, 2):
        (tmp_path / str(patient)).mkdir()
        for shown in analytic_study(seed=patient).views:
            picture = Image.fromarray(shown.counts.astype("uint16"))
            picture.save(tmp_path / str(patient) / f"scan_{shown.name}.png")
    for patient in (1, 2, 1):
        words = [tmp_path / str(patient) / "scan_anterior.png", "-o", tmp_path / "out", "--model", model]
        assert bonescan("analyze", *words, "--formats", "json").returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["scan", "scan-2"]


def test_settings_name_the_model(studies, model, tmp_path):
    (tmp_path / "bonescan.toml").write_text(f'model = "{model}"\nbackend = "onnxruntime"\nthreads = 1\n')
    done = bonescan("analyze", studies / "first.dcm", "-o", "out", "--formats", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert _validate(tmp_path / "out" / "first")["model"]["name"] == "tiny"


def test_no_patient_is_named_anywhere(model, tmp_path):
    import pydicom

    write_nm(analytic_study("scan"), tmp_path / "scan.dcm", patient_id="ID-4711")
    dataset = pydicom.dcmread(tmp_path / "scan.dcm")
    dataset.PatientName = "DOE^JOHN"
    dataset.save_as(tmp_path / "scan.dcm")
    done = bonescan("analyze", tmp_path / "scan.dcm", "-o", tmp_path / "out", "--model", model, "--json")
    told = done.stdout + done.stderr + bonescan("info", tmp_path / "scan.dcm", "--json").stdout
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    for word in ("DOE", "JOHN", "4711"):
        assert word not in told
        assert word.encode() not in written
