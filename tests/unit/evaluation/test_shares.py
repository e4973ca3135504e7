"""Patients with several studies: nothing is surer for a study that is there six times."""

from dataclasses import replace

import numpy as np
import pytest

from bonescan.evaluation import patients, places
from bonescan.evaluation.amount import against_alp, against_truth
from bonescan.evaluation.compare import Compared, comparison
from bonescan.evaluation.document import document_of
from bonescan.evaluation.page import report
from bonescan.evaluation.plots import calibration
from bonescan.evaluation.readers import Reader, compare_readers
from bonescan.evaluation.shares import NO_P, paired, share_of
from bonescan.evaluation.strata import strata
from bonescan.metrics.proportions import wilson
from tests.evaluations import HEADER, columns, record

SITES = ("spine", "ribs")


def studies(times=1, wrong=()):
    """24 patients, half of them metastatic, each the same so many times."""
    rng = np.random.default_rng(0)
    rows = []
    for k in range(24):
        sick = k % 2 == 0
        score = float(rng.uniform(0.6, 0.9) if sick != (k in wrong) else rng.uniform(0.1, 0.4))
        index = float(rng.uniform(0.01, 0.3)) if sick else 0.0
        facts = {"bstbi_true": index, "bstbi_drawn": index * float(rng.uniform(0.5, 1.5)), "alp_u_l": 80 + 900 * index}
        one = record(k, score, metastasis=sick, sites=SITES if sick else (), needs_review=k % 3 == 0, **facts)
        rows += [replace(one, study_id=f"{one.study_id}-{i}") for i in range(times)]
    return columns(*rows)


def wide(figure):
    return figure["high"] - figure["low"]


def test_a_share_of_repeated_studies_is_as_sure_as_that_of_the_patients():
    once, often = (studies(times, wrong=(1, 2, 3, 4)) for times in (1, 6))
    one, many = (patients.table_4(found)["at_threshold"] for found in (once, often))
    assert (one["accuracy"]["low"], one["accuracy"]["high"]) == pytest.approx(wilson(20, 24), abs=1e-5)
    assert (many["accuracy"]["good"], many["accuracy"]["n"]) == (120, 144)
    for name in ("accuracy", "sensitivity", "specificity"):
        assert wide(many[name]) > 0.85 * wide(one[name]), name
    assert wide(places.report_accuracy(often)) > 0.85 * wide(places.report_accuracy(once))
    assert wide(places.localisation(often)["exact_gated"]) > 0.85 * wide(places.localisation(once)["exact_gated"])
    kinds = [{row["class"]: row["accuracy"] for row in strata(found)["kind_of_patient"]} for found in (once, often)]
    assert all(wide(kinds[1][name]) > 0.85 * wide(kinds[0][name]) for name in kinds[0])


def test_only_studies_that_share_a_patient_are_dependent():
    found = studies(2, wrong=(1,))
    first = np.arange(48) % 2 == 0
    assert (share_of(found, found.present, first)["low"], share_of(found, found.present, first)["high"]) == (
        pytest.approx(wilson(13, 24), abs=1e-5)
    )
    right = found.present == found.truth
    everyone = np.ones(48, np.bool_)
    assert paired(found, everyone, right, first) == {"mcnemar_p": 1, "only_first": 1, "only_second": 0}
    assert paired(found, everyone, right, everyone) == {"mcnemar_p": None, "only_first": 2, "only_second": 0}
    assert paired(found, everyone, right, ~everyone)["mcnemar_p"] is None, "of no study"


def test_tests_that_take_studies_for_independent_have_no_p():
    for times in (1, 6):
        good, poor = studies(times), studies(times, wrong=(1, 2, 3, 4))
        methods = [Compared(name, HEADER, found) for name, found in (("good", good), ("poor", poor))]
        document = comparison(methods)
        (pair,) = document["pairs"]
        reader = Reader("R", {r.study_id: r.metastasis for r in poor.records})
        (row,) = compare_readers(poor, [reader])["pairs"]
        p = [pair["accuracy"]["mcnemar_p"], row["accuracy"]["mcnemar_p"], row["accuracy"]["chi_square_p"]]
        assert [value is None for value in p] == [times > 1] * 3
        assert pair["auc"]["delong_p"] == pytest.approx(comparison(methods)["pairs"][0]["auc"]["delong_p"])
        assert (document["studies"], document["patients"]) == (24 * times, 24)


def test_correlations_of_repeated_studies_are_as_sure_as_those_of_the_patients():
    once, often = studies(), studies(6)
    for one, many in (
        (against_truth(once), against_truth(often)),
        (against_alp(once, [False]), against_alp(often, [False])),
    ):
        for name in ("pearson", "spearman"):
            assert one[name]["p"] is not None
            assert many[name]["p"] is None
            assert many[name]["value"] == pytest.approx(one[name]["value"], abs=1e-5)
            assert wide(many[name]) > 0.4 * wide(one[name]), "Fisher's would be 0.4 of it"
    few = columns(*[r for r in often.records if r.patient < 4])
    assert against_truth(few)["pearson"]["low"] is None


def test_the_page_says_why_and_counts_studies():
    for times in (1, 6):
        found = studies(times)
        reader = Reader("R", {r.study_id: r.metastasis for r in found.records})
        document = document_of(HEADER, found.records, [()], readers=[reader])
        page = report(document, {})
        assert (NO_P in page) == (times > 1)
        assert f"the {12 * times} truly metastatic studies" in page
        assert calibration(document) is not None


def test_groups_of_few_patients_have_no_bar_in_the_reliability_plot():
    document = document_of(HEADER, studies(6).records, [()])
    assert document["calibration"]["bins"][0]["observed"]["low"] is None
    (bars,) = calibration(document).axes[0].containers
    assert len(bars.lines[0].get_xdata()) == 10
