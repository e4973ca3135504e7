"""Every DICOM result of every study: valid for the strictest checker, filed with its scan, stable."""

import shutil
from datetime import timedelta
from io import BytesIO

import numpy as np
import pydicom
import pytest
from PIL import Image

import bonescan as bs
from bonescan.export.folder import FORMATS
from bonescan.export.objects import dicom_results
from bonescan.io.inputs import find_inputs
from tests.conformance.studies import CASES, FOREIGN
from tests.conformance.tools import errors, run

EVERY = pytest.mark.parametrize("name", CASES)

pytestmark = pytest.mark.filterwarnings("ignore:The value length")
"""One study has an accession number of too many letters, which reading it remarks."""


def datasets(folder):
    return {path.stem: pydicom.dcmread(path) for path in sorted((folder / "dicom").iterdir())}


@EVERY
def test_dciodvfy_finds_no_error(written, name):
    _, folder = written(name)
    found = {path.name: errors(path, name) for path in sorted((folder / "dicom").iterdir())}
    assert {file: lines for file, lines in found.items() if lines} == {}
    views = {f"seg_{view.name}.dcm" for view in written(name)[0].source.views}
    assert set(found) == {"sc.dcm", "pdf.dcm", "sr.dcm"} | views


@EVERY
def test_dcmtk_parses_it(written, name):
    for path in sorted((written(name)[1] / "dicom").iterdir()):
        assert "error" not in run("dcmdump", "-q", path).lower()


@EVERY
def test_dcmtk_understands_the_structured_report(written, name):
    analysis, folder = written(name)
    said = run("dsrdump", folder / "dicom" / "sr.dcm")
    assert said.startswith("Comprehensive SR Document")
    assert said.count('"Measurement Group"') == 1 + len(analysis.source.views) + 6 + len(analysis.lesions)
    assert "UNVERIFIED" in said


@EVERY
def test_it_is_filed_under_the_patient_and_study_of_the_scan(written, name):
    analysis, folder = written(name)
    scan = analysis.source.headers[0]
    for stem, result in datasets(folder).items():
        for keyword in ("StudyInstanceUID", "PatientID", "PatientName", "AccessionNumber", "StudyID"):
            assert str(result[keyword].value) == str(scan.get(keyword, "")), (stem, keyword)
        assert "DRAFT, not verified" in result.SeriesDescription
        assert len(result.SeriesDescription) <= 64
        assert result.file_meta.ImplementationVersionName.startswith("BONESCAN")
        assert result.SOPInstanceUID != scan.SOPInstanceUID
        assert not [element for element in result if element.tag.is_private]


@EVERY
def test_it_says_what_it_is_and_what_makes_it_doubtful(written, name):
    analysis, folder = written(name)
    expected = [analysis.disclaimer, *map(str, analysis.quality)]
    results = datasets(folder)
    for stem in results.keys() - {"sr", "pdf"}:
        assert results[stem].ImageComments.splitlines() == expected, stem
    (found,) = [c for c in results["sr"].ContentSequence if c.ConceptNameCodeSequence[0].CodeValue == "126010"]
    study = found.ContentSequence[0].ContentSequence
    assert [c.TextValue for c in study if c.ConceptNameCodeSequence[0].CodeMeaning == "Comment"] == expected


def test_names_of_all_scripts_survive(written):
    for result in datasets(written("foreign names")[1]).values():
        assert result.SpecificCharacterSet == "ISO_IR 192"
        assert str(result.PatientName) == FOREIGN
        assert result.PatientName.ideographic == "山田^太郎"


def test_garbled_values_become_empty_ones(written):
    for result in datasets(written("odd values")[1]).values():
        assert (result.PatientSex, result.StudyDate, result.StudyTime, result.PatientBirthDate) == ("", "", "", "")
        assert "PatientAge" not in result
        assert "PatientIdentityRemoved" not in result, "it would have to say by what method"


def test_days_that_are_in_no_calendar_become_empty_ones(written):
    analysis, folder = written("impossible days")
    assert analysis.source.scan.acquisition_date == "20260102", "the next date of the header"
    page = pydicom.dcmread(folder / "dicom" / "pdf.dcm")
    assert page.AcquisitionDateTime == page.PatientBirthDate == page.StudyDate == ""


