"""Nothing half-written is found under its final name."""

import pytest

from bonescan.core.errors import OutputError
from bonescan.core.files import check_writable, staged_folder, write_bytes, write_text


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def _fail_half_way(final, error):
    with staged_folder(final) as folder:
        write_text(folder / "new", "")
        raise error


def test_a_file_is_written_whole_and_alone(tmp_path):
    write_text(tmp_path / "new" / "a.txt", "hot = high\n")
    assert (tmp_path / "new" / "a.txt").read_text() == "hot = high\n"
    assert _names(tmp_path / "new") == ["a.txt"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    write_bytes(tmp_path / "a", b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert _names(tmp_path) == ["a"]


def test_a_folder_takes_its_name_when_all_is_written(tmp_path):
    final = tmp_path / "study"
    with staged_folder(final) as folder:
        write_text(folder / "a", "1")
        assert not final.exists()
    assert _names(tmp_path) == ["study"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    final = tmp_path / "study"
    for name in ("a", "b"):
        with staged_folder(final) as folder:
            write_text(folder / name, name)
    assert _names(final) == ["b"]
    assert _names(tmp_path) == ["study"]


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt()])
def test_a_folder_that_failed_is_not_there_and_the_old_one_is(tmp_path, error):
    with staged_folder(tmp_path / "study") as folder:
        write_text(folder / "old", "")
    with pytest.raises(type(error)):
        _fail_half_way(tmp_path / "study", error)
    assert _names(tmp_path) == ["study"]
    assert _names(tmp_path / "study") == ["old"]


@pytest.mark.parametrize("below", ["file", "file/out", "file/a/b"])
def test_below_a_file_nothing_can_be_written(tmp_path, below):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        check_writable(tmp_path / below)


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(36, "File name too long")], ids=lambda e: e.strerror
)
def test_a_path_that_may_not_be_asked_about_cannot_be_written(tmp_path, monkeypatch, error):
    def refuse(path):
        raise error

    monkeypatch.setattr("pathlib.Path.exists", refuse)
    with pytest.raises(OutputError, match=f"cannot write out .*: {error.strerror}"):
        check_writable(tmp_path / "out")


def test_proving_that_a_folder_is_writable_leaves_nothing(tmp_path):
    check_writable(tmp_path / "a" / "b")
    check_writable(tmp_path)
    assert _names(tmp_path) == []
