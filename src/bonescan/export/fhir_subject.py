"""Patient and ImagingStudy of the FHIR bundle, as the header of the scan names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bonescan.export.identity import carried
from bonescan.io.dicom_header import Header

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from bonescan.core.study import Study

Resource = dict[str, Any]
_GENDER = {"M": "male", "F": "female", "O": "other"}


def iso_date(yyyymmdd: str) -> str:
    """Write a DICOM date as FHIR does.

    Example:
        >>> iso_date("20260102")
        '2026-01-02'
    """
    return f"{yyyymmdd[:4]}-{yyyymmdd[4:6]}-{yyyymmdd[6:]}"


def patient(study: Study) -> Resource:
    """Build the Patient.

    Args:
        study: Read from DICOM.
    """
    header = carried(study.headers[0])
    resource: Resource = {"resourceType": "Patient"}
    if header.PatientID:
        resource["identifier"] = [{"value": str(header.PatientID)}]
        if header.get("IssuerOfPatientID"):
            resource["identifier"][0]["assigner"] = {"display": str(header.IssuerOfPatientID)}
    if names := _names(header):
        resource["name"] = names
    if header.PatientSex in _GENDER:
        resource["gender"] = _GENDER[header.PatientSex]
    if header.PatientBirthDate:
        resource["birthDate"] = iso_date(header.PatientBirthDate)
    return resource


def imaging_study(study: Study, subject: str) -> Resource:
    """Build the ImagingStudy.

    Args:
        study: Read from DICOM.
        subject: Full URL of the Patient.
    """
    header = carried(study.headers[0])
    identifiers: list[Resource] = []
    if header.get("StudyInstanceUID"):
        identifiers.append({"system": "urn:dicom:uid", "value": f"urn:oid:{header.StudyInstanceUID}"})
    if header.AccessionNumber:
        kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]}
        identifiers.append({"type": kind, "value": str(header.AccessionNumber)})
    resource: Resource = {
        "resourceType": "ImagingStudy",
        "status": "available",
        "modality": [_MODALITY],
        "subject": {"reference": subject},
    }
    # FHIR knows no empty lists.
    if identifiers:
        resource["identifier"] = identifiers
    if series := _series(study):
        resource["series"] = series
    if header.StudyDate:
        resource["started"] = iso_date(header.StudyDate)
    if header.get("StudyDescription"):
        resource["description"] = str(header.StudyDescription)
    return resource


_MODALITY = {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "NM", "display": "Nuclear Medicine"}


def _series(study: Study) -> list[Resource]:
    """Series and instances; those without the UIDs that FHIR asks of them are left out."""
    series: dict[str, Resource] = {}
    for header in map(Header, study.headers):
        instance, sop_class = header.text("SOPInstanceUID"), header.text("SOPClassUID")
        if not (instance and sop_class):
            continue
        uid = header.text("SeriesInstanceUID") or instance
        entry = series.setdefault(uid, {"uid": uid, "modality": _MODALITY, "instance": []})
        kind = {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{sop_class}"}
        entry["instance"].append({"uid": instance, "sopClass": kind})
    return list(series.values())


def _names(header: Dataset) -> list[Resource]:
    """One name for each script that the header has it in."""
    from pydicom.valuerep import PersonName

    names = []
    for group in str(header.PatientName).split("="):
        if not group.strip("^ "):
            continue
        name = PersonName(group)
        given = [part for part in (name.given_name, name.middle_name) if part]
        entry: Resource = {"text": group.replace("^", " ").strip()}
        if name.family_name:
            entry["family"] = name.family_name
        if given:
            entry["given"] = given
        names.append(entry)
    return names
