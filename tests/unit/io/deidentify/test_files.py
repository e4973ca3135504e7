"""No original value survives, and what a bone scan needs does."""

import subprocess

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.datadict import DicomDictionary, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import JPEGLosslessSV1, generate_uid

from bonescan.core.errors import NotABoneScanError, UnreadableInputError
from bonescan.io.deidentify.files import deidentify, find_objects
from bonescan.io.deidentify.keyed import Keyed
from bonescan.io.deidentify.profile import CHARACTERISTICS, DATES, KEPT
from bonescan.io.dicom import nm_dataset
from bonescan.io.reader import read_study
from tests.conformance.tools import tool
from tests.phantoms import analytic_study

KEYED = Keyed(b"k" * 32)
TEXTS = {"LO", "SH", "LT", "ST", "UT", "UC", "AE", "PN", "CS", "UR"}
NAMES = ("Müllerová^Žofie", "山田^太郎", "Иванова^Анна")


@pytest.fixture
def scan():
    """A scan to be changed at will."""
    return nm_dataset(analytic_study(rows=512, columns=128), age_years=67)


def _save(dataset, folder, name="MUELLER_4711.dcm"):
    path = folder / name
    dataset.save_as(path, enforce_file_format=True)
    return path


def _plant(dataset, marks, prefix):
    """Give every element of the standard that is text a value of its own, but for what is kept."""
    for number, (tag, (vr, _, _, _, keyword)) in enumerate(sorted(DicomDictionary.items())):
        if (
            tag >> 16 < 8
            or not keyword
            or vr not in TEXTS
            or keyword in KEPT | CHARACTERISTICS | {"SpecificCharacterSet"}
        ):
            continue
        mark = f"{prefix}{number}Q"
        dataset.add_new(tag, vr, mark)
        marks.append(mark)


def _plant_dates(dataset, marks, nested):
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        if vr in {"DA", "DT"} and tag >> 16 >= 8 and keyword:
            year = 1931 if nested else 1937
            dataset.add_new(tag, vr, f"{year}0917" + ("112233" if vr == "DT" else ""))
    marks += ["19310917", "19370917"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_original_value_survives_anywhere_in_the_file(scan, tmp_path):
    marks = []
    _plant(scan, marks, "TOP")
    _plant_dates(scan, marks, nested=False)
    scan.Modality, scan.SpecificCharacterSet = "NM", "ISO_IR 192"
    scan.PatientName, scan.PatientID = NAMES[0], "ID-4711-0815"
    for number, host in enumerate(
        (scan, scan.DetectorInformationSequence[0], scan.RadiopharmaceuticalInformationSequence[0])
    ):
        item = Dataset()
        _plant(item, marks, f"SUB{number}X")
        _plant_dates(item, marks, nested=True)
        item.PatientName = NAMES[1]
        inner = Dataset()
        inner.PatientName, inner.RequestingPhysician = NAMES[2], NAMES[0]
        item.ReferencedPatientSequence = [inner]
        host.RequestAttributesSequence = [item]
        _plant(host, marks, f"IN{number}Y") if host is not scan else None
    block = scan.private_block(0x0009, "GAMMA MAKER", create=True)
    block.add_new(1, "LO", "PRIVATE-SECRET")
    block.add_new(2, "UN", "PRIVATE-SECRET".encode("utf-16-le"))
    scan.add_new(0x60000010, "US", 4)
    scan.add_new(0x60003000, "OW", b"OVERLAY-SECRET  ")
    uids = [
        str(element.value)
        for element in scan.iterall()
        if element.VR == "UI" and "1.2.840.10008" not in str(element.value)
    ]
    scan.preamble = b"PREAMBLE-SECRET".ljust(128, b"\0")
    source = _save(scan, tmp_path)
    assert len(marks) > 1000
    data = source.read_bytes()
    assert b"PRIVATE-SECRET" in data

    target = deidentify(source, tmp_path / "out", KEYED).target
    left = target.read_bytes()
    marks += [*uids, "ID-4711-0815", "4711", "PRIVATE-SECRET", "OVERLAY-SECRET", "PREAMBLE-SECRET", "GAMMA MAKER"]
    marks += [part for name in NAMES for part in name.split("^")]
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "iso8859-2", "iso2022_jp", "iso8859-5"):
        for mark in marks:
            coded = mark.encode(encoding, errors="ignore")
            assert len(coded) < 3 or coded not in left, (mark, encoding)
    assert "MUELLER" not in str(target)
    assert read_study(target).scan.names == ("anterior", "posterior")


