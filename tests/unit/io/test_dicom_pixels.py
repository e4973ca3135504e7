"""Every way in which pixels are stored gives the same counts."""

import gdcm
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from bonescan.core.study import Polarity, Units
from bonescan.io.dicom_writer import write_nm
from bonescan.io.reader import read_study
from phantoms import analytic_study
from pictures import picture

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def assert_counts(read, study):
    for view, expected in zip(read.views, study.views, strict=True):
        np.testing.assert_array_equal(view.counts, expected.counts)
        assert view.counts.dtype == np.float32


def frames_of(study):
    return np.stack([view.counts for view in study.views])


@pytest.mark.parametrize(
    "syntax",
    ["RLELossless", "JPEGLosslessProcess14", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless"],
)
def test_lossless_compressions(study_file, study, tmp_path, syntax):
    reader = gdcm.ImageReader()
    reader.SetFileName(str(study_file))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(tmp_path / "scan.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    assert_counts(read_study(tmp_path / "scan.dcm"), study)


@pytest.mark.parametrize(("signed", "padding"), [(0, 65535), (1, -32768), (1, 32767)])
def test_padding_holds_no_counts(dataset, study, save, signed, padding):
    stored = frames_of(study).astype("<i2" if signed else "<u2")
    blank = np.zeros(stored.shape, dtype=bool)
    blank[:, :, :20] = blank[:, :, -20:] = blank[:, -60:] = True
    stored[blank] = padding
    dataset.PixelRepresentation = signed
    dataset.add_new("PixelPaddingValue", "SS" if signed else "US", padding)
    dataset.RescaleSlope, dataset.RescaleIntercept = 2, 5
    dataset.PixelData = stored.tobytes()
    for view, expected, empty in zip(read_study(save(dataset)).views, study.views, blank, strict=True):
        np.testing.assert_array_equal(view.counts, np.where(empty, 0, 2 * expected.counts + 5))
        assert view.polarity is Polarity.HOT_HIGH


def test_our_own_rle(study, tmp_path):
    write_nm(study, tmp_path / "scan.dcm", rle=True)
    assert (tmp_path / "scan.dcm").stat().st_size < 700_000
    assert_counts(read_study(tmp_path / "scan.dcm"), study)


def test_implicit_vr(dataset, study, tmp_path):
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(tmp_path / "scan.dcm", implicit_vr=True, little_endian=True, enforce_file_format=True)
    assert_counts(read_study(tmp_path / "scan.dcm"), study)


def test_big_endian(dataset, study, tmp_path):
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.PixelData = frames_of(study).astype(">u2").tobytes()
    dataset.save_as(tmp_path / "scan.dcm", implicit_vr=False, little_endian=False, enforce_file_format=True)
    assert_counts(read_study(tmp_path / "scan.dcm"), study)


def test_without_preamble_and_meta_header(dataset, study, tmp_path):
    bare = Dataset()
    bare.update(dataset)
    bare.save_as(tmp_path / "scan", implicit_vr=True, little_endian=True)
    assert_counts(read_study(tmp_path / "scan"), study)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("signed", [False, True])
def test_depths_and_signs(dataset, study, save, bits, signed):
    stored = np.minimum(frames_of(study), 2 ** (bits - signed) - 1)
    width = 8 if bits == 8 else 16
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = width, bits, bits - 1
    dataset.PixelRepresentation = int(signed)
    dataset.PixelData = stored.astype(f"<{'i' if signed else 'u'}{width // 8}").tobytes()
    read = read_study(save(dataset))
    np.testing.assert_array_equal(np.stack([v.counts for v in read.views]), stored)
    assert read.views[0].units is Units.COUNTS


def test_negative_values_are_no_counts(dataset, study, save):
    stored = frames_of(study).astype("<i2")
    stored[:, :8, :8] = -5
    dataset.PixelRepresentation = 1
    dataset.PixelData = stored.tobytes()
    assert read_study(save(dataset)).views[0].counts.min() == 0


def test_rescale(dataset, study, save):
    dataset.RescaleSlope, dataset.RescaleIntercept = "0.5", "-1"
    read = read_study(save(dataset))
    np.testing.assert_allclose(read.views[0].counts, np.maximum(study.views[0].counts * 0.5 - 1, 0))


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_the_photometric_interpretation_does_not_change_counts(dataset, study, save, photometric):
    # It says how to show them: cameras store counts with either, uptake high.
    dataset.PhotometricInterpretation = photometric
    read = read_study(save(dataset))
    assert_counts(read, study)
    assert read.views[0].polarity is Polarity.HOT_HIGH


@pytest.mark.parametrize("shape", [(2048, 512), (512, 128), (900, 180), (1024, 512)])
def test_other_matrices(tmp_path, shape):
    study = analytic_study(rows=shape[0], columns=shape[1])
    write_nm(study, tmp_path / "scan.dcm")
    assert_counts(read_study(tmp_path / "scan.dcm"), study)


def test_secondary_capture_of_counts(dataset, study, save):
    dataset.SOPClassUID, dataset.BurnedInAnnotation = SECONDARY_CAPTURE, "NO"
    read = read_study(save(dataset))
    assert_counts(read, study)
    assert read.quality == ()


@pytest.mark.parametrize(("capture", "said"), [(False, "YES"), (True, "YES"), (True, "")])
def test_text_that_may_be_burned_into_the_pixels_is_noticed(dataset, save, capture, said):
    dataset.BurnedInAnnotation = said
    if capture:
        dataset.SOPClassUID = SECONDARY_CAPTURE
    (finding,) = read_study(save(dataset)).quality
    assert (finding.code, finding.severity) == ("burned_in", "info")
    assert "patient's name" in finding.message


def test_secondary_capture_of_a_composite_picture(dataset, study, save):
    a, p = (view.counts for view in study.views)
    pixels = np.concatenate([picture(a, top=60), picture(p, top=60), picture(a, top=9), picture(p, top=9)], axis=1)
    dataset.SOPClassUID = SECONDARY_CAPTURE
    dataset.NumberOfFrames, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 8, 8, 7
    dataset.Rows, dataset.Columns = pixels.shape
    del dataset.DetectorInformationSequence, dataset.DetectorVector, dataset.EnergyWindowVector
    dataset.PixelData = pixels.tobytes()
    dataset.add_new("PixelPaddingValue", "US", 255)  # the white around the bodies
    read = read_study(save(dataset))
    assert [(v.counts.shape, v.units, v.polarity) for v in read.views] == [
        ((1024, 256), Units.DISPLAY, Polarity.HOT_LOW)
    ] * 2
    np.testing.assert_array_equal(read.views[1].counts, 255.0 - picture(p, top=60))
    assert {f.code for f in read.quality} >= {"display_units", "views_assumed"}


def test_lossy_compression_is_noticed(dataset, save):
    dataset.LossyImageCompression = "01"
    assert [f.code for f in read_study(save(dataset)).quality] == ["lossy"]
