"""The published JSON Schema is the code's, is a valid schema, and refuses what is wrong."""

import json

import jsonschema
import pytest

from bonescan import schemas
from bonescan.core.findings import json_schema


@pytest.fixture(scope="module")
def schema():
    return json.loads(schemas.ANALYSIS.read_text(encoding="utf-8"))


def test_the_committed_file_is_what_the_code_defines(schema):
    assert schemas.ANALYSIS.read_text(encoding="utf-8") == schemas.render(), "run: make schema"
    assert schema == json_schema()


def test_it_is_a_valid_schema_and_names_its_version(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema"]["const"] == "bonescan.analysis/1"


def test_the_contract_of_the_design_is_in_it(schema):
    top = "schema created study model metastasis sites lesions burden report quality timing_ms"
    assert set(top.split()) <= set(schema["properties"])
    lesion = set(schema["$defs"]["Lesion"]["properties"])
    assert {"id", "view", "class", "probability", "site", "region", "laterality", "area_px", "area_mm2"} <= lesion
    assert {"bbox", "centroid", "uptake_ratio", "pair"} <= lesion
    assert {"bstbi", "bstbi_by_view", "k", "definition"} <= set(schema["$defs"]["Burden"]["properties"])
