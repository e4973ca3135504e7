"""What is damaged, absurd or something else ends in one sentence, before memory is taken."""

import resource

import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless

from bonescan.core.errors import NotABoneScanError, UnreadableInputError
from bonescan.io.dicom import nm_dataset
from bonescan.io.reader import read_study


def test_text_renamed(tmp_path):
    path = tmp_path / "note.dcm"
    path.write_text("These are the findings of the scan.\n" * 40)
    with pytest.raises(UnreadableInputError, match="no DICOM file"):
        read_study(path)


def test_empty_file(tmp_path):
    path = tmp_path / "scan.dcm"
    path.touch()
    with pytest.raises(UnreadableInputError, match="is empty"):
        read_study(path)


@pytest.mark.parametrize("keep", [100, 200, 1500, 40_000, 1_000_000])
def test_truncated(study_file, tmp_path, keep):
    path = tmp_path / "scan.dcm"
    path.write_bytes(study_file.read_bytes()[:keep])
    with pytest.raises(UnreadableInputError):
        read_study(path)


def test_truncated_compressed(study, tmp_path, save):
    whole = save(nm_dataset(study, rle=True)).read_bytes()
    path = tmp_path / "short.dcm"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableInputError, match="damaged"):
        read_study(path)


@pytest.mark.parametrize("modality", ["CR", "DX", "CT", "PT", "MR", "OT"])
def test_wrong_modality(dataset, save, modality):
    dataset.Modality = modality
    with pytest.raises(NotABoneScanError, match=f"modality {modality}"):
        read_study(save(dataset))


def test_no_modality_in_a_nuclear_medicine_object(dataset, save):
    del dataset.Modality
    assert len(read_study(save(dataset)).views) == 2


def test_no_modality_in_another_object(dataset, save):
    del dataset.Modality
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    with pytest.raises(NotABoneScanError, match="no modality"):
        read_study(save(dataset))


def test_another_class_under_a_false_flag(dataset, save):
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
    with pytest.raises(NotABoneScanError, match="another class"):
        read_study(save(dataset))


@pytest.mark.parametrize("kind", ["TOMO", "RECON TOMO", "GATED TOMO", "GATED", "DYNAMIC"])
def test_heart_spect_and_the_like(dataset, save, kind):
    dataset.ImageType = ["ORIGINAL", "PRIMARY", kind, "EMISSION"]
    with pytest.raises(NotABoneScanError, match="tomographic, gated or dynamic"):
        read_study(save(dataset))


def test_spect_without_an_image_type(dataset, save):
    del dataset.ImageType
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = 60, 64, 64
    dataset.PixelData = np.ones((60, 64, 64), dtype="<u2").tobytes()
    with pytest.raises(NotABoneScanError, match="60 frames"):
        read_study(save(dataset))


def test_a_spot_view(dataset, save):
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = 1, 256, 256
    dataset.PixelData = np.random.default_rng(0).poisson(5, (256, 256)).astype("<u2").tobytes()
    with pytest.raises(NotABoneScanError, match="as high as wide"):
        read_study(save(dataset))


@pytest.mark.parametrize("frames", ["0", "-2"])
def test_zero_frames(dataset, save, frames):
    dataset.NumberOfFrames = frames
    with pytest.raises(UnreadableInputError, match="has no frame"):
        read_study(save(dataset))


def test_no_pixels(dataset, save):
    del dataset.PixelData
    with pytest.raises(UnreadableInputError, match="no pixel data"):
        read_study(save(dataset))


@pytest.mark.parametrize("keyword", ["Rows", "Columns"])
def test_no_rows_or_columns(dataset, save, keyword):
    delattr(dataset, keyword)
    with pytest.raises(UnreadableInputError, match="holds no image"):
        read_study(save(dataset))


@pytest.mark.parametrize(
    ("rows", "columns", "frames"), [(65535, 65535, 2), (8192, 8192, 16), (0, 256, 2), (1, 1, 10**9)]
)
def test_absurd_dimensions_take_no_memory(dataset, save, rows, columns, frames):
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = rows, columns, frames
    path = save(dataset)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableInputError, match=r"claims|pixels"):
        read_study(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_absurd_codestream(study, save):
    """The header is sane, but the compressed frame says it is gigantic."""
    dataset = nm_dataset(study)
    siz = b"\xff\x4f\xff\x51\x00\x2f\x00\x00" + (60_000).to_bytes(4, "big") * 2 + b"\0" * 40
    dataset.PixelData = encapsulate([siz, siz])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    with pytest.raises(UnreadableInputError, match="60000 x 60000"):
        read_study(save(dataset))


def test_a_compression_that_is_not_read(dataset, save):
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"
    dataset.PixelData = encapsulate([b"mpeg"])
    with pytest.raises(UnreadableInputError, match="dcmconv"):
        read_study(save(dataset))


def test_deflated_objects_are_not_inflated(dataset, tmp_path):
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(tmp_path / "scan.dcm", enforce_file_format=True)
    with pytest.raises(UnreadableInputError, match="deflated"):
        read_study(tmp_path / "scan.dcm")


def test_garbled_optional_facts_are_missing_facts(dataset, save):
    dataset.add_new("PixelSpacing", "DS", "2.2")
    dataset.add_new("PatientSex", "CS", "UNKNOWN")
    dataset.add_new("AcquisitionDate", "DA", "")
    dataset.add_new("SeriesDate", "DA", "")
    dataset.add_new("StudyDate", "DA", "")
    dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = "740000000"
    read = read_study(save(dataset))
    assert read.views[0].pixel_spacing_mm is None
    assert read.patient_sex is None
    assert read.scan.acquisition_date is None
    assert read.scan.injected_activity_mbq == 740  # becquerels, by mistake


def test_messages_name_no_patient(dataset, save):
    dataset.PatientName, dataset.PatientID, dataset.Modality = "Secret^Name", "ID-4711", "CT"
    with pytest.raises(NotABoneScanError) as caught:
        read_study(save(dataset))
    assert "Secret" not in str(caught.value)
    assert "4711" not in str(caught.value)
