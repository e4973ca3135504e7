"""The cohort as nnU-Net reads it: files, labels and the split."""

import json

import numpy as np
import pytest
from PIL import Image

from bonescan.core.anatomy import MaskLabel
from bonescan.io.cohort import read_cohort
from bonescan.training.baselines.nnunet_dataset import DATASET, as_picture, export_dataset
from bonescan.training.cache import open_cache
from tests.training_cohort import write_training_cohort

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nnunet")
    write_training_cohort(folder / "cohort")
    cohort = read_cohort(folder / "cohort")
    return [open_cache(folder / name, cohort.split(name)[:2], workers=0) for name in ("train", "val")]


@pytest.fixture(scope="module")
def exported(cases, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    return export_dataset(folder, *cases, benign=True), folder


def test_each_view_is_a_case_with_its_labels(exported, cases):
    dataset, _ = exported
    assert dataset.name == DATASET
    images = sorted(path.name for path in (dataset / "imagesTr").iterdir())
    labels = sorted(path.name for path in (dataset / "labelsTr").iterdir())
    assert len(images) == len(labels) == 8
    assert images[0] == "00000_anterior_0000.png"
    assert [name.replace("_0000.png", ".png") for name in images] == labels
    with Image.open(dataset / "imagesTr" / images[0]) as picture:
        values = np.asarray(picture)
    assert values.dtype == np.uint16
    assert values.shape == (1024, 256)
    np.testing.assert_allclose(values / 65535 * 4, np.asarray(cases[0].images[0, 0], np.float32), atol=1e-4)
    with Image.open(dataset / "labelsTr" / labels[0]) as picture:
        np.testing.assert_array_equal(np.asarray(picture), cases[0].labels[0, 0])


def test_the_document_is_what_nnunet_asks_for(exported):
    dataset, _ = exported
    document = json.loads((dataset / "dataset.json").read_text())
    assert document == {
        "channel_names": {"0": "scintigram"},
        "labels": {"background": 0, "metastasis": 1, "bladder": 2, "benign": 3},
        "numTraining": 8,
        "file_ending": ".png",
    }


def test_the_split_is_that_of_the_cohort(exported):
    _, folder = exported
    (fold,) = json.loads((folder / "splits_final.json").read_text())
    patients = {side: {name.split("_")[0] for name in names} for side, names in fold.items()}
    assert patients == {"train": {"00000", "00001"}, "val": {"00002", "00003"}}
    assert len(fold["train"]) == len(fold["val"]) == 4


def test_no_identifier_is_in_any_name(exported):
    dataset, _ = exported
    assert not [path for path in dataset.rglob("*") if "T0" in path.name or "P0" in path.name]


def test_benign_uptake_can_be_background(cases, tmp_path):
    dataset = export_dataset(tmp_path, *cases, benign=False)
    assert "benign" not in json.loads((dataset / "dataset.json").read_text())["labels"]
    values = set()
    for path in (dataset / "labelsTr").iterdir():
        with Image.open(path) as picture:
            values |= set(np.unique(np.asarray(picture)).tolist())
    assert values == {0, 1, 2}
    assert MaskLabel.BENIGN in cases[0].labels


def test_a_missing_view_is_left_out(cases, tmp_path):
    train = type(cases[0])(**{**cases[0].__dict__, "references": np.array([[1, 0], [1, 1]], np.float32)})
    dataset = export_dataset(tmp_path, train, cases[1], benign=True)
    assert len(list((dataset / "imagesTr").iterdir())) == 7
    assert not (dataset / "imagesTr" / "00000_posterior_0000.png").exists()


def test_pictures_keep_zero_and_the_ceiling():
    np.testing.assert_array_equal(as_picture(np.array([0.0, 4.0, 2.0])), [0, 65535, 32768])
