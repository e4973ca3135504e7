"""Cohorts on the grid: made once, resumed, checked."""

import numpy as np
import pytest

from bonescan.core.anatomy import Site
from bonescan.core.errors import CohortError, ModelError
from bonescan.core.study import ViewName
from bonescan.io.cohort import CohortCase, write_cohort
from bonescan.io.dicom_writer import write_nm
from bonescan.training import cache
from tests.bodies import body, disc, study, view
from tests.hospital import write_scan
from tests.phantoms import analytic_study

pytestmark = pytest.mark.train

SIZE = (256, 64)


class _Case(CohortCase):
    """A case in memory that counts how often it is read."""

    reads = 0

    def read_study(self):
        type(self).reads += 1
        counts = body(SIZE)
        return study(view(counts), view(counts, "posterior"))

    def read_labels(self):
        return {ViewName.ANTERIOR: disc(SIZE, 100, 32, 6).astype(np.uint8)}


@pytest.fixture(autouse=True)
def _fresh():
    _Case.reads = 0


def _cases(count=3):
    return [
        _Case(f"S{i}", f"P{i}", ("a",), metastasis=i == 0, sites=(Site.PELVIS,) if i == 0 else ()) for i in range(count)
    ]


def test_cases_become_arrays(tmp_path):
    cases = cache.open_cache(tmp_path, _cases(), workers=0)
    assert cases.images.shape == (3, 2, 1024, 256)
    assert cases.labels[0, 0].max() == 1
    assert cases.labels[0, 1].max() == 0
    assert (cases.references > 0).all()
    assert cases.sites[0].tolist() == [False, True, False, False, False, False]
    assert cases.metastasis.tolist() == [True, False, False]
    assert cases.patients.tolist() == [0, 1, 2]


def test_studies_of_a_patient_have_one_number(tmp_path):
    again = [*_cases(2), _Case("S7", "P0", ("a",)), _Case("S8", "P0", ("a",), folder=tmp_path)]
    assert cache.patient_numbers(again).tolist() == [0, 1, 0, 2]  # P0 of another cohort is somebody else


def test_a_cache_of_an_earlier_version_is_read(tmp_path):
    cache.open_cache(tmp_path, _cases(), workers=0)
    (tmp_path / "patients.npy").unlink()
    assert cache.load_cache(tmp_path).patients.tolist() == [0, 1, 2]


def test_what_is_there_is_not_made_again(tmp_path):
    cache.open_cache(tmp_path, _cases(), workers=0)
    cache.open_cache(tmp_path, _cases(), workers=0)
    assert _Case.reads == 3


def test_a_killed_run_makes_only_the_rest(tmp_path):
    cache.open_cache(tmp_path, _cases(), workers=0)
    done = np.load(tmp_path / "done.npy")
    done[1] = False
    np.save(tmp_path / "done.npy", done)
    with pytest.raises(ModelError, match="not complete"):
        cache.load_cache(tmp_path)
    cache.open_cache(tmp_path, _cases(), workers=0)
    assert _Case.reads == 4


def test_a_cohort_of_another_size_is_refused(tmp_path):
    cache.open_cache(tmp_path, _cases(), workers=0)
    with pytest.raises(CohortError, match="start a new run"):
        cache.open_cache(tmp_path, _cases(4), workers=0)


def test_a_mask_of_another_shape_is_refused(tmp_path):
    class Wrong(_Case):
        def read_labels(self):
            return {ViewName.ANTERIOR: np.zeros((5, 5), np.uint8)}

    with pytest.raises(CohortError, match=r"S9: the anterior mask has shape \(5, 5\); expected \(256, 64\)"):
        cache.grid_of(Wrong("S9", "P9", ("a",)))


def test_no_cache_is_said(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        cache.load_cache(tmp_path / "none")


@pytest.mark.parametrize("told_by", ["simulation.json", "truth.json", "header", "nothing"])
def test_copied_simulated_patients_stay_simulated(tmp_path, told_by):
    write_scan(tmp_path / "A" / "A.dcm", "A")
    write_scan(tmp_path / "B" / "B.dcm", "B")
    files = {"A": ("A/A.dcm",), "B": ("B/B.dcm",)}
    write_cohort(tmp_path, [CohortCase("A", "A", files["A"], "train"), CohortCase("B", "B", files["B"], "test")])
    if told_by == "header":
        write_nm(analytic_study(), tmp_path / "A" / "A.dcm")
    elif told_by != "nothing":
        (tmp_path / ("A" if told_by == "truth.json" else "") / told_by).touch()
    cohorts = cache.read_cohorts([tmp_path], seed=0)
    assert cohorts.simulated == (told_by != "nothing")
    assert cohorts.simulated_train == int(told_by != "nothing")


def test_one_real_patient_is_enough_for_a_cohort_to_be_real(tmp_path):
    write_scan(tmp_path / "A.dcm", "A")
    write_nm(analytic_study(), tmp_path / "B.dcm")
    write_cohort(tmp_path, [CohortCase(name, name, (f"{name}.dcm",), "train") for name in "AB"])
    cohorts = cache.read_cohorts([tmp_path], seed=0)
    assert (cohorts.simulated, cohorts.simulated_train) == (False, 1)


def test_cohorts_keep_the_fingerprint_of_each(tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        (folder / "scan.dcm").touch()
        write_cohort(folder, [CohortCase(folder.name, "P", ("scan.dcm",), "train")])
    both = cache.read_cohorts(folders, seed=0)
    alone = {folder: cache.read_cohorts([folder], seed=0).fingerprint for folder in folders}
    assert both.fingerprints == alone
    assert both.fingerprint not in alone.values()
