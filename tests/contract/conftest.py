"""A small scan that every contract test can read."""

import pytest

from bonescan.io.dicom_writer import write_nm
from tests.phantoms import analytic_study
from tests.tiny_bundle import tiny_bundle


@pytest.fixture(scope="session")
def study_file(tmp_path_factory):
    """One two-frame NM whole-body file."""
    path = tmp_path_factory.mktemp("studies") / "analytic.dcm"
    write_nm(analytic_study(seed=1), path)
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """Folder of a bundle of a few hand-made layers."""
    return tiny_bundle(tmp_path_factory.mktemp("models") / "tiny").folder
