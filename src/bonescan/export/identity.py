"""What a DICOM result has in common with the scan: patient, study, references; and identifiers that stay on a re-run.

Text comes out as UTF-8 whatever the scan's character set is. What the archive files by (names, ids, UIDs) is carried
over as it stands, even where the standard forbids its form; a garbled date or sex becomes an empty one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any

from bonescan.core.errors import NoHeaderError
from bonescan.core.study import Study, View
from bonescan.io.codes import Code
from bonescan.io.decoding import library_errors
from bonescan.io.dicom_header import Header, is_date
from bonescan.io.dicom_writer import coded, uid_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from bonescan.core.findings import Analysis

CONTENT_VERSION = 2
"""Raised when the same analysis is to be written as other objects, so that they get UIDs of their own."""
IMPLEMENTATION_UID = "2.25.109624784955609876326626338372009551040"
UNVERIFIED = "DRAFT, not verified"
"""In the description of every series that we write."""
_PATIENT = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "TypeOfPatientID", "PatientBirthDate", "PatientSex"),
    *("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
    *("ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID"),
    *("ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID"),
)
_STUDY = (
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "IssuerOfAccessionNumberSequence"),
    *("ReferringPhysicianName", "StudyDescription", "ProcedureCodeSequence", "PatientAge", "PatientSize"),
    *("PatientWeight", "ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription"),
)
_MUST_EXIST = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
)
"""Type 2 of PS3.3 C.7.1.1 and C.7.2.1: present, empty where not known."""
_FORMS = {
    "TM": re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"),
    "AS": re.compile(r"\d{3}[DWMY]"),
    "CS": re.compile(r"[A-Z0-9_ ]{1,16}"),
    "DS": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"),
}
_ENUMERATED = {"PatientSex": {"M", "F", "O"}, "PatientIdentityRemoved": {"YES", "NO"}}


def check_headers(study: Study) -> None:
    """Check that results can be filed beside the scan.

    Raises:
        NoHeaderError: The study was not read from DICOM, or its header lacks the UIDs that results refer to.
    """
    if not study.headers:
        raise NoHeaderError(
            "the input is no DICOM object, so that there is no patient and no study to file DICOM results under",
            expected="DICOM input for the formats seg, sr and sc",
            hint="Leave these formats out, or give the scan as DICOM",
        )
    for header in map(Header, study.headers):
        missing = [key for key in ("StudyInstanceUID", "SOPInstanceUID", "SOPClassUID") if not header.text(key)]
        if missing:
            raise NoHeaderError(
                f"the header of the scan lacks {', '.join(missing)}", expected="the UIDs that results refer to"
            )


def carried(header: Dataset) -> Dataset:
    """Copy what identifies patient and study, cleaned of what would make a result invalid.

    Args:
        header: Header of the scan; not altered.
    """
    from pydicom.dataset import Dataset

    target = Dataset()
    target.SpecificCharacterSet = "ISO_IR 192"
    for keyword in (*_PATIENT, *_STUDY):
        _copy(header, target, keyword)
    for keyword in _MUST_EXIST:
        if keyword not in target:
            setattr(target, keyword, "")
    if not target.get("DeidentificationMethod") and "DeidentificationMethodCodeSequence" not in target:
        for keyword in ("PatientIdentityRemoved", "DeidentificationMethod"):
            target.pop(keyword, None)  # the standard wants to know how, once it is said
    if not (target.get("ClinicalTrialSponsorName") and target.get("ClinicalTrialProtocolID")):
        for element in [element for element in target if element.keyword.startswith("ClinicalTrial")]:
            del target[element.tag]
    return target


def header_of(study: Study, view: View) -> Dataset:
    """The header of the object that a view came from."""
    own = (h for h in study.headers if Header(h).text("SOPInstanceUID") == view.sop_instance_uid)
    return next(own, study.headers[0])


def result(analysis: Analysis, role: str, *, number: int, modality: str, sop_class: str, title: str) -> Dataset:
    """Begin a result object: patient, study, series, equipment, dates, identifiers.

    Args:
        analysis: What it is about.
        role: Its name among the results, such as "sc"; series and instance UID depend on it.
        number: Series number.
        modality: Modality of the series.
        sop_class: SOP Class UID.
        title: What the series shows, for its description.
    """
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    dataset = carried(analysis.source.headers[0])
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = UID(sop_class)
    dataset.SOPInstanceUID = UID(result_uid(analysis, role, "instance"))
    dataset.SeriesInstanceUID = UID(result_uid(analysis, role, "series"))
    dataset.Modality = modality
    dataset.SeriesNumber, dataset.InstanceNumber = number, 1
    dataset.SeriesDescription = series_description(title)
    stamp(dataset, analysis)
    for keyword, value in equipment(analysis).items():
        setattr(dataset, keyword, value)
    return dataset


def series_description(title: str) -> str:
    """Description of a series, which says that nobody has verified it.

    Example:
        >>> series_description("overlay")
        'bonescan overlay: DRAFT, not verified'
    """
    return f"bonescan {title}: {UNVERIFIED}"


def remarks(analysis: Analysis) -> list[str]:
    """What a reader of any result has to know: that it is a draft of research software, and what makes it doubtful."""
    return [analysis.disclaimer, *map(str, analysis.quality)]


def stamp(dataset: Dataset, analysis: Analysis) -> None:
    """Date the content by when the analysis was made, and name the program that wrote it."""
    from pydicom.uid import UID

    from bonescan import __version__

    dataset.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    dataset.file_meta.ImplementationVersionName = f"BONESCAN {__version__}"[:16]
    when = local_time(analysis)
    date, time = f"{when:%Y%m%d}", f"{when:%H%M%S}"
    dataset.SeriesDate = dataset.ContentDate = dataset.InstanceCreationDate = date
    dataset.SeriesTime = dataset.ContentTime = dataset.InstanceCreationTime = time
    if offset := _offset(analysis):
        dataset.TimezoneOffsetFromUTC = offset  # of the dates carried over, too


def credit(dataset: Dataset, analysis: Analysis) -> None:
    """Date the credit that highdicom gives itself by the analysis too: the same analysis gives the same bytes."""
    when = local_time(analysis)
    for item in dataset.get("ContributingEquipmentSequence", []):
        item.ContributionDateTime = f"{when:%Y%m%d%H%M%S}"


def local_time(analysis: Analysis) -> datetime:
    """When the analysis was made, in the time zone of the scan or else of this machine."""
    offset = _offset(analysis)
    return analysis.created.astimezone(datetime.strptime(offset, "%z").tzinfo if offset else None)


def _offset(analysis: Analysis) -> str:
    """The scan's offset from UTC, such as "-0830", or "" where it has none in good form (PS3.3 C.12.1.1.8)."""
    offset = Header(analysis.source.headers[0]).text("TimezoneOffsetFromUTC")
    return offset if re.fullmatch(r"(?!-0000|-1[34])[+-](0\d|1[0-4])[0-5]\d", offset) else ""


