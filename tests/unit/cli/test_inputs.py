"""From arguments to studies."""

from pathlib import Path

import pytest

from bonescan.cli.inputs import gather
from bonescan.core.errors import UnreadableInputError, UsageError
from bonescan.io.dicom_writer import nm_dataset, write_nm
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


def test_a_study_named_by_two_paths_is_one(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert gather([folder / "a.dcm", Path("a.dcm"), Path("../") / folder.name / "a.dcm"]).names() == ["a"]


@pytest.fixture
def halves(tmp_path):
    """The views of a study as two files, each in a folder of its own."""
    files = []
    for view in ("anterior", "posterior"):
        dataset = nm_dataset(analytic_study("case", views=(view,)))
        dataset.StudyInstanceUID = "1.2.3"
        files.append(tmp_path / "case" / view / "IM1.dcm")
        files[-1].parent.mkdir(parents=True)
        dataset.save_as(files[-1], enforce_file_format=True)
    return files


@pytest.mark.parametrize("turned", [False, True])
def test_two_views_of_a_study_named_one_by_one_are_one(halves, turned):
    (source,) = gather(halves[::-1] if turned else halves).found
    assert (source.name, source.files) == ("IM1", tuple(halves))
    assert source.label == " + ".join(map(str, halves))
    assert [view.name for view in source.read().views] == ["anterior", "posterior"]
    assert gather([file.parent for file in halves]).names() == ["case"]


def test_a_view_named_beside_its_study_is_not_another_study(halves):
    folder = halves[0].parents[1]
    for words in ([folder, halves[0]], [halves[1], folder]):
        (source,) = gather(words).found
        assert (source.label, source.files) == (str(folder), tuple(halves))


def test_views_of_two_studies_stay_two(halves, tmp_path):
    write_nm(analytic_study("other", views=("posterior",)), tmp_path / "other.dcm", seed="other")
    assert [len(source.files) for source in gather([halves[0], tmp_path / "other.dcm"]).found] == [1, 1]


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
