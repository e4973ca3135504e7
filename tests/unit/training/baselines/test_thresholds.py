"""Thresholds are those that are best on the tuning half of the validation patients."""

import numpy as np
import pytest

from bonescan.core.anatomy import SITES, MaskLabel, Site
from bonescan.core.errors import ModelError
from bonescan.training.baselines.found import Found
from bonescan.training.baselines.thresholds import read_thresholds, tune, write_thresholds
from bonescan.training.cache import GridCases

pytestmark = pytest.mark.train

SHAPE = (2, 1024, 256)
COUNT = 6


@pytest.fixture
def cases():
    """Six patients; the even ones have metastases in the pelvis, and all have a bladder."""
    labels = np.zeros((COUNT, *SHAPE), np.uint8)
    labels[::2, :, 400:420, 100:120] = MaskLabel.METASTASIS
    labels[:, :, 500:530, 120:140] = MaskLabel.BLADDER
    metastasis = np.arange(COUNT) % 2 == 0
    sites = np.zeros((COUNT, len(SITES)), np.bool_)
    sites[::2, SITES.index(Site.PELVIS)] = True
    images = np.zeros((COUNT, *SHAPE), np.float16)
    images[:, 0, 0, 0] = np.arange(COUNT)
    fields = {
        "images": images,
        "labels": labels,
        "regions": np.zeros((COUNT, 2, 1, 1), np.uint8),
        "references": np.ones((COUNT, 2), np.float32),
        "sites": sites,
        "metastasis": metastasis,
        "patients": np.arange(COUNT),
    }
    known = GridCases.__dataclass_fields__
    return GridCases(**{name: value for name, value in fields.items() if name in known})


def _method(cases, drawn):
    """Lesions are drawn at `drawn`, with a rim around them at 0.3; normal patients score 0.4, others 0.6."""

    def method(images):
        answers = []
        for image in images:
            case = int(image[0, 0, 0])
            truth = np.asarray(cases.labels[case])
            lesion = np.where(truth == MaskLabel.METASTASIS, drawn, 0).astype(np.float32)
            lesion[:, 300:350, 100:120] = 0.3
            bladder = np.where(truth == MaskLabel.BLADDER, 0.95, 0).astype(np.float32)
            bladder[:, 560:600, 120:140] = 0.8
            score = 0.6 if cases.metastasis[case] else 0.4
            sites = np.where(np.asarray(cases.sites[case]), 0.9, 0.7).astype(np.float32)
            answers.append(Found(lesion, bladder, score, sites, 0.0))
        return answers

    return method


def test_thresholds_part_what_is_from_what_is_not(cases):
    tuned = tune(_method(cases, 0.55), cases)
    assert 0.3 < tuned.metastasis <= 0.55
    assert 0.8 < tuned.bladder <= 0.95
    assert 0.4 < tuned.patient <= 0.6
    assert tuned.sites[Site.PELVIS] > 0.7 or tuned.sites[Site.PELVIS] == 0.5  # only metastatic patients are asked
    assert tuned.sites[Site.RIBS] == 0.5, "no patient with metastases there: nothing to tune on"
    assert tuned.tuned_on == COUNT


def test_a_method_that_outlines_nothing_gets_no_pixel_threshold(cases):
    def method(images):
        return [Found(None, None, 0.5, np.zeros(6, np.float32), 0.0) for _ in images]

    tuned = tune(method, cases)
    assert (tuned.metastasis, tuned.bladder) == (0.5, 0.5)


def test_a_class_that_nobody_has_outlined_gets_half(cases):
    cases.labels[cases.labels == MaskLabel.BLADDER] = MaskLabel.BACKGROUND
    tuned = tune(_method(cases, 0.55), cases)
    assert tuned.bladder == 0.5
    assert 0.3 < tuned.metastasis <= 0.55


def test_they_are_kept_with_the_run(cases, tmp_path):
    with pytest.raises(ModelError, match="not finished"):
        read_thresholds(tmp_path)
    tuned = tune(_method(cases, 0.55), cases)
    write_thresholds(tmp_path, tuned)
    assert read_thresholds(tmp_path) == tuned
