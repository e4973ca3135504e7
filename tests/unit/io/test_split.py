from collections import Counter
from dataclasses import replace

import pytest

from bonescan.io.cohort import CohortCase, split_patients
from bonescan.io.split import lesion_decade


def cohort(count, per_patient=1):
    return [
        CohortCase(f"S{i}", f"P{i // per_patient}", (f"{i}.dcm",), metastasis=i // per_patient % 2 == 0)
        for i in range(count)
    ]


def test_seven_levels():
    assert [lesion_decade(n) for n in (0, 1, 10, 100, 1_000, 10_000, 100_000, 10**7)] == [0, 1, 2, 3, 4, 5, 6, 6]


def test_shares_of_the_paper():
    counts = Counter(split_patients(cohort(1000)).values())
    assert counts == {"train": 640, "val": 160, "test": 200}


def test_studies_of_a_patient_stay_together():
    split = split_patients(cohort(300, per_patient=3))
    assert all(len({split[f"S{3 * p + k}"] for k in range(3)}) == 1 for p in range(100))


def test_classes_are_spread():
    cases = cohort(500)
    split = split_patients(cases)
    test = [case for case in cases if split[case.study_id] == "test"]
    assert sum(case.metastasis for case in test) == 50


def test_other_fractions():
    assert set(split_patients(cohort(20), fractions=(1, 0, 0)).values()) == {"train"}
    for fractions in ((0.5, 0.5, 0.5), (1.5, -0.5, 0.0)):
        with pytest.raises(ValueError, match="sum to 1"):
            split_patients(cohort(3), fractions=fractions)


def test_who_has_a_side_keeps_it():
    first = cohort(200)
    given = split_patients(first)
    grown = [replace(case, split=given.get(case.study_id)) for case in cohort(400)]
    split = split_patients(grown, seed=5)
    assert {name: split[name] for name in given} == given
    assert Counter(split.values()) == {"train": 256, "val": 64, "test": 80}


def test_a_new_study_goes_where_its_patient_is():
    cases = [CohortCase("a", "P", ("a",), split="test"), CohortCase("b", "P", ("b",))]
    assert split_patients(cases) == {"a": "test", "b": "test"}


def test_another_seed_is_another_split():
    assert split_patients(cohort(100), seed=1) != split_patients(cohort(100), seed=2)
