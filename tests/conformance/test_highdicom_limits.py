"""Why a stand-in is given to highdicom: each test fails on the day that it is not needed any more."""

import numpy as np
import pydicom
import pytest
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import Segmentation, SegmentDescription
from pydicom.sr.codedict import codes

from bonescan.io.dicom_writer import write_nm
from tests.phantoms import analytic_study


def segmentation(source, mask):
    return Segmentation(
        source_images=[source],
        pixel_array=mask,
        segmentation_type="BINARY",
        segment_descriptions=[
            SegmentDescription(
                segment_number=1,
                segment_label="lesion",
                segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
                segmented_property_type=codes.SCT.Lesion,
                algorithm_type="AUTOMATIC",
                algorithm_identification=AlgorithmIdentificationSequence(
                    name="test", family=codes.DCM.ArtificialIntelligence, version="1"
                ),
            )
        ],
        series_instance_uid="1.2.3",
        series_number=1,
        sop_instance_uid="1.2.3.4",
        instance_number=1,
        manufacturer="test",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
    )


@pytest.mark.parametrize(("views", "said"), [(("anterior", "posterior"), "single frame"), (("anterior",), None)])
def test_a_planar_scan_is_no_source_for_highdicom(views, said, tmp_path):
    write_nm(analytic_study(views=views), tmp_path / "scan.dcm")
    source = pydicom.dcmread(tmp_path / "scan.dcm")
    mask = np.zeros((len(views), source.Rows, source.Columns), np.uint8)
    mask[0, 100:120, 100:120] = 1
    with pytest.raises((ValueError, AttributeError, KeyError), match=said):
        segmentation(source, mask)
