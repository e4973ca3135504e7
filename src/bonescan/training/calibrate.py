"""A bundle for other patients than its own: thresholds and calibration anew, the networks as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bonescan.core.errors import CohortError
from bonescan.inference import runtime
from bonescan.inference.joint import NETWORK
from bonescan.io.cohort import CohortCase
from bonescan.io.cohort_content import scan_marks
from bonescan.models.bundle import CARD, Bundle, Manifest, TrainingCohort, check_name, load_bundle, write_bundle
from bonescan.training.bundle_figures import DIFFERENCE, dataset_in_words, figures_of
from bonescan.training.cache import Cohorts, GridCases, open_cache, read_cohorts
from bonescan.training.card import model_card, patients_in_words, untuned_in_words
from bonescan.training.exported import in_batches, load_exactly
from bonescan.training.init import STAGES
from bonescan.training.joint.measure import measure_joint
from bonescan.training.measure import Measured, alike_in_words, measure
from bonescan.training.recipe import DataRecipe

_SEED = 0
"""Of the split of a cohort that has none, and that the bundle was not trained on."""


def calibrate_bundle(
    model: Path,
    folders: Sequence[Path],
    out: Path,
    *,
    name: str | None = None,
    workers: int = 2,
    progress: Callable[[str], None] | None = None,
) -> Bundle:
    """Tune a bundle's thresholds and calibration on annotated patients, and measure it on them.

    All patients take part but those of the test side, or of a cohort that taught the bundle's networks, or what they
    started from, the validation patients alone; where such a cohort has no split it is drawn as for the training. A
    cohort that has changed since is known no more, but each patient of whom a scan was trained on is left out. Every
    other one of them is tuned on and the rest measured on, or all of them both where they are few; the figures say so.
    The threshold of a pixel of a class that none of those to tune on has outlined stays. A stepwise bundle has no
    calibration, and gets none.

    Args:
        model: Folder of the bundle.
        folders: Cohorts.
        out: Bundle to write; may be `model` itself.
        name: Of the bundle; the one it has by default.
        workers: Processes that read and resample; 0 does it in this one.
        progress: Called with lines for people.

    Returns:
        The bundle as loaded back.

    Raises:
        UsageError: A bundle cannot have that name.
        ModelError: There is no such bundle, or it cannot be run.
        CohortError: A cohort cannot be read, or of the patients to tune on none has, or all have, metastases.
        OutputError: The bundle cannot be written; what was there stays.
    """
    if name is not None:
        check_name(name)
    bundle = load_bundle(model)
    cohorts, chosen = _patients(bundle.manifest, folders, progress)
    _check(chosen)
    with TemporaryDirectory() as cache:
        cases = open_cache(Path(cache) / "calibration", chosen, workers=workers, progress=progress)
        measured, calibration = _measure(bundle, cases)
        runtime.clear()
        del cases
    old = bundle.manifest
    dataset = dataset_in_words(measured, "calibration patients", simulated=cohorts.simulated)
    unchanged = tuple(figure for figure in old.figures if figure.name == DIFFERENCE)
    manifest = old.model_copy(
        update={
            "name": name or old.name,
            "thresholds": measured.thresholds,
            "calibration": calibration,
            "calibration_cohort": TrainingCohort(
                fingerprint=cohorts.fingerprint,
                fingerprints=tuple(cohorts.fingerprints.values()),
                cases={"calibration": len(chosen)},
                description=patients_in_words(simulated=cohorts.simulated),
            ),
            "figures": figures_of(measured, dataset) + unchanged,
        }
    )
    if progress and (words := untuned_in_words(measured.thresholds)):
        progress(words)
    files = {file: bundle.path(file).read_bytes() for file in old.files if file != CARD}
    return write_bundle(out, manifest, files | {CARD: model_card(manifest).encode("utf-8")})


def _patients(
    manifest: Manifest, folders: Sequence[Path], progress: Callable[[str], None] | None
) -> tuple[Cohorts, list[CohortCase]]:
    """The cohorts, and those of their cases to calibrate on."""
    trained_on = manifest.taught_by
    cohorts = read_cohorts(folders, seed=_SEED, seeds=trained_on)
    # A network is surer of the patients that it was trained on than of any others.
    seen = {
        folder
        for folder, fingerprint in cohorts.fingerprints.items()
        if fingerprint in trained_on or cohorts.fingerprint in trained_on
    }
    if seen and progress:
        names = ", ".join(sorted(folder.resolve().name for folder in seen))
        progress(f"{manifest.name} was trained on {names}: of these patients only those for validation take part")
    sides = {folder: ("val",) if folder in seen else ("train", "val") for folder in cohorts.fingerprints}
    chosen = [case for case in cohorts.cases if case.split in sides[case.folder]]
    if manifest.training_cohort.scans:
        return cohorts, _not_trained_on(manifest, chosen, progress)
    if progress and not manifest.simulated_only and len(seen) < len(folders):
        progress(
            f"{manifest.name} was exported by an earlier version and does not know its training patients again where "
            "their table has changed: give none of them"
        )
    return cohorts, chosen


def _not_trained_on(
    manifest: Manifest, cases: Sequence[CohortCase], progress: Callable[[str], None] | None
) -> list[CohortCase]:
    """Those of patients of whom no scan was trained on."""
    marks = frozenset(manifest.training_cohort.scans)
    trained = {(case.folder, case.patient_id) for case in cases if not marks.isdisjoint(scan_marks(case))}
    if trained and progress:
        names = ", ".join(sorted({folder.resolve().name for folder, _ in trained}))
        count = f"{len(trained)} patient{'s' if len(trained) > 1 else ''}"
        progress(f"{manifest.name} was trained on {count} of {names}, where the table has changed: left out")
    return [case for case in cases if (case.folder, case.patient_id) not in trained]


def _check(cases: Sequence[CohortCase]) -> None:
    """Refuse patients of whom those to tune on are all alike, whatever the rest are."""
    if words := alike_in_words(cases):
        raise CohortError(words, expected="some of both", hint="Outline more patients, or move some from the test side")


def _measure(bundle: Bundle, cases: GridCases) -> tuple[Measured, dict[str, Any] | None]:
    recipe, before = bundle.manifest.recipe, bundle.manifest.thresholds
    if bundle.manifest.pipeline == "joint":
        apart = recipe.get("augment", {}).get("one_view") == 1
        measured, calibration = measure_joint(cases, load_exactly(bundle.path(NETWORK)), apart=apart, before=before)
        return measured, asdict(calibration)
    networks = {stage: in_batches(load_exactly(bundle.path(f"{stage}.onnx"))) for stage in STAGES}
    least = recipe.get("data", {}).get("window_min_px", DataRecipe().window_min_px)
    return measure(cases, networks, least, before=before), bundle.manifest.calibration
