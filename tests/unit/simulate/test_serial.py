"""Patients at several dates."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bonescan.simulate.cohort import Extras, simulate_cohort
from bonescan.simulate.member import draw_member
from bonescan.simulate.patient import draw_patient
from bonescan.simulate.plan import Member
from bonescan.simulate.recipe import CohortRecipe, SerialRecipe
from bonescan.simulate.serial import draw_visits
from bonescan.simulate.study_files import rebuild, truth_of

COUNTS = (4e5, 1e6)


@pytest.fixture(scope="module")
def first():
    return draw_patient(11, "x", metastatic=True, benign=True, superscan_fraction=0)


def _visits(first, course, count=3, seed=0):
    recipe = SerialRecipe(courses={course: 1})
    return draw_visits(first, count, recipe, np.random.SeedSequence(seed), counts=COUNTS)


def _heat(visit):
    return {n: f.contrast for n, f in zip(visit.lesions, visit.parameters.foci, strict=True) if f.kind == "metastasis"}


def _common(visits):
    """Geometric mean, over lesions at all dates, of contrast above bone against the first scan."""
    heats = [_heat(visit) for visit in visits]
    both = set.intersection(*map(set, heats))
    return [float(np.exp(np.mean([np.log((h[n] - 1) / (heats[0][n] - 1)) for n in both]))) for h in heats]


def test_lesions_fade_in_response_and_some_resolve(first):
    visits = _visits(first, "response", count=5)
    one, two = _common(visits[:2])
    assert one == 1
    assert two < 0.8
    assert len(_heat(visits[-1])) < len(_heat(visits[0]))
    gone = {lesion for visit in visits for lesion in visit.resolved}
    assert gone == set(visits[0].lesions) - set(visits[-1].lesions)
    assert not any("new" in visit.fates for visit in visits)


def test_lesions_grow_and_new_ones_come_in_progression(first):
    visits = _visits(first, "progression")
    assert _common(visits)[-1] > 1.1
    for visit in visits[1:]:
        assert "new" in visit.fates
        assert set(visit.lesions) > set(visits[0].lesions)
    pairs = zip(first.foci, visits[1].parameters.foci, strict=False)
    assert all(later.radius_mm > before.radius_mm for before, later in pairs if before.kind == "metastasis")


def test_a_flare_rises_before_it_falls(first):
    start, second, third = _common(_visits(first, "flare"))
    assert second > 1.2 * start
    assert third < second


def test_in_a_mixed_response_lesions_go_both_ways(first):
    fates = {fate for seed in range(3) for fate in _visits(first, "mixed", seed=seed)[1].fates}
    assert {"growing", "shrinking"} <= fates


def test_nothing_much_happens_in_stable_disease(first):
    visits = _visits(first, "stable")
    assert all(visit.lesions == visits[0].lesions for visit in visits)
    np.testing.assert_allclose(_common(visits), 1, atol=0.15)


@pytest.mark.parametrize("fine", [0.0, 1.0])
def test_the_pixel_of_a_recipe_is_that_of_every_visit(fine):
    recipe = CohortRecipe(pixel_mm=2.4, fine_matrix_fraction=fine)
    seed, member = np.random.SeedSequence(3), Member(0, metastatic=True, benign=False)
    first = draw_member(seed, member, recipe, "x")
    serial = SerialRecipe(courses={"stable": 1})
    visits = draw_visits(first, 4, serial, seed, counts=COUNTS, pixel_mm=recipe.pixel_mm)
    assert {visit.parameters.camera.pixel_mm for visit in visits} == {1.2 if fine else 2.4}


@pytest.mark.parametrize("course", ["response", "progression", "stable"])
def test_the_body_stays_and_the_camera_is_new(first, course):
    visits = _visits(first, course)
    assert [visit.number for visit in visits] == [1, 2, 3]
    assert 60 <= visits[1].days <= 180 < visits[2].days + 61
    own, later = first.posture, visits[2].parameters.posture
    assert later != own
    kept = ("warp_seed", "warp_mm", "scoliosis_mm", "kyphosis_mm")
    assert [getattr(later, name) for name in kept] == [getattr(own, name) for name in kept]
    tracer = visits[2].parameters.tracer
    assert (tracer.structure_seed, tracer.joint_gain) == (first.tracer.structure_seed, first.tracer.joint_gain)
    assert tracer.bladder != first.tracer.bladder
    assert len({visit.parameters.camera.noise_seed for visit in visits}) == 3


def test_a_repeat_differs_in_noise_speed_or_camera_alone(first):
    changes = {}
    for seed in range(8):
        _, again = _visits(first, "repeat", count=2, seed=seed)
        assert (again.days, set(again.fates)) == (0, {"same"})
        assert replace(again.parameters, camera=first.camera) == first
        changes[again.change] = again.parameters.camera
        assert again.parameters.camera.noise_seed != first.camera.noise_seed
    assert set(changes) == {"noise", "speed", "camera"}
    assert replace(changes["noise"], noise_seed=first.camera.noise_seed) == first.camera
    assert changes["speed"].counts == first.camera.counts / 2
    assert changes["camera"].hole_mm != first.camera.hole_mm


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    recipe = CohortRecipe(
        metastasis_fraction=1, few_lesions_fraction=1, serial=SerialRecipe(courses={"progression": 1})
    )
    folder = tmp_path_factory.mktemp("serial") / "cohort"
    extras = Extras(("labelme",), noiseless=True)
    return simulate_cohort(folder, 2, seed=2, recipe=recipe, visits=2, extras=extras)


def test_a_patient_is_on_one_side_and_has_a_date_for_each_scan(cohort):
    assert len(cohort) == 4
    for patient in {case.patient_id for case in cohort}:
        one, two = (case for case in cohort if case.patient_id == patient)
        assert one.split == two.split
        assert one.treatment_start_days < 0 < two.treatment_start_days
        dates = [case.read_study().scan.acquisition_date for case in (one, two)]
        truths = [json.loads((cohort.folder / case.study_id / "truth.json").read_text()) for case in (one, two)]
        assert dates == [truth["visit"]["scan_date"] for truth in truths]
        assert dates[0] < dates[1]
        assert {row["fate"] for row in truths[0]["foci"]} == {"first scan"}
        fates = {row["lesion"]: row["fate"] for row in truths[1]["foci"]}
        assert "new" in fates.values()
        assert {row["lesion"] for row in truths[0]["foci"]} <= set(fates)


def test_a_later_scan_is_rebuilt_from_its_record(cohort):
    case = cohort.cases[1]
    simulated, visit = rebuild(cohort.folder, case.study_id)
    truth = json.loads((cohort.folder / case.study_id / "truth.json").read_text())
    assert json.loads(json.dumps(truth_of(simulated, visit))) == truth
    noiseless = np.load(cohort.folder / case.study_id / "noiseless.npz")
    labels = case.read_labels()
    for view, expected in simulated.expected.items():
        np.testing.assert_array_equal(noiseless[str(view)], expected)
        np.testing.assert_array_equal(labels[view], simulated.labels[view])
