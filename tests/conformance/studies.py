"""The studies whose results are judged: what scans look like, in pixels and in headers."""

from pydicom.uid import UID

from bonescan.core.findings import QualityFinding
from tests.filed import MANY, NORMAL

FOREIGN = "Müller^Jürgen=山田^太郎=やまだ^たろう"


def _foreign(dataset):
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID = FOREIGN, "ÄÖ-4711"
    dataset.StudyDescription = "Ganzkörper-Szintigraphie"


def _latin(dataset):
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.PatientName = "Müller^Jürgen"


def _few(dataset):
    for keyword in ("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName", "PatientSex"):
        dataset.pop(keyword, None)
    for keyword in ("PatientBirthDate", "PatientName", "Manufacturer", "PatientOrientationCodeSequence"):
        dataset.pop(keyword, None)


def _retired(dataset):
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.5")


def _odd(dataset):
    dataset.AccessionNumber = "ACCESSION-NUMBER-OF-30-LETTERS"
    dataset.PatientSex, dataset.PatientAge = "X", "57 years"
    dataset.StudyDate, dataset.StudyTime, dataset.PatientBirthDate = "2026-01-02", "noon", "1950"
    dataset.PatientIdentityRemoved = "YES"
    dataset.AcquisitionDate, dataset.AcquisitionTime = "20260102", "9:15"
    dataset.TimezoneOffsetFromUTC = "+9"
    dataset.add_new((0x0009, 0x0010), "LO", "SOME VENDOR")
    dataset.add_new((0x0009, 0x1001), "UN", b"secret")


def _impossible(dataset):
    dataset.StudyDate, dataset.PatientBirthDate = "20260231", "19310231"
    dataset.SeriesDate, dataset.AcquisitionDate, dataset.AcquisitionTime = "20260102", "00000000", "999999"


def _identified(dataset):
    dataset.PatientIdentityRemoved, dataset.DeidentificationMethod = "YES", "basic profile"
    dataset.IssuerOfPatientID, dataset.TimezoneOffsetFromUTC = "HOSPITAL", "+0530"
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = "1.2.3.4.5", ""
    dataset.ClinicalTrialSponsorName, dataset.ClinicalTrialProtocolID = "Sponsor", "P-1"
    dataset.ClinicalTrialProtocolName = dataset.ClinicalTrialSiteID = dataset.ClinicalTrialSiteName = ""
    dataset.ClinicalTrialSubjectID = "S-1"


DOUBTS = (
    QualityFinding(code="views_swapped", severity="warning", message="The views look swapped: check which is which."),
    QualityFinding(code="needs_review", severity="info", message="Please look twice: ½ is neither low nor high."),
    QualityFinding(code="upside_down", severity="warning", message="It looks upside down.", view="posterior"),
)

CASES = {
    "normal": {"spots": NORMAL},
    "one lesion": {},
    "many lesions": {"spots": MANY},
    "doubts": {"quality": DOUBTS},
    "with regions": {"regions": True},
    "one view": {"views": ("posterior",)},
    "one object a view": {"apart": True},
    "no spacing": {"spacing": None},
    "foreign names": {"change": _foreign},
    "latin names": {"change": _latin},
    "few facts": {"change": _few},
    "odd values": {"change": _odd},
    "impossible days": {"change": _impossible},
    "retired class": {"change": _retired},
    "trial and frame of reference": {"change": _identified},
}
"""Name → options of `filed`."""
