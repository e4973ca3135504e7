"""Readers beside a method: unpaired as in the paper, paired as is right."""

import numpy as np
import pytest
from scipy.stats import binomtest

from bonescan.core.errors import UnreadableInputError
from bonescan.evaluation.page import reader_tables
from bonescan.evaluation.readers import Reader, compare_counts, compare_readers, read_readers
from tests.evaluations import columns, paper, record

COUNTS = """reader,true_positive,false_negative,true_negative,false_positive
model,50,4,59,10
inexperienced,30,24,44,25
moderately,47,7,60,9
experienced,47,7,69,0
"""


def test_the_paper_s_counts_give_its_table_5(tmp_path):
    (tmp_path / "counts.csv").write_text(COUNTS)
    found = compare_counts(tmp_path / "counts.csv")
    pairs = {(p["first"], p["second"]): p for p in found["pairs"]}
    expected = {
        ("model", "moderately"): (0.697, 0.340, 0.805),
        ("model", "experienced"): (0.110, 0.340, 0.001),
        ("moderately", "experienced"): (0.049, 1.000, 0.002),
    }
    for pair, values in expected.items():
        p = [pairs[pair][m]["chi_square_p"] for m in ("accuracy", "sensitivity", "specificity")]
        assert p == pytest.approx(values, abs=6e-4)
    assert "mcnemar_p" not in pairs["model", "moderately"]["accuracy"]
    assert found["calls"]["experienced"]["specificity"]["value"] == 1


def test_paired_readings_see_what_counts_cannot():
    found = paper()
    # The reader is right on all that the method has right, and on eight more: counts alone find no difference.
    wrong = [r for r in found.records if r.present != r.metastasis]
    reader = Reader("careful", {r.study_id: r.present for r in found.records})
    reader.calls.update({r.study_id: r.metastasis for r in wrong[:8]})
    (pair,) = compare_readers(found, [reader])["pairs"]
    assert pair["accuracy"]["chi_square_p"] > 0.05
    assert pair["accuracy"]["mcnemar_p"] == pytest.approx(binomtest(0, 8, 0.5).pvalue)


def test_readers_are_compared_on_what_both_have_read():
    rows = columns(*[record(k, 0.9, metastasis=k % 2 == 0) for k in range(10)])
    half = Reader("half", {f"S{k:03d}": True for k in range(5)})
    found = compare_readers(rows, [half])
    assert found["calls"]["half"]["accuracy"]["n"] == 5
    assert found["pairs"][0]["accuracy"]["n"] == 5
    with pytest.raises(UnreadableInputError, match="has read none of the 10 cases"):
        compare_readers(rows, [Reader("stranger", {"X": True})])


def test_studies_of_no_cohort_are_refused_and_those_of_other_sides_are_not(tmp_path):
    path = tmp_path / "readers.csv"
    path.write_text("study_id,reader,metastasis\n" + "".join(f"S{k:03d},r,1\n" for k in range(9)))
    with pytest.raises(UnreadableInputError, match=r"not in the cohort: S002, S003, S004, S005, S006 and 2 more"):
        read_readers(path, {"S000", "S001"})
    readers = read_readers(path, {f"S{k:03d}" for k in range(20)})
    side = columns(*[record(k, 0.9, metastasis=k % 2 == 0) for k in range(5, 15)])
    assert compare_readers(side, readers)["calls"]["r"]["accuracy"]["n"] == 4


def test_the_page_says_how_many_were_read():
    rows = columns(*[record(k, 0.9, metastasis=k % 2 == 0, sites=("ribs",) if k % 2 == 0 else ()) for k in range(10)])
    half = Reader("half", {f"S{k:03d}": k % 2 == 0 for k in range(5)}, {"S000": frozenset({"ribs"})})
    page = "".join(reader_tables(compare_readers(rows, [half])))
    assert "<td>half, who read 5 of 10</td>" in page
    assert ", n = 5</td>" in page
    assert "<th>report accuracy</th>" in page
    assert "3/5</td></tr>" in page, "two normals and one report"
    assert "who read" not in "".join(
        reader_tables(compare_readers(rows, [Reader("all", dict.fromkeys(ids(10), True))]))
    )


