"""From arguments to studies."""

import pytest

from bonescan.cli.inputs import gather
from bonescan.core.errors import UnreadableInputError, UsageError
from bonescan.io.dicom_writer import write_nm
from tests.phantoms import analytic_study


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b"):
        write_nm(analytic_study(name, rows=256, columns=64), tmp_path / f"{name}.dcm")
    return tmp_path


def test_a_folder_of_studies_gives_one_each(folder):
    assert gather([folder]).names() == ["a", "b"]


def test_a_study_named_twice_is_one(folder):
    assert gather([folder, folder / "a.dcm"]).names() == ["a", "b"]


def test_equal_names_are_numbered(folder):
    other = folder / "other"
    write_nm(analytic_study("a", seed=2, rows=256, columns=64), other / "a.dcm")
    assert gather([folder / "a.dcm", other / "a.dcm"]).names() == ["a", "a-2"]


def test_a_bad_argument_does_not_hide_the_good_ones(folder):
    sources = gather([folder / "missing.dcm", folder / "a.dcm"])
    assert sources.names() == ["a"]
    ((label, error),) = sources.failed
    assert label.endswith("missing.dcm")
    assert isinstance(error, UnreadableInputError)
    assert len(sources) == 2


def test_a_source_reads_its_study(folder):
    (source,) = gather([folder / "a.dcm"]).found
    assert [view.name for view in source.read().views] == ["anterior", "posterior"]


def test_a_pair_is_one_source(tmp_path):
    (source,) = gather([], tmp_path / "front.png", tmp_path / "back.png").found
    assert source.label == f"{tmp_path / 'front.png'} + {tmp_path / 'back.png'}"


def test_nothing_at_all_is_a_usage_error():
    with pytest.raises(UsageError, match="no input"):
        gather([])


def test_both_ways_at_once_is_a_usage_error(folder):
    with pytest.raises(UsageError, match="one or the other"):
        gather([folder / "a.dcm"], folder / "front.png")
