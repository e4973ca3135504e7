"""Tables of cohorts: what is written is read; splits keep patients together and shares to within one."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bonescan.core.anatomy import SITES
from bonescan.io.cohort import SPLITS, CohortCase, read_cohort, split_patients, write_cohort
from bonescan.io.split import lesion_decade

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(str.strip)
numbers = st.none() | st.floats(0, 120, allow_nan=False)


@st.composite
def cases(draw, index):
    metastasis = draw(st.booleans())
    sites = tuple(site for site in SITES if metastasis and draw(st.booleans()))
    return CohortCase(
        study_id=f"S{index}",
        patient_id=draw(words.filter(bool)),
        files=tuple(f"S{index}/{i}.dcm" for i in range(draw(st.integers(1, 2)))),
        metastasis=metastasis,
        sites=sites,
        benign=draw(st.booleans()),
        primary=draw(words),
        sex=draw(st.sampled_from(["M", "F", "O", None])),
        age_years=draw(numbers),
        alp_u_l=draw(numbers),
        treatment_start_days=draw(numbers),
    )


cohorts = st.integers(1, 6).flatmap(lambda n: st.tuples(*(cases(index) for index in range(n))))


@settings(max_examples=60)
@given(cohorts)
def test_a_table_that_is_written_is_read(rows):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in rows:
            for file in case.files:
                (folder / file).parent.mkdir(exist_ok=True)
                (folder / file).touch()
        write_cohort(folder, rows)
        cohort = read_cohort(folder)
    assert cohort.cases == rows


patients = st.lists(
    st.tuples(
        st.integers(0, 60), st.booleans(), st.booleans(), st.sampled_from([0, 3, 40, 700, 5000, 20_000, 300_000])
    ),
    min_size=1,
    max_size=120,
)


def as_cases(drawn):
    rows = [CohortCase(f"S{i}", f"P{p}", (f"{i}.dcm",), metastasis=m, benign=b) for i, (p, m, b, _) in enumerate(drawn)]
    return rows, {f"S{i}": pixels for i, (_, _, _, pixels) in enumerate(drawn)}


@given(patients, st.integers(0, 10))
def test_no_patient_is_on_two_sides_and_shares_hold(drawn, seed):
    rows, pixels = as_cases(drawn)
    split = split_patients(rows, pixels, seed=seed)
    assert set(split) == {case.study_id for case in rows}
    sides: dict[str, set[str]] = {}
    for case in rows:
        sides.setdefault(case.patient_id, set()).add(split[case.study_id])
    assert all(len(side) == 1 for side in sides.values())
    counts = Counter(next(iter(side)) for side in sides.values())
    for name, share in zip(SPLITS, (0.64, 0.16, 0.20), strict=True):
        assert abs(counts[name] - share * len(sides)) <= 1


@given(patients, st.integers(0, 3))
def test_every_stratum_is_spread(drawn, seed):
    """One study a patient: within each stratum the test share is met to within two patients."""
    drawn = [(index, *rest) for index, (_, *rest) in enumerate(drawn)]
    rows, pixels = as_cases(drawn)
    split = split_patients(rows, pixels, seed=seed)
    strata: dict[tuple[int, int], list[str]] = {}
    for case in rows:
        kind = 2 if case.metastasis else int(case.benign)
        strata.setdefault((kind, lesion_decade(pixels[case.study_id])), []).append(split[case.study_id])
    for sides in strata.values():
        for name, share in zip(SPLITS, (0.64, 0.16, 0.20), strict=True):
            assert abs(sides.count(name) - share * len(sides)) < 2


@given(patients, st.integers(0, 3))
def test_the_seed_decides_and_the_order_of_rows_does_not(drawn, seed):
    rows, pixels = as_cases(drawn)
    assert split_patients(rows, pixels, seed=seed) == split_patients(rows[::-1], pixels, seed=seed)
