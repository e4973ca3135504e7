"""Bad input, by the real command: one clear sentence, the exit code of the contract, nothing half-written."""

import shutil

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import CTImageStorage

from tests.contract.commands import bonescan


def _altered(source, target, change):
    dataset = pydicom.dcmread(source)
    change(dataset)
    dataset.save_as(target)
    return target


def _truncated(source, folder):
    data = source.read_bytes()
    (folder / "cut.dcm").write_bytes(data[: len(data) // 2])
    return ["cut.dcm"]


def _other_modality(source, folder):
    def change(dataset):
        dataset.Modality = "CT"
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage

    _altered(source, folder / "ct.dcm", change)
    return ["ct.dcm"]


def _zero_frames(source, folder):
    def change(dataset):
        dataset.NumberOfFrames = 0
        dataset.PixelData = b""

    _altered(source, folder / "zero.dcm", change)
    return ["zero.dcm"]


def _absurd_size(source, folder):
    def change(dataset):
        dataset.Rows = dataset.Columns = 65535
        dataset.NumberOfFrames = 1000

    _altered(source, folder / "huge.dcm", change)
    return ["huge.dcm"]


def _text_as_dicom(source, folder):
    (folder / "text.dcm").write_text("Dear colleague, please find attached\n" * 20)
    return ["text.dcm"]


def _corrupt_png(source, folder):
    Image.fromarray(np.zeros((1024, 512), np.uint8)).save(folder / "broken.png")
    data = bytearray((folder / "broken.png").read_bytes())
    data[40:] = b"\x00" * (len(data) - 40)
    (folder / "broken.png").write_bytes(data)
    return ["broken.png"]


def _empty_image(source, folder):
    Image.fromarray(np.zeros((1024, 512), np.uint8)).save(folder / "empty.png")
    return ["empty.png"]


def _missing_view(source, folder):
    Image.fromarray(np.full((1024, 256), 3, np.uint8)).save(folder / "front.png")
    return ["--anterior", "front.png", "--posterior", "back.png"]


def _nothing_there(source, folder):
    return ["no-such-file.dcm"]


def _empty_folder(source, folder):
    (folder / "empty").mkdir()
    return ["empty"]


BAD_INPUT = {
    _truncated: "cut.dcm",
    _other_modality: "CT",
    _zero_frames: "frame",
    _absurd_size: "65535",
    _text_as_dicom: "text.dcm",
    _corrupt_png: "broken.png",
    _empty_image: "empty",
    _missing_view: "back.png",
    _nothing_there: "no-such-file.dcm",
    _empty_folder: "empty",
}


def _assert_refused(done, code, word):
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("bonescan: ")
    assert sentence.endswith(".")
    assert word in sentence


@pytest.mark.parametrize("make", BAD_INPUT, ids=lambda make: make.__name__.strip("_"))
def test_bad_input_is_refused(make, study_file, model, tmp_path):
    words = make(study_file, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    _assert_refused(bonescan("analyze", *words, "-o", "out", "--model", model, cwd=tmp_path), 3, BAD_INPUT[make])
    assert sorted(tmp_path.rglob("*")) == before, "something was left behind"


def test_info_refuses_with_the_same_code(tmp_path):
    _assert_refused(bonescan("info", "no-such-file.dcm", cwd=tmp_path), 3, "no-such-file.dcm")


def test_an_output_that_cannot_be_written_is_told_before_work_starts(study_file, tmp_path):
    (tmp_path / "file").write_text("")
    done = bonescan("analyze", study_file, "-o", "file/out", "--model", "no-such-model", cwd=tmp_path)
    _assert_refused(done, 5, "file")


def test_an_unknown_model_is_a_model_problem(study_file, tmp_path):
    done = bonescan("analyze", study_file, "-o", "out", "--model", "no-such-model", cwd=tmp_path)
    _assert_refused(done, 4, "no-such-model")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def bundle(model, tmp_path):
    """A private copy of a bundle."""
    return shutil.copytree(model, tmp_path / "bundle")


def test_a_missing_file_of_a_bundle_is_a_model_problem(bundle, study_file, tmp_path):
    (bundle / "locate.onnx").unlink()
    done = bonescan("analyze", study_file, "-o", "out", "--model", bundle, cwd=tmp_path)
    _assert_refused(done, 4, "locate.onnx")


def test_an_altered_file_of_a_bundle_is_a_model_problem(bundle, study_file, tmp_path):
    data = bytearray((bundle / "classify.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (bundle / "classify.onnx").write_bytes(data)
    done = bonescan("analyze", study_file, "-o", "out", "--model", bundle, cwd=tmp_path)
    _assert_refused(done, 4, "classify.onnx")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["x.dcm", "-o", "out", "--formats", "json,docx"],
        ["-o", "out"],
        ["x.dcm", "--anterior", "a.png", "-o", "out"],
        ["x.dcm", "-o", "out", "--polarity", "sideways"],
    ],
)
def test_contradictory_words_are_a_usage_error(words, tmp_path):
    done = bonescan("analyze", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_setting_is_a_usage_error(study_file, tmp_path):
    done = bonescan("analyze", study_file, "-o", "out", cwd=tmp_path, env={"BONESCAN_THREADS": "many"})
    _assert_refused(done, 2, "threads")


def test_a_recipe_that_is_wrong_is_a_usage_error(tmp_path):
    (tmp_path / "recipe.toml").write_text("no_such_key = 1\n")
    done = bonescan("simulate", "-n", 1, "-o", "cohort", "--recipe", "recipe.toml", cwd=tmp_path)
    _assert_refused(done, 2, "no_such_key")
    assert not (tmp_path / "cohort").exists()


@pytest.mark.parametrize("place", ["option", "variable"])
def test_a_traceback_is_there_for_who_asks(place, tmp_path):
    words = ["--debug"] if place == "option" else []
    env = {"BONESCAN_DEBUG": "1"} if place == "variable" else {}
    done = bonescan("info", "no-such-file.dcm", *words, cwd=tmp_path, env=env)
    assert done.returncode == 3
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("bonescan: no-such-file.dcm")