def test_what_identifies_a_trial_and_a_removed_identity_is_kept(written):
    for result in datasets(written("trial and frame of reference")[1]).values():
        assert (result.PatientIdentityRemoved, result.DeidentificationMethod) == ("YES", "basic profile")
        assert (result.IssuerOfPatientID, result.ClinicalTrialSubjectID) == ("HOSPITAL", "S-1")
        assert (result.ContentDate, result.ContentTime) == ("20260102", "083400"), "in the scan's time zone"
        assert result.TimezoneOffsetFromUTC == "+0530"


def test_every_identifier_is_its_own(written):
    uids = [
        uid
        for name in CASES
        for result in datasets(written(name)[1]).values()
        for uid in (result.SOPInstanceUID, result.SeriesInstanceUID)
    ]
    assert len(set(uids)) == len(uids)
    assert all(len(uid) <= 64 and uid.startswith("2.25.") for uid in uids)


def test_writing_again_gives_the_same_bytes(written, tmp_path):
    analysis, folder = written("one lesion")
    again = bs.write(analysis, tmp_path, FORMATS, name="study")
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"seg_anterior.dcm", "sr.dcm", "fhir.json"}
    for path in files:
        assert (again / path).read_bytes() == (folder / path).read_bytes(), path


def test_the_same_findings_at_another_time_keep_their_identifiers(written):
    analysis, folder = written("one lesion")
    later = analysis.model_copy(update={"created": analysis.created + timedelta(days=3)})
    later.attach(analysis.source, analysis.masks)
    before = datasets(folder)
    for stem, result in dicom_results(later).items():
        assert result.SOPInstanceUID == before[stem].SOPInstanceUID
        assert result.SeriesInstanceUID == before[stem].SeriesInstanceUID
        assert result.ContentDate != before[stem].ContentDate


@pytest.mark.parametrize("changed", ["model", "mask"])
def test_other_findings_are_other_objects(written, changed):
    analysis, folder = written("one lesion")
    masks = {view: mask.copy() for view, mask in analysis.masks.items()}
    other = analysis.model_copy()
    if changed == "model":
        other = analysis.model_copy(update={"model": analysis.model.model_copy(update={"sha256": "cd" * 32})})
    else:
        masks["anterior"][700, 100] = 1
    before = {result.SOPInstanceUID for result in datasets(folder).values()}
    assert not before & {r.SOPInstanceUID for r in dicom_results(other.attach(analysis.source, masks)).values()}


def test_the_capture_is_the_overlay(written):
    _, folder = written("many lesions")
    result = datasets(folder)["sc"]
    with Image.open(folder / "overlay.png") as picture:
        np.testing.assert_array_equal(result.pixel_array, np.asarray(picture))
    assert result.Modality == "OT"


def test_the_document_is_the_report(written):
    _, folder = written("one lesion")
    result = datasets(folder)["pdf"]
    assert result.EncapsulatedDocument[: result.EncapsulatedDocumentLength] == (folder / "report.pdf").read_bytes()
    assert result.VerificationFlag == "UNVERIFIED"


def test_the_scan_is_not_altered(written):
    analysis, folder = written("with regions")
    scan = next((folder.parents[1] / "scan").iterdir())
    before, header = scan.read_bytes(), _bytes(analysis.source.headers[0])
    assert "PixelData" not in analysis.source.headers[0]
    dicom_results(analysis)
    assert scan.read_bytes() == before
    assert _bytes(analysis.source.headers[0]) == header


def test_results_beside_a_scan_are_not_taken_for_scans(written, tmp_path):
    """An archive gives back a study with everything in it."""
    _, folder = written("one lesion")
    for path in (*(folder.parents[1] / "scan").iterdir(), *(folder / "dicom").iterdir()):
        shutil.copy(path, tmp_path)
    (entry,) = find_inputs(tmp_path)
    assert [path.name for path in entry.files] == ["scan-0.dcm"]


def _bytes(dataset):
    buffer = BytesIO()
    dataset.save_as(buffer, implicit_vr=False, little_endian=True)
    return buffer.getvalue()
