"""What stderr says when something goes wrong."""

import pytest

from bonescan.cli.failure import debugging, exit_code, explain_error, explain_unexpected
from bonescan.core.errors import InputError, OutputError, UsageError


def _raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.fixture(autouse=True)
def _no_debugging(monkeypatch):
    monkeypatch.delenv("BONESCAN_DEBUG", raising=False)


def test_an_error_is_one_sentence(capsys):
    explain_error(_raised(InputError("the file ends early", hint="Copy it again")), "a.dcm")
    assert capsys.readouterr().err == "bonescan: a.dcm: the file ends early. Copy it again.\n"


def test_with_debugging_the_traceback_comes_first(capsys, monkeypatch):
    monkeypatch.setenv("BONESCAN_DEBUG", "1")
    explain_error(_raised(InputError("the file ends early")))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[-1] == "bonescan: the file ends early."


@pytest.mark.parametrize(("value", "wanted"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_debugging_is_asked_for_by_the_environment(monkeypatch, value, wanted):
    monkeypatch.setenv("BONESCAN_DEBUG", value)
    assert debugging() is wanted


def test_a_defect_tells_its_place_and_not_its_text(capsys):
    error = _raised(KeyError("DOE^JOHN"))
    explain_unexpected(KeyError, error, error.__traceback__)
    said = capsys.readouterr().err
    assert "DOE" not in said
    assert said.startswith("bonescan: internal error (KeyError")


def test_exit_codes_are_those_of_the_table():
    assert [exit_code(kind("x")) for kind in (UsageError, InputError, OutputError, RuntimeError)] == [2, 3, 5, 1]
