"""Secondary Capture of the overlay page: what any viewer of the archive can show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bonescan.export.codes import DERIVATION_SOURCE
from bonescan.export.identity import remarks, result, source_references
from bonescan.io.dicom_header import Header, may_show_text

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from bonescan.core.findings import Analysis

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.7"
SERIES_NUMBER = 9203


def sc_dataset(analysis: Analysis, picture: npt.NDArray[np.uint8]) -> Dataset:
    """Build the object.

    Its modality is OT: as NM it would be taken for a scan, by this program among others.

    Args:
        analysis: With its study attached, which was read from DICOM.
        picture: (row, column, 3) uint8 RGB, as `bonescan.report.figures.overlay_image` draws it.
    """
    dataset = result(
        analysis, "sc", number=SERIES_NUMBER, modality="OT", sop_class=SOP_CLASS, title="overlay of findings"
    )
    dataset.ConversionType = "WSD"
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.PatientOrientation = dataset.Laterality = ""
    # What is burned into the scan is in the picture too.
    dataset.BurnedInAnnotation = "YES" if any(map(may_show_text, map(Header, analysis.source.headers))) else "NO"
    dataset.RecognizableVisualFeatures = "NO"
    dataset.DerivationDescription = "Both views in inverse grey with outlines of suspected lesions and bladder"
    dataset.SourceImageSequence = source_references(analysis.source, DERIVATION_SOURCE)
    dataset.ImageComments = "\r\n".join(remarks(analysis))
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "RGB"
    dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = picture.shape[:2]
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    pixels = np.ascontiguousarray(picture, dtype=np.uint8).tobytes()
    dataset.PixelData = pixels + b"\x00" * (len(pixels) % 2)
    dataset["PixelData"].VR = "OB"
    return dataset
