"""A running node in this process, and scans to send to it."""

import pytest

from benchmarks.node.process import free_port
from bonescan.core.node_settings import NodeSettings
from bonescan.io.dicom_writer import write_nm
from bonescan.node.service import running
from tests.phantoms import analytic_study
from tests.tiny_bundle import tiny_bundle


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return tiny_bundle(tmp_path_factory.mktemp("models") / "tiny").folder


@pytest.fixture(scope="session")
def scans(tmp_path_factory):
    """Two small whole-body scans."""
    folder = tmp_path_factory.mktemp("scans")
    for seed in (1, 2):
        write_nm(analytic_study(f"scan{seed}", seed=seed, counts=4e5), folder / f"scan{seed}.dcm", rle=True)
    return sorted(folder.iterdir())


@pytest.fixture
def node(tmp_path, model):
    """Start a node with settings of its own; stopped when the test ends."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(**changes):
            quick = {"quiet_s": 0.3, "reserve_mb": 0, "idle_s": 5, "retry_s": 0.2, "status_port": free_port()}
            settings = NodeSettings(**{"store": tmp_path / "store", "port": free_port(), **quick, **changes})
            return stack.enter_context(running(settings, model=str(model)))

        yield start


def pytest_collection_modifyitems(items):
    """pynetdicom leaves the socket of a connection that was refused to the garbage collector."""
    here = [item for item in items if "network" in item.path.parts]
    for item in here:
        item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))
