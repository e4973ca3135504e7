"""Thresholds and figures of a bundle, from the validation split with the networks as they ship.

Thresholds are tuned on one half of the patients and figures measured on the rest, so that no threshold
flatters its figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import SITES, MaskLabel, Site
from bonescan.inference.windows import STARTS, WINDOW, blend, extract
from bonescan.io.cohort import CohortCase
from bonescan.metrics.thresholds import balanced_threshold, even_odds_threshold, sensitive_threshold
from bonescan.models.bundle import Thresholds
from bonescan.training.cache import GridCases, patient_numbers
from bonescan.training.chain import Floats, Network, site_probabilities, window_probabilities

Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]

LEVELS = np.round(np.arange(0.1, 0.91, 0.05), 2)
"""Pixel probabilities among which the level of a class is chosen."""
_GATES = (0.8, 0.9, 0.95, 0.98, 1.0)
"""Sensitivities over windows among which the gate of a segmentation network is chosen."""
_UNTUNED = 0.5
"""Gate, and level, of a class that no case to tune on has, where none is known from before."""
_LEAST_TO_HALVE = 40
"""Fewer validation patients than this are all used for both, and the figures' name says so."""


@dataclass(frozen=True, eq=False)
class Segmented:
    """One class over all views of a split.

    Attributes:
        gate: Window probability at and above which a window is segmented; 0 where there are no windows.
        level: Pixel probability at and above which a pixel is drawn.
        overlap: (cases, 2) pixels drawn and true.
        drawn: (cases, 2) pixels drawn.
        true: (cases, 2) pixels true.
    """

    gate: float
    level: float
    overlap: Floats
    drawn: Floats
    true: Floats

    def of(self, cases: Indices) -> Segmented:
        """The same for some of the cases."""
        return Segmented(self.gate, self.level, self.overlap[cases], self.drawn[cases], self.true[cases])


@dataclass(frozen=True, eq=False)
class Measured:
    """All that the figures are made from: the cases that no threshold was tuned on, where there are enough.

    Attributes:
        held_out: Whether thresholds were tuned on other cases than these.
        numbers: (cases,) number of the patient, who may have several.
        patients: (cases,) probability of metastasis.
        patient_truth: (cases,).
        sites: (cases, 6) probabilities.
        site_truth: (cases, 6).
        dice: Class by name → what was segmented.
        thresholds: As tuned.
        windows: (cases, 2, 7, 2) probabilities, or None where the pipeline has no windows.
        window_truth: (cases, 2, 7, 2), or None.
        regions: (cases, regions, 2) pixels in both, and drawn plus true, of each region; None where it knows none.
    """

    held_out: bool
    numbers: npt.NDArray[np.int64]
    patients: Floats
    patient_truth: Bools
    sites: Floats
    site_truth: Bools
    dice: Mapping[str, Segmented]
    thresholds: Thresholds
    windows: Floats | None = None
    window_truth: Bools | None = None
    regions: Floats | None = None


def measure(
    cases: GridCases, networks: Mapping[str, Network], least: int, *, before: Thresholds | None = None
) -> Measured:
    """Run the chain over all cases, tune every threshold, and keep the cases to measure on.

    Args:
        cases: The validation split.
        networks: Stage → function.
        least: Pixels that make a window positive.
        before: Thresholds that the networks had, kept for a class that no case to tune on has.
    """
    tuning, held = halves(np.asarray(cases.metastasis), cases.patients)
    windows = np.stack([window_probabilities(networks["classify"], cases.image(i)) for i in range(len(cases))])
    truth = _window_truth(cases, least)
    segment = networks["segment_metastasis"], networks["segment_bladder"]
    metastasis = tune_segmentation(cases, segment[0], windows[..., 0], truth[..., 0], 1, tuning, before)
    bladder = tune_segmentation(cases, segment[1], windows[..., 1], truth[..., 1], 2, tuning, before)
    found = {"metastasis": metastasis, "bladder": bladder}
    sites = _sites(cases, networks, windows[..., 0] >= metastasis.gate)
    known, site_truth = np.asarray(cases.metastasis), np.asarray(cases.sites)
    patients: Floats = windows[..., 0].max(axis=(1, 2))
    thresholds = Thresholds(
        patient=balanced_threshold(patients[tuning], known[tuning]),
        window_metastasis=metastasis.gate,
        window_bladder=bladder.gate,
        segment_metastasis=metastasis.level,
        segment_bladder=bladder.level,
        sites=tune_sites(sites, site_truth, known, tuning, before.sites if before else None),
        untuned=untuned(found, tuning, known),
    )
    return Measured(
        held_out=tuning is not held,
        numbers=np.asarray(cases.patients)[held],
        patients=patients[held],
        patient_truth=known[held],
        sites=sites[held],
        site_truth=site_truth[held],
        dice={name: segmented.of(held) for name, segmented in found.items()},
        thresholds=thresholds,
        windows=windows[held],
        window_truth=truth[held],
    )


