"""What a result carries over from the scan: whatever stands in the header, the result can be written and read."""

import warnings
from dataclasses import replace
from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from bonescan.core.errors import NoHeaderError
from bonescan.export.identity import (
    carried,
    check_headers,
    content_digest,
    digested_once,
    local_time,
    result_uid,
)
from bonescan.export.objects import dicom_results
from bonescan.io.dicom_header import ParsedHeaders
from tests.analyses import make_analysis
from tests.filed import filed
from tests.headers import header, read_again


def raw(name, charset=None):
    """A header whose patient's name is these bytes."""
    even = name + b" " * (len(name) % 2)
    data = b""
    if charset:
        text = charset.encode() + b" " * (len(charset) % 2)
        data += b"\x08\x00\x05\x00CS" + len(text).to_bytes(2, "little") + text
    data += b"\x10\x00\x10\x00PN" + len(even).to_bytes(2, "little") + even
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ParsedHeaders([pydicom.dcmread(BytesIO(data), force=True)])[0]


@pytest.mark.parametrize(
    ("name", "charset", "expected"),
    [
        ("Müller^Jürgen".encode("latin-1"), "ISO_IR 100", "Müller^Jürgen"),
        ("Иванов^Иван".encode("iso8859-5"), "ISO_IR 144", "Иванов^Иван"),
        (b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎"),
        ("王^小東".encode("gb18030"), "GB18030", "王^小東"),
        (b"PLAIN^ASCII", None, "PLAIN^ASCII"),
    ],
)
def test_names_of_any_character_set_come_out_as_utf8(name, charset, expected):
    again = read_again(carried(raw(name, charset)))
    assert again.SpecificCharacterSet == "ISO_IR 192"
    assert str(again.PatientName) == expected


@pytest.mark.parametrize(
    ("name", "charset"), [(b"M\xfcller^J", None), (b"\xff\xfe\xfd", "ISO_IR 192"), (b"A", "NOSUCH")]
)
def test_a_name_that_its_character_set_cannot_hold_is_no_end(name, charset):
    again = read_again(carried(raw(name, charset)))
    assert "PatientName" in again


def test_what_must_be_there_is_there():
    result = carried(Dataset())
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "AccessionNumber"):
        assert result[keyword].is_empty


def test_only_what_identifies_is_carried_over():
    odd = header(PatientComments="smokes", InstitutionName="Clinic", OperatorsName="A^B", PatientID="1")
    assert {element.keyword for element in carried(odd)} & {
        "PatientComments",
        "InstitutionName",
        "OperatorsName",
    } == set()


@pytest.mark.parametrize(
    ("keyword", "good", "bad"),
    [
        ("StudyDate", "20260102", "20261302"),
        ("StudyDate", "20240229", "20260229"),
        ("StudyTime", "235959.123", "9:15"),
        ("PatientBirthDate", "19500102", "1950"),
        ("PatientAge", "057Y", "57"),
        ("PatientSex", "O", "male"),
    ],
)
def test_a_garbled_value_is_left_out_and_a_good_one_kept(keyword, good, bad):
    assert carried(header(**{keyword: good}))[keyword].value == good
    assert not carried(header(**{keyword: bad})).get(keyword)


def test_uids_follow_the_findings_and_not_the_time():
    analysis = make_analysis()
    other = make_analysis(spots=())
    assert content_digest(analysis) == content_digest(make_analysis())
    assert result_uid(analysis, "sr", "series") == result_uid(make_analysis(), "sr", "series")
    assert content_digest(analysis) != content_digest(other)
    assert len({result_uid(analysis, role, part) for role in ("sc", "sr") for part in ("series", "instance")}) == 4


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientName", "RIGHT^NAME"),
        ("PatientID", "4712"),
        ("PatientBirthDate", "19510102"),
        ("AccessionNumber", "A-18"),
    ],
)
def test_corrected_data_of_the_patient_give_another_object(tmp_path, keyword, value):
    analysis = filed(tmp_path)
    header, before = analysis.source.headers[0], content_digest(analysis)
    header.OperatorsName = "NOT^CARRIED"
    assert content_digest(analysis) == before
    setattr(header, keyword, value)
    assert content_digest(analysis) != before


def test_corrected_data_are_seen_between_two_objects_of_one_analysis(tmp_path):
    analysis = filed(tmp_path)
    before = {kind: made.SOPInstanceUID for kind, made in dicom_results(analysis, ("seg", "sr")).items()}
    again = {kind: made.SOPInstanceUID for kind, made in dicom_results(analysis, ("seg", "sr")).items()}
    analysis.source.headers[0].PatientName = "RIGHT^NAME"
    after = {kind: made.SOPInstanceUID for kind, made in dicom_results(analysis, ("seg", "sr")).items()}
    assert before == again
    assert not set(before.values()) & set(after.values())


def test_the_digest_of_one_analysis_is_never_another_s():
    one, other = make_analysis(), make_analysis(spots=())
    alone = result_uid(other, "sr", "series")
    with digested_once(one):
        assert result_uid(other, "sr", "series") == alone
        assert result_uid(one, "sr", "series") != alone


def test_a_picture_and_a_header_without_uids_are_refused(tmp_path):
    with pytest.raises(NoHeaderError, match="no DICOM object"):
        check_headers(make_analysis().source)
    study = filed(tmp_path).source
    check_headers(study)
    bare = header(PatientID="1", StudyInstanceUID="1.2")
    with pytest.raises(NoHeaderError, match="lacks SOPInstanceUID, SOPClassUID"):
        check_headers(replace(study, headers=(bare,)))


def test_times_are_those_of_the_scan(tmp_path):
    analysis = filed(tmp_path)
    analysis.source.headers[0].TimezoneOffsetFromUTC = "-0800"
    assert local_time(analysis).strftime("%Y-%m-%d %H:%M") == "2026-01-01 19:04"


@pytest.mark.parametrize("offset", ["-0800", "+0530", "+0000", "+1400", "-0000", "-1300", "+9", "EST", ""])
def test_the_time_zone_is_named_where_the_scan_names_it(tmp_path, offset):
    from bonescan.export.objects import dicom_results

    analysis = filed(tmp_path)
    analysis.source.headers[0].TimezoneOffsetFromUTC = offset
    expected = offset if offset in {"-0800", "+0530", "+0000", "+1400"} else None
    assert {result.get("TimezoneOffsetFromUTC") for result in dicom_results(analysis).values()} == {expected}


def test_the_syntax_is_what_every_archive_takes(tmp_path):
    from bonescan.export.objects import dicom_results

    for result in dicom_results(filed(tmp_path)).values():
        assert result.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
