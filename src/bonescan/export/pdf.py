"""Encapsulated PDF of the report page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bonescan.export.codes import REPORT_TITLE
from bonescan.export.identity import is_well_formed, result, source_references
from bonescan.io.dicom_header import Header
from bonescan.io.dicom_writer import coded

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from bonescan.core.findings import Analysis

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"
SERIES_NUMBER = 9204


def pdf_dataset(analysis: Analysis, pdf: bytes) -> Dataset:
    """Build the object.

    Args:
        analysis: With its study attached, which was read from DICOM.
        pdf: The file, as `bonescan.report.document.document` draws it.
    """
    dataset = result(analysis, "pdf", number=SERIES_NUMBER, modality="DOC", sop_class=SOP_CLASS, title="report")
    dataset.ConversionType = "WSD"
    dataset.AcquisitionDateTime = _acquired(Header(analysis.source.headers[0]))
    # The page shows the scan's date, the study's UID, and the name of the input's file.
    dataset.BurnedInAnnotation = "YES"
    dataset.DocumentTitle = "Whole-body bone scintigraphy: draft report, not verified"
    dataset.ConceptNameCodeSequence = [coded(REPORT_TITLE)]
    dataset.VerificationFlag = "UNVERIFIED"
    dataset.SourceInstanceSequence = source_references(analysis.source)
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocumentLength = len(pdf)
    dataset.EncapsulatedDocument = pdf + b"\x00" * (len(pdf) % 2)
    return dataset


def _acquired(header: Header) -> str:
    """Date and time of acquisition where the header has both in good form, else empty."""
    date, time = header.text("AcquisitionDate"), header.text("AcquisitionTime")
    known = is_well_formed("DA", date) and is_well_formed("TM", time) and len(time) >= 6
    return date + time[:6] if known else ""
