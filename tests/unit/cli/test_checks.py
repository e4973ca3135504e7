"""The doctor's checks."""

import pytest

from bonescan.cli import checks
from bonescan.core.settings import settings


@pytest.fixture(autouse=True)
def _fresh_settings():
    settings.cache_clear()
    yield
    settings.cache_clear()


def _states():
    return {check.name: check for check in checks.run_checks()}


def test_this_installation_is_healthy():
    states = _states()
    assert [check for check in states.values() if check.state == "broken"] == []
    assert {"bonescan", "python", "processor", "libraries", "openvino", "onnxruntime", "codecs", "model"} <= set(states)


def test_one_runtime_is_enough(monkeypatch):
    real = checks.find_spec
    monkeypatch.setattr(checks, "find_spec", lambda name: None if name == "openvino" else real(name))
    states = _states()
    assert states["openvino"].state == "note"
    assert states["openvino"].hint == "pip install openvino"
    assert "runtime" not in states


def test_no_runtime_is_broken(monkeypatch):
    real = checks.find_spec
    gone = {"openvino", "onnxruntime"}
    monkeypatch.setattr(checks, "find_spec", lambda name: None if name in gone else real(name))
    assert _states()["runtime"].state == "broken"


def test_a_missing_extra_is_only_a_note(monkeypatch):
    real = checks.find_spec
    monkeypatch.setattr(checks, "find_spec", lambda name: None if name == "torch" else real(name))
    training = _states()["training"]
    assert training.state == "note"
    assert "bonescan[train]" in training.hint


def test_a_missing_library_is_broken(monkeypatch):
    monkeypatch.setattr(checks, "LIBRARIES", ("numpy", "no-such-library"))
    libraries = _states()["libraries"]
    assert libraries.state == "broken"
    assert "no-such-library" in libraries.detail


def test_an_unknown_model_in_the_settings_is_broken(monkeypatch):
    monkeypatch.setenv("BONESCAN_MODEL", "no-such-model")
    broken = [check for check in checks.run_checks() if check.state == "broken"]
    assert [check.name for check in broken] == ["model"]


def test_wrong_settings_are_broken_and_nothing_is_raised(monkeypatch):
    monkeypatch.setenv("BONESCAN_THREADS", "many")
    broken = {check.name for check in checks.run_checks() if check.state == "broken"}
    assert "settings" in broken


def test_a_mistyped_variable_is_noted(monkeypatch):
    monkeypatch.setenv("BONESCAN_THREAD", "2")
    notes = [check for check in checks.run_checks() if check.state == "note" and "BONESCAN_THREAD" in check.detail]
    assert len(notes) == 1
