"""Results of different studies never overwrite each other."""

import json

import numpy as np
import pytest

from bonescan.cli.names import free_name
from tests.bodies import study, view


def _result(folder, uid, counts=64.0):
    folder.mkdir(parents=True)
    views = [{"view": "anterior", "rows": 8, "columns": 4, "counts_total": counts}]
    (folder / "analysis.json").write_text(json.dumps({"study": {"study_instance_uid": uid, "views": views}}))


def _study(uid, size=(8, 4)):
    return study(view(np.full(size, 2)), study_instance_uid=uid)


def test_a_free_name_is_kept(tmp_path):
    assert free_name(tmp_path, "IM0001", _study("1.2")) == "IM0001"


def test_the_same_study_keeps_its_folder(tmp_path):
    _result(tmp_path / "IM0001", "1.2")
    assert free_name(tmp_path, "IM0001", _study("1.2")) == "IM0001"


def test_another_study_gets_a_number(tmp_path):
    _result(tmp_path / "IM0001", "1.2")
    assert free_name(tmp_path, "IM0001", _study("1.3")) == "IM0001-2"
    _result(tmp_path / "IM0001-2", "1.3")
    assert free_name(tmp_path, "IM0001", _study("1.4")) == "IM0001-3"
    assert free_name(tmp_path, "IM0001", _study("1.3")) == "IM0001-2"


@pytest.mark.parametrize(("there", "here"), [(None, "1.2"), ("1.2", None), (None, None)])
def test_without_a_uid_size_and_counts_tell(tmp_path, there, here):
    _result(tmp_path / "scan", there)
    assert free_name(tmp_path, "scan", _study(here)) == "scan"
    assert free_name(tmp_path, "scan", _study(here, (4, 8))) == "scan-2"
    _result(tmp_path / "scan-2", there, counts=65.0)
    assert free_name(tmp_path, "scan-2", _study(here)) == "scan-2-2"


def test_with_uids_counts_do_not_matter(tmp_path):
    _result(tmp_path / "scan", "1.2", counts=65.0)
    assert free_name(tmp_path, "scan", _study("1.2")) == "scan"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"study": 1}'])
def test_a_folder_that_tells_nothing_is_replaced(tmp_path, text):
    (tmp_path / "scan").mkdir()
    (tmp_path / "scan" / "analysis.json").write_text(text)
    assert free_name(tmp_path, "scan", _study("1.2")) == "scan"
