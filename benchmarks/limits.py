"""What keeps the default model from being right: `python -m benchmarks.limits`.

Simulates new patients with their noiseless images, and lets the model see each of them four times: as counted, with 4
and 16 times the counts, and without noise at all. What stays wrong without noise is not the camera's fault. Of the
pixels wrong as counted it says where they lie: at the edge of lesions that are found, in lesions that are missed, in
false alarms. Writes `benchmarks/results/limits.json`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy import RESULTS, bonescan

if TYPE_CHECKING:
    from bonescan.core.study import Study

PATIENTS, SEED = 400, 907
TIMES: tuple[float, ...] = (1, 4, 16, np.inf)
"""How many times the counts; infinitely many are no noise."""
_NOISE_SEED = 1
_DOUBT = 0.15
"""Least probability of an abnormal finding where a missed lesion was seen, though not called."""

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]


@dataclass
class Seen:
    """What came of some patients at one number of counts.

    Attributes:
        probabilities: Of metastasis, a patient each.
        overlap, called, true: Pixels of metastasis.
        hit, lesions: Lesions called at any pixel, and all.
    """

    probabilities: list[float] = field(default_factory=list)
    overlap: int = 0
    called: int = 0
    true: int = 0
    hit: int = 0
    lesions: int = 0


def main() -> None:
    """Simulate, look four times, and write the result file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--work", type=Path, default=Path("accuracy"), help="folder for the patients")
    arguments.add_argument("--processes", type=int, default=2, help="worker processes")
    chosen = arguments.parse_args()
    document = run(chosen.work / "limits", chosen.processes)
    (RESULTS / "limits.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def run(cohort: Path, processes: int) -> dict[str, Any]:
    """Measure on the patients of a cohort, which is simulated where it is not there yet."""
    from bonescan.io.cohort import read_cohort
    from bonescan.metrics.roc import delong
    from bonescan.models.bundle import load_bundle
    from bonescan.models.registry import find_bundle

    words = ("-n", str(PATIENTS), "--seed", str(SEED), "--noiseless")
    if not (cohort / "cohort.csv").is_file():
        bonescan("simulate", *words, "-o", str(cohort), "--processes", str(processes))
    cases = read_cohort(cohort).cases
    parts = [(cohort, range(first, len(cases), processes)) for first in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        results = list(pool.map(look, *zip(*parts, strict=True)))
    truth = np.array([cases[n].metastasis for _, chosen in parts for n in chosen])
    wrong: Counter[str] = sum((where for _, where in results), Counter())
    rows = []
    for n, times in enumerate(TIMES):
        seen = [at[n] for at, _ in results]
        overlap, called, true = (sum(getattr(s, name) for s in seen) for name in ("overlap", "called", "true"))
        area = delong(np.concatenate([s.probabilities for s in seen]), truth)
        rows.append({
            "counts_times": times if np.isfinite(times) else None,
            "auc": {"value": area.value, "low": area.low, "high": area.high},
            "dice_metastasis_pooled": 2 * overlap / (called + true),
            "lesions_hit": sum(s.hit for s in seen) / sum(s.lesions for s in seen),
        })  # fmt: skip
    manifest = load_bundle(find_bundle("joint")).manifest
    return {
        "command": "python -m benchmarks.limits",
        "what": f"{len(cases)} patients of the recipe default, {int(truth.sum())} with metastases",
        "simulated_with": " ".join(("bonescan simulate", *words)),
        "model": {"name": manifest.name, "version": manifest.version},
        "noise": rows,
        "wrong_pixels": {"total": sum(wrong.values()), "share": {k: n / sum(wrong.values()) for k, n in wrong.items()}},
    }


def look(cohort: Path, chosen: range) -> tuple[list[Seen], Counter[str]]:
    """Let the model see some patients of a cohort at all numbers of counts; and where it was wrong as counted."""
    from bonescan.burden.components import components
    from bonescan.core.anatomy import MaskLabel
    from bonescan.inference.joint import Joint
    from bonescan.io.cohort import read_cohort
    from bonescan.models.bundle import load_bundle
    from bonescan.models.registry import find_bundle

    cases = read_cohort(cohort).cases
    model = Joint(load_bundle(find_bundle("joint")), threads=1)
    at = [Seen() for _ in TIMES]
    wrong: Counter[str] = Counter()
    for n in chosen:
        study, truth = cases[n].read_study(), cases[n].read_labels()
        with np.load(cohort / cases[n].study_id / "noiseless.npz") as archive:
            expected = dict(archive)
        rng = np.random.default_rng((_NOISE_SEED, n))
        for times, seen in zip(TIMES, at, strict=True):
            result = model.run(study if times == 1 else counted(study, expected, times, rng))
            seen.probabilities.append(result.probability)
            for found in result.views:
                labels = truth[found.view.name]
                true, called = labels == MaskLabel.METASTASIS, found.labels == MaskLabel.METASTASIS
                lesions = components(true)
                seen.overlap += int((called & true).sum())
                seen.called += int(called.sum())
                seen.true += int(true.sum())
                seen.hit += sum(bool(called[lesion.rows, lesion.columns].any()) for lesion in lesions)
                seen.lesions += len(lesions)
                if times == 1:
                    assert found.benign is not None
                    wrong += where_wrong(labels, called, np.maximum(found.metastasis, found.benign))
    return at, wrong


def counted(study: Study, expected: dict[str, Floats], times: float, rng: np.random.Generator) -> Study:
    """The study with that many times the counts, scaled back to those that it has; without noise where infinite."""
    views = []
    for view in study.views:
        mean = expected[str(view.name)]
        counts = mean if np.isinf(times) else (rng.poisson(mean * times) / times).astype(np.float32)
        views.append(replace(view, counts=counts))
    return replace(study, scan=replace(study.scan, views=tuple(views)))


def where_wrong(labels: Labels, called: Bools, abnormal: Floats) -> Counter[str]:
    """Sort the wrong pixels of a view.

    Args:
        labels: (rows, columns) true `MaskLabel`.
        called: (rows, columns) bool, called metastasis.
        abnormal: (rows, columns) probability of metastasis or of benign uptake, whichever is likelier.
    """
    from bonescan.burden.components import components
    from bonescan.core.anatomy import MaskLabel

    true = labels == MaskLabel.METASTASIS
    counts: Counter[str] = Counter()
    for lesion in components(true):
        place = lesion.rows, lesion.columns
        if called[place].any():
            counts["edge, not called"] += int((~called[place]).sum())
        else:
            seen = abnormal[place].max() >= _DOUBT
            counts["lesion missed, though seen" if seen else "lesion missed, not seen"] += lesion.area_px
    for spot in components(called):
        place = spot.rows, spot.columns
        if true[place].any():
            counts["edge, called too much"] += int((~true[place]).sum())
        else:
            mimic = (labels[place] == MaskLabel.BENIGN).any()
            counts["false alarm on benign uptake" if mimic else "false alarm on nothing"] += spot.area_px
    return counts


if __name__ == "__main__":
    main()
