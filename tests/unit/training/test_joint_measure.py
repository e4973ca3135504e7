"""Calibration and thresholds of the joint pipeline, from answers that are known beforehand."""

from dataclasses import replace

import numpy as np
import pytest

from bonescan.core.anatomy import SITES, MaskLabel, Region
from bonescan.inference.joint import FINDINGS, Calibration
from bonescan.inference.runtime import Network
from bonescan.training.joint.measure import measure_joint, review_band
from bonescan.training.joint.samples import mirrored
from tests.grid_cases import grid_cases

pytestmark = pytest.mark.train


def test_the_band_holds_the_threshold_and_few_patients():
    probabilities = np.random.default_rng(0).random(1000)
    low, high = review_band(probabilities, 0.3)
    assert low < 0.3 < high
    assert 0.08 < ((probabilities >= low) & (probabilities < high)).mean() < 0.16


def test_calibration_maps_patient_and_sites_apart():
    calibration = Calibration(patient=(2.0, 1.0), sites_if_metastasis=(1.0, 0.0))
    said = calibration.probabilities(np.zeros((1, 7), np.float32))
    assert said[0, 0] == pytest.approx(1 / (1 + np.exp(-1)))
    assert said[0, 1:] == pytest.approx(0.5 * said[0, 0])


def test_no_site_is_likelier_than_metastasis():
    said = Calibration().probabilities(np.random.default_rng(0).normal(0, 9, (500, 7)).astype(np.float32))
    assert (said[:, 1:] <= said[:, :1]).all()


def _measure(cases, taught=None, **options):
    """Of a network that knows the truth of every case but draws a rim around the bladder at low probability.

    Args:
        cases: To measure on.
        taught: Labels that the network knows, where the cases have others.
        options: Of `measure_joint`.
    """
    known = {mirrored(cases.images[i]).astype(np.float32).tobytes(): i for i in range(len(cases))}

    def run(images):
        case = known[images[0].tobytes()]
        labels = mirrored((cases.labels if taught is None else taught)[case])
        findings = np.stack([(labels == finding).astype(np.float32) for finding in FINDINGS], axis=1)
        findings[:, 1] = np.maximum(findings[:, 1], 0.3 * (np.roll(findings[:, 1], 5, axis=1) > 0))
        study = np.full((1, 3, 1 + len(SITES)), -4, np.float32)
        study[:, :, 0], study[:, :, 1] = (4 if cases.metastasis[case] else -4), (4 if cases.sites[case, 0] else -4)
        regions = mirrored(cases.regions[case])
        return {"findings": findings[None], "regions": regions[None].astype(np.float32), "study": study}

    return measure_joint(cases, Network(run), **options)


@pytest.fixture(scope="module")
def measured():
    return _measure(grid_cases(6))


def test_a_class_that_nobody_has_outlined_keeps_its_level(measured):
    drawn = grid_cases(6)
    cases = replace(drawn, labels=np.where(drawn.labels == MaskLabel.METASTASIS, drawn.labels, 0).astype(np.uint8))
    before = measured[0].thresholds.model_copy(update={"segment_bladder": 0.7, "segment_benign": None})
    found, _ = _measure(cases, drawn.labels, before=before)
    kept = found.thresholds
    assert (kept.segment_bladder, kept.segment_benign, kept.untuned) == (0.7, 0.5, ("bladder", "benign"))
    assert kept.segment_metastasis == measured[0].thresholds.segment_metastasis
    assert found.dice["bladder"].drawn.sum() == (drawn.labels == MaskLabel.BLADDER).sum(), "measured at that level"


@pytest.mark.parametrize("ill", [True, False])
def test_patients_who_are_all_alike_calibrate_nothing(ill):
    drawn = grid_cases(2)
    found, calibration = _measure(replace(drawn, metastasis=np.full(len(drawn), ill)))
    assert found.thresholds.untuned == ("patient",)
    assert found.thresholds.patient == 0.5
    assert calibration.patient == (1, 0)


def test_the_truth_is_measured_as_perfect(measured):
    figures, _ = measured
    for name in ("metastasis", "bladder", "benign"):
        found = figures.dice[name]
        assert (found.overlap == found.true).all()
        assert (found.drawn == found.true).all(), name
        assert found.true.any()
    overlap, total = figures.regions.sum(axis=0).T
    assert (2 * overlap[Region.PELVIS] / total[Region.PELVIS]) == 1


def test_thresholds_part_the_classes(measured):
    figures, calibration = measured
    called = figures.patients >= figures.thresholds.patient
    assert (called == figures.patient_truth).all()
    assert figures.thresholds.segment_bladder > 0.3
    assert calibration.patient[0] > 0
    assert set(figures.thresholds.sites.values()) == {0.5}
    metastatic = figures.patient_truth
    assert metastatic.any()
    assert ((figures.sites >= 0.5) == figures.site_truth)[metastatic].all()
