"""Studies as files, for the tests of the readers."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonescan.core.study import Study
from bonescan.io.dicom import nm_dataset, write_nm
from phantoms import analytic_study


@pytest.fixture(scope="session")
def study() -> Study:
    return analytic_study(seed=1)


@pytest.fixture(scope="session")
def study_file(study, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("nm") / "scan.dcm"
    write_nm(study, path)
    return path


@pytest.fixture
def dataset(study):
    """The object of `study`, to be changed at will."""
    return nm_dataset(study)


@pytest.fixture
def save(tmp_path):
    """Save a dataset, without pydicom's opinion on what is in it."""

    def save(dataset, name: str = "scan.dcm") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path, enforce_file_format=True)
        return path

    return save
