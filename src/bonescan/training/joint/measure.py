"""Thresholds, calibration and figures of the joint pipeline, from the validation split with the network as it ships."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import SITES, Region
from bonescan.inference.joint import FINDINGS, REGION_STEP, Calibration, look
from bonescan.inference.runtime import Network
from bonescan.metrics.sigmoid import fit_sigmoid, logit
from bonescan.metrics.thresholds import balanced_threshold
from bonescan.models.bundle import Thresholds
from bonescan.training.cache import UNKNOWN, GridCases
from bonescan.training.joint.samples import mirrored
from bonescan.training.measure import (
    LEVELS,
    Indices,
    Measured,
    Segmented,
    best_level,
    halves,
    pixel_sums,
    untuned,
    with_metastases,
)

Floats = npt.NDArray[np.float32]

_REVIEWED = 0.12
"""Share of patients whose probability is close enough to the threshold for a second look."""
_LIKELIER = 0.5
"""A site is said to hold metastases if that is likelier than not. A threshold tuned for each follows the chance of who
is among the few patients with metastases there, at the cost of reports."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What the network said of each case.

    Attributes:
        study: (cases, 7) logits.
        sums: (findings, levels, 3, cases, 2) pixels in both, drawn and true.
        regions: (cases, regions, 2) pixels in both, and drawn plus true.
    """

    study: Floats
    sums: Floats
    regions: Floats


def answers(cases: GridCases, network: Network, *, apart: bool = False) -> Answers:
    """Run the network over all cases.

    Args:
        cases: Of the validation split.
        network: As it ships.
        apart: Whether it is shown each view alone, as `bonescan evaluate --apart` does.
    """
    study = np.zeros((len(cases), 1 + len(SITES)), np.float32)
    sums = np.zeros((len(FINDINGS), len(LEVELS), 3, len(cases), 2), np.float32)
    regions = np.zeros((len(cases), len(Region), 2), np.float32)
    for case in range(len(cases)):
        image = mirrored(cases.images[case]).astype(np.float32)[None]
        out = _each_alone(network, image) if apart else look(network.outputs, image)
        study[case] = out["study"][0, 0]
        labels = mirrored(cases.labels[case])
        for f, finding in enumerate(FINDINGS):
            for view in range(2):
                sums[f, :, :, case, view] = pixel_sums(out["findings"][0, view, f], labels[view] == finding)
        _count(regions[case], out["regions"][0].astype(np.uint8), mirrored(cases.regions[case]))
    return Answers(study, sums, regions)


def _each_alone(network: Network, image: Floats) -> dict[str, Floats]:
    """Of each view what the network says of it without the other; of the study the larger of both answers."""
    views = range(image.shape[1])
    alone = [
        look(network.outputs, image * (np.arange(image.shape[1]) == view)[None, :, None, None], 1 + view)
        for view in views
    ]
    study = np.max([out["study"][:, [1 + view]] for view, out in enumerate(alone)], axis=0)
    maps = {
        key: np.stack([out[key][:, view] for view, out in enumerate(alone)], axis=1) for key in ("findings", "regions")
    }
    return {**maps, "study": study}


def measure_joint(
    cases: GridCases, network: Network, *, apart: bool = False, before: Thresholds | None = None
) -> tuple[Measured, Calibration]:
    """Tune every threshold and the calibration on one half of the cases, and keep the other to measure on.

    Args:
        cases: Of the validation split.
        network: As it ships.
        apart: Whether it is shown each view alone.
        before: Thresholds that it had, kept for a class that no case to tune on has.
    """
    said = answers(cases, network, apart=apart)
    known, sites = np.asarray(cases.metastasis), np.asarray(cases.sites)
    tuning, held = halves(known, cases.patients)
    patient = fit_sigmoid(said.study[tuning, 0], known[tuning])
    metastatic = with_metastases(tuning, known)
    site = fit_sigmoid(said.study[metastatic, 1:], sites[metastatic])
    calibration = Calibration(patient, site)
    probabilities = calibration.probabilities(said.study)
    threshold = balanced_threshold(probabilities[tuning, 0], known[tuning])
    calibration = Calibration(patient, site, review_band(probabilities[tuning, 0], threshold))
    names = [finding.name.lower() for finding in FINDINGS]
    levels = {name: getattr(before, f"segment_{name}", None) for name in names}
    found = {name: _tune(said.sums[f], tuning, levels[name]) for f, name in enumerate(names)}
    thresholds = Thresholds(
        patient=threshold,
        segment_metastasis=found["metastasis"].level,
        segment_bladder=found["bladder"].level,
        segment_benign=found["benign"].level,
        sites=dict.fromkeys(SITES, _LIKELIER),
        untuned=untuned(found, tuning, known),
    )
    measured = Measured(
        held_out=tuning is not held,
        numbers=np.asarray(cases.patients)[held],
        patients=probabilities[held, 0],
        patient_truth=known[held],
        sites=probabilities[held, 1:],
        site_truth=sites[held],
        dice={name: segmented.of(held) for name, segmented in found.items()},
        thresholds=thresholds,
        regions=said.regions[held] if said.regions.any() else None,
    )
    return measured, calibration


def review_band(probabilities: Floats, threshold: float) -> tuple[float, float]:
    """Probabilities around the threshold that hold the given share of the patients, equally far in logits."""
    distance = np.abs(logit(probabilities) - logit(threshold))
    reach = float(np.quantile(distance, _REVIEWED))
    middle = float(logit(threshold))
    low, high = (1 / (1 + np.exp(-(middle + side * reach))) for side in (-1, 1))
    return round(float(low), 4), round(float(high), 4)


def _tune(sums: Floats, tuning: Indices, before: float | None) -> Segmented:
    best = best_level(sums[:, :, tuning].sum(axis=(2, 3)), before)
    return Segmented(0.0, float(LEVELS[best]), *sums[best])


def _count(sums: Floats, drawn: npt.NDArray[np.uint8], true: npt.NDArray[np.uint8]) -> None:
    assert drawn.shape == true.shape, f"region maps are {REGION_STEP} grid pixels apart"
    known = true != UNKNOWN
    for region in Region:
        if region is not Region.BACKGROUND:
            a, b = (drawn == region) & known, true == region
            sums[region] = (a & b).sum(), a.sum() + b.sum()