def equipment(analysis: Analysis) -> dict[str, Any]:
    """What made the result: General Equipment attributes."""
    from bonescan import __version__

    model = analysis.model
    return {
        "Manufacturer": "bonescan",
        "ManufacturerModelName": f"bonescan model {model.name}"[:64],
        "DeviceSerialNumber": model.sha256[:16],
        "SoftwareVersions": [f"bonescan {__version__}", f"model {model.version}"],
    }


def result_uid(analysis: Analysis, role: str, part: str) -> str:
    """UID of a part of a result: the same again for the same scan, model and findings, whenever it is written.

    Example:
        >>> result_uid(analysis, "sc", "series")  # doctest: +SKIP
        '2.25.182...'
    """
    of, digest = _known.get() or (None, "")
    return uid_of(digest if of is analysis else content_digest(analysis), f"{role}/{part}")


_known: ContextVar[tuple[Analysis, str] | None] = ContextVar("known", default=None)
"""The analysis that an object is being made of, and its digest."""


@contextmanager
def digested_once(analysis: Analysis) -> Iterator[None]:
    """While an object is made, the digest that its dozens of identifiers come from is worked out once.

    Not for longer: a header that is corrected between two objects gives the later one other identifiers.
    """
    token = _known.set((analysis, content_digest(analysis)))
    try:
        yield
    finally:
        _known.reset(token)


