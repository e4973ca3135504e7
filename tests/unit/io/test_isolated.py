import gdcm
import numpy as np
import pytest

from bonescan.core.errors import UnreadableInputError
from bonescan.io import isolated
from bonescan.io.isolated import decode_isolated


@pytest.fixture(scope="module")
def lossless(study_file, tmp_path_factory):
    """`study_file` as JPEG lossless."""
    path = tmp_path_factory.mktemp("jpeg") / "scan.dcm"
    reader = gdcm.ImageReader()
    reader.SetFileName(str(study_file))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return path


def test_pixels_come_through(lossless, study):
    np.testing.assert_array_equal(decode_isolated(lossless), np.stack([view.counts for view in study.views]))


def test_a_stream_that_breaks_off_is_not_made_up(lossless, tmp_path):
    """libjpeg goes on with zeros, and only remarks on it."""
    data = bytearray(lossless.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = b"\xff\xd9" * 20
    (tmp_path / "a.dcm").write_bytes(data)
    with pytest.raises(UnreadableInputError, match=r"compressed pixels of a\.dcm are damaged"):
        decode_isolated(tmp_path / "a.dcm")


def test_a_crash_of_the_worker_is_an_error(lossless, monkeypatch, tmp_path):
    worker = tmp_path / "worker.py"
    worker.write_text("import os; os.abort()")
    monkeypatch.setattr(isolated, "_WORKER", worker)
    with pytest.raises(UnreadableInputError, match="damaged"):
        decode_isolated(lossless)


def test_a_worker_that_hangs_is_ended(lossless, monkeypatch, tmp_path):
    worker = tmp_path / "worker.py"
    worker.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(isolated, "_WORKER", worker)
    monkeypatch.setattr(isolated, "_SECONDS", 0.5)
    with pytest.raises(UnreadableInputError, match="takes more than"):
        decode_isolated(lossless)
