import shutil

import numpy as np
import pydicom
import pytest
from PIL import Image

from bonescan.core.errors import CohortError, NotABoneScanError, UsageError
from bonescan.io.codes import VIEW_CODES
from bonescan.io.cohort_new import add_study, begin_cohort, grey
from bonescan.io.deidentify.keyed import Keyed
from bonescan.io.dicom import nm_dataset
from bonescan.io.inputs import StudyInput, find_inputs
from bonescan.io.reader import read_study
from tests.hospital import write_scan
from tests.phantoms import analytic_study

KEYED = Keyed(b"k" * 32)


@pytest.fixture
def archive(tmp_path):
    """Two scans of one patient, one of another; the names of the files tell who they are."""
    folder = tmp_path / "archive"
    for number, patient in enumerate(("DOE-4711", "DOE-4711", "ROE-0815")):
        path = folder / f"{patient}-{number}.dcm"
        write_scan(path, patient, seed=number)
        dataset = pydicom.dcmread(path)
        dataset.PatientName = patient.partition("-")[0] + "^JANE"
        dataset.save_as(path)
    return folder


@pytest.fixture
def cohort(tmp_path):
    begin_cohort(tmp_path / "ours", KEYED)
    return tmp_path / "ours"


def add(cohort, archive, keyed=KEYED):
    return [add_study(cohort, source, keyed) for source in find_inputs(archive)]


def test_a_study_has_a_scan_and_a_picture_a_view_without_its_patient(cohort, archive):
    added = add(cohort, archive)
    assert len({entry.study_id for entry in added}) == 3
    assert added[0].patient_id == added[1].patient_id != added[2].patient_id
    for entry in added:
        folder = cohort / entry.study_id
        files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        assert files == [f"{entry.study_id}.dcm", "labelme/anterior.png", "labelme/posterior.png"]
        kept, original = (read_study(source) for source in (folder / files[0], entry.source))
        assert kept.headers[0].PatientID == entry.patient_id
        for view, before in zip(kept.views, original.views, strict=True):
            np.testing.assert_array_equal(view.counts, before.counts)
            with Image.open(folder / "labelme" / f"{view.name}.png") as picture:
                assert (picture.mode, picture.size) == ("L", (view.columns, view.rows))
    everything = [path for path in cohort.rglob("*") if path.is_file()]
    left = b"".join(path.read_bytes() for path in everything) + "".join(map(str, everything)).encode()
    assert not [word for word in (b"DOE", b"ROE", b"4711", b"JANE") if word in left.replace(str(cohort).encode(), b"")]


def test_what_labelme_offers(cohort):
    assert (cohort / "labels.txt").read_text().split() == ["metastasis", "bladder", "benign"]
    ticks = ["spine", "pelvis", "scapula", "ribs", "femur", "other", "nothing"]
    assert (cohort / "flags.txt").read_text().split() == ticks


def test_what_is_there_is_not_touched(cohort, archive):
    first = add(cohort, archive / "DOE-4711-0.dcm")[0]
    note = cohort / first.study_id / "labelme" / "anterior.json"
    note.write_text("an annotation")
    (cohort / "labels.txt").write_text("of our own\n")
    begin_cohort(cohort, KEYED)
    again = {entry.study_id: entry.new for entry in add(cohort, archive)}
    assert again.pop(first.study_id) is False
    assert list(again.values()) == [True, True]
    assert note.read_text() == "an annotation"
    assert (cohort / "labels.txt").read_text() == "of our own\n"


def test_pictures_of_a_cohort_are_no_studies(cohort, archive):
    add(cohort, archive)
    assert [len(entry.files) for entry in find_inputs(cohort)] == [1, 1, 1]


@pytest.fixture
def pair(tmp_path):
    """A folder of one scan as two files, 0.dcm of the anterior and 1.dcm of the posterior view."""
    write_scan(tmp_path / "whole.dcm", "P", seed=1)
    whole = read_study(tmp_path / "whole.dcm")
    folder = tmp_path / "pair"
    for number, view in enumerate(whole.views):
        dataset = pydicom.dcmread(tmp_path / "whole.dcm")
        dataset.NumberOfFrames, dataset.SOPInstanceUID = 1, f"1.2.3.{number}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.PixelData = view.counts.astype(np.uint16).tobytes()
        dataset.DetectorVector = [1]
        dataset.EnergyWindowVector = [1]
        dataset.DetectorInformationSequence = [dataset.DetectorInformationSequence[number]]
        assert str(dataset.DetectorInformationSequence[0].ViewCodeSequence[0].CodeValue) == VIEW_CODES[view.name].value
        folder.mkdir(exist_ok=True)
        dataset.save_as(folder / f"{number}.dcm")
    return folder


