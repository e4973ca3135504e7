"""The result as a FHIR R4 bundle: a preliminary DiagnosticReport with its Observations, and what they are about.

Of a scan read from DICOM it names patient and study as the header does; of a picture it names neither.
"""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from bonescan.burden.lesions import foci
from bonescan.core.findings import Analysis, Lesion
from bonescan.export import codes
from bonescan.export.fhir_subject import imaging_study, iso_date, patient
from bonescan.export.identity import content_digest
from bonescan.export.lesion_codes import burden_values, kind_of, name_of, place_of, site_code, suspicion, values_of
from bonescan.io.codes import VIEW_CODES, Code
from bonescan.report.text import report_text

if TYPE_CHECKING:
    from bonescan.core.study import ViewName

Resource = dict[str, Any]

SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "UCUM": "http://unitsofmeasure.org",
    codes.PRIVATE_SCHEME: f"urn:oid:{codes.PRIVATE_SCHEME_UID}",
}
_SPACE = uuid.UUID("0c4d4b7f-60b0-5d0a-9df2-8c8f4bb5a5de")
_CATEGORY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "imaging"}
_NUCLEAR = {
    "system": "http://terminology.hl7.org/CodeSystem/v2-0074",
    "code": "NMS",
    "display": "Nuclear Medicine Scan",
}


def fhir_json(analysis: Analysis) -> bytes:
    """The bundle as JSON, UTF-8."""
    return (json.dumps(fhir_bundle(analysis), indent=2, ensure_ascii=False) + "\n").encode()


def fhir_bundle(analysis: Analysis) -> Resource:
    """Build the bundle; the same analysis gives the same one.

    Args:
        analysis: With its study attached.

    Returns:
        A Bundle of type collection: DiagnosticReport, Device, Observations; Patient and ImagingStudy where the study
        was read from DICOM.
    """
    digest = content_digest(analysis)
    about: list[tuple[str, Resource]] = [("device", _device(analysis))]
    links: Resource = {"device": {"reference": _url(digest, "device")}}
    if analysis.source.headers:
        about += [
            ("patient", patient(analysis.source)),
            ("study", imaging_study(analysis.source, _url(digest, "patient"))),
        ]
        links["subject"] = {"reference": _url(digest, "patient")}
        links["derivedFrom"] = [{"reference": _url(digest, "study")}]
    if analysis.source.scan.acquisition_date:
        links["effectiveDateTime"] = iso_date(analysis.source.scan.acquisition_date)
    observations = [(role, {**_observation(), **links, **found}) for role, found in _findings(analysis, digest)]
    report = _report(analysis, links, [_url(digest, role) for role, _ in observations])
    entries = [("report", report), *about, *observations]
    return {
        "resourceType": "Bundle",
        "id": _id(digest, "bundle"),
        "type": "collection",
        "timestamp": analysis.created.isoformat(timespec="seconds"),
        "entry": [
            {"fullUrl": _url(digest, role), "resource": {**resource, "id": _id(digest, role)}}
            for role, resource in entries
        ],
    }


def concept(*found: Code, text: str = "") -> Resource:
    """A CodeableConcept of codes and words."""
    coding = [{"system": SYSTEMS[c.scheme], "code": c.value, "display": c.meaning} for c in found]
    return {"coding": coding, **({"text": text} if text else {})}


def _report(analysis: Analysis, links: Resource, results: list[str]) -> Resource:
    kept: Resource = {key: links[key] for key in ("subject", "effectiveDateTime") if key in links}
    if "derivedFrom" in links:
        kept["imagingStudy"] = links["derivedFrom"]
    warnings = [str(finding) for finding in analysis.quality if finding.severity != "info"]
    words = " ".join([analysis.disclaimer, analysis.report.impression, *warnings])
    return {
        "resourceType": "DiagnosticReport",
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{escape(words)}</p></div>',
        },
        "status": "preliminary",
        "category": [{"coding": [_NUCLEAR]}],
        "code": concept(codes.LOINC_STUDY, codes.PROCEDURE, text="Whole-body bone scintigraphy"),
        "issued": analysis.created.isoformat(timespec="seconds"),
        **kept,
        "result": [{"reference": url} for url in results],
        "conclusion": words,
        "presentedForm": [
            {
                "contentType": "text/plain; charset=utf-8",
                "language": "en",
                "data": b64encode(report_text(analysis).encode()).decode(),
                "title": "Draft report, not verified",
            }
        ],
    }


