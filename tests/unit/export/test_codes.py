"""The table of codes: complete, and with the standard's own words."""

import pytest
from pydicom.sr import _concepts_dict

from bonescan.core.anatomy import MaskLabel, Region, Site
from bonescan.core.findings import Burden
from bonescan.export import codes
from bonescan.export.lesion_codes import site_code
from bonescan.io.codes import Code

NOT_IN_THE_STANDARD = {"25031-6", "{pixels}"}
"""LOINC's own, and a UCUM annotation."""


def _found(value):
    if isinstance(value, Code):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _found(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _found(inner)


ALL = sorted({code for value in vars(codes).values() for code in _found(value)})


def test_the_table_is_not_empty():
    assert len(ALL) > 40


@pytest.mark.parametrize("code", [c for c in ALL if c.scheme != codes.PRIVATE_SCHEME], ids=lambda c: c.meaning)
def test_a_code_means_what_the_standard_says(code):
    if code.value in NOT_IN_THE_STANDARD:
        return
    words = {
        meaning
        for versions in _concepts_dict.concepts[code.scheme].values()
        for value, (meaning, _) in versions.items()
        if value == code.value
    }
    assert code.meaning in words


@pytest.mark.parametrize("code", [c for c in ALL if c.scheme == "LN"], ids=lambda c: c.meaning)
def test_the_check_digit_of_a_loinc_code_is_right(code):
    number, _, digit = code.value.partition("-")
    # Modulus 10: from the right, every other digit counts twice, and of that the digits.
    doubled = sum(map(int, "".join(str(int(n) * 2) for n in number[::-2])))
    assert (doubled + sum(map(int, number[-2::-2])) + int(digit)) % 10 == 0


def test_a_private_code_is_one_by_its_looks():
    private = [code for code in ALL if code.scheme == codes.PRIVATE_SCHEME]
    assert len({code.value for code in private}) == len(private) > 5
    assert all(len(code.value) <= 16 for code in private)
    assert all(len(code.meaning) <= 64 for code in private)


def test_everything_that_is_found_has_a_code():
    assert set(codes.REGIONS) == set(Region) - {Region.BACKGROUND}
    assert set(codes.SEGMENTS) == set(MaskLabel) - {MaskLabel.BACKGROUND}
    assert {site_code(site) for site in Site} == set(codes.SITES.values())


def test_every_index_of_the_burden_has_a_code():
    not_indices = {"bstbi_by_view", "k", "definition"}
    assert set(Burden.model_fields) - not_indices <= set(codes.BURDEN)


def test_segments_need_no_private_scheme():
    """A segmentation would have to declare it."""
    used = [*_found(codes.SEGMENTS), *_found(codes.REGIONS), *_found(codes.LATERALITY)]
    assert codes.PRIVATE_SCHEME not in {code.scheme for code in used}
