"""The FHIR bundle of every study: valid R4, whole, about the right patient, with the numbers of the analysis."""

import json
import re
from base64 import b64decode

import pytest
from fhir.resources.R4B.bundle import Bundle

from bonescan.export.fhir import fhir_bundle
from tests.analyses import make_analysis
from tests.conformance.studies import CASES
from tests.filed import filed

EVERY = pytest.mark.parametrize("name", CASES)


def resources(bundle, kind):
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "reference":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


@EVERY
def test_the_bundle_is_valid_and_whole(written, name):
    analysis, folder = written(name)
    text = (folder / "fhir.json").read_text(encoding="utf-8")
    bundle = json.loads(text)
    assert len(Bundle.model_validate_json(text).entry) == len(bundle["entry"])
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    assert set(references(bundle)) <= set(urls)
    assert [len(resources(bundle, kind)) for kind in ("DiagnosticReport", "Patient", "ImagingStudy", "Device")] == [
        1
    ] * 4
    (report,) = resources(bundle, "DiagnosticReport")
    assert len(report["result"]) == len(resources(bundle, "Observation"))
    assert len(report["result"]) == 2 + 6 + len(analysis.lesions) + 1 + (analysis.burden.lesion_area_mm2 is not None)


@EVERY
def test_nothing_in_it_claims_to_be_final(written, name):
    analysis, folder = written(name)
    bundle = json.loads((folder / "fhir.json").read_text(encoding="utf-8"))
    for resource in (*resources(bundle, "DiagnosticReport"), *resources(bundle, "Observation")):
        assert resource["status"] == "preliminary"
    (report,) = resources(bundle, "DiagnosticReport")
    assert report["conclusion"].startswith(analysis.disclaimer)
    assert analysis.report.impression in report["conclusion"]
    assert b"DRAFT REPORT" in b64decode(report["presentedForm"][0]["data"])


def test_the_conclusion_tells_the_warnings(written):
    (report,) = resources(fhir_bundle(written("doubts")[0]), "DiagnosticReport")
    assert "The limitations of the input restrict the value of this result." in report["conclusion"]
    assert "Warning: The views look swapped" in report["conclusion"]
    assert report["conclusion"].endswith("Warning (posterior): It looks upside down.")


def test_the_patient_is_that_of_the_header(written):
    bundle = fhir_bundle(written("foreign names")[0])
    (patient,) = resources(bundle, "Patient")
    assert patient["identifier"] == [{"value": "ÄÖ-4711"}]
    assert [name["family"] for name in patient["name"]] == ["Müller", "山田", "やまだ"]
    assert patient["name"][0]["given"] == ["Jürgen"]
    assert patient["birthDate"] == "1950-01-02"
    (study,) = resources(bundle, "ImagingStudy")
    analysis, _ = written("foreign names")
    assert study["identifier"][0]["value"] == f"urn:oid:{analysis.study.study_instance_uid}"
    assert study["series"][0]["instance"][0]["uid"] == analysis.source.views[0].sop_instance_uid
    assert study["identifier"][1]["value"] == "A-17"


def test_two_objects_of_a_study_are_both_named(written):
    (study,) = resources(fhir_bundle(written("one object a view")[0]), "ImagingStudy")
    assert sum(len(series["instance"]) for series in study["series"]) == 2


def test_numbers_are_those_of_the_analysis(written):
    analysis, _ = written("many lesions")
    observations = resources(fhir_bundle(analysis), "Observation")
    values = {o["code"]["coding"][0]["display"]: o["valueQuantity"] for o in observations if "valueQuantity" in o}
    assert values["Bone scan tumor burden index"]["value"] == analysis.burden.bstbi
    assert values["Bone scan lesion area"] == {
        "value": analysis.burden.lesion_area_mm2,
        "unit": "square millimeter",
        "system": "http://unitsofmeasure.org",
        "code": "mm2",
    }
    for lesion, observation in zip(analysis.lesions, observations[-len(analysis.lesions) :], strict=True):
        found = {
            c["code"]["coding"][0]["display"]: c["valueQuantity"]["value"]
            for c in observation["component"]
            if "valueQuantity" in c
        }
        assert found["Probability"] == lesion.probability
        assert found["Number of pixels"] == lesion.area_px
        assert found.get("Area of defined region") == lesion.area_mm2
        assert found.get("Uptake relative to mirrored site") == lesion.uptake_ratio


def test_a_focus_that_both_views_show_is_one(written):
    analysis, _ = written("one lesion")
    bundle = fhir_bundle(analysis)
    known = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}

    def members(resource):
        return [known[member["reference"]] for member in resource.get("hasMember", ())]

    (number,) = [r for r in known.values() if r.get("code", {}).get("coding", [{}])[0].get("code") == "246206008"]
    foci = members(number)
    assert len(foci) == number["valueQuantity"]["value"] > 0
    said = {(focus["note"][0]["text"], *(other["note"][0]["text"] for other in members(focus))) for focus in foci}
    assert said == {
        (f"lesion {x.id}, {x.view}, same as {x.pair}", f"lesion {x.pair}, posterior, same as {x.id}")
        for x in analysis.lesions
        if x.view == "anterior"
    }


def test_a_site_outlined_but_not_decided_is_not_denied():
    analysis = make_analysis()
    lesions = tuple(lesion.model_copy(update={"site": "femur"}) for lesion in analysis.lesions)
    observations = resources(fhir_bundle(analysis.model_copy(update={"lesions": lesions})), "Observation")
    answers = {
        o["bodySite"]["text"]: o["valueCodeableConcept"]["coding"][0]["display"]
        for o in observations
        if o["code"]["coding"][0]["code"] == "SUSPECTED" and "bodySite" in o
    }
    assert answers == dict.fromkeys(analysis.sites, "No") | {"spine": "Yes", "pelvis": "Yes", "femur": "Undetermined"}


def test_a_picture_gives_a_bundle_of_nobody():
    bundle = fhir_bundle(make_analysis())
    Bundle.model_validate_json(json.dumps(bundle))
    assert resources(bundle, "Patient") == resources(bundle, "ImagingStudy") == []
    assert set(references(bundle)) <= {entry["fullUrl"] for entry in bundle["entry"]}


def test_codes_are_of_known_systems(written):
    text = json.dumps(fhir_bundle(written("many lesions")[0]))
    systems = set(re.findall(r'"system": "([^"]+)"', text))
    assert all(word.startswith(("http://", "urn:")) for word in systems)
    assert {"http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"} <= systems


@pytest.mark.parametrize("lacking", ["StudyInstanceUID", "SOPInstanceUID", "SeriesInstanceUID"])
def test_what_the_header_lacks_is_left_out(lacking, tmp_path):
    def change(dataset):
        dataset.pop("AccessionNumber", None)
        dataset.pop(lacking, None)

    bundle = fhir_bundle(filed(tmp_path, change=change))
    Bundle.model_validate_json(json.dumps(bundle))
    (study,) = resources(bundle, "ImagingStudy")
    assert ("identifier" in study) == (lacking != "StudyInstanceUID")
    assert ("series" in study) == (lacking != "SOPInstanceUID")