def _device(analysis: Analysis) -> Resource:
    from bonescan import __version__

    model = analysis.model
    return {
        "resourceType": "Device",
        "manufacturer": "bonescan",
        "deviceName": [{"name": f"bonescan model {model.name}", "type": "model-name"}],
        "serialNumber": model.sha256,
        "version": [{"value": f"bonescan {__version__}"}, {"value": f"model {model.version}"}],
        "note": [{"text": analysis.disclaimer}],
    }


def _observation() -> Resource:
    return {"resourceType": "Observation", "status": "preliminary", "category": [{"coding": [_CATEGORY]}]}


def _findings(analysis: Analysis, digest: str) -> list[tuple[str, Resource]]:
    """Observations by role, without what all have in common.

    The number of lesions has as many members; one that both views show has its outline in the other view as a member.
    """
    found = analysis.metastasis
    counted = foci(analysis.lesions)
    observations: list[tuple[str, Resource]] = [
        (
            "metastasis",
            {
                "code": concept(codes.SUSPECTED, codes.BONY_METASTASIS, text=codes.SUSPECTED.meaning),
                "valueCodeableConcept": concept(codes.YES if found.present else codes.NO),
                "component": [
                    _component(codes.METASTASIS_PROBABILITY, found.probability, codes.RATIO),
                    _component(codes.THRESHOLD, found.threshold, codes.RATIO),
                ],
            },
        ),
        (
            "lesions",
            {
                "code": concept(codes.LESIONS),
                "valueQuantity": _quantity(len(counted), codes.COUNT),
                **_members(digest, [lesion.id for lesion in counted]),
            },
        ),
    ]
    for what, value, unit in burden_values(analysis.burden):
        observations.append((what.value, {"code": concept(what), "valueQuantity": _quantity(value, unit)}))
    for name, site in analysis.sites.items():
        observations.append(
            (
                f"site {name}",
                {
                    "code": concept(codes.SUSPECTED),
                    "bodySite": concept(site_code(name), text=name),
                    "valueCodeableConcept": concept(suspicion(analysis, name)),
                    "component": [_component(codes.METASTASIS_PROBABILITY, site.probability, codes.RATIO)],
                },
            )
        )
    return [*observations, *((_role(x.id), _lesion(x, digest)) for x in analysis.lesions)]


def _lesion(lesion: Lesion, digest: str) -> Resource:
    place, side = place_of(lesion)
    components = [_component(what, value, unit) for what, value, unit in values_of(lesion)]
    view: ViewName = next(name for name in VIEW_CODES if name.value == lesion.view)
    components.append({"code": concept(codes.VIEW), "valueCodeableConcept": concept(VIEW_CODES[view])})
    if side is not None:
        components.append({"code": concept(codes.LATERALITY_NAME), "valueCodeableConcept": concept(side)})
    words = " ".join(word for word in (lesion.laterality, lesion.region or lesion.site or "bone") if word)
    value = "suspected metastasis" if lesion.class_ == "metastasis" else "benign uptake"
    return {
        "code": concept(codes.IMAGING_FINDING),
        "bodySite": concept(place, text=words),
        "valueCodeableConcept": concept(*kind_of(lesion), text=value),
        "component": components,
        "note": [{"text": name_of(lesion)}],
        **_members(digest, [lesion.pair] if lesion.pair and lesion.id < lesion.pair else []),
    }


def _members(digest: str, lesions: Sequence[int]) -> Resource:
    members = [{"reference": _url(digest, _role(number))} for number in lesions]
    return {"hasMember": members} if members else {}  # FHIR knows no empty lists


def _role(lesion: int) -> str:
    return f"lesion {lesion}"


def _component(what: Code, value: float, unit: Code) -> Resource:
    return {"code": concept(what), "valueQuantity": _quantity(value, unit)}


def _quantity(value: float, unit: Code) -> Resource:
    return {"value": value, "unit": unit.meaning, "system": SYSTEMS["UCUM"], "code": unit.value}


def _id(digest: str, role: str) -> str:
    return str(uuid.uuid5(_SPACE, f"{digest}/{role}"))


def _url(digest: str, role: str) -> str:
    return f"urn:uuid:{_id(digest, role)}"
