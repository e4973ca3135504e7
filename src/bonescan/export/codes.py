"""The coded concepts of our results: one table for SEG, SR, PDF and FHIR.

Sources: SCT, DCM and LN codes with their meanings as DICOM PS3.16 has them (its context groups are noted as CID), but
LOINC 25031-6, which is LOINC's own; units are UCUM. What none of them has is in our private scheme
`99BONESCAN`, which every object declares.
"""

from __future__ import annotations

from bonescan.core.anatomy import Laterality, MaskLabel, Region, Site
from bonescan.io.codes import Code

PRIVATE_SCHEME = "99BONESCAN"
PRIVATE_SCHEME_NAME = "bonescan private concepts"
PRIVATE_SCHEME_UID = "2.25.239740616713041474081311865410841452101"

# Categories of segments (CID 7150) and findings.
ANATOMICAL_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")
ABNORMAL_STRUCTURE = Code("49755003", "SCT", "Morphologically Abnormal Structure")
BONE = Code("272673000", "SCT", "Bone")
WHOLE_BODY = Code("38266002", "SCT", "Entire body")
BONY_METASTASIS = Code("94222008", "SCT", "Bony metastasis")
METASTASIS = Code("128462008", "SCT", "Metastasis")
LESION = Code("52988006", "SCT", "Lesion")
IMAGING_FINDING = Code("365853002", "SCT", "Imaging finding (finding)")
BENIGN = Code("30807003", "SCT", "Benign")
BLADDER = Code("89837001", "SCT", "Bladder")

SEGMENTS: dict[MaskLabel, tuple[Code, Code, Code | None]] = {
    MaskLabel.METASTASIS: (ABNORMAL_STRUCTURE, METASTASIS, None),
    MaskLabel.BLADDER: (ANATOMICAL_STRUCTURE, BLADDER, None),
    MaskLabel.BENIGN: (ABNORMAL_STRUCTURE, LESION, BENIGN),
}
"""Mask label → category, type and modifier of the type."""

REGIONS: dict[Region, Code] = {
    Region.SKULL: Code("89546000", "SCT", "Skull"),
    Region.CERVICAL_SPINE: Code("122494005", "SCT", "Cervical spine"),
    Region.THORACIC_SPINE: Code("122495006", "SCT", "Thoracic spine"),
    Region.RIBS: Code("113197003", "SCT", "Rib"),
    Region.STERNUM: Code("56873002", "SCT", "Sternum"),
    Region.CLAVICLE: Code("51299004", "SCT", "Clavicle"),
    Region.SCAPULA: Code("79601000", "SCT", "Scapula"),
    Region.HUMERUS: Code("85050009", "SCT", "Humerus"),
    Region.LUMBAR_SPINE: Code("122496007", "SCT", "Lumbar spine"),
    Region.SACRUM: Code("54735007", "SCT", "Sacrum"),
    Region.PELVIS: Code("118645006", "SCT", "Pelvis"),
    Region.FEMUR: Code("71341001", "SCT", "Femur"),
    Region.FOREARM_HAND: Code("371195002", "SCT", "Bone of upper limb"),
    Region.LOWER_LEG_FOOT: Code("72001000", "SCT", "Bone of lower limb"),
}
"""No one code stands for the last two; the next wider one does, and the label says the rest."""
PAIRED = frozenset(
    {
        *(Region.RIBS, Region.CLAVICLE, Region.SCAPULA, Region.HUMERUS, Region.FOREARM_HAND),
        *(Region.PELVIS, Region.FEMUR, Region.LOWER_LEG_FOOT),
    }
)
"""Regions that a patient has on either side; left and right are segments of their own."""

SITES: dict[Site, Code] = {
    Site.SPINE: Code("421060004", "SCT", "Spine"),
    Site.PELVIS: Code("118645006", "SCT", "Pelvis"),
    Site.SCAPULA: Code("79601000", "SCT", "Scapula"),
    Site.RIBS: Code("113197003", "SCT", "Rib"),
    Site.FEMUR: Code("71341001", "SCT", "Femur"),
    Site.OTHER: BONE,
}

LATERALITY: dict[Laterality, Code] = {
    Laterality.LEFT: Code("7771000", "SCT", "Left"),
    Laterality.RIGHT: Code("24028007", "SCT", "Right"),
    Laterality.MIDLINE: Code("261129000", "SCT", "Midline"),
}
"""CID 244."""

# What is measured, and in what.
AREA = Code("131184002", "SCT", "Area of defined region")
LESIONS = Code("246206008", "SCT", "Number of lesions (observable entity)")
PROBABILITY = Code("122157", "DCM", "Probability")
UPTAKE_RATIO = Code("UPTAKE_RATIO", PRIVATE_SCHEME, "Uptake relative to mirrored site")
PIXELS = Code("AREA_PX", PRIVATE_SCHEME, "Number of pixels")
BSTBI = Code("BSTBI", PRIVATE_SCHEME, "Bone scan tumor burden index")
BSI = Code("BSI", PRIVATE_SCHEME, "Bone scan index")
BSLA = Code("BSLA", PRIVATE_SCHEME, "Bone scan lesion area")
SUSPECTED = Code("SUSPECTED", PRIVATE_SCHEME, "Bone metastasis suspected")
THRESHOLD = Code("THRESHOLD", PRIVATE_SCHEME, "Probability threshold")
METASTASIS_PROBABILITY = Code("PROBABILITY_MET", PRIVATE_SCHEME, "Probability of bone metastasis")
BENIGNITY = Code("BENIGNITY", PRIVATE_SCHEME, "Benign or malignant")
COMMENT = Code("121106", "DCM", "Comment")
VIEW = Code("111031", "DCM", "Image View")
LATERALITY_NAME = Code("272741003", "SCT", "Laterality")
YES = Code("373066001", "SCT", "Yes")
NO = Code("373067005", "SCT", "No")
UNDETERMINED = Code("373068000", "SCT", "Undetermined")
"""CID 230."""

RATIO = Code("{ratio}", "UCUM", "ratio")
PERCENT = Code("%", "UCUM", "Percent")
SQUARE_MM = Code("mm2", "UCUM", "square millimeter")
BURDEN: dict[str, tuple[Code, Code]] = {
    "bstbi": (BSTBI, RATIO),
    "bsi_percent": (BSI, PERCENT),
    "lesion_area_mm2": (BSLA, SQUARE_MM),
}
"""Index of `Burden` → concept and unit; those that an analysis has are written."""
COUNT = Code("1", "UCUM", "no units")
PIXEL = Code("{pixels}", "UCUM", "pixels")

# Documents, procedures, references.
DERIVATION_SOURCE = Code("121322", "DCM", "Source image for image processing operation")
"""CID 7202."""
REPORT_TITLE = Code("18748-4", "LN", "Diagnostic Imaging Report")
"""CID 7020."""
PROCEDURE = Code("68796002", "SCT", "Radioisotope study of musculoskeletal system")
"""CID 3108."""
LOINC_STUDY = Code("25031-6", "LN", "NM Bone Views")
"""Source: table of LOINC codes of radiology."""
AI = Code("123110", "DCM", "Artificial Intelligence")
"""CID 7162, family of the algorithm."""
SUPINE = Code("40199007", "SCT", "supine")