@pytest.mark.parametrize(
    ("charset", "name"),
    [("ISO_IR 192", NAMES[0]), ("ISO_IR 101", NAMES[0]), ("ISO_IR 144", NAMES[2]), (["", "ISO 2022 IR 87"], NAMES[1])],
)
def test_a_name_in_a_text_that_is_kept_takes_the_text_with_it(scan, tmp_path, charset, name):
    scan.SpecificCharacterSet = charset
    scan.PatientName = name
    family = name.split("^")[0]
    scan.ManufacturerModelName = f"camera of {family}"
    scan.RadiopharmaceuticalInformationSequence[0].Radiopharmaceutical = f"MDP {family}"
    target = deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target
    left = pydicom.dcmread(target)
    assert not left.ManufacturerModelName
    assert not left.RadiopharmaceuticalInformationSequence[0].Radiopharmaceutical
    assert left.Manufacturer == "bonescan"


def test_what_a_bone_scan_needs_is_unchanged(scan, tmp_path):
    source = _save(scan, tmp_path)
    target = deidentify(source, tmp_path / "out", KEYED).target
    before, after = read_study(source), read_study(target)
    for old, new in zip(before.views, after.views, strict=True):
        np.testing.assert_array_equal(old.counts, new.counts)
        assert (old.name, old.pixel_spacing_mm, old.units) == (new.name, new.pixel_spacing_mm, new.units)
    assert after.patient_sex == "F"
    assert after.scan.radiopharmaceutical == before.scan.radiopharmaceutical
    assert after.scan.injected_activity_mbq == before.scan.injected_activity_mbq
    left = pydicom.dcmread(target)
    assert (left.PatientAge, left.ActualFrameDuration) == ("067Y", scan.ActualFrameDuration)
    assert left.PatientIdentityRemoved == "YES"
    assert left.DeidentificationMethodCodeSequence[0].CodeValue == "113100"


@pytest.mark.parametrize(("implicit", "little"), [(True, True), (False, True), (False, False)])
def test_counts_of_a_data_set_without_meta_information_are_unchanged(scan, tmp_path, implicit, little):
    bare = Dataset()
    for element in scan:
        bare.add(element)
    if not little:
        bare.PixelData = np.frombuffer(scan.PixelData, "<u2").astype(">u2").tobytes()
    source = tmp_path / "bare.dcm"
    bare.save_as(source, implicit_vr=implicit, little_endian=little, enforce_file_format=False)
    before, after = read_study(source), read_study(deidentify(source, tmp_path / "out", KEYED).target)
    for old, new in zip(before.views, after.views, strict=True):
        np.testing.assert_array_equal(old.counts, new.counts)


def test_a_patient_who_is_called_like_a_modality_can_still_be_read(scan, tmp_path):
    scan.PatientName, scan.AccessionNumber = "NM^Li", "NM"
    scan.ManufacturerModelName = "collimator"
    target = deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target
    assert read_study(target).scan.names == ("anterior", "posterior")
    assert pydicom.dcmread(target).ManufacturerModelName == "collimator"


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientName", "BASIC^NEEDS"),
        ("PatientName", "PRIMA^DATES"),
        ("PatientName", "POSTERI^ANTERI"),
        ("OperatorsName", "Clean^Scan"),
        ("PatientID", "10008"),
        ("PatientID", "113100"),
        ("StudyID", "BONE SCAN"),
        ("InstitutionalDepartmentName", "Whole Body"),
    ],
)
def test_words_of_the_standard_and_of_bonescan_are_not_the_patients(scan, tmp_path, keyword, value):
    setattr(scan, keyword, value)
    target = deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target
    left = pydicom.dcmread(target)
    assert left.ImageType == ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"]
    assert left.DeidentificationMethodCodeSequence[0].CodeMeaning == "Basic Application Confidentiality Profile"
    assert read_study(target).scan.names == ("anterior", "posterior")


def test_a_name_among_the_terms_goes_alone(scan, tmp_path):
    scan.PatientName = "ROSENZWEIG^ADA"
    scan.ImageType = ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION", "OF ROSENZWEIG"]
    left = pydicom.dcmread(deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target)
    assert left.ImageType == ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION", ""]


def test_an_id_in_a_number_that_is_kept_is_not_let_through(scan, tmp_path):
    scan.PatientID, scan.SeriesNumber = "4711815", 4711815
    with pytest.raises(UnreadableInputError, match="still tell"):
        deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED)
    assert not (tmp_path / "out").exists()


