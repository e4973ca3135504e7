"""The conformance statement says what the code does."""

import re

import pytest

from bonescan.export import codes, pdf, sc, seg, sr
from bonescan.export.identity import IMPLEMENTATION_UID, UNVERIFIED
from bonescan.io.codes import Code
from tests.docs.commands import ROOT

PAGE = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
FLAT = " ".join(PAGE.split())


@pytest.mark.parametrize("code", codes.REGIONS.values(), ids=lambda code: code.meaning)
def test_every_region_is_there_with_its_code(code):
    assert re.search(rf"[a-z ]+ {code.value}\b", FLAT), code.meaning


def test_exactly_the_private_codes_in_use_are_listed():
    private = {c.value for c in vars(codes).values() if isinstance(c, Code) and c.scheme == codes.PRIVATE_SCHEME}
    table = PAGE.partition("| Code | Meaning |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| ([A-Z_]+) \|", table, re.MULTILINE)) == private


@pytest.mark.parametrize(
    "number", [*seg.SERIES_NUMBERS.values(), sr.SERIES_NUMBER, sc.SERIES_NUMBER, pdf.SERIES_NUMBER]
)
def test_series_numbers_are_those_written(number):
    assert str(number) in PAGE


def test_identifiers_are_those_written():
    for uid in (IMPLEMENTATION_UID, codes.PRIVATE_SCHEME_UID, sc.SOP_CLASS, pdf.SOP_CLASS):
        assert uid in PAGE
    assert UNVERIFIED in FLAT


def test_what_the_node_takes_is_what_the_statement_says():
    from bonescan.io.dicom_header import READABLE_CLASSES

    read = PAGE.partition("## What is read")[2].partition("## What is written")[0]
    for uid in READABLE_CLASSES:
        assert uid in read or re.fullmatch(r"1\.2\.840\.10008\.5\.1\.4\.1\.1\.7\.[1-4]", uid)
