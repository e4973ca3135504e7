"""A simulated cohort in a folder."""

import json
import shutil

import pytest

from bonescan.core.errors import InputError, UnreadableInputError, UsageError
from bonescan.core.study import ViewName
from bonescan.simulate.cohort import rebuild, simulate_cohort
from bonescan.simulate.phantom_files import read_phantom
from bonescan.simulate.recipe import read_recipe


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated") / "cohort"
    return simulate_cohort(folder, 3, seed=7, processes=1)


def test_cohort_reads_back_with_truth(cohort):
    assert len(cohort) == 3
    for case in cohort:
        study, labels, regions = case.read_study(), case.read_labels(), case.read_regions()
        assert study.scan.names == tuple(ViewName)
        for view in ViewName:
            assert labels[view].shape == study.scan[view].counts.shape == regions[view].shape
        assert case.metastasis == bool(case.sites) == any((mask == 1).any() for mask in labels.values())


@pytest.mark.slow
def test_same_bytes_whatever_the_processes(cohort, tmp_path):
    again = simulate_cohort(tmp_path / "again", 3, seed=7, processes=2)
    for path in sorted(cohort.folder.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (again.folder / path.relative_to(cohort.folder)).read_bytes(), path.name


@pytest.mark.slow
def test_who_waits_is_not_simulated_once_the_command_is_stopped(tmp_path):
    def stop(done, _):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_cohort(tmp_path / "stopped", 12, seed=7, processes=2, progress=stop)
    # What the workers had at hand or were about to take is finished.
    assert 1 <= len(list((tmp_path / "stopped").glob("*/truth.json"))) <= 6


def test_interrupted_run_resumes_to_the_same(cohort, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(cohort.folder, copy)
    victim = cohort.cases[1].study_id
    shutil.rmtree(copy / victim)
    calls = []
    simulate_cohort(copy, 3, seed=7, progress=lambda done, n: calls.append((done, n)))
    assert calls == [(2, 3), (3, 3)]
    name = f"{victim}/{victim}.dcm"
    assert (copy / name).read_bytes() == (cohort.folder / name).read_bytes()


def test_a_study_is_rebuilt_from_its_record(cohort):
    case = cohort.cases[0]
    rebuilt, visit = rebuild(cohort.folder, case.study_id)
    assert visit is None
    read = case.read_study()
    for view in ViewName:
        assert (rebuilt.study.scan[view].counts == read.scan[view].counts).all()


def test_the_table_holds_what_was_drawn_and_no_laboratory_values(cohort):
    for case in cohort:
        record = json.loads((cohort.folder / case.study_id / "parameters.json").read_text())
        assert (case.sex, case.age_years) == (record["sex"], record["age_years"])
        assert case.primary == (record["primary"] or "")
        assert case.alp_u_l is None


def test_the_recipe_says_how_many(tmp_path):
    with pytest.raises(UsageError, match="no number of patients"):
        simulate_cohort(tmp_path / "c", recipe=read_recipe("hard"))
    assert not (tmp_path / "c").exists()


def test_a_record_that_is_damaged_is_named(cohort, tmp_path):
    name = cohort.cases[0].study_id
    (tmp_path / name).mkdir()
    (tmp_path / name / "parameters.json").write_text("{}")
    with pytest.raises(UnreadableInputError, match=name):
        rebuild(tmp_path, name)


def test_another_seed_in_the_same_folder_is_refused(cohort):
    with pytest.raises(UsageError, match="another seed"):
        simulate_cohort(cohort.folder, 3, seed=8)


@pytest.mark.parametrize("n", [0, -1])
def test_no_patients_is_refused(tmp_path, n):
    with pytest.raises(UsageError, match="at least 1"):
        simulate_cohort(tmp_path / "c", n)


def test_missing_or_wrong_phantom_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds neither"):
        read_phantom(tmp_path, "M")
    (tmp_path / "AM.dat").write_text("0 1 2 3")
    with pytest.raises(UnreadableInputError, match="4 voxels"):
        read_phantom(tmp_path, "M")
