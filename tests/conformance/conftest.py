"""Results of every study, written once a session."""

import warnings

import pytest

import bonescan as bs
from bonescan.export.folder import FORMATS
from tests.conformance.studies import CASES
from tests.filed import filed


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Name of a study → its analysis and the folder of its results, made when first asked for."""
    made = {}

    def get(name):
        if name not in made:
            root = tmp_path_factory.mktemp("results")
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", module="pydicom")  # about the odd values that we make it write
                analysis = filed(root / "scan", name=name, **CASES[name])
            made[name] = analysis, bs.write(analysis, root / "out", FORMATS, name="study")
        return made[name]

    return get
