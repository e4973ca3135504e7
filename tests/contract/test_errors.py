"""The one table of errors is complete, and the drawing above it says the same."""

import re

import pytest

from bonescan.core import errors
from bonescan.core.errors import STATUS, BonescanError, status_of
from tests.contract.sources import import_all


def _tree(cls=BonescanError):
    yield cls
    for child in cls.__subclasses__():
        yield from _tree(child)


def _all_errors():
    import_all()
    return list(dict.fromkeys(_tree()))


def test_every_error_of_the_package_has_a_status():
    assert [cls for cls in _all_errors() if cls not in STATUS] == []


def test_every_error_lives_in_the_one_module():
    assert {cls.__module__ for cls in _all_errors()} == {"bonescan.core.errors"}


def test_the_drawing_names_every_error_with_its_exit_code():
    drawn = {name: int(code) for name, code in re.findall(r"(\w+Error)\s+exit (\d)", errors.__doc__)}
    coded = {cls.__name__: status.exit_code for cls, status in STATUS.items() if cls is not BonescanError}
    assert drawn == coded


@pytest.mark.parametrize("cls", STATUS, ids=lambda cls: cls.__name__)
def test_a_status_is_one_the_outside_knows(cls):
    status = STATUS[cls]
    assert status.exit_code in range(1, 7)
    assert 400 <= status.http < 600
    # Failures that a C-STORE may answer: PS3.4 Table B.2-1 and PS3.7 Annex C.
    assert status.dicom in {0x0110, 0x0122} or status.dicom >> 8 in {0xA7, 0xA9} or status.dicom >> 12 == 0xC


def test_a_new_subclass_inherits_its_parents_status():
    class Odd(errors.UnknownModelError):
        pass

    try:
        assert status_of(Odd("no model")) == STATUS[errors.UnknownModelError]
    finally:
        del Odd  # test_every_error_of_the_package_has_a_status may run after this one
        import gc

        gc.collect()


def test_a_foreign_error_is_internal():
    assert status_of(KeyError("x")).exit_code == 1


def test_a_message_says_found_expected_and_what_to_do():
    error = errors.InputError("the file has 3 frames.", expected="2", hint="Split it.")
    assert str(error) == "the file has 3 frames; expected 2. Split it."
