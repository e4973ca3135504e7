"""Thresholds and figures of networks whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest

from bonescan.core.anatomy import SITES, MaskLabel
from bonescan.inference.windows import extract
from bonescan.training.bundle_figures import figures_of
from bonescan.training.chain import probability_map, site_probabilities, window_probabilities
from bonescan.training.measure import LEVELS, best_level, halves, measure, tune_sites, untuned
from tests.grid_cases import grid_cases

pytestmark = pytest.mark.train


def _known():
    """Reads the answer off the brightness: metastasis and benign uptake are 1.5, bladder above 2.2."""

    def warm(images):
        return ((images > 1.2) & (images < 2.0)).astype(np.float32)

    def hot(images):
        return (images > 2.2).astype(np.float32)

    def classify(strips):
        images = np.concatenate([extract(view) for view in strips[:, 0]])[:, None]
        # A metastasis has 250 pixels, a benign bar about as many but 51 wide.
        width = warm(images).max(axis=2).sum(axis=2)[:, 0]
        spot = np.where((width > 5) & (width < 30), 0.9, 0.1)
        return np.stack([spot, np.where(hot(images).sum(axis=(1, 2, 3)) > 12, 0.8, 0.1)], axis=1).astype(np.float32)

    def locate(images):
        drawn = images[:, 1].max(axis=(1, 2)) > 0.5
        out = np.full((len(images), len(SITES)), 0.1, np.float32)
        out[drawn, 0] = 0.9
        return out

    return {
        "classify": classify,
        "segment_metastasis": lambda x: 0.8 * warm(x),
        "segment_bladder": lambda x: 0.9 * hot(x),
        "locate": locate,
    }


@pytest.fixture(scope="module")
def measured():
    return measure(grid_cases(6, noise=0.0), _known(), 12)


def test_a_perfect_chain_is_measured_as_perfect(measured):
    figures = {f.name: f for f in figures_of(measured, "made by hand")}
    assert figures["patient_auc"].value == 1
    assert figures["patient_accuracy"].value == 1
    assert figures["dice_metastasis_pooled"].value > 0.95
    assert figures["dice_bladder_pooled"].value > 0.9
    assert figures["sites_exact_gated"].value == 1
    assert figures["report_accuracy"].value == 1
    assert all(f.dataset == "made by hand" for f in figures.values())


def test_thresholds_and_figures_come_from_different_patients(monkeypatch):
    many = grid_cases(40, noise=0.0)
    wrong = np.arange(40) // 2 % 2 == 1
    many.metastasis[wrong] = ~many.metastasis[wrong]
    monkeypatch.setattr("bonescan.training.measure.halves", lambda *_: (np.flatnonzero(~wrong), np.flatnonzero(wrong)))
    held = measure(many, _known(), 12)
    assert held.held_out
    assert len(held.patients) == 20
    figures = {f.name: f for f in figures_of(held, "x")}
    # Every patient to measure on has the wrong answer; had thresholds been tuned on them, no figure would be this bad.
    assert figures["patient_auc"].value == 0
    assert figures["patient_accuracy"].value == 0


def test_halves_are_apart_and_alike():
    metastasis = np.arange(60) % 2 == 0
    tuning, held = halves(metastasis, np.arange(60))
    assert sorted([*tuning, *held]) == list(range(60))
    assert metastasis[tuning].sum() == metastasis[held].sum() == 15


def test_studies_of_a_patient_are_on_one_side():
    patients = np.arange(120) // 2
    metastasis = np.arange(120) % 6 == 0  # of every third patient the first study
    tuning, held = halves(metastasis, patients)
    assert sorted([*tuning, *held]) == list(range(120))
    assert not set(patients[tuning]) & set(patients[held])
    assert metastasis[tuning].sum() == metastasis[held].sum() == 10


def test_many_studies_of_few_patients_serve_for_both():
    tuning, held = halves(np.arange(60) % 2 == 0, np.arange(60) // 2)
    assert list(tuning) == list(held) == list(range(60))


def test_few_patients_serve_for_both(measured):
    assert not measured.held_out


def test_intervals_hold_the_value_and_are_honest_about_six_patients(measured):
    accuracy = next(f for f in figures_of(measured, "x") if f.name == "patient_accuracy")
    assert accuracy.low < 0.7
    assert accuracy.low <= accuracy.value <= accuracy.high
    assert accuracy.count == 6


def test_too_few_patients_and_no_case_have_no_interval(measured):
    few = replace(measured, numbers=np.zeros(6, np.int64), patient_truth=np.ones(6, bool))
    figures = {f.name: f for f in figures_of(few, "x")}
    assert all(f.low is f.high is None for name, f in figures.items() if name.startswith(("patient_auc", "dice")))
    none = figures["patient_specificity"]
    assert none.value is none.low is none.high is None
    assert none.count == 0
    assert {f.name: f for f in figures_of(measured, "x")}["dice_metastasis_pooled"].low is not None


def test_thresholds_lie_between_the_classes(measured):
    limits = measured.thresholds
    assert 0.1 < limits.patient < 0.9
    assert limits.segment_metastasis <= 0.8
    assert set(limits.sites) == set(SITES)


def test_a_closed_gate_draws_nothing():
    image = grid_cases(1, noise=0.0).image(0)
    networks = _known()
    nothing = probability_map(networks["segment_metastasis"], image, np.zeros((2, 7), bool))
    assert not nothing.any()
    gates = window_probabilities(networks["classify"], image)[..., 0] >= 0.5
    drawn = probability_map(networks["segment_metastasis"], image, gates)
    assert drawn.max() > 0.7
    assert site_probabilities(networks["locate"], image, drawn)[0] > 0.5
    assert site_probabilities(networks["locate"], image, nothing)[0] < 0.5


def test_a_class_that_nobody_has_outlined_keeps_its_gate_and_level(measured):
    cases = grid_cases(6, noise=0.0)
    labels = np.where(cases.labels == MaskLabel.BLADDER, MaskLabel.BACKGROUND, cases.labels)
    cases = replace(cases, labels=labels)
    before = measured.thresholds.model_copy(update={"window_bladder": 0.37, "segment_bladder": 0.7})
    kept = measure(cases, _known(), 12, before=before).thresholds
    assert (kept.window_bladder, kept.segment_bladder, kept.untuned) == (0.37, 0.7, ("bladder",))
    assert kept.segment_metastasis == measured.thresholds.segment_metastasis
    alone = measure(cases, _known(), 12).thresholds
    assert (alone.window_bladder, alone.segment_bladder, alone.untuned) == (0.5, 0.5, ("bladder",))


def test_patients_who_are_all_alike_tune_no_threshold_of_a_patient(measured):
    assert untuned(measured.dice, np.arange(6), np.ones(6, bool)) == ("patient",)
    assert untuned(measured.dice, np.arange(6), np.arange(6) > 0) == ()


def test_all_is_tuned_where_all_is_outlined(measured):
    assert measured.thresholds.untuned == ()


def test_a_level_that_finds_the_truth_is_chosen_whatever_was_before():
    sums = np.zeros((len(LEVELS), 3))
    sums[:] = 0, 10, 5
    sums[3] = 5, 5, 5
    assert best_level(sums, before=0.9) == 3


def test_a_site_that_nobody_has_keeps_its_threshold():
    scores, metastasis = np.random.default_rng(0).random((40, len(SITES))), np.ones(40, bool)
    truth = scores > 0.6
    truth[:, 2], truth[:, 3] = False, True
    before = dict.fromkeys(SITES, 0.31)
    kept = tune_sites(scores, truth, metastasis, np.arange(40), before)
    assert {site for site, limit in kept.items() if limit == 0.31} == {SITES[2], SITES[3]}
    alone = tune_sites(scores, truth, metastasis, np.arange(40))
    assert (alone[SITES[2]], alone[SITES[3]]) == (0.5, 0.5)
    assert alone[SITES[0]] == kept[SITES[0]]


def test_several_studies_of_a_patient_make_no_share_surer(measured):
    half = replace(measured, patient_truth=np.where(np.arange(6) < 3, measured.patient_truth, ~measured.patient_truth))
    each, shared = (
        next(f for f in figures_of(found, "x") if f.name == "patient_accuracy")
        for found in (half, replace(half, numbers=np.arange(6) // 3))
    )
    assert each.value == shared.value == 0.5
    assert each.low > 0
    assert (shared.low, shared.high) == (0, 1), "of the two patients one is all right, one all wrong"


def test_the_number_of_a_mean_dice_is_of_the_views_that_it_is_over(measured):
    counts = {f.name: f.count for f in figures_of(measured, "x") if f.name.startswith("dice_metastasis")}
    true = measured.dice["metastasis"].true
    assert counts["dice_metastasis_pooled"] == counts["dice_metastasis_all_empty_one"] == true.size
    assert counts["dice_metastasis_lesion_bearing"] == (true > 0).sum() < true.size
