"""Percentile intervals over patients drawn with replacement."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Numbers = npt.NDArray[np.integer]

DRAWS = 2000
LEAST_PATIENTS = 5
"""Of fewer there is no interval: draws of so few hardly vary."""


def independent(patients: Numbers) -> bool:
    """Whether every case is of another patient, as tests and intervals that know no patients take it.

    Args:
        patients: (cases,) number of the patient of each case.

    Example:
        >>> independent(np.array([0, 1, 2])), independent(np.array([0, 1, 1]))
        (True, False)
    """
    return len(np.unique(patients)) == len(patients)


def bootstrap(
    patients: Numbers, statistic: Callable[[npt.NDArray[np.intp]], float], *, draws: int = 400, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of a statistic of cases, of patients drawn with replacement, each with all its cases.

    Args:
        patients: (cases,) number of the patient of each case.
        statistic: Of the indices of the drawn cases; draws where it is not defined are left out.
        draws: Number of draws.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    _, counts = np.unique(patients, return_counts=True)
    cases = np.split(np.argsort(patients, kind="stable"), counts.cumsum()[:-1])
    drawn = (rng.integers(len(cases), size=len(cases)) for _ in range(draws))
    return _percentiles(np.array([statistic(np.concatenate([cases[i] for i in numbers])) for numbers in drawn]))


def weights(patients: int, *, draws: int = DRAWS, seed: int = 0) -> Floats:
    """(draws, patients) float32: how often each patient is drawn. The same seed gives the same draws."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(patients, size=(draws, patients))
    offsets = np.arange(draws)[:, None] * patients
    return (
        np.bincount((drawn + offsets).ravel(), minlength=draws * patients).reshape(draws, patients).astype(np.float32)
    )


def ratio_draws(above: Floats, below: Floats, patients: Numbers, drawn: Floats) -> Floats:
    """A ratio of sums in every draw: (draws,), NaN where nothing is below.

    A Dice, in each of its definitions, is such a ratio; two methods in the same draws are paired.

    Args:
        above: (n,) what each image adds to the numerator.
        below: (n,) what it adds to the denominator.
        patients: (n,) number of the patient of each image, from 0.
        drawn: Of `weights`.
    """
    count = drawn.shape[1]
    sums = np.stack([np.bincount(patients, values, count) for values in (above, below)], axis=1)
    totals = drawn.astype(np.float64) @ sums
    empty = np.full(len(totals), np.nan)
    return np.asarray(np.divide(totals[:, 0], totals[:, 1], out=empty, where=totals[:, 1] > 0))


def interval(values: Floats) -> tuple[float, float]:
    """95 % percentile interval of the draws that are defined; NaN of none."""
    return _percentiles(np.asarray(values))


def _percentiles(values: Floats) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not values.size:
        return float("nan"), float("nan")
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
