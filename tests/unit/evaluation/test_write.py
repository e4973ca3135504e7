"""A folder holds results of one kind: a report and pictures of another are never written over."""

import json

import pytest

from bonescan.core.errors import UsageError
from bonescan.evaluation.write import COMPARISON, DOCUMENT, READERS, write_results

KINDS = (DOCUMENT, COMPARISON, READERS)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("first", "second"), [(a, b) for a in KINDS for b in KINDS if a != b])
def test_results_of_another_kind_are_left_alone(tmp_path, first, second):
    write_results(tmp_path, {"kind": first}, "page", {"roc": b"roc"}, first)
    before = contents(tmp_path)
    with pytest.raises(UsageError, match=f"another kind, {first}"):
        write_results(tmp_path, {"kind": second}, "other page", {}, second)
    assert contents(tmp_path) == before


def test_the_same_kind_is_written_anew_and_its_old_pictures_go(tmp_path):
    write_results(tmp_path, {"n": 1}, "page", {"roc": b"roc", "alp": b"alp"})
    write_results(tmp_path, {"n": 2}, "page", {"roc": b"new"})
    assert json.loads((tmp_path / DOCUMENT).read_text()) == {"n": 2}
    assert (tmp_path / "roc.png").read_bytes() == b"new"
    assert not (tmp_path / "alp.png").exists()


def test_pictures_that_were_there_before_any_results_stay(tmp_path):
    (tmp_path / "dice.png").write_bytes(b"my own")
    write_results(tmp_path, {}, "page", {"roc": b"roc"})
    assert (tmp_path / "dice.png").read_bytes() == b"my own"