def test_without_a_case_there_is_no_p():
    rows = columns(*[record(k, 0.9, metastasis=True) for k in range(6)])
    (pair,) = compare_readers(rows, [Reader("r", dict.fromkeys(ids(6), True))])["pairs"]
    assert pair["sensitivity"]["mcnemar_p"] == 1
    assert (pair["specificity"]["n"], pair["specificity"]["mcnemar_p"]) == (0, None)


def ids(n):
    return [f"S{k:03d}" for k in range(n)]


def test_a_reader_who_names_sites_has_a_report_accuracy(tmp_path):
    (tmp_path / "readers.csv").write_text(
        "study_id,reader,metastasis,sites\nS000,a,1,spine;ribs\nS001,a,1,spine\nS002,a,0,\n"
    )
    (reader,) = read_readers(tmp_path / "readers.csv", {"S000", "S001", "S002"})
    rows = [record(k, 0.9, metastasis=k < 2, sites=("spine", "ribs") if k < 2 else ()) for k in range(3)]
    found = compare_readers(columns(*rows), [reader])
    assert found["calls"]["a"]["report_accuracy"]["good"] == 2


def test_a_reader_is_not_asked_for_sites_that_nobody_knows():
    rows = [record(0, 0.9, metastasis=True, sites=("spine",)), record(1, 0.9, metastasis=True), record(2, 0.1)]
    reader = Reader("a", {"S000": True, "S001": True, "S002": False}, {"S000": frozenset({"spine"})})
    report = compare_readers(columns(*rows), [reader])["calls"]["a"]["report_accuracy"]
    assert (report["good"], report["n"]) == (2, 2)
    assert "report_accuracy" not in compare_readers(columns(*rows[1:]), [reader])["calls"]["a"]


def test_every_fault_of_the_file_is_named(tmp_path):
    path = tmp_path / "readers.csv"
    path.write_text("study_id,reader,metastasis,sites\nA,r,2,\nB,r,1,hip\nC,r,1,\nC,r,0,\n,r,1,\n")
    with pytest.raises(UnreadableInputError) as caught:
        read_readers(path, {"A", "B", "C"})
    for fault in ("row 2: metastasis '2'", "row 3: hip is none of", "row 5: C was read", "row 6: reader or study_id"):
        assert fault in caught.value.message
    path.write_text("study,reader,metastasis\n")
    with pytest.raises(UnreadableInputError, match="column study_id is missing; column study is unknown"):
        read_readers(path, {"A", "B", "C"})
    path.write_text("study_id,reader,metastasis,sites\nA,r,1,spine\nB,r,1,spine,ribs,\n")
    with pytest.raises(UnreadableInputError, match="1 fault: row 3: 6 cells for 4 columns"):
        read_readers(path, {"A", "B", "C"})
    path.write_text("study_id,reader,metastasis\n\n")
    with pytest.raises(UnreadableInputError, match="row 2: nothing stands below"):
        read_readers(path, {"A", "B", "C"})
    with pytest.raises(UnreadableInputError, match="cannot be read"):
        read_readers(tmp_path / "none.csv", ())


def test_counts_are_whole_numbers(tmp_path):
    (tmp_path / "counts.csv").write_text(COUNTS + "model,1,2,3,x\n")
    with pytest.raises(UnreadableInputError, match="row 6"):
        compare_counts(tmp_path / "counts.csv")
    (tmp_path / "counts.csv").write_text(COUNTS + "other,1,2,3,4\u00b2\n", encoding="utf-8")
    with pytest.raises(UnreadableInputError, match="row 6"):
        compare_counts(tmp_path / "counts.csv")
    (tmp_path / "counts.csv").write_text(COUNTS + "other,1,2,3,4,5\n")
    with pytest.raises(UnreadableInputError, match="row 6: 6 cells for 5 columns"):
        compare_counts(tmp_path / "counts.csv")
    (tmp_path / "counts.csv").write_text(COUNTS.partition("\n")[0])
    with pytest.raises(UnreadableInputError, match="row 2: nothing stands below"):
        compare_counts(tmp_path / "counts.csv")


def test_a_reader_named_like_the_method_stays_apart():
    rows = columns(*[record(k, 0.9, metastasis=k % 2 == 0) for k in range(4)])
    found = compare_readers(rows, [Reader("model", {f"S{k:03d}": k % 2 == 0 for k in range(4)})])
    assert list(found["calls"]) == ["model", "model (reader)"]
    assert np.isclose(found["calls"]["model (reader)"]["accuracy"]["value"], 1)
