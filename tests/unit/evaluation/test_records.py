"""Records survive the disk, a kill in the middle of a line, and are never mixed."""

from dataclasses import replace

import pytest

from bonescan.core.errors import UnreadableInputError, UsageError
from bonescan.evaluation.records import check_same, read_records, write_records
from tests.evaluations import HEADER, lesion, record, view

ROWS = [
    record(0, 0.125, alp_u_l=90.0, needs_review=True),
    record(1, None, site_probabilities=None, sites_said=None, bstbi_drawn=None),
    record(2, 0.75, metastasis=True, views=[view(1, 2, 3, lesions=[lesion(score=None), lesion()], alarms=[0.5])]),
]


def test_records_come_back(tmp_path):
    write_records(tmp_path / "cases.jsonl", HEADER, ROWS)
    assert read_records(tmp_path / "cases.jsonl") == (HEADER, ROWS)


def test_records_from_before_the_truth_was_kept_are_read(tmp_path):
    path = tmp_path / "cases.jsonl"
    write_records(path, HEADER, ROWS)
    path.write_text(path.read_text().replace(f',"content":"{HEADER.cohorts[0].content}"', ""))
    assert read_records(path)[0].cohorts[0].content == ""


def test_a_line_that_a_kill_has_cut_is_left_out(tmp_path):
    path = tmp_path / "cases.jsonl"
    write_records(path, HEADER, ROWS)
    path.write_text(path.read_text()[:-9])
    assert read_records(path, unfinished=True)[1] == ROWS[:2]
    with pytest.raises(UnreadableInputError, match="damaged"):
        read_records(path)


def test_what_is_no_file_of_records_is_refused(tmp_path):
    with pytest.raises(UnreadableInputError, match=r"no cases\.jsonl"):
        read_records(tmp_path / "cases.jsonl")
    (tmp_path / "cases.jsonl").write_text("")
    with pytest.raises(UnreadableInputError, match="damaged"):
        read_records(tmp_path / "cases.jsonl")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"method": replace(HEADER.method, sha256="b" * 64)}, "model"),
        ({"cohorts": (replace(HEADER.cohorts[0], fingerprint="0"),)}, "cohort"),
        ({"cohorts": (replace(HEADER.cohorts[0], content="0"),)}, "version of the scans or annotations"),
        ({"cohorts": (replace(HEADER.cohorts[0], content=""),)}, "version of the scans or annotations"),
        ({"split": "val"}, "split"),
    ],
)
def test_records_of_something_else_are_not_mixed_in(tmp_path, change, word):
    with pytest.raises(UsageError, match=f"another {word}"):
        check_same(replace(HEADER, **change), HEADER, tmp_path)
    check_same(HEADER, HEADER, tmp_path)
