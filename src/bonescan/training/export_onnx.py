"""From a finished run to a bundle: export, shrink, check, measure, write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from torch import nn

from bonescan.core.errors import ModelError
from bonescan.inference import preprocess, runtime
from bonescan.inference.joint import NETWORK
from bonescan.inference.windows import STARTS, STRIDE, WINDOW
from bonescan.models.bundle import CARD, Bundle, Manifest, TrainingCohort, check_name, write_bundle
from bonescan.training.bundle_figures import dataset_in_words, difference_of, figures_of
from bonescan.training.cache import GridCases, load_cache
from bonescan.training.card import INTENDED_USE, model_card, patients_in_words, untuned_in_words
from bonescan.training.chain import Network, as_function
from bonescan.training.checkpoint import Checkpoint
from bonescan.training.exported import in_batches, load_exactly, stage_inputs
from bonescan.training.init import STAGES
from bonescan.training.joint.export import joint_difference, load_joint
from bonescan.training.joint.measure import measure_joint
from bonescan.training.measure import Measured, measure
from bonescan.training.onnx_graph import joint_to_onnx, to_onnx
from bonescan.training.quantise import Quantisation, quantise, quantise_activations
from bonescan.training.recipe import BundleRecipe, JointRecipe, StepwiseRecipe
from bonescan.training.region_prior import FILE
from bonescan.training.run import Run, open_run
from bonescan.training.stepwise import load_best

_LICENCE = "Apache-2.0"
_MIXED = Quantisation(four_bit_from=1_000_000)
_CHECKED_CASES = 4
_RANGED_CASES = 64
"""Cases of training whose values give the ranges of integer activations."""


def export_bundle(
    run_dir: Path, bundle_dir: Path, *, name: str | None = None, progress: Callable[[str], None] | None = None
) -> Bundle:
    """Export a finished training run as a model bundle.

    Thresholds are tuned and figures measured with the exported files, on the validation cases of the run.

    Args:
        run_dir: Folder written by `train`.
        bundle_dir: Folder to write; an earlier bundle there is replaced.
        name: Name of the bundle; the recipe's by default.
        progress: Called with lines for people.

    Returns:
        The bundle as loaded back.

    Raises:
        UsageError: A bundle cannot have that name.
        ModelError: The folder holds no run, or the run is not finished or a baseline's.
        OutputError: The bundle cannot be written.
    """
    say = progress or (lambda line: None)
    if name is not None:
        check_name(name)
    run = open_run(run_dir)
    if isinstance(run.recipe, JointRecipe):
        contents = _joint(run, run.recipe, say)
    elif isinstance(run.recipe, StepwiseRecipe):
        contents = _stepwise(run, run.recipe, say)
    else:
        raise ModelError(
            f"the run in {run_dir} is of a baseline, {run.recipe.pipeline}, which is not made into a bundle",
            hint="Let it answer on a cohort with 'bonescan predict'",
        )
    manifest = _manifest(run, contents, name or run.recipe.name)
    if words := untuned_in_words(manifest.thresholds):
        say(words)
    files = contents.files | {CARD: model_card(manifest).encode("utf-8")}
    return write_bundle(bundle_dir, manifest, files)


@dataclass(frozen=True)
class _Contents:
    """What differs from pipeline to pipeline.

    Attributes:
        files: Name → content.
        measured: On the validation split.
        difference: Largest difference of a probability between the exported and the trained networks.
        preprocessing: For the manifest.
        calibration: For the manifest.
    """

    files: dict[str, bytes]
    measured: Measured
    difference: float
    preprocessing: dict[str, Any]
    calibration: dict[str, Any] | None = None


def _stepwise(run: Run, recipe: StepwiseRecipe, say: Callable[[str], None]) -> _Contents:
    networks = _finished(run, recipe)
    files = {f"{stage}.onnx": _small(to_onnx(stage, network), recipe) for stage, network in networks.items()}
    _say_sizes(files, say)
    cases = load_cache(run.folder / "cache" / "val")
    with TemporaryDirectory() as folder:
        exported = {name: in_batches(network) for name, network in _load(files, Path(folder)).items()}
        difference = _difference(networks, exported, cases)
        say(f"largest difference from the trained networks: {difference:.4f}")
        measured = measure(cases, exported, recipe.data.window_min_px)
        runtime.clear()
    files |= {path.name: path.read_bytes() for path in run.folder.glob(FILE.format(view="*"))}
    windows = {"window": WINDOW, "stride": STRIDE, "windows_per_view": len(STARTS)}
    return _Contents(files, measured, difference, windows)


def _joint(run: Run, recipe: JointRecipe, say: Callable[[str], None]) -> _Contents:
    network = load_joint(run, recipe)
    model = joint_to_onnx(network)
    if recipe.quantise == "integer":
        seen = load_cache(run.folder / "cache" / "train")
        chosen = np.linspace(0, len(seen) - 1, min(_RANGED_CASES, len(seen))).astype(int)
        model = quantise_activations(model, (stage_inputs("joint", seen, int(case)) for case in chosen))
    files = {NETWORK: _small(model, recipe)}
    _say_sizes(files, say)
    cases = load_cache(run.folder / "cache" / "val")
    with TemporaryDirectory() as folder:
        exported = _load(files, Path(folder))["joint"]
        difference = joint_difference(network, exported, cases, _CHECKED_CASES)
        say(f"largest difference from the trained network: {difference:.4f}")
        measured, calibration = measure_joint(cases, exported, apart=recipe.augment.one_view == 1)
        runtime.clear()
    posterior = {"posterior": "mirrored, as second channel"}
    return _Contents(files, measured, difference, posterior, asdict(calibration))


def _say_sizes(files: Mapping[str, bytes], say: Callable[[str], None]) -> None:
    for name, content in files.items():
        say(f"{name}: {len(content) / 1e6:.1f} MB")


def _finished(run: Run, recipe: StepwiseRecipe) -> dict[str, nn.Module]:
    for stage in STAGES:
        path = run.folder / "checkpoints" / f"{stage}.pt"
        if not path.exists() or not Checkpoint.load(path).finished:
            raise ModelError(
                f"the stage {stage} of the run is not finished", hint="Go on with 'bonescan train --resume'"
            )
    return {stage: load_best(stage, run, recipe) for stage in STAGES}


def _small(model: onnx.ModelProto, recipe: BundleRecipe) -> bytes:
    """Quantise the weights as the recipe says."""
    if recipe.quantise != "none":
        model = quantise(model, _MIXED if recipe.quantise == "mixed" else Quantisation())
    content: bytes = model.SerializeToString()
    return content


def _load(files: Mapping[str, bytes], folder: Path) -> dict[str, runtime.Network]:
    """The exported networks as functions."""
    functions = {}
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content)
        functions[path.stem] = load_exactly(path)
    return functions


def _difference(networks: Mapping[str, nn.Module], exported: Mapping[str, Network], cases: GridCases) -> float:
    """Largest difference of a window's or site's probability between trained and exported networks."""
    largest = 0.0
    for case in range(min(_CHECKED_CASES, len(cases))):
        for stage in ("classify", "locate"):
            inputs = stage_inputs(stage, cases, case)
            trained = as_function(networks[stage])(inputs)
            largest = max(largest, float(np.abs(trained - exported[stage](inputs)).max()))
    return largest


def _description(run: Run, simulated: bool) -> str:
    words = patients_in_words(simulated=simulated)
    if not simulated and (count := run.facts.get("simulated_train", 0)):
        words = f"{words} Of those for training {count} are simulated."
    start = run.facts.get("started_from") or {}
    if start:
        what = f"the model {start['bundle']}, trained" if "bundle" in start else "a run"
        words = f"{words} The networks started from {what} on the cohort {start['cohort_fingerprint'][:16]}."
    if init := run.facts.get("init") or start.get("init"):
        what = f"the checkpoint {init['name']} (SHA-256 {init['sha256'][:16]}), which was taught elsewhere"
        words = f"{words} The window classifier began as {what}."
    return words


def _manifest(run: Run, contents: _Contents, name: str) -> Manifest:
    simulated = bool(run.facts.get("simulated", False))
    cohort = TrainingCohort(
        fingerprint=run.facts["cohort_fingerprint"],
        fingerprints=run.facts.get("cohort_fingerprints", ()),
        before=run.facts.get("taught_before", {}),
        scans=run.trained_scans,
        cases=run.facts["cases"],
        description=_description(run, simulated),
    )
    measured = contents.measured
    return Manifest(
        name=name,
        version=run.recipe.version,
        licence=_LICENCE,
        pipeline=run.recipe.pipeline,
        recipe=run.recipe.model_dump(mode="json"),
        recipe_sha256=run.recipe_sha256,
        preprocessing={
            "grid": [preprocess.GRID_ROWS, preprocess.GRID_COLUMNS],
            "intensity": "clip(sqrt(counts / mean body counts below their 98th percentile), 0, 8) / 2",
            **contents.preprocessing,
        },
        thresholds=measured.thresholds,
        calibration=contents.calibration,
        training_cohort=cohort,
        figures=(
            *figures_of(measured, dataset := dataset_in_words(measured, "validation", simulated=simulated)),
            difference_of(contents.difference, dataset),
        ),
        intended_use=INTENDED_USE,
        simulated_only=run.simulated_only,
        regions=run.regions,
        files={},
    )
