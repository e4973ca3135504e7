"""Objects that end too early are refused; whatever is legal is not."""

import struct

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from bonescan.core.errors import UnreadableInputError
from bonescan.io.dicom_complete import check_complete

NM = "1.2.840.10008.5.1.4.1.1.20"
ITEM, DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"


def _object(path, syntax=ExplicitVRLittleEndian, *, pixels=None, **changes):
    """An image of 8 x 6 pixels of 16 bits, or what the changes make of it."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = NM, "1.2.3.1", "NM"
    dataset.PatientName = "A^B"
    dataset.Rows, dataset.Columns, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 6, 16, 16, 15
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    for keyword, value in changes.items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    if pixels is not None:
        wide = dataset.get("BitsAllocated", 16) > 8 and not syntax.is_encapsulated
        dataset.add_new(0x7FE00010, "OW" if wide else "OB", pixels)
        dataset["PixelData"].is_undefined_length = syntax.is_encapsulated
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize(
    ("pixels", "changes"),
    [
        (96, {}),
        (192, {"NumberOfFrames": 2}),
        (192, {"BitsAllocated": 32}),
        (46, {"Rows": 5, "Columns": 9, "BitsAllocated": 8}),  # 45 and the byte that makes it even
        (144, {"SamplesPerPixel": 3, "BitsAllocated": 8, "PhotometricInterpretation": "RGB"}),
        (96, {"SamplesPerPixel": 3, "BitsAllocated": 8, "PhotometricInterpretation": "YBR_FULL_422"}),
        (72, {"SamplesPerPixel": 3, "BitsAllocated": 8, "PhotometricInterpretation": "YBR_PARTIAL_420"}),
        (6, {"BitsAllocated": 1}),
        (98, {"SamplesPerPixel": None}),
        (5000, {}),  # more than is needed
    ],
)
def test_uncompressed_pixels_that_are_enough(tmp_path, syntax, pixels, changes):
    path = _object(tmp_path / "a.dcm", syntax, pixels=bytes(pixels), **changes)
    check_complete(path)
    if pixels not in {98, 46, 5000}:
        with pytest.raises(UnreadableInputError, match=f"{pixels - 2} of {pixels} bytes"):
            check_complete(_object(path, syntax, pixels=bytes(pixels - 2), **changes))


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated"])
def test_an_image_of_unknown_size_is_not_judged(tmp_path, keyword):
    check_complete(_object(tmp_path / "a.dcm", pixels=b"\1\2", **{keyword: None}))


def test_an_object_without_pixels_is_not_judged(tmp_path):
    check_complete(_object(tmp_path / "a.dcm"))


def test_an_odd_number_of_bytes_needs_no_padding(tmp_path):
    path = _object(tmp_path / "a.dcm", pixels=bytes(46), Rows=5, Columns=9, BitsAllocated=8)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    check_complete(path)
    path.write_bytes(whole[:-50] + struct.pack("<L", 45) + whole[-46:-1])
    check_complete(path)
    path.write_bytes(whole[:-2])
    with pytest.raises(UnreadableInputError, match="44 of 45 bytes"):
        check_complete(path)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_file_cut_off_anywhere_in_its_pixels_is_refused(tmp_path, syntax):
    path = _object(tmp_path / "a.dcm", syntax, pixels=bytes(96))
    whole = path.read_bytes()
    for left in (0, 1, 50, 95):
        path.write_bytes(whole[: len(whole) - 96 + left])
        with pytest.raises(UnreadableInputError):
            check_complete(path)


def test_a_file_cut_off_in_its_header_is_refused(tmp_path):
    path = _object(tmp_path / "a.dcm", PatientName="A" * 60)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"A" * 60) + 20])
    with pytest.raises(UnreadableInputError, match="within its header"):
        check_complete(path)


def _fragments(*parts, table=b""):
    return b"".join(ITEM + struct.pack("<L", len(part)) + part for part in (table, *parts))


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
@pytest.mark.parametrize(
    ("pixels", "frames"),
    [
        (encapsulate([b"ab" * 20], has_bot=True), 1),
        (encapsulate([b"ab" * 20], has_bot=False), 1),
        (encapsulate([b"ab" * 20, b"cd" * 30], has_bot=True), 2),
        (encapsulate([b"ab" * 20, b"cd" * 30], fragments_per_frame=3, has_bot=False), 2),
        (_fragments(b"ab", DELIMITER, b""), 1),
    ],
)
def test_compressed_pixels_are_whole_with_their_last_fragment(tmp_path, syntax, pixels, frames):
    path = _object(tmp_path / "a.dcm", syntax, pixels=pixels, NumberOfFrames=frames)
    check_complete(path)
    whole = path.read_bytes()
    for left in (1, 8, 9, 12, 20, 30):
        path.write_bytes(whole[:-left])
        with pytest.raises(UnreadableInputError):
            check_complete(path)


def test_an_extended_table_of_offsets_is_legal(tmp_path):
    pixels, offsets, lengths = encapsulate_extended([b"ab" * 20, b"cd" * 30])
    tables = {"ExtendedOffsetTable": offsets, "ExtendedOffsetTableLengths": lengths}
    check_complete(_object(tmp_path / "a.dcm", RLELossless, pixels=pixels, NumberOfFrames=2, **tables))


def test_a_frame_that_is_missing_is_missed(tmp_path):
    path = _object(tmp_path / "a.dcm", RLELossless, pixels=encapsulate([b"ab"]), NumberOfFrames=2)
    with pytest.raises(UnreadableInputError, match="1 of 2 frames"):
        check_complete(path)


@pytest.mark.parametrize(
    ("said", "done"), [(RLELossless, ExplicitVRLittleEndian), (ExplicitVRLittleEndian, RLELossless)]
)
def test_pixels_encoded_otherwise_than_was_announced_are_refused(tmp_path, said, done):
    pixels = encapsulate([b"ab"]) if done is RLELossless else bytes(96)
    path = _object(tmp_path / "a.dcm", done, pixels=pixels)
    data = path.read_bytes()
    assert data.count(done.encode()) == 1
    path.write_bytes(data.replace(done.encode(), said.encode()))
    with pytest.raises(UnreadableInputError, match="not encoded as was announced"):
        check_complete(path)


def test_no_pixel_is_taken_into_memory(tmp_path, monkeypatch):
    import tracemalloc

    path = _object(tmp_path / "a.dcm", pixels=np.zeros(10**7, np.uint8).tobytes())
    pydicom.dcmread(path, stop_before_pixels=True)
    tracemalloc.start()
    check_complete(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10**6
