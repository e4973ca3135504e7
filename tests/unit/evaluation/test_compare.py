"""Methods side by side: the same cases, the same draws, paired tests."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from bonescan.core.errors import UsageError
from bonescan.evaluation.compare import comparison, read_compared
from bonescan.evaluation.records import write_records
from bonescan.metrics.roc import delong_test
from tests.evaluations import FACTS, HEADER, record, view


def rows(better, n=60, seed=0):
    """Studies of one cohort, as two methods see them."""
    rng = np.random.default_rng(seed)
    out = []
    for k in range(n):
        sick = k % 2 == 0
        noise = rng.normal(0, 0.25)
        both = int(rng.integers(20, 60))
        score = float(np.clip(0.5 + (0.3 if sick else -0.3) * (1 if better else 0.4) + noise, 0, 1))
        drawn = view(both + 20 if better else both, 90, 90) if sick else view()
        sites = ("spine",) if sick else ()
        out.append(record(k, score, metastasis=sick, sites=sites, views=(drawn, view(name="posterior"))))
    return out


def folder(tmp_path, name, records, **facts):
    header = replace(HEADER, method=replace(FACTS, **{"name": name, **facts}))
    write_records(tmp_path / name / "cases.jsonl", header, records)
    return tmp_path / name


def test_differences_are_paired(tmp_path):
    good, poor = rows(better=True), rows(better=False)
    document = comparison(read_compared([folder(tmp_path, "good", good), folder(tmp_path, "poor", poor)]))
    (pair,) = document["pairs"]
    truth = np.array([r.metastasis for r in good])
    scores = [np.array([r.probability for r in found]) for found in (good, poor)]
    expected = delong_test(*scores, truth)
    assert pair["auc"]["value"] == pytest.approx(expected.value, abs=1e-5)
    assert pair["auc"]["delong_p"] == pytest.approx(expected.p, rel=1e-4)
    right = [[r.present == r.metastasis for r in found] for found in (good, poor)]
    only = sum(a and not b for a, b in zip(*right, strict=True)), sum(b and not a for a, b in zip(*right, strict=True))
    assert (pair["accuracy"]["only_first"], pair["accuracy"]["only_second"]) == only
    assert pair["accuracy"]["mcnemar_p"] == pytest.approx(binomtest(only[0], sum(only), 0.5).pvalue, rel=1e-4)
    # Twenty pixels more in every lesion: certain in pairs, though the Dice of either varies far more between patients.
    dice = pair["dice_metastasis_as_drawn"]
    assert dice["value"] == pytest.approx(20 / 90, abs=1e-5)
    assert dice["high"] - dice["low"] < 1e-6
    alone = document["methods"]["good"]["dice_metastasis_as_drawn"]
    assert alone["high"] - alone["low"] > 0.05


def test_differences_of_few_patients_have_no_interval(tmp_path):
    for patients, known in ((4, False), (5, True)):
        # Of ten studies so many are metastatic, and each method outlines in these alone.
        good, poor = (rows(better=b)[: 2 * patients] for b in (True, False))
        paths = [folder(tmp_path / str(patients), name, found) for name, found in (("a", good), ("b", poor))]
        (pair,) = comparison(read_compared(paths))["pairs"]
        for name in ("dice_metastasis_lesion_bearing", "sensitivity", "specificity"):
            assert pair[name]["value"] is not None
            assert (pair[name]["low"] is not None) == (pair[name]["high"] is not None) == known, name
        assert pair["accuracy"]["low"] is not None


def test_only_common_studies_are_compared_in_any_order(tmp_path):
    first, second = folder(tmp_path, "a", rows(better=True)), folder(tmp_path, "b", rows(better=False)[20:][::-1])
    document = comparison(read_compared([first, second]))
    assert document["studies"] == 40
    assert document["pairs"][0]["auc"]["n"] == 40


def test_patients_are_matched_though_numbered_otherwise(tmp_path):
    good = rows(better=True)
    other = [replace(r, patient=1000 - r.patient) for r in good]
    document = comparison(read_compared([folder(tmp_path, "a", good), folder(tmp_path, "b", other)]))
    difference = document["pairs"][0]["dice_metastasis_as_drawn"]
    assert (difference["value"], difference["low"], difference["high"]) == (0, 0, 0)


def test_what_one_method_does_not_say_is_not_compared(tmp_path):
    silent = [replace(r, site_probabilities=None, sites_said=None) for r in rows(better=False)]
    document = comparison(read_compared([folder(tmp_path, "a", rows(better=True)), folder(tmp_path, "b", silent)]))
    assert document["methods"]["b"]["report_accuracy"] is None
    assert document["pairs"][0]["report_accuracy"] is None
    assert document["pairs"][0]["accuracy"] is not None


def test_sites_that_nobody_knows_are_not_compared(tmp_path):
    good, poor = ([replace(r, sites=()) if r.study_id < "S020" else r for r in rows(better=b)] for b in (True, False))
    paths = [folder(tmp_path, "a", good), folder(tmp_path, "b", poor)]
    document = comparison(read_compared(paths))
    assert document["methods"]["a"]["sites_exact_ungated"]["n"] == 20
    assert document["methods"]["a"]["report_accuracy"]["n"] == 50
    assert document["pairs"][0]["sites_exact_ungated"]["n"] == 20
    paths = [folder(tmp_path, n, [replace(r, sites=()) for r in found]) for n, found in (("a", good), ("b", poor))]
    document = comparison(read_compared(paths))
    assert document["methods"]["a"]["sites_exact_ungated"] is None
    assert document["pairs"][0]["report_accuracy"] is None


def test_two_versions_of_one_name_are_told_apart_by_folder(tmp_path):
    paths = [folder(tmp_path / side, "same", rows(better=True)) for side in ("x", "y")]
    with pytest.raises(UsageError, match="one name"):
        read_compared(paths)
    moved = paths[1].rename(tmp_path / "other")
    assert [m.name for m in read_compared([paths[0], moved])] == ["same", "other"]


def test_other_annotations_of_the_same_cases_are_refused(tmp_path):
    first = folder(tmp_path, "a", rows(better=True))
    for name, content in (("changed", "0" * 64), ("unsaid", "")):
        header = replace(HEADER, cohorts=(replace(HEADER.cohorts[0], content=content),))
        write_records(tmp_path / name / "cases.jsonl", header, rows(better=False))
    with pytest.raises(UsageError, match="different scans or annotations"):
        read_compared([first, tmp_path / "changed"])
    assert len(read_compared([first, tmp_path / "unsaid"])) == 2, "records from before it was kept"


def test_other_cases_are_refused(tmp_path):
    first = folder(tmp_path, "a", rows(better=True))
    with pytest.raises(UsageError, match="at least two"):
        read_compared([first])
    other = replace(HEADER, cohorts=(replace(HEADER.cohorts[0], fingerprint="0" * 64),))
    write_records(tmp_path / "b" / "cases.jsonl", other, rows(better=True))
    with pytest.raises(UsageError, match="different cohorts"):
        read_compared([first, tmp_path / "b"])
    third = folder(tmp_path, "c", [replace(r, study_id=f"X{r.study_id}") for r in rows(better=True)])
    with pytest.raises(UsageError, match="no study in common"):
        read_compared([first, third])
