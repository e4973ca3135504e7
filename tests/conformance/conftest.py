"""Results of every study, written once a session."""

import warnings

import pytest

import bonescan as bs
from bonescan.export.folder import FORMATS
from tests.conformance.studies import CASES
from tests.filed import filed
from tests.orthanc import running


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Name of a study → its analysis and the folder of its results, made when first asked for."""
    made = {}

    def get(name):
        if name not in made:
            root = tmp_path_factory.mktemp("results")
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", module="pydicom")  # about the odd values that we make it write
                uid = f"1.2.826.0.1.3680043.8.498.{10 + list(CASES).index(name)}"
                analysis = filed(root / "scan", name=name, study_instance_uid=uid, **CASES[name])
            made[name] = analysis, bs.write(analysis, root / "out", FORMATS, name="study")
        return made[name]

    return get


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory):
    """A running Orthanc with an empty store."""
    with running(tmp_path_factory.mktemp("orthanc")) as server:
        yield server