def test_the_result_is_as_valid_as_the_original(scan, tmp_path):
    target = deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target
    done = subprocess.run([tool("dciodvfy"), str(target)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []
    assert "NMImage" in done.stderr


def test_dates_are_moved_by_the_same_time_for_all_scans_of_a_patient(scan, tmp_path):
    moved = []
    for number, date in enumerate(("20260102", "20260412")):
        scan.StudyDate = scan.SeriesDate = scan.AcquisitionDate = scan.ContentDate = date
        scan.StudyInstanceUID, scan.SOPInstanceUID = generate_uid(), generate_uid()
        scan.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "090000"
        left = pydicom.dcmread(deidentify(_save(scan, tmp_path, f"{number}.dcm"), tmp_path / "out", KEYED).target)
        assert left.StudyDate == left.AcquisitionDate != date
        moved.append(left)
    from datetime import datetime

    first, second = (datetime.strptime(left.StudyDate, "%Y%m%d") for left in moved)
    assert (second - first).days == 100
    assert moved[0].PatientID == moved[1].PatientID
    assert moved[0].StudyInstanceUID != moved[1].StudyInstanceUID


def test_series_of_a_study_stay_together(scan, tmp_path):
    targets = []
    for number in range(2):
        scan.SOPInstanceUID = generate_uid()
        targets.append(deidentify(_save(scan, tmp_path, f"{number}.dcm"), tmp_path / "out", KEYED).target)
    first, second = map(pydicom.dcmread, targets)
    assert (first.StudyInstanceUID, first.SeriesInstanceUID) == (second.StudyInstanceUID, second.SeriesInstanceUID)
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert targets[0].parent == targets[1].parent


@pytest.mark.parametrize("keyword", sorted(DATES))
@pytest.mark.parametrize("representation", ["LO", "UT", "DT", "IS"])
def test_dates_in_another_form_than_the_standards_are_moved_or_emptied(scan, tmp_path, keyword, representation):
    tag = tag_for_keyword(keyword)
    for host in (scan, scan.DetectorInformationSequence[0]):
        host[tag] = DataElement(tag, representation, "20260102")
    left = pydicom.dcmread(deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target)
    for host in (left, left.DetectorInformationSequence[0]):
        assert "20260102" not in str(host[tag].value)
        assert dictionary_VR(tag) == host[tag].VR


@pytest.mark.parametrize("representation", ["DA", "PN", "OB", "SQ"])
def test_what_is_kept_is_of_the_standards_kind(scan, tmp_path, representation):
    secret = {"DA": "19310917", "PN": "20260102^Someone", "OB": b"20260102", "SQ": [Dataset()]}[representation]
    for keyword in ("Manufacturer", "SeriesNumber", "WindowCenter"):
        scan[keyword] = DataElement(tag_for_keyword(keyword), representation, secret)
    left = pydicom.dcmread(deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target)
    assert not [word for word in ("Manufacturer", "SeriesNumber", "WindowCenter") if left.get(word)]


def test_a_text_or_number_of_a_neighbouring_kind_is_kept(scan, tmp_path):
    scan["Manufacturer"] = DataElement(tag_for_keyword("Manufacturer"), "UT", "a camera")
    scan["PixelSpacing"] = DataElement(tag_for_keyword("PixelSpacing"), "FD", [2.5, 2.5])
    left = pydicom.dcmread(deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target)
    assert (left["Manufacturer"].VR, left.Manufacturer) == ("LO", "a camera")
    assert (left["PixelSpacing"].VR, list(left.PixelSpacing)) == ("DS", [2.5, 2.5])


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("sex", "left"), [("F", "F"), ("m ", "M"), ("JOHN DOE", ""), ("", "")])
def test_sex_and_age_hold_nothing_else(scan, tmp_path, sex, left):
    scan.PatientSex = sex
    scan.PatientAge = scan.DetectorInformationSequence[0].PatientAge = "Doe"
    scan.DetectorInformationSequence[0].PatientSex = "JOHN DOE"
    target = deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target
    assert pydicom.dcmread(target).PatientSex == left
    assert b"DOE" not in target.read_bytes().upper()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_uids_that_a_scanner_made_in_the_root_of_the_standard_are_replaced(scan, tmp_path):
    root = "1.2.840.10008.20240131.4711."
    scan.SOPInstanceUID, scan.StudyInstanceUID, scan.SeriesInstanceUID = root + "1", root + "2", root + "3"
    scan.FrameOfReferenceUID = root + "4"
    scan.DetectorInformationSequence[0].SOPClassUID = root + "5"
    scan.DetectorInformationSequence[0].ViewCodeSequence[0].SOPInstanceUID = root + "6"
    left = deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target
    assert b"20240131" not in left.read_bytes()
    assert pydicom.dcmread(left).SOPClassUID == scan.SOPClassUID


def test_a_view_that_only_words_named_is_still_named(tmp_path):
    scan = nm_dataset(analytic_study(rows=512, columns=128, views=("posterior",)))
    del scan.DetectorInformationSequence[0].ViewCodeSequence
    scan.SeriesDescription = "WB POST Mr Smith"
    target = deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target
    assert pydicom.dcmread(target).SeriesDescription == "POSTERIOR"
    assert read_study(target).scan.names == ("posterior",)


def test_a_view_that_only_the_name_of_the_file_told_is_still_told(tmp_path):
    scan = nm_dataset(analytic_study(rows=512, columns=128, views=("posterior",)))
    del scan.DetectorInformationSequence[0].ViewCodeSequence
    source = _save(scan, tmp_path, "wb_post.dcm")
    assert read_study(source).scan.names == ("posterior",)
    assert read_study(deidentify(source, tmp_path / "out", KEYED).target).scan.names == ("posterior",)


def test_a_scan_whose_views_would_no_longer_be_told_apart_is_refused(scan, tmp_path):
    for detector, word in zip(scan.DetectorInformationSequence, ("ANT", "POST"), strict=True):
        code = detector.ViewCodeSequence[0]
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = word, "99CAMERA", word
    scan.OperatorsName = "Post^Emily"
    with pytest.raises(UnreadableInputError, match="which view is which"):
        deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED)


