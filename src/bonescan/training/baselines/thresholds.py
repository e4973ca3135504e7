"""Thresholds of a trained method, tuned on validation patients and kept in the run as ``thresholds.json``.

The same half of the validation patients is used, with the same rules, as for a bundle of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bonescan.core.anatomy import MaskLabel, Site
from bonescan.core.errors import ModelError
from bonescan.core.files import write_text
from bonescan.metrics.thresholds import balanced_threshold
from bonescan.training.baselines.found import Found, Method
from bonescan.training.cache import GridCases
from bonescan.training.measure import LEVELS, best_level, halves, pixel_sums, tune_sites

FILE = "thresholds.json"
_CHUNK = 32


class MethodThresholds(BaseModel):
    """Probabilities at and above which the answer is yes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    patient: float = Field(ge=0, le=1)
    sites: dict[Site, float]
    metastasis: float = Field(ge=0, le=1, description="Of a pixel.")
    bladder: float = Field(ge=0, le=1, description="Of a pixel.")
    tuned_on: int = Field(gt=0, description="Validation patients.")


def tune(method: Method, cases: GridCases) -> MethodThresholds:
    """Run a method over validation patients and choose every threshold.

    Pixels by the largest pooled Dice, the patient where sensitivity equals specificity, each site at even odds
    among patients with metastases. A class that the method or nobody outlines has nothing to choose by, and gets 0.5.

    Args:
        method: The trained method.
        cases: The validation split.
    """
    chosen, _ = halves(np.asarray(cases.metastasis), cases.patients)
    sums = np.zeros((2, len(LEVELS), 3))
    patients, sites = [], []
    for case, found in zip(chosen, _all(method, cases, chosen), strict=True):
        patients.append(found.patient)
        sites.append(found.sites)
        for number, (values, label) in enumerate(
            ((found.metastasis, MaskLabel.METASTASIS), (found.bladder, MaskLabel.BLADDER))
        ):
            if values is not None:
                sums[number] += pixel_sums(values, np.asarray(cases.labels[case]) == label)
    truth, scores = np.asarray(cases.metastasis)[chosen], np.stack(sites)
    return MethodThresholds(
        patient=balanced_threshold(np.array(patients), truth),
        sites=tune_sites(scores, np.asarray(cases.sites)[chosen], truth, np.arange(len(chosen))),
        metastasis=float(LEVELS[best_level(sums[0])]),
        bladder=float(LEVELS[best_level(sums[1])]),
        tuned_on=len(chosen),
    )


def write_thresholds(run: Path, thresholds: MethodThresholds) -> None:
    """Keep them in the run."""
    write_text(run / FILE, thresholds.model_dump_json(indent=1) + "\n")


def read_thresholds(run: Path) -> MethodThresholds:
    """Read what `write_thresholds` wrote.

    Raises:
        ModelError: The run is not finished.
    """
    try:
        return MethodThresholds.model_validate_json((run / FILE).read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise ModelError(f"the run in {run} is not finished", hint="Train it to its end with --resume") from error


def _all(method: Method, cases: GridCases, chosen: Iterable[int]) -> Iterable[Found]:
    numbers = [int(case) for case in chosen]
    for first in range(0, len(numbers), _CHUNK):
        yield from method(np.stack([cases.image(case) for case in numbers[first : first + _CHUNK]]))
