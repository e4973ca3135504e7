"""The coded concepts of our results: one table for SEG, SR, PDF and FHIR.

Sources: DCM and SCT codes and their meanings are those of DICOM PS3.16 (2025), context groups as noted; LOINC codes
those of loinc.org; units UCUM. What no scheme has is in our private scheme `99BONESCAN`, declared in every object.
"""

from __future__ import annotations

from bonescan.io.codes import Code

DERIVATION_SOURCE = Code("121322", "DCM", "Source image for image processing operation")
"""CID 7202."""
REPORT_TITLE = Code("18748-4", "LN", "Diagnostic imaging report")
"""CID 7020."""
