"""Which view is which: codes and words in every place they are found, never the order of frames."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from bonescan.core.study import ViewName
from bonescan.io.reader import read_study

ANTERIOR, POSTERIOR = ViewName


def coded(value="", scheme="", meaning=""):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def name_frames(dataset, first, second):
    """Give the detectors of frames 1 and 2 these view codes."""
    for detector, code in zip(dataset.DetectorInformationSequence, (first, second), strict=True):
        detector.ViewCodeSequence = [code]


CODES = [
    pytest.param(coded("399321004", "SCT"), coded("399001007", "SCT"), id="CID 26"),
    pytest.param(coded("255549009", "SCT"), coded("255551008", "SCT"), id="CID 2"),
    pytest.param(coded("G-5215", "SRT"), coded("G-5216", "SRT"), id="SRT, CID 26"),
    pytest.param(coded("R-404CC", "SRT"), coded("R-404CE", "SRT"), id="SRT, CID 2"),
    pytest.param(coded("R-10206", "SNM3"), coded("R-10214", "SNM3"), id="SRT, X-ray projections"),
    pytest.param(coded("X1", "99LOCAL", "Anterior"), coded("X2", "99LOCAL", "Posterior"), id="meaning"),
    pytest.param(coded("ANT", "99LOCAL"), coded("POST", "99LOCAL"), id="words as code"),
    pytest.param(coded("X1", "99LOCAL", "WB ANT"), coded("X2", "99LOCAL", "?"), id="one named"),
]


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(("anterior", "posterior"), CODES)
def test_views_are_found_by_code(dataset, save, study, anterior, posterior, swapped):
    if swapped:
        name_frames(dataset, posterior, anterior)
        dataset.PixelData = np.stack([v.counts for v in study.views[::-1]]).astype("<u2").tobytes()
    else:
        name_frames(dataset, anterior, posterior)
    read = read_study(save(dataset))
    assert read.scan.names == (ANTERIOR, POSTERIOR)
    for view, expected, number in zip(read.views, study.views, (2, 1) if swapped else (1, 2), strict=True):
        np.testing.assert_array_equal(view.counts, expected.counts)
        assert view.frame_number == number
    assert read.quality == ()


def test_the_detector_vector_tells_which_detector_a_frame_is_of(dataset, save, study):
    dataset.DetectorVector = [2, 1]
    read = read_study(save(dataset))
    np.testing.assert_array_equal(read.scan["posterior"].counts, study.scan["anterior"].counts)
    assert [f.code for f in read.quality] == ["views_swapped"]


def test_without_a_vector_detectors_stand_for_frames_in_their_order(dataset, save, study):
    del dataset.DetectorVector
    dataset.DetectorInformationSequence.reverse()
    np.testing.assert_array_equal(read_study(save(dataset)).scan["posterior"].counts, study.scan["anterior"].counts)


@pytest.mark.parametrize("strip", ["codes", "detectors", "everything optional"])
def test_only_without_code_or_words_the_order_counts(dataset, save, study, strip):
    for detector in dataset.DetectorInformationSequence:
        del detector.ViewCodeSequence
    if strip != "codes":
        del dataset.DetectorInformationSequence, dataset.DetectorVector
    if strip == "everything optional":
        for keyword in ("ImageType", "Manufacturer", "PixelSpacing", "SeriesDescription", "StudyInstanceUID"):
            del dataset[keyword]
        del dataset.PatientSex, dataset.EnergyWindowVector, dataset.RadiopharmaceuticalInformationSequence
    read = read_study(save(dataset))
    np.testing.assert_array_equal(read.scan["anterior"].counts, study.scan["anterior"].counts)
    assert [f.code for f in read.quality] == ["views_assumed"]


def one_frame(dataset, counts):
    """Make a one-frame object without any hint at the view."""
    del dataset.DetectorInformationSequence, dataset.DetectorVector
    dataset.NumberOfFrames = 1
    dataset.EnergyWindowVector = 1
    dataset.PixelData = counts.astype("<u2").tobytes()
    return dataset


@pytest.mark.parametrize("keyword", ["SeriesDescription", "ImageComments", "ImageID", "ProtocolName", "ViewPosition"])
def test_one_frame_is_named_by_words(dataset, save, study, keyword):
    one_frame(dataset, study.scan["posterior"].counts)
    setattr(dataset, keyword, "WB POST")
    read = read_study(save(dataset))
    assert read.scan.names == (POSTERIOR,)
    assert [f.code for f in read.quality] == ["one_view"]


def test_what_a_scan_came_after_does_not_mirror_it(dataset, save, study):
    one_frame(dataset, study.scan["anterior"].counts)
    dataset.SeriesDescription, dataset.ProtocolName = "WB BONE 3H POST INJECTION", "Post therapy"
    read = read_study(save(dataset, "7_post_chemo.dcm"))
    assert read.scan.names == (ANTERIOR,)
    assert {f.code for f in read.quality} == {"views_assumed", "one_view"}


@pytest.mark.parametrize("keyword", ["ViewPosition", "ImageID"])
def test_what_names_the_image_counts_before_descriptions(dataset, save, study, keyword):
    one_frame(dataset, study.scan["posterior"].counts)
    setattr(dataset, keyword, "POST")
    dataset.SeriesDescription = dataset.ImageComments = dataset.ProtocolName = "WB ANT"
    assert read_study(save(dataset, "case_ant.dcm")).scan.names == (POSTERIOR,)


def test_one_frame_is_named_by_its_own_view_code(dataset, save, study):
    one_frame(dataset, study.scan["posterior"].counts)
    dataset.ViewCodeSequence = [coded("399001007", "SCT")]
    assert read_study(save(dataset)).scan.names == (POSTERIOR,)


def test_one_frame_is_named_by_its_file(dataset, save, study):
    one_frame(dataset, study.scan["posterior"].counts)
    assert read_study(save(dataset, "case_post.dcm")).scan.names == (POSTERIOR,)


def test_one_frame_of_no_name_is_taken_as_anterior(dataset, save, study):
    one_frame(dataset, study.scan["anterior"].counts)
    read = read_study(save(dataset))
    assert read.scan.names == (ANTERIOR,)
    assert {f.code for f in read.quality} == {"views_assumed", "one_view"}


def test_of_several_energy_windows_the_photopeak_is_taken(dataset, save, study):
    scatter = [np.roll(view.counts // 8, 3, axis=0) for view in study.views]
    frames = [scatter[0], study.views[0].counts, scatter[1], study.views[1].counts]
    dataset.NumberOfFrames, dataset.NumberOfEnergyWindows = 4, 2
    dataset.EnergyWindowVector, dataset.DetectorVector = [1, 2, 1, 2], [1, 1, 2, 2]
    dataset.PixelData = np.stack(frames).astype("<u2").tobytes()
    read = read_study(save(dataset))
    for view, expected in zip(read.views, study.views, strict=True):
        np.testing.assert_array_equal(view.counts, expected.counts)
