"""A store in a folder of its own."""

import pytest

from tests.stores import open_store


@pytest.fixture
def store(tmp_path):
    opened, _ = open_store(tmp_path)
    yield opened
    opened.close()
