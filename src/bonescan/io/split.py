"""Patient-level split, stratified by class and by decade of lesion pixels.

Source: the paper splits "by seven levels of magnitude" of lesion pixels, 80 % for training and validation and 20 % for
the test; we take the fifth of the 80 % for validation, and never let a patient be on two sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from bonescan.io.cohort_case import SPLITS, CohortCase, Split

FRACTIONS: tuple[float, float, float] = (0.64, 0.16, 0.20)
"""Of training, validation and test."""


def lesion_decade(pixels: int) -> int:
    """Return the paper's level of a lesion area: 0 for none, 1 for 1-9 pixels, … 6 for 100,000 or more.

    Example:
        >>> [lesion_decade(n) for n in (0, 1, 9, 10, 99_999, 100_000, 5_000_000)]
        [0, 1, 1, 2, 5, 6, 6]
    """
    return 0 if pixels <= 0 else min(len(str(int(pixels))), 6)


def split_patients(
    cases: Iterable[CohortCase],
    lesion_pixels: Mapping[str, int] | None = None,
    *,
    seed: int = 0,
    fractions: tuple[float, float, float] = FRACTIONS,
) -> dict[str, Split]:
    """Assign every study a side, all studies of a patient the same one.

    Patients are shuffled within their stratum (class: metastatic, benign uptake, neither; then lesion decade), strata
    are laid end to end, and each patient goes to the side that is furthest behind its share so far. So every stratum is
    spread evenly, also one of few patients, and the whole keeps the fractions to within one patient.
    A patient of whom a study has a side already stays there, so that a cohort can grow.

    Args:
        cases: The studies.
        lesion_pixels: study_id → lesion pixels summed over views; 0 where absent.
        seed: Seed of the shuffle.
        fractions: Shares of training, validation and test; they sum to 1.

    Returns:
        study_id → split.

    Raises:
        ValueError: The fractions are negative or do not sum to 1.
    """
    if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"the fractions {fractions} do not sum to 1")
    strata: dict[tuple[int, int], list[str]] = {}
    studies: dict[str, list[CohortCase]] = {}
    for case in cases:
        studies.setdefault(case.patient_id, []).append(case)
    for patient in sorted(studies):
        strata.setdefault(_stratum(studies[patient], lesion_pixels or {}), []).append(patient)
    generator = np.random.default_rng(seed)
    behind = np.zeros(len(SPLITS))
    assigned: dict[str, Split] = {}
    for key in sorted(strata):
        drawn = generator.permutation(np.array(strata[key], dtype=object))
        known = {patient: side for patient in drawn if (side := _side(studies[patient])) is not None}
        for patient in sorted(drawn, key=lambda patient: patient not in known):
            behind += fractions
            side = known.get(patient, int(np.argmax(behind)))
            behind[side] -= 1
            assigned.update({case.study_id: SPLITS[side] for case in studies[patient]})
    return assigned


def _side(cases: list[CohortCase]) -> int | None:
    """Side that a patient already has, or None."""
    return next((SPLITS.index(case.split) for case in cases if case.split is not None), None)


def _stratum(cases: list[CohortCase], lesion_pixels: Mapping[str, int]) -> tuple[int, int]:
    """Class and lesion decade of a patient: those of the most affected study."""
    kind = 2 if any(case.metastasis for case in cases) else int(any(case.benign for case in cases))
    return kind, max(lesion_decade(lesion_pixels.get(case.study_id, 0)) for case in cases)
