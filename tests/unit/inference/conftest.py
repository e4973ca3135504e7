import pytest

from tests.tiny_bundle import tiny_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """A bundle of networks whose answers are known."""
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")
