import warnings
from pathlib import Path

import pytest

from bonescan.core.errors import NotABoneScanError, UnreadableInputError
from bonescan.io import decoding as module
from bonescan.io.decoding import MAX_PIXELS, check_dimensions, check_file_size, decoding, library_errors

PATH = Path("folder/a.dcm")


@pytest.mark.parametrize("kind", library_errors())
def test_what_decoders_raise_becomes_one_sentence(kind):
    try:
        error = kind("internals of a decoder")
    except TypeError:
        error = kind
    with pytest.raises(UnreadableInputError) as caught, decoding(PATH, "DICOM file"):
        raise error
    assert str(caught.value).startswith("a.dcm ")
    assert "internals" not in str(caught.value)


def test_our_own_errors_pass():
    with pytest.raises(NotABoneScanError, match="something else"), decoding(PATH, "file"):
        raise NotABoneScanError("something else")


def test_mistakes_of_the_program_in_other_places_pass():
    class NoDecoderError(Exception):
        pass

    with pytest.raises(NoDecoderError), decoding(PATH, "file"):
        raise NoDecoderError


def test_warnings_stay_inside():
    with decoding(PATH, "file"):
        warnings.warn("a value that is no value", UserWarning, stacklevel=1)
    with pytest.warns(UserWarning, match="outside again"):
        warnings.warn("outside again", UserWarning, stacklevel=1)


@pytest.mark.parametrize("shape", [(1024, 256, 2), (2048, 512, 16), (8192, 4096, 1)])
def test_sane_dimensions(shape):
    check_dimensions(PATH, *shape)


@pytest.mark.parametrize("shape", [(0, 5, 1), (5, -1, 1), (5, 5, 0), (8193, 1, 1), (8192, 8192, 1), (1, MAX_PIXELS, 1)])
def test_absurd_dimensions(shape):
    with pytest.raises(UnreadableInputError):
        check_dimensions(PATH, *shape)


def test_file_sizes(tmp_path, monkeypatch):
    path = tmp_path / "a.dcm"
    with pytest.raises(UnreadableInputError, match="does not exist"):
        check_file_size(path)
    path.write_bytes(b"12345")
    check_file_size(path)
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 4)
    with pytest.raises(UnreadableInputError, match="MiB"):
        check_file_size(path)
