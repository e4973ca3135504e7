"""The figures of a bundle, each with the interval that so few cases allow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bonescan.metrics.bootstrap import LEAST_PATIENTS, bootstrap, independent
from bonescan.metrics.dice import dice_figures, dice_parts, images_of
from bonescan.metrics.proportions import wilson
from bonescan.metrics.roc import auc
from bonescan.metrics.thresholds import over_or_likeliest
from bonescan.models.bundle import Figure
from bonescan.training.measure import Measured, Segmented

Indices = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

DIFFERENCE = "export_largest_difference"
"""Name of the figure that says what exporting did."""


def figures_of(measured: Measured, dataset: str) -> tuple[Figure, ...]:
    """All figures of a bundle that patients give.

    Args:
        measured: On patients whose truth is known.
        dataset: Their name, e.g. "simulated validation".
    """
    figures = _patients(measured, dataset) + _windows(measured, dataset)
    for name, found in measured.dice.items():
        figures += _dice(measured, found, name, dataset)
    figures += _sites(measured, dataset) + _regions(measured, dataset)
    return tuple(figures)


def dataset_in_words(measured: Measured, patients: str, *, simulated: bool) -> str:
    """What figures were measured on, e.g. "simulated validation, held-out half"."""
    words = f"simulated {patients}" if simulated else patients
    return f"{words}, held-out half" if measured.held_out else f"{words}, also used for tuning"


def difference_of(difference: float, dataset: str) -> Figure:
    """The figure of the largest difference of a probability between the exported and the trained networks."""
    return Figure(name=DIFFERENCE, value=_finite(difference), dataset=dataset)


def _patients(measured: Measured, dataset: str) -> list[Figure]:
    scores, truth = measured.patients, measured.patient_truth
    figures = [_interval("patient_auc", lambda i: auc(scores[i], truth[i]), measured, dataset)]
    for suffix, threshold in (("", measured.thresholds.patient), ("_at_half", 0.5)):
        called = scores >= threshold
        right, all_ = called == truth, np.ones(len(truth), np.bool_)
        for name, chosen in (("accuracy", all_), ("sensitivity", truth), ("specificity", ~truth)):
            figures.append(_share(f"patient_{name}{suffix}", right, chosen, measured, dataset))
    return figures


def _windows(measured: Measured, dataset: str) -> list[Figure]:
    figures: list[Figure] = []
    if measured.windows is None or measured.window_truth is None:
        return figures
    for c, name in enumerate(("metastasis", "bladder")):
        scores, truth = measured.windows[..., c], measured.window_truth[..., c]

        def area(i: Indices, scores: npt.NDArray[np.float32] = scores, truth: npt.NDArray[np.bool_] = truth) -> float:
            return auc(scores[i].reshape(-1), truth[i].reshape(-1))

        figures.append(_interval(f"window_auc_{name}", area, measured, dataset, count=truth.size))
    return figures


def _dice(measured: Measured, found: Segmented, name: str, dataset: str) -> list[Figure]:
    def dice(i: Indices, key: str) -> float:
        return dice_figures(found.overlap[i].reshape(-1), found.drawn[i].reshape(-1), found.true[i].reshape(-1))[key]

    def of(key: str) -> Callable[[Indices], float]:
        return lambda i: dice(i, key)

    each = dice_parts(found.overlap.reshape(-1), found.drawn.reshape(-1), found.true.reshape(-1))
    counts = {key: int(images_of(key, parts).sum()) for key, parts in each.items()}
    return [_interval(f"dice_{name}_{key}", of(key), measured, dataset, count) for key, count in counts.items()]


def _sites(measured: Measured, dataset: str) -> list[Figure]:
    limits = np.array(list(measured.thresholds.sites.values()))
    exact = (over_or_likeliest(measured.sites, limits) == measured.site_truth).all(axis=1)
    truth = measured.patient_truth
    called = measured.patients >= measured.thresholds.patient
    figures = [
        _share("sites_exact_ungated", exact, truth, measured, dataset),
        _share("sites_exact_gated", exact & called, truth, measured, dataset),
        # Source: the paper's report accuracy, (59 + 37) / 123.
        _share("report_accuracy", np.where(truth, exact & called, ~called), np.ones_like(truth), measured, dataset),
    ]
    for i, site in enumerate(measured.thresholds.sites):
        area = auc(measured.sites[truth, i], measured.site_truth[truth, i])
        figures.append(Figure(name=f"site_auc_{site}", value=_finite(area), count=int(truth.sum()), dataset=dataset))
    return figures


def _regions(measured: Measured, dataset: str) -> list[Figure]:
    """Mean Dice over the regions there are."""
    if measured.regions is None:
        return []
    sums = measured.regions

    def dice(i: Indices) -> float:
        overlap, total = sums[i].sum(axis=0).T
        return float((2 * overlap[total > 0] / total[total > 0]).mean()) if (total > 0).any() else float("nan")

    return [_interval("dice_regions", dice, measured, dataset)]


def _share(name: str, right: Bools, chosen: Bools, measured: Measured, dataset: str) -> Figure:
    """A share of the cases chosen, with Wilson's interval, or the bootstrap's where a patient has several of them."""
    good, numbers = right[chosen], measured.numbers[chosen]
    if not good.size:
        return Figure(name=name, value=None, count=0, dataset=dataset)
    if independent(numbers):
        ends = wilson(int(good.sum()), good.size)
    else:
        ends = bootstrap(numbers, lambda i: float(good[i].mean()))
    low, high = map(_finite, ends)
    return Figure(name=name, value=_finite(float(good.mean())), low=low, high=high, count=good.size, dataset=dataset)


def _interval(
    name: str, statistic: Callable[[Indices], float], measured: Measured, dataset: str, count: int | None = None
) -> Figure:
    """A figure with a bootstrap interval over patients, where these are not too few."""
    enough = len(np.unique(measured.numbers)) >= LEAST_PATIENTS
    low, high = bootstrap(measured.numbers, statistic) if enough else (np.nan, np.nan)
    cases = len(measured.numbers)
    return Figure(
        name=name,
        value=_finite(statistic(np.arange(cases))),
        low=_finite(low),
        high=_finite(high),
        count=cases if count is None else count,
        dataset=dataset,
    )


def _finite(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
