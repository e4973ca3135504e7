"""Headers that a study keeps: parsed when they are asked for, without what is private, garbled or a picture."""

import warnings

import pytest
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from bonescan.io.dicom_header import Header, ParsedHeaders, facts
from bonescan.io.reader import read_study
from tests.headers import header

_PRIVATE = 0x00091001


@pytest.fixture
def read(dataset, save):
    """A study whose header has private elements and elements that cannot be understood, in a sequence too."""
    item = dataset.RadiopharmaceuticalInformationSequence[0]
    for holder in (dataset, item):
        holder.add_new(0x00090010, "LO", "A MAKER")
        holder.add_new(_PRIVATE, "LO", "private")
    item.Radiopharmaceutical = "MDP"
    dataset.add_new(0x60003000, "OW", b"\0\0")
    study = read_study(save(dataset))
    garbled = RawDataElement(Tag("ImageID"), "SQ", 4, b"\xff\xff\xff\xff", 0, False, True)
    study.headers._datasets[0]._dict[Tag("ImageID")] = garbled
    return study


def test_what_is_private_garbled_or_a_picture_is_left_out(read):
    header = read.headers[0]
    assert header.PatientID
    for tag in (_PRIVATE, 0x60003000, 0x7FE00010, Tag("ImageID")):
        assert tag not in header
    item = header.RadiopharmaceuticalInformationSequence[0]
    assert item.Radiopharmaceutical == "MDP"
    assert _PRIVATE not in item


def test_a_header_is_parsed_when_it_is_asked_for(read):
    assert len(read.headers) == 1
    (dataset,) = read.headers._datasets
    assert any(isinstance(dataset.get_item(tag), RawDataElement) for tag, _ in dataset.items())
    first = read.headers[0]
    assert not any(isinstance(first.get_item(tag), RawDataElement) for tag, _ in first.items())
    assert read.headers[0] is first
    assert read.headers[:] == (first,)


def test_odd_values_are_no_warnings(dataset, save):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.add_new("PatientBirthDate", "DA", "around 1950")
    study = read_study(save(dataset))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert study.headers[0].PatientBirthDate == "around 1950"


def test_letters_that_are_not_of_the_character_set_are_no_warning(dataset, save):
    dataset.PatientID, dataset.SpecificCharacterSet = "XYZ-4711", "ISO_IR 192"
    path = save(dataset)
    path.write_bytes(path.read_bytes().replace(b"XYZ-4711", b"\xff\xfe\xfd-4711"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_study(path)


def test_a_study_of_no_dicom_has_none():
    assert not ParsedHeaders([])
    with pytest.raises(IndexError):
        ParsedHeaders([])[0]


NM, CAPTURE = "1.2.840.10008.5.1.4.1.1.20", "1.2.840.10008.5.1.4.1.1.7"
STUDY, SERIES, ACQUIRED = "20250101", "20260303", "20250102"


@pytest.mark.parametrize(
    ("sop_class", "kind", "acquired", "expected"),
    [
        (NM, "ORIGINAL", ACQUIRED, ACQUIRED),
        (CAPTURE, "DERIVED", ACQUIRED, ACQUIRED),
        (NM, "ORIGINAL", "", SERIES),
        (NM, "DERIVED", "", STUDY),
        (CAPTURE, "", "", STUDY),
        (f"{CAPTURE}.2", "ORIGINAL", "", STUDY),
    ],
)
def test_a_scan_is_not_dated_by_when_a_picture_of_it_was_made(sop_class, kind, acquired, expected):
    dates = {"StudyDate": STUDY, "SeriesDate": SERIES, "AcquisitionDate": acquired}
    made = header(SOPClassUID=sop_class, ImageType=[kind, "PRIMARY"], **dates)
    assert facts(Header(made)).acquisition_date == expected


def test_a_capture_is_dated_by_its_series_where_nothing_else_is():
    assert facts(Header(header(SOPClassUID=CAPTURE, SeriesDate=SERIES))).acquisition_date == SERIES
