"""BSTBI against truth, and against alkaline phosphatase of real patients alone."""

from dataclasses import replace

import numpy as np
import pytest

from bonescan.evaluation.amount import against_alp, against_truth, alp_pairs
from bonescan.evaluation.document import document_of
from bonescan.evaluation.numbers import text
from bonescan.evaluation.page import report
from tests.evaluations import COHORT, HEADER, columns, record


def cohort(n=60, **facts):
    rng = np.random.default_rng(0)
    index = rng.beta(1, 8, n)
    alp = 80 + 900 * index + rng.normal(0, 60, n)
    return columns(
        *[
            record(k, 0.9, metastasis=True, bstbi_drawn=float(b), bstbi_true=float(b) * 0.8, alp_u_l=float(a), **facts)
            for k, (b, a) in enumerate(zip(index, alp, strict=True))
        ]
    )


def test_bstbi_follows_alp_in_real_patients():
    found = against_alp(cohort(), [False])
    assert 0.5 < found["pearson"]["low"] < found["pearson"]["value"] < found["pearson"]["high"]
    assert found["pearson"]["n"] == 60
    assert found["spearman"]["value"] > 0.5


def test_a_simulated_cohort_has_no_alp_whatever_its_table_says():
    assert against_alp(cohort(), [True]) is None


def test_treated_patients_and_the_healthy_are_left_out():
    rows = [record(0, 0.9, metastasis=True, alp_u_l=100.0), record(1, 0.9, alp_u_l=90.0)]
    rows += [record(2 + k, 0.9, metastasis=True, alp_u_l=50.0, treatment_start_days=d) for k, d in enumerate((-3, 9))]
    _, alp, _ = alp_pairs(columns(*rows), [False])
    assert alp.tolist() == [100, 50]
    assert against_alp(columns(*rows), [False]) is None


def test_a_missed_patient_has_a_reported_index_of_zero():
    rows = [record(k, p, metastasis=True, bstbi_drawn=0.2, bstbi_true=0.2) for k, p in enumerate((0.9, 0.1))]
    found = against_truth(columns(*rows, record(2, 0.1, bstbi_drawn=0.3)))
    assert found["mean_absolute_difference"]["value"] == pytest.approx(0.2 / 3)
    assert found["bland_altman"]["value"] == pytest.approx(-0.2 / 3)


def test_nothing_annotated_nothing_compared():
    assert against_truth(columns(*[record(k, bstbi_true=None) for k in range(5)])) is None


def test_a_bstbi_of_zero_has_no_logarithm():
    rows = [*cohort(20).records, *[record(90 + k, 0.1, metastasis=True, alp_u_l=90.0 + k) for k in range(3)]]
    found = against_alp(columns(*rows), [False])
    assert (found["pearson"]["n"], found["pearson_of_logarithms"]["n"]) == (23, 20)


def test_the_page_has_the_rank_correlation_and_says_which_have_a_logarithm():
    rows = cohort().records
    document = document_of(replace(HEADER, cohorts=(replace(COHORT, simulated=False),)), rows, [()])
    page = report(document, {})
    assert f"Spearman&#x27;s of all {text(document['bstbi_against_truth']['spearman'])}" in page
    assert "reported as 0 has no logarithm" in page