def test_two_files_of_a_study_stay_two(cohort, pair):
    (added,) = add(cohort, pair)
    assert sorted(path.name for path in (cohort / added.study_id).glob("*.dcm")) == [
        f"{added.study_id}-1.dcm",
        f"{added.study_id}-2.dcm",
    ]
    assert added.views == 2
    assert [entry.new for entry in add(cohort, pair)] == [False]


@pytest.mark.parametrize("first", ["0.dcm", "1.dcm"])
def test_a_study_of_which_one_view_came_before(cohort, pair, first):
    (alone,) = add(cohort, pair / first)
    with pytest.raises(CohortError, match=f"only a part of this study is in the cohort, as {alone.study_id}"):
        add(cohort, pair)
    assert [path.name for path in cohort.glob("*/*.dcm")] == [f"{alone.study_id}.dcm"]
    shutil.rmtree(cohort / alone.study_id)
    assert [entry.views for entry in add(cohort, pair)] == [2]


def test_a_view_that_only_the_name_of_the_file_tells_is_the_one_to_annotate(cohort, tmp_path):
    scan = nm_dataset(analytic_study(rows=512, columns=128, views=("posterior",)))
    del scan.DetectorInformationSequence[0].ViewCodeSequence
    scan.save_as(tmp_path / "wb_post.dcm", enforce_file_format=True)
    (added,) = add(cohort, tmp_path / "wb_post.dcm")
    assert [path.name for path in (cohort / added.study_id / "labelme").iterdir()] == ["posterior.png"]


def test_captures_and_pictures_are_refused(cohort, archive, tmp_path):
    scan = archive / "ROE-0815-2.dcm"
    dataset = pydicom.dcmread(scan)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    dataset.save_as(scan)
    with pytest.raises(NotABoneScanError, match="capture of a screen"):
        add_study(cohort, StudyInput("x", (scan,)), KEYED)
    Image.new("L", (256, 1024)).save(tmp_path / "x.png")
    with pytest.raises(NotABoneScanError, match=r"x\.png is a picture"):
        add_study(cohort, StudyInput("x", (tmp_path / "x.png",)), KEYED)
    assert not list(cohort.glob("S-*"))


def test_text_in_the_pixels_of_a_scan_is_warned_about(cohort, archive):
    scan = archive / "ROE-0815-2.dcm"
    dataset = pydicom.dcmread(scan)
    dataset.BurnedInAnnotation = "YES"
    dataset.save_as(scan)
    warnings = [entry.warnings for entry in add(cohort, archive)]
    assert warnings[:2] == [(), ()]
    (warning,) = warnings[2]
    assert "burned into its pixels" in warning


def test_a_scan_that_is_refused_leaves_nothing(cohort, archive):
    scan = archive / "ROE-0815-2.dcm"
    dataset = pydicom.dcmread(scan)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "TOMO"]
    dataset.save_as(scan)
    with pytest.raises(NotABoneScanError):
        add_study(cohort, StudyInput("x", (scan,)), KEYED)
    assert sorted(path.name for path in cohort.iterdir()) == ["flags.txt", "key.check", "labels.txt"]


def test_another_key_or_another_cohort(cohort, tmp_path):
    with pytest.raises(UsageError, match="another key"):
        begin_cohort(cohort, Keyed(b"l" * 32))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "cohort.csv").touch()
    with pytest.raises(UsageError, match="made in another way"):
        begin_cohort(tmp_path / "other", KEYED)


def test_faint_bone_shows_and_lesions_are_not_saturated():
    counts = np.zeros((100, 100), np.float32)
    counts[10:90, 10:90] = 10
    counts[20:30, 20:30] = 60
    drawn = grey(counts)
    assert drawn[0, 0] == 255
    assert drawn[50, 50] < 200
    assert 0 < drawn[25, 25] < drawn[50, 50]
    assert grey(np.zeros((4, 4), np.float32)).min() == 255