def content_digest(analysis: Analysis) -> str:
    """SHA-256 over what was analysed, of whom, by what, and what was found; not over when."""
    document = json.loads(analysis.model_dump_json(by_alias=True, exclude={"created", "timing_ms"}))
    document["sources"] = [[v.sop_instance_uid, v.frame_number, v.origin_px] for v in analysis.source.views]
    document["content_version"] = CONTENT_VERSION
    digest = sha256(json.dumps(document, sort_keys=True).encode())
    for maps in (analysis.masks, analysis.region_maps):
        for view, labels in sorted(maps.items()):
            digest.update(f"{view} {labels.shape}".encode() + labels.tobytes())
    for header in analysis.source.headers[:1]:  # the one that results carry patient and study over from
        buffer = BytesIO()
        carried(header).save_as(buffer, implicit_vr=True, little_endian=True)
        digest.update(buffer.getvalue())
    return digest.hexdigest()


def source_reference(study: Study, view: View) -> Dataset:
    """Reference to the frame of the scan that a view came from."""
    from pydicom.dataset import Dataset

    header = header_of(study, view)
    reference = Dataset()
    reference.ReferencedSOPClassUID = header.SOPClassUID
    reference.ReferencedSOPInstanceUID = header.SOPInstanceUID
    if is_multi_frame(header):
        reference.ReferencedFrameNumber = view.frame_number or 1
    return reference


def source_references(study: Study, purpose: Code | None = None) -> list[Dataset]:
    """References to the objects of the scan, with the purpose where one is given."""
    from pydicom.dataset import Dataset

    references = []
    for header in study.headers:
        reference = Dataset()
        reference.ReferencedSOPClassUID = header.SOPClassUID
        reference.ReferencedSOPInstanceUID = header.SOPInstanceUID
        if purpose is not None:
            reference.PurposeOfReferenceCodeSequence = [coded(purpose)]
        references.append(reference)
    return references


def is_multi_frame(header: Dataset) -> bool:
    """Whether the object is of a kind whose frames are counted, even where it has one."""
    return "NumberOfFrames" in header


def _copy(header: Dataset, target: Dataset, keyword: str) -> None:
    from pydicom import config
    from pydicom.dataelem import DataElement

    try:
        if keyword not in header:
            return
        element = header[keyword]
        if element.VR == "SQ":
            _copy_items(element.value, target, keyword)
            return
        text = Header(header).text(keyword).replace("\x00", "")
        allowed = _ENUMERATED.get(keyword)
        if text and not (text in allowed if allowed else is_well_formed(element.VR, text)):
            return
        # What the archive files by stays as it is, however long.
        target.add(DataElement(element.tag, element.VR, text, validation_mode=config.IGNORE))
    except library_errors():
        target.pop(keyword, None)


def _copy_items(items: Any, target: Dataset, keyword: str) -> None:
    from pydicom.dataset import Dataset

    copies = []
    for item in items:
        copy = Dataset()
        for element in item:
            if not element.tag.is_private and element.keyword:
                _copy(item, copy, element.keyword)
        if len(copy):
            copies.append(copy)
    if copies:
        setattr(target, keyword, copies)


def is_well_formed(vr: str, text: str) -> bool:
    """Whether the text is a value of this representation, as far as a garbled one would make a result invalid.

    Example:
        >>> is_well_formed("TM", "0915"), is_well_formed("TM", "999999"), is_well_formed("DA", "19310231")
        (True, False, False)
    """
    if vr == "DA":
        return is_date(text)
    form = _FORMS.get(vr)
    return form is None or form.fullmatch(text) is not None