def tune_sites(
    scores: Floats,
    truth: Bools,
    metastasis: Bools,
    tuning: Indices,
    before: Mapping[Site, float] | None = None,
) -> dict[Site, float]:
    """A threshold a site, with the fewest errors to be expected in patients with metastases: reports are of these.

    Args:
        scores: (cases, 6) probabilities.
        truth: (cases, 6).
        metastasis: (cases,).
        tuning: Cases to choose on.
        before: Those before, one of which is kept where all or none of the cases to choose on have metastases there.
    """
    chosen = with_metastases(tuning, metastasis)
    return {
        site: before[site]
        if before and len(np.unique(truth[chosen, i])) < 2
        else even_odds_threshold(scores[chosen, i], truth[chosen, i])
        for i, site in enumerate(SITES)
    }


def with_metastases(tuning: Indices, metastasis: Bools) -> Indices:
    """Those of the cases that have metastases, or all where none has."""
    metastatic = tuning[metastasis[tuning]]
    return metastatic if len(metastatic) else tuning


def halves(metastasis: Bools, patients: Indices) -> tuple[Indices, Indices]:
    """Cases to tune on and cases to measure on: those of every other patient of each class.

    All studies of a patient are on one side. Where there are few patients, all cases are on both.

    Args:
        metastasis: (cases,).
        patients: (cases,) number of the patient.

    Example:
        >>> tuning, held = halves(np.zeros(41, bool), np.arange(41))
        >>> len(tuning), len(held)
        (21, 20)
    """
    numbers, case_of = np.unique(patients, return_inverse=True)
    if len(numbers) < _LEAST_TO_HALVE:
        everything = np.arange(len(metastasis))
        return everything, everything
    ever = np.zeros(len(numbers), np.bool_)
    np.logical_or.at(ever, case_of, metastasis)
    tuning = np.zeros(len(numbers), np.bool_)
    tuning[np.argsort(ever, kind="stable")[::2]] = True
    return np.flatnonzero(tuning[case_of]), np.flatnonzero(~tuning[case_of])


def alike_in_words(cases: Sequence[CohortCase]) -> str:
    """That of some cases those to tune on all have metastases, or none has, whatever the rest are; else nothing."""
    metastasis = np.array([case.metastasis for case in cases], dtype=np.bool_)
    tuning, _ = halves(metastasis, patient_numbers(cases))
    if _both(metastasis[tuning]):
        return ""
    positive = int(metastasis[tuning].sum())
    return f"of the patients to tune on {positive} have metastases and {len(tuning) - positive} have none"


def _both(metastasis: Bools) -> bool:
    return bool(metastasis.any() and not metastasis.all())


