"""Our results in a real archive: taken, found, given back unchanged, and taken again without a second copy."""

import json
from urllib.parse import urlencode

import numpy as np
import pydicom
import pytest

from bonescan.core.errors import NotABoneScanError, PeerError, UnreadableInputError
from bonescan.io.dicomweb import Archive, fetch_study, store_file
from tests.conformance.studies import CASES
from tests.conformance.tools import run
from tests.orthanc import AUTHORIZATION

pytestmark = pytest.mark.filterwarnings("ignore:The value length")
"""One study has an accession number of too many letters, which reading it remarks."""


@pytest.fixture
def archive(orthanc):
    return Archive(orthanc.dicomweb, AUTHORIZATION)


def query(orthanc, path, **keys):
    return json.loads(orthanc.get(f"/dicom-web/{path}?{urlencode(keys)}"))


def first(entry, tag):
    return entry[tag]["Value"][0]


def send_by_dcmtk(orthanc, *folders):
    files = [path for folder in folders for path in sorted(folder.iterdir())]
    run("storescu", "-R", "-aec", orthanc.aet, "127.0.0.1", orthanc.dicom_port, *files)
    return files


def assert_equal(before, after):
    """The same elements with the same values, pixels among them."""
    assert {element.tag for element in before} == {element.tag for element in after}
    for element in before:
        assert element.value == after[element.tag].value, element.keyword
    if "Rows" in before:
        np.testing.assert_array_equal(before.pixel_array, after.pixel_array)


@pytest.mark.parametrize("name", CASES)
def test_every_result_is_taken_found_and_given_back(written, orthanc, archive, tmp_path, name):
    analysis, folder = written(name)
    files = send_by_dcmtk(orthanc, folder.parents[1] / "scan", folder / "dicom")
    scan = analysis.source.headers[0]
    uid = str(scan.StudyInstanceUID)
    found = query(orthanc, "series", StudyInstanceUID=uid)
    by_modality = sorted(first(entry, "00080060") for entry in found)
    views = len(analysis.source.views)
    assert [m for m in by_modality if m != "NM"] == sorted(["DOC", "OT", "SR", *["SEG"] * views])
    back = {path.stem: pydicom.dcmread(path) for path in fetch_study(archive, uid, tmp_path, modality="")}
    sent = [pydicom.dcmread(path) for path in files]
    assert set(back) >= {str(dataset.SOPInstanceUID) for dataset in sent}
    for dataset in sent:
        assert_equal(dataset, back[str(dataset.SOPInstanceUID)])
    if scan.get("PatientID", "ä").isascii():  # Orthanc finds no other ids
        (study,) = query(orthanc, "studies", PatientID=scan.PatientID, StudyInstanceUID=uid)
        assert first(study, "0020000D") == uid


def test_results_are_stored_by_stow_and_again_without_a_second_copy(written, orthanc, archive):
    analysis, folder = written("normal")
    uid = str(analysis.source.headers[0].StudyInstanceUID)
    files = sorted((folder / "dicom").iterdir())
    for _ in range(2):
        assert [store_file(archive, path) for path in files] == [pydicom.dcmread(path).SOPInstanceUID for path in files]
        stored = query(orthanc, "instances", StudyInstanceUID=uid)
        uids = [first(entry, "00080018") for entry in stored if first(entry, "00080060") != "NM"]
        assert sorted(uids) == sorted(str(pydicom.dcmread(path).SOPInstanceUID) for path in files)


def test_the_scan_is_what_is_fetched_and_analysed(written, orthanc, archive, tmp_path):
    import bonescan as bs

    analysis, folder = written("one object a view")
    send_by_dcmtk(orthanc, folder.parents[1] / "scan", folder / "dicom")
    seen = []
    fetched = fetch_study(
        archive,
        str(analysis.study.study_instance_uid),
        tmp_path,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert {pydicom.dcmread(path).Modality for path in fetched} == {"NM"}
    assert seen[0] == (0, len(fetched))
    study = bs.read(tmp_path / str(analysis.study.study_instance_uid))
    for before, after in zip(analysis.source.views, study.views, strict=True):
        np.testing.assert_array_equal(before.counts, after.counts)


def test_what_is_not_there_is_told_from_what_is_refused(orthanc, archive, tmp_path):
    with pytest.raises(UnreadableInputError, match="no such study"):
        fetch_study(archive, "1.2.3", tmp_path)
    with pytest.raises(PeerError, match=r"refused \(HTTP 401\). Give credentials"):
        fetch_study(Archive(orthanc.dicomweb), "1.2.3", tmp_path)
    with pytest.raises(PeerError, match=r"HTTP 404"):
        fetch_study(Archive(orthanc.dicomweb + "/elsewhere", AUTHORIZATION), "1.2.3", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_modality_is_named(written, orthanc, archive, tmp_path):
    analysis, folder = written("one lesion")
    send_by_dcmtk(orthanc, folder / "dicom")
    uid = str(analysis.study.study_instance_uid)
    with pytest.raises(NotABoneScanError, match=r"no series of modality PT but of .*SEG"):
        fetch_study(archive, uid, tmp_path, modality="PT")


def test_a_file_that_is_no_dicom_object_is_not_sent(archive, tmp_path):
    (tmp_path / "letter.dcm").write_text("Dear colleague")
    with pytest.raises(UnreadableInputError):
        store_file(archive, tmp_path / "letter.dcm")
