"""What a trained baseline says of the studies of a cohort, as a folder of predictions."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

import bonescan
from bonescan.core.anatomy import SITES, MaskLabel
from bonescan.core.errors import CohortError, UsageError
from bonescan.core.study import Labels, ViewName
from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS, GridView, from_grid, to_grid
from bonescan.io.cohort import CohortCase, Split, read_cohort
from bonescan.io.predictions import (
    TABLE,
    PredictedStudy,
    PredictionsAbout,
    PredictionsThresholds,
    write_predicted_masks,
    write_predictions,
)
from bonescan.models.bundle import load_bundle
from bonescan.models.registry import find_bundle
from bonescan.training.baselines.found import Floats, Found, site_map
from bonescan.training.baselines.gate import Gate
from bonescan.training.baselines.thresholds import MethodThresholds, read_thresholds
from bonescan.training.baselines.train import baseline_of, method_of
from bonescan.training.cache import VIEWS
from bonescan.training.run import Run, open_run

_log = logging.getLogger(__name__)
_CHUNK = 32
"""Studies at a time: nnU-Net begins a process for each chunk."""


@dataclass(frozen=True, eq=False)
class _Read:
    """One study on the grid.

    Attributes:
        study_id: Of the cohort.
        views: How to go back, for each view there is.
        image: (2, 1024, 256), zeros where a view is missing.
        seconds: Spent on it.
    """

    study_id: str
    views: dict[ViewName, GridView]
    image: Floats
    seconds: float


def predict_cohort(
    run_dir: Path,
    cohort_dir: Path,
    out: Path,
    *,
    split: Split | Literal["all"] = "test",
    gate: str | None = None,
    limit: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> int:
    """Let a trained baseline answer on one split of a cohort.

    Args:
        run_dir: A finished run of `train_baseline`.
        cohort_dir: Any cohort.
        out: Folder of predictions to write.
        split: Which studies.
        gate: Name or folder of a stepwise bundle whose classifier decides first, see `Gate`.
        limit: Only so many studies, the first ones; all by default.
        progress: Called with lines for people; by default they are logged.

    Returns:
        How many studies were predicted.

    Raises:
        ModelError: The run is not finished, is of another kind or version, or the gate is no stepwise bundle.
        CohortError: The cohort has faults or no such study.
        UsageError: The folder holds predictions already.
    """
    say = progress or _log.info
    if (out / TABLE).exists():
        raise UsageError(f"{out} already holds predictions", hint="Name another folder")
    run = open_run(run_dir)
    torch.set_num_threads(run.recipe.threads)
    baseline_of(run)
    thresholds = read_thresholds(run_dir)  # they come last: before them there may be no network
    where = site_map(run_dir)
    method = method_of(run, where)
    gated = Gate(load_bundle(find_bundle(gate)), where, threads=run.recipe.threads) if gate else None
    cohort = read_cohort(cohort_dir)
    cases = (cohort.cases if split == "all" else cohort.split(split))[:limit]
    if not cases:
        raise CohortError(f"the cohort has no study in split {split!r}", hint="Name another split with --split")
    rows: list[PredictedStudy] = []
    for chunk in _chunks(cases):
        images = np.stack([read.image for read in chunk])
        for read, found in zip(chunk, method(images), strict=True):
            if gated is not None:
                present = np.array([view in read.views for view in VIEWS])
                found = gated.apply(found, read.image, present)
            began = time.perf_counter()
            masks = _masks(found, read, thresholds)
            seconds = read.seconds + found.seconds + time.perf_counter() - began
            write_predicted_masks(out, read.study_id, masks)
            sites = dict(zip(SITES, map(float, found.sites), strict=True))
            rows.append(PredictedStudy(read.study_id, found.patient, sites, seconds))
        say(f"predicted {len(rows)} of {len(cases)} studies")
    write_predictions(out, _about(run, thresholds, gated), rows)
    return len(rows)


def _chunks(cases: Sequence[CohortCase]) -> Iterator[list[_Read]]:
    for first in range(0, len(cases), _CHUNK):
        yield [_read(case) for case in cases[first : first + _CHUNK]]


def _read(case: CohortCase) -> _Read:
    began = time.perf_counter()
    views = {view.name: to_grid(view) for view in case.read_study().views}
    image = np.zeros((len(VIEWS), GRID_ROWS, GRID_COLUMNS), np.float32)
    for name, gridded in views.items():
        image[VIEWS.index(name)] = gridded.image
    return _Read(case.study_id, views, image, time.perf_counter() - began)


def _masks(found: Found, read: _Read, thresholds: MethodThresholds) -> dict[ViewName, Labels]:
    """Labels in the geometry of the views; bladder where both are above their thresholds, as in our pipelines."""
    if found.metastasis is None or found.bladder is None:
        return {}
    masks = {}
    for name, gridded in read.views.items():
        index = VIEWS.index(name)
        lesion, bladder = (from_grid(values[index], gridded.grid) for values in (found.metastasis, found.bladder))
        labels = np.where(lesion >= thresholds.metastasis, MaskLabel.METASTASIS, MaskLabel.BACKGROUND)
        masks[name] = np.where(bladder >= thresholds.bladder, MaskLabel.BLADDER, labels).astype(np.uint8)
    return masks


def _about(run: Run, thresholds: MethodThresholds, gate: Gate | None) -> PredictionsAbout:
    made_with: dict[str, Any] = {
        "bonescan": getattr(bonescan, "__version__", "unknown"),
        "pipeline": run.recipe.pipeline,
        "recipe": run.recipe.model_dump(mode="json"),
        "run": run.identity,
        "trained_on_simulated_patients_only": run.facts.get("simulated"),
        "thresholds": thresholds.model_dump(mode="json"),
    }
    patient, name = thresholds.patient, run.recipe.name
    if gate is not None:
        patient, name = gate.threshold, f"{name} gated"
        made_with["gate"] = {"name": gate.bundle.manifest.name, "sha256": gate.bundle.sha256}
    limits = PredictionsThresholds(patient=patient, sites=thresholds.sites)
    return PredictionsAbout(name=name, version=run.recipe.version, made_with=made_with, thresholds=limits)
