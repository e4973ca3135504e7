from dataclasses import replace

import numpy as np
import pydicom
import pytest

from bonescan.core.errors import OutputError, UsageError
from bonescan.core.study import Scan, Units
from bonescan.io.dicom import nm_dataset, write_nm
from bonescan.io.reader import read_study


def test_what_is_written_is_read(study, study_file):
    read = read_study(study_file)
    assert read.name == "scan"
    assert read.quality == ()
    assert read.patient_sex == study.patient_sex
    assert read.scan.radiopharmaceutical == study.scan.radiopharmaceutical
    assert read.scan.injected_activity_mbq == study.scan.injected_activity_mbq
    assert read.scan.acquisition_date == study.scan.acquisition_date
    for view, expected in zip(read.views, study.views, strict=True):
        np.testing.assert_array_equal(view.counts, expected.counts)
        assert view.pixel_spacing_mm == expected.pixel_spacing_mm


def test_the_same_arguments_give_the_same_bytes(study, tmp_path):
    for name in ("a", "b"):
        write_nm(study, tmp_path / name, patient_id="P1", seed="S1")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_seed_makes_the_uids(study):
    one, same, other = (nm_dataset(study, seed=seed) for seed in ("1", "1", "2"))
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        assert one[keyword].value == same[keyword].value != other[keyword].value
        assert len(one[keyword].value) <= 64


def test_the_uid_of_the_study_is_kept(study):
    assert nm_dataset(replace(study, study_instance_uid="1.2.3")).StudyInstanceUID == "1.2.3"


def test_no_name_of_a_patient_is_written(study_file):
    dataset = pydicom.dcmread(study_file)
    assert str(dataset.PatientName) == "SIMULATED^PATIENT"
    assert dataset.PatientBirthDate == ""


def test_units_of_the_header(study):
    dataset = nm_dataset(study, age_years=61.7, scan_speed_mm_s=2.5)
    assert dataset.PatientAge == "061Y"
    assert dataset.ScanVelocity == 2.5  # mm/s
    assert dataset.ScanLength == round(1024 * 2.2)  # mm
    assert dataset.ActualFrameDuration == round(1024 * 2.2 / 2.5 * 1000)  # ms
    assert dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose == 740  # MBq


def test_one_view(study, tmp_path):
    write_nm(replace(study, scan=Scan(study.views[1:])), tmp_path / "scan.dcm")
    read = read_study(tmp_path / "scan.dcm")
    assert [view.name for view in read.views] == ["posterior"]
    np.testing.assert_array_equal(read.views[0].counts, study.views[1].counts)


def altered(study, **changes):
    return replace(study, scan=Scan((study.views[0], replace(study.views[1], **changes))))


def test_what_no_object_can_hold_is_refused(study, tmp_path):
    counts = study.views[1].counts
    for changes, words in [
        ({"counts": counts[:-1]}, "views of shapes"),
        ({"counts": counts + 70_000}, "counts outside of 0 to 65535"),
        ({"counts": counts * np.nan}, "counts outside of 0 to 65535"),
        ({"units": Units.DISPLAY}, "display units"),
    ]:
        with pytest.raises(UsageError, match=words):
            write_nm(altered(study, **changes), tmp_path / "scan.dcm")
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_an_output_error(study, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_nm(study, tmp_path / "file" / "scan.dcm")
