"""Patient level: the paper's counts give the paper's figures."""

from dataclasses import replace

import numpy as np
import pytest

from bonescan.evaluation import patients, places
from tests.evaluations import FACTS, columns, paper, record, view


def test_the_paper_s_counts_give_its_table_4():
    found = patients.table_4(paper())["at_threshold"]
    assert (found["accuracy"]["good"], found["accuracy"]["n"]) == (109, 123)
    assert found["accuracy"]["value"] == pytest.approx(0.8862, abs=5e-5)
    assert found["sensitivity"]["value"] == pytest.approx(0.9259, abs=5e-5)
    assert found["specificity"]["value"] == pytest.approx(0.8551, abs=5e-5)
    assert (found["accuracy"]["low"], found["accuracy"]["high"]) == pytest.approx((0.818, 0.931), abs=6e-4)


def test_and_its_localisation_and_report_accuracy():
    found = places.localisation(paper())
    assert (found["exact_ungated"]["good"], found["exact_ungated"]["n"]) == (40, 54)
    assert (found["exact_gated"]["good"], found["exact_gated"]["n"]) == (37, 54)
    report = places.report_accuracy(paper())
    assert (report["good"], report["n"]) == (96, 123)
    assert report["value"] == pytest.approx(0.7805, abs=5e-5)


def test_sites_that_nobody_knows_are_not_wrong():
    unknown = [record(200 + k, 0.9, metastasis=True, said=("spine",)) for k in range(5)]
    known = paper()
    both = columns(*known.records, *unknown)
    assert places.localisation(both) == places.localisation(known)
    assert places.report_accuracy(both) == places.report_accuracy(known)
    reviewed = columns(*[replace(r, needs_review=True) for r in both.records])
    errors = patients.review(reviewed, {"report": places.report_right(reviewed)})["errors"]["report"]
    assert (errors["flagged"]["good"], errors["flagged"]["n"]) == (27, 123)


def test_where_no_site_is_known_nothing_is_said_of_sites():
    rows = columns(*[record(k, 0.9, metastasis=True, said=("spine",)) for k in range(5)], record(9, 0.1))
    assert places.localisation(rows) is None
    assert places.report_accuracy(rows) is None


def test_one_half_is_reported_beside_another_threshold():
    facts = FACTS.__class__(**{**vars(FACTS), "threshold": 0.8})
    rows = [record(0, 0.7, metastasis=True, present=False), record(1, 0.1), record(2, 0.9, metastasis=True)]
    found = patients.table_4(columns(*rows, facts=facts))
    assert found["at_threshold"]["threshold"] == 0.8
    assert found["at_threshold"]["sensitivity"]["value"] == 0.5
    assert found["at_half"]["sensitivity"]["value"] == 1


def test_windows_views_and_patients_have_their_own_truth():
    quiet, hot = (0.1, 0.2), (0.9, 0.95)
    empty, full = (False, False), (True, True)
    sick = view(0, 0, 30, windows=(quiet,) * 6 + (hot,), true_window=(empty,) * 6 + (full,), score=0.9)
    well = view(windows=(quiet,) * 6 + (hot,), true_window=(empty,) * 7, score=0.9, bladder=(0, 0, 0))
    rows = [record(0, 0.9, metastasis=True, views=(sick, well)), record(1, 0.1, views=(well,))]
    found, truth, patient = patients.scores(columns(*rows), "metastasis", "window")
    assert (len(found), int(truth.sum()), patient.tolist()) == (21, 1, [0] * 14 + [1] * 7)
    found, truth, _ = patients.scores(columns(*rows), "metastasis", "view")
    assert truth.tolist() == [True, False, False]
    found, truth, _ = patients.scores(columns(*rows), "bladder", "patient")
    assert (found.tolist(), truth.tolist()) == ([0.95, 0.95], [True, False])
    areas = patients.areas(columns(*rows))
    assert areas["metastasis"]["patient"]["value"] == 1
    assert areas["bladder"]["patient"]["value"] == 0.5
    assert areas["metastasis"]["window"]["positive"] == 1


def test_a_flag_that_catches_the_errors_is_worth_something():
    rows = [
        record(k, 0.9 if k % 2 else 0.1, metastasis=k % 2 == 1 if k > 3 else k % 2 == 0, needs_review=k <= 5)
        for k in range(20)
    ]
    found = columns(*rows)
    right = {"call": (found.present == found.truth, np.ones(20, bool)), "report": None}
    review = patients.review(found, right)
    assert review["flagged"]["good"] == 6
    assert review["errors"]["call"]["flagged"]["good"] == 4
    assert review["errors"]["call"]["unflagged"]["good"] == 0
    assert "report" not in review["errors"]
    known = np.arange(20) > 0
    assert patients.review(found, right | {"call": (right["call"][0], known)})["errors"]["call"]["flagged"]["n"] == 5


def test_a_method_that_never_flags_has_no_such_figure():
    assert patients.review(paper(), {"call": (np.ones(123, bool),) * 2}) is None


def test_pixels_are_no_probability():
    facts = FACTS.__class__(**{**vars(FACTS), "threshold": 1.0, "scored_by": "lesion pixels"})
    found = columns(record(0, 500.0, metastasis=True), record(1, 0.0, present=False), facts=facts)
    assert patients.calibration(found) is None
    assert "at_half" not in patients.table_4(found)
    assert patients.areas(found)["metastasis"]["patient"]["value"] == 1


def test_time_is_that_of_the_studies_that_have_one():
    found = patients.seconds(columns(*[record(k, seconds=s) for k, s in enumerate((0.1, 0.2, 0.9, None))]))
    assert (found["median"], found["n"]) == (0.2, 3)
    assert patients.seconds(columns(record(0, seconds=None))) is None
