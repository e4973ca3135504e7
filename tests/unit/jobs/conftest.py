"""A store with its settings, and the tiny model."""

import pytest

from tests.stores import open_store
from tests.tiny_bundle import tiny_bundle


@pytest.fixture
def node(tmp_path):
    """(store, settings)."""
    store, settings = open_store(tmp_path, destinations=["PACS@127.0.0.1:104"], attempts=3, send_attempts=3)
    yield store, settings
    store.close()


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return str(tiny_bundle(tmp_path_factory.mktemp("models") / "tiny").folder)
