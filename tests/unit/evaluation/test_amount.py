"""BSTBI against truth, and against alkaline phosphatase of real patients alone."""

import numpy as np
import pytest

from bonescan.evaluation.amount import against_alp, against_truth, alp_pairs
from tests.evaluations import columns, record


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
    _, alp = alp_pairs(columns(*rows), [False])
    assert alp.tolist() == [100, 50]
    assert against_alp(columns(*rows), [False]) is None


def test_a_missed_patient_has_a_reported_index_of_zero():
    rows = [record(k, p, metastasis=True, bstbi_drawn=0.2, bstbi_true=0.2) for k, p in enumerate((0.9, 0.1))]
    found = against_truth(columns(*rows, record(2, 0.1, bstbi_drawn=0.3)))
    assert found["mean_absolute_difference"]["value"] == pytest.approx(0.2 / 3)
    assert found["bland_altman"]["value"] == pytest.approx(-0.2 / 3)


def test_nothing_annotated_nothing_compared():
    assert against_truth(columns(*[record(k, bstbi_true=None) for k in range(5)])) is None