@pytest.mark.parametrize(
    ("age", "born", "left"), [("094Y", "", "090Y"), ("067Y", "", "067Y"), (None, "19600101", "066Y"), (None, "", None)]
)
def test_the_age_is_kept_and_a_very_old_one_bounded(scan, tmp_path, age, born, left):
    scan.PatientBirthDate = born
    if age is None:
        del scan.PatientAge
    else:
        scan.PatientAge = age
    found = pydicom.dcmread(deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).target)
    assert found.get("PatientAge") == left
    assert found.PatientBirthDate == ""


def test_text_that_may_be_burned_in_is_warned_about(scan, tmp_path):
    assert deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).warnings == ()
    scan.BurnedInAnnotation = "YES"
    assert "burned" in deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).warnings[0]
    del scan.BurnedInAnnotation
    scan.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    assert "capture" in deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED).warnings[0]


def _compress(path, syntax):
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(path))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


def _with_comment(frame, text):
    """Where the standards want it: after SOI, and in JPEG 2000 after SIZ."""
    comment = len(text + b"00").to_bytes(2) + text
    if frame[:2] == b"\xff\xd8":
        return frame[:2] + b"\xff\xfe" + comment + b"\xff\xe1" + comment + frame[2:] + text
    after = 4 + int.from_bytes(frame[4:6])
    return frame[:after] + b"\xff\x64" + comment + frame[after:] + text


@pytest.mark.parametrize("syntax", ["RLELossless", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless"])
def test_comments_in_compressed_pixels_are_blanked(scan, tmp_path, syntax):
    scan.PatientName, scan.PatientBirthDate = "KIM^ANN", "19310917"
    source = _save(scan, tmp_path)
    _compress(source, syntax)
    compressed = pydicom.dcmread(source)
    text = "Kim, Ann; MÜLLER; ИВАНОВА; 17.9.1931".encode()
    if syntax != "RLELossless":
        frames = generate_frames(compressed.PixelData, number_of_frames=2)
        compressed.PixelData = encapsulate([_with_comment(frame, text) for frame in frames])
        compressed.save_as(source)
        assert text in source.read_bytes()
    target = deidentify(source, tmp_path / "out", KEYED).target
    assert text not in target.read_bytes()
    for old, new in zip(read_study(source).views, read_study(target).views, strict=True):
        np.testing.assert_array_equal(old.counts, new.counts)


@pytest.mark.parametrize("frame", [b"\xff\xd8\xff\x02\x00\x05Doe\xff\xd9", b"\0\0\0\x0cjP  \r\n\x87\nDoe"])
def test_compressed_pixels_in_which_comments_cannot_be_found_are_refused(scan, tmp_path, frame):
    scan.PixelData = encapsulate([frame] * 2)
    scan["PixelData"].VR = "OB"
    scan.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    with pytest.raises(UnreadableInputError, match=r"comments cannot be found.*Decompress it first"):
        deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED)
    assert not (tmp_path / "out").exists()


def test_other_objects_are_refused(scan, tmp_path):
    scan.SOPClassUID, scan.Modality = "1.2.840.10008.5.1.4.1.1.88.33", "SR"
    with pytest.raises(NotABoneScanError):
        deidentify(_save(scan, tmp_path), tmp_path / "out", KEYED)


def test_folders_are_walked(scan, tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("a/1.dcm", "a/b/2.dcm", "a/.hidden"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "a" / "letter.txt").write_text("Dear colleague")
    assert [path.name for path in find_objects(tmp_path / "a")] == ["1.dcm", "2.dcm"]
    with pytest.raises(UnreadableInputError):
        list(find_objects(tmp_path / "missing"))
