"""Bundles by name: shipped, installed, or a folder."""

import pytest

from bonescan.core.errors import UnknownModelError
from bonescan.core.settings import settings
from bonescan.models import registry


def _bundle(folder):
    folder.mkdir(parents=True)
    (folder / "bundle.json").write_text("{}")
    return folder


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "SHIPPED", tmp_path / "shipped")
    return _bundle(tmp_path / "shipped" / "stepwise")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    monkeypatch.setenv("BONESCAN_MODELS_DIR", str(tmp_path / "installed"))
    settings.cache_clear()
    yield _bundle(tmp_path / "installed" / "ours")
    settings.cache_clear()


def test_a_shipped_bundle_is_found_by_name(shipped):
    assert registry.find_bundle("stepwise") == shipped
    assert registry.list_bundles() == [shipped]


def test_an_installed_bundle_is_found_by_name(shipped, installed):
    assert registry.find_bundle("ours") == installed
    assert registry.list_bundles() == [shipped, installed]


def test_a_shipped_name_cannot_be_taken_over(shipped, installed):
    hidden = _bundle(installed.parent / "stepwise")
    assert registry.hidden_bundles() == [hidden]
    assert registry.find_bundle("stepwise") == shipped
    assert registry.list_bundles() == [shipped, installed]


def test_a_folder_is_found_by_path(shipped, tmp_path):
    mine = _bundle(tmp_path / "mine")
    assert registry.find_bundle(str(mine)) == mine
    assert registry.find_bundle(mine) == mine


def test_a_name_never_means_a_folder_beside_while_such_a_bundle_is_there(shipped, tmp_path, monkeypatch):
    _bundle(tmp_path / "stepwise")
    monkeypatch.chdir(tmp_path)
    assert registry.find_bundle("stepwise") == shipped
    assert registry.find_bundle("./stepwise").resolve() == tmp_path / "stepwise"


def test_an_unknown_name_is_told_with_those_there_are(shipped, installed):
    with pytest.raises(UnknownModelError, match=r"no model 'x'.*\(stepwise, ours\)"):
        registry.find_bundle("x")