def tune_segmentation(
    cases: GridCases,
    segment: Network,
    probabilities: Floats,
    truth: Bools,
    label: int,
    tuning: Indices,
    before: Thresholds | None = None,
) -> Segmented:
    """Choose gate and level with the largest pooled Dice, the gate among high sensitivities over windows.

    Args:
        cases: The validation split.
        segment: The network.
        probabilities: (cases, 2, 7) of the classifier.
        truth: (cases, 2, 7) windows with the class.
        label: `MaskLabel` value of the class.
        tuning: Cases to choose on.
        before: Those before, whose gate and level are kept where no case to choose on has the class.
    """
    name = MaskLabel(label).name.lower()
    gate, level = (getattr(before, f"{part}_{name}", None) for part in ("window", "segment"))
    seen, held = probabilities[tuning], truth[tuning]
    if held.any():
        gates = sorted({min(sensitive_threshold(seen[held], held[held], s), 0.9) for s in _GATES})
    else:
        gates = [_UNTUNED if gate is None else gate]
    sums = np.zeros((len(gates), len(LEVELS), 3, len(cases), 2), np.float32)
    for case in range(len(cases)):
        for view in range(2):
            opened = probabilities[case, view] >= gates[0]
            maps = np.zeros((len(STARTS), WINDOW, WINDOW), np.float32)
            if opened.any():
                maps[opened] = segment(extract(cases.image(case)[view])[opened][:, None])[:, 0]
            true = cases.labels[case, view] == label
            for g, gate in enumerate(gates):
                blended = blend(np.where((probabilities[case, view] >= gate)[:, None, None], maps, 0))
                sums[g, :, :, case, view] = pixel_sums(blended, true)
    pooled = sums[:, :, :, tuning].sum(axis=(3, 4))
    best_gate = int(_dice(pooled).max(axis=1).argmax())
    best = best_level(pooled[best_gate], level)
    return Segmented(gates[best_gate], float(LEVELS[best]), *sums[best_gate, best])


def best_level(sums: npt.NDArray[np.floating], before: float | None = None) -> int:
    """Number of the level with the largest pooled Dice.

    Without a true pixel Dice is 0 at all of them, and says nothing: then of the level nearest to the one before, or to
    0.5 where there was none.

    Args:
        sums: (levels, 3) pixels in both, drawn and true, of all cases to choose on.
        before: Level that the class had.

    Example:
        >>> float(LEVELS[best_level(np.zeros((len(LEVELS), 3), np.float32), 0.7)])
        0.7
    """
    if not sums[:, 2].any():
        return int(np.abs(LEVELS - (_UNTUNED if before is None else before)).argmin())
    return int(_dice(sums).argmax())


def untuned(found: Mapping[str, Segmented], tuning: Indices, metastasis: Bools) -> tuple[str, ...]:
    """Names of the classes of which the cases to tune on have no true pixel; "patient" where these cases are all alike.

    Args:
        found: Class by name → what was segmented.
        tuning: Cases to choose on.
        metastasis: (cases,).
    """
    classes = tuple(name for name, segmented in found.items() if not segmented.true[tuning].any())
    return classes if _both(metastasis[tuning]) else (*classes, "patient")


def _dice(sums: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """(...) Dice of (..., 3) pixels in both, drawn and true."""
    dice: npt.NDArray[np.floating] = 2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1)
    return dice


def pixel_sums(probability: Floats, true: Bools) -> Floats:
    """(levels, 3) pixels in both, drawn, and true, by histogram: one pass for all levels."""
    edges = np.append(LEVELS, np.inf)
    drawn = np.histogram(probability, edges)[0][::-1].cumsum()[::-1]
    both = np.histogram(probability[true], edges)[0][::-1].cumsum()[::-1]
    return np.stack([both, drawn, np.full(len(LEVELS), true.sum())], axis=1).astype(np.float32)


def _window_truth(cases: GridCases, least: int) -> Bools:
    truth = np.zeros((len(cases), 2, len(STARTS), 2), np.bool_)
    for k, start in enumerate(STARTS):
        for c, label in enumerate((MaskLabel.METASTASIS, MaskLabel.BLADDER)):
            pixels = (cases.labels[:, :, start : start + WINDOW] == label).sum(axis=(2, 3))
            truth[:, :, k, c] = pixels >= least
    return truth


def _sites(cases: GridCases, networks: Mapping[str, Network], gates: Bools) -> Floats:
    """(cases, 6) from the predicted maps, gated as they are in use."""
    from bonescan.training.chain import probability_map

    rows = []
    for case in range(len(cases)):
        image = cases.image(case)
        found = probability_map(networks["segment_metastasis"], image, gates[case])
        rows.append(site_probabilities(networks["locate"], image, found))
    return np.stack(rows)
