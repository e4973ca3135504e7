"""Results of a Secondary Capture that shows both views side by side: another class, and views that begin elsewhere."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from PIL import Image

from bonescan.export.objects import dicom_results, encoded
from bonescan.io.dicom_writer import write_nm
from bonescan.io.reader import read_study
from tests.analyses import MET, make_analysis
from tests.conformance.test_read_back import masks_by_highdicom, read_back
from tests.conformance.tools import errors
from tests.phantoms import analytic_study

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    """An analysis of a capture of 512 columns, 8 bits, both views."""
    path = tmp_path_factory.mktemp("capture") / "capture.dcm"
    scan = analytic_study(seed=5)
    write_nm(replace(scan, scan=replace(scan.scan, views=scan.views[:1])), path)
    dataset = pydicom.dcmread(path)
    counts = np.concatenate([view.counts for view in scan.views], axis=1)
    picture = np.clip(255 * counts / np.percentile(counts, 99.9), 0, 255).astype(np.uint8)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.UID(SECONDARY_CAPTURE)
    dataset.Rows, dataset.Columns = picture.shape
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelData = 7, picture.tobytes()
    for keyword in ("NumberOfFrames", "FrameIncrementPointer", "DetectorInformationSequence", "DetectorVector"):
        del dataset[keyword]
    del dataset.EnergyWindowVector
    dataset.SeriesDescription = "Whole body"
    dataset.save_as(path)
    study = read_study(path)
    made = make_analysis()
    return made.attach(study, made.masks)


def test_the_views_are_parts_of_one_frame(analysis):
    assert [view.origin_px for view in analysis.source.views] == [(0, 0), (0, 256)]
    assert analysis.source.views[1].columns == 256


def test_the_segmentation_has_the_matrix_of_the_capture(analysis):
    for name, start in (("anterior", 0), ("posterior", 256)):
        dataset = read_back(dicom_results(analysis, ("seg",))[f"seg_{name}"])
        assert (dataset.Rows, dataset.Columns) == (1024, 512)
        found = masks_by_highdicom(dataset)["suspected metastasis"]
        np.testing.assert_array_equal(found[:, start : start + 256], analysis.masks[name] == MET)
        assert found.sum() == (analysis.masks[name] == MET).sum()
        source = dataset.SourceImageSequence[0]
        assert source.ReferencedSOPClassUID == SECONDARY_CAPTURE
        assert "ReferencedFrameNumber" not in source


def test_outlines_lie_where_the_view_lies(analysis):
    content = dicom_results(analysis, ("sr",))["sr"].ContentSequence[-1].ContentSequence
    columns = {}
    for group in content:
        name = next(item.TextValue for item in group.ContentSequence if item.ValueType == "TEXT")
        for item in group.ContentSequence:
            if item.ValueType == "SCOORD":
                columns[name] = item.GraphicData[0::2]
    anterior = [x for name, values in columns.items() if "anterior" in name for x in values]
    posterior = [x for name, values in columns.items() if "posterior" in name for x in values]
    assert max(anterior) <= 256 <= min(posterior) <= max(posterior) <= 512


def test_dciodvfy_finds_no_error(analysis, tmp_path):
    for stem, dataset in dicom_results(analysis).items():
        (tmp_path / f"{stem}.dcm").write_bytes(encoded(dataset))
        assert errors(tmp_path / f"{stem}.dcm") == [], stem
    with Image.fromarray(pydicom.dcmread(tmp_path / "sc.dcm").pixel_array) as picture:
        assert picture.mode == "RGB"
