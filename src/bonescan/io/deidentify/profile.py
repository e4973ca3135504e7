"""Which elements stay, and why; all others go.

The standard's table (PS3.15 Table E.1-1, edition 2026c) comes from the package dicom-anonymizer. It says what must go
from any object, and leaves alone what it does not name. For a bone scan the other way round is safer: what is kept is
listed here, and the table decides what else must stay in place, emptied. `tests/unit/io/deidentify` proves that nothing
kept is named in the table, but for the exceptions below.
"""

from __future__ import annotations

import functools

_KEPT_WORDS = """
    SpecificCharacterSet ImageType SOPClassUID Modality ConversionType Manufacturer ManufacturerModelName
    SoftwareVersions BodyPartExamined Laterality PatientOrientation QualityControlImage LossyImageCompression
    LossyImageCompressionRatio LossyImageCompressionMethod BurnedInAnnotation RecognizableVisualFeatures
    CodeValue CodingSchemeDesignator CodingSchemeVersion CodeMeaning SeriesNumber InstanceNumber
    AcquisitionNumber NumberOfFrames FrameIncrementPointer EnergyWindowVector NumberOfEnergyWindows
    DetectorVector NumberOfDetectors EnergyWindowInformationSequence EnergyWindowName EnergyWindowRangeSequence
    EnergyWindowLowerLimit EnergyWindowUpperLimit RadiopharmaceuticalInformationSequence
    RadionuclideCodeSequence RadiopharmaceuticalCodeSequence Radiopharmaceutical RadiopharmaceuticalVolume
    RadionuclideTotalDose RadionuclideHalfLife AdministrationRouteCodeSequence CalibrationDataSequence
    SyringeCounts ResidualSyringeCounts DetectorInformationSequence CollimatorGridName CollimatorType
    FieldOfViewShape FieldOfViewDimensions FocalDistance XFocusCenter YFocusCenter ZoomCenter ZoomFactor
    CenterOfRotationOffset GantryDetectorTilt DistanceSourceToDetector StartAngle RadialPosition
    ImageOrientationPatient ImagePositionPatient ViewCodeSequence ViewModifierCodeSequence ViewPosition
    PatientOrientationCodeSequence PatientOrientationModifierCodeSequence PatientGantryRelationshipCodeSequence
    CountsAccumulated ActualFrameDuration AcquisitionTerminationCondition TableHeight TableTraverse
    WholeBodyTechnique ScanVelocity ScanLength TriggerSourceOrType CountRate SamplesPerPixel
    PhotometricInterpretation PlanarConfiguration Rows Columns PixelSpacing ImagerPixelSpacing
    NominalScannedPixelSpacing PixelAspectRatio BitsAllocated BitsStored HighBit PixelRepresentation
    SmallestImagePixelValue LargestImagePixelValue WindowCenter WindowWidth RescaleIntercept RescaleSlope
    PixelPaddingValue RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor
    BluePaletteColorLookupTableDescriptor RedPaletteColorLookupTableData GreenPaletteColorLookupTableData
    BluePaletteColorLookupTableData PixelData
"""
KEPT = frozenset(_KEPT_WORDS.split())
"""Views, spacing, counts, duration, energy windows, radiopharmaceutical, and what is needed to decode the pixels."""

TERMS = {
    "Modality": frozenset({"NM"}),
    "ImageType": frozenset(
        {"ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "WHOLE BODY", "STATIC", "EMISSION", "TRANSMISSION"}
    ),
    "PhotometricInterpretation": frozenset(
        {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}
    ),
}
"""Values that are no names, even where a patient is called so, and without which nothing can be read.

Source: DICOM PS3.3 C.7.6.1.1.2, C.7.6.3.1.2 and C.8.4.9.1.1.
"""

UIDS = frozenset(["SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"])
"""Kept as substitutes."""

_DATES_WORDS = """
    StudyDate StudyTime SeriesDate SeriesTime AcquisitionDate AcquisitionTime ContentDate ContentTime
    AcquisitionDateTime RadiopharmaceuticalStartTime RadiopharmaceuticalStopTime
    RadiopharmaceuticalStartDateTime RadiopharmaceuticalStopDateTime
"""
DATES = frozenset(_DATES_WORDS.split())
"""Kept, moved by the patient's shift (Retain Longitudinal Temporal Information With Modified Dates)."""

CHARACTERISTICS = frozenset({"PatientSex", "PatientAge"})
"""Kept (Retain Patient Characteristics); an age above 89 as 90."""

METHODS = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
)
"""Source: DICOM PS3.16 CID 7050, De-identification Method; scheme DCM."""


@functools.cache
def emptied() -> frozenset[int]:
    """Tags that the table keeps in place with an empty or another value, as numbers."""
    from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector

    table = dicom_anonymization_database_selector("dicomfields_2026c")
    chosen = [*table["Z_TAGS"], *table["Z_D_TAGS"], *table["X_Z_TAGS"]]
    return frozenset((tag[0] << 16) | tag[1] for tag in chosen if len(tag) == 2)


@functools.cache
def named() -> frozenset[int]:
    """All tags that the table names, but for ranges of groups, as numbers."""
    from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector

    table = dicom_anonymization_database_selector("dicomfields_2026c")
    return frozenset((tag[0] << 16) | tag[1] for tags in table.values() for tag in tags if len(tag) == 2)
