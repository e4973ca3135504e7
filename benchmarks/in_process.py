"""Raw DICOM to analysis inside one process: both pipelines, and each runtime, side by side in one run; prints JSON.

Models and runtimes take turns patient by patient, so that a busy moment of the machine hits all of them. The scans are
uncompressed, as gamma cameras send them; the same scans with run-length compression are timed beside them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bonescan.core.findings import Timing
    from bonescan.core.study import Study
    from bonescan.inference.runtime import Backend, Precision
    from bonescan.models.bundle import Bundle

BACKENDS: dict[str, tuple[Backend, Precision | None]] = {
    "openvino": ("openvino", None),
    "openvino_f32": ("openvino", "f32"),
    "onnxruntime": ("onnxruntime", None),
}
"""Name → (backend, precision); None is the backend's own choice for the processor."""
RIVAL = "stepwise"
"""The paper's pipeline, which the default model is compared with."""
FLOATS = "openvino_float_activations"
"""The default model in its runtime, without the integers in its convolutions."""
PAPER = "paper_full_size"
"""Its networks without the economies of the rival."""
STAGES = ("read", "preprocess", "inference", "burden", "report", "total")

Timed = Mapping[str, Callable[[], object]]


def main(studies: list[Path], compressed: list[Path], rounds: int) -> dict[str, object]:
    """Measure all patients with all models and runtimes.

    Args:
        studies: Uncompressed DICOM files.
        compressed: The same scans with run-length compression.
        rounds: Times that each patient is analysed.
    """
    import bonescan as bs
    from bonescan.core.settings import settings
    from bonescan.models.bundle import load_bundle
    from bonescan.models.registry import find_bundle

    bundles = {name: load_bundle(find_bundle(name)) for name in dict.fromkeys((settings().model, RIVAL))}
    default = next(iter(bundles.values()))

    def chain(study: Path, name: str, said: list[Timing] | None = None) -> None:
        began = perf_counter()
        read = bs.read(study)
        analysis = bs.analyze(read, model=bundles[name], read_ms=1e3 * (perf_counter() - began))
        if said is not None:
            said.append(analysis.timing_ms)

    first_s = {name: seconds(partial(chain, studies[0], name)) for name in bundles}
    here = default.manifest.name
    said: list[Timing] = []
    turns: list[Timed] = []
    for study, small in zip(studies, compressed, strict=True):
        turn: dict[str, Callable[[], object]] = {n: partial(chain, study, n) for n in bundles}
        turn[here] = partial(chain, study, here, said)
        turn["compressed"] = partial(chain, small, settings().model)
        turns.append(turn)
    chains = in_turns(turns, rounds)
    read = [bs.read(study) for study in studies]
    networks = in_turns([network_calls(study) for study in read], rounds)
    result: dict[str, object] = {
        "patients": len(studies),
        "rounds": rounds,
        "model": {"name": here, "version": default.manifest.version, "sha256": default.sha256},
        "dicom_to_analysis": {**spread(chains[here]), "first_with_loading_s": round(first_s[here], 4)},
        "run_length_compressed": spread(chains["compressed"]),
        "stages_ms": stages(said[1:]),  # the first was not timed either
        "networks": {name: spread(values) for name, values in networks.items()},
        "ratio_onnxruntime_to_openvino": round(median(networks["onnxruntime"]) / median(networks["openvino"]), 3),
    }
    if PAPER in networks:
        result[f"ratio_{PAPER}_to_openvino"] = round(median(networks[PAPER]) / median(networks["openvino"]), 2)
    if here != RIVAL:
        result[RIVAL] = {**spread(chains[RIVAL]), "first_with_loading_s": round(first_s[RIVAL], 4)}
        result[f"ratio_{RIVAL}_to_{here}"] = round(median(chains[RIVAL]) / median(chains[here]), 2)
    return result


def network_calls(study: Study) -> Timed:
    """Preprocessing and networks alone: the default model in each runtime; with torch also in it, and the paper's."""
    from benchmarks.machine import CORES
    from bonescan.core.settings import settings
    from bonescan.inference.pipelines import PIPELINES
    from bonescan.models.bundle import load_bundle
    from bonescan.models.registry import find_bundle

    bundle = load_bundle(find_bundle(settings().model))
    kind = PIPELINES[bundle.manifest.pipeline]
    calls: dict[str, Callable[[], object]] = {}
    for name, (backend, precision) in BACKENDS.items():
        pipeline = kind(bundle, backend=backend, threads=CORES, precision=precision)
        calls[name] = partial(pipeline.run, study)
    if find_spec("torch") and bundle.manifest.pipeline == "joint":
        from benchmarks.paper_networks import paper_call

        floats = kind(with_float_activations(bundle.folder), threads=CORES)
        calls[FLOATS] = partial(floats.run, study)
        calls |= torch_calls(study, CORES)
        calls[PAPER] = paper_call(study)
    return calls


@cache
def with_float_activations(folder: Path) -> Bundle:
    """A bundle of the joint network whose convolutions compute in floats."""
    import onnx

    from bonescan.inference.joint import NETWORK
    from bonescan.models.bundle import load_bundle, write_bundle
    from bonescan.training.quantise import float_activations

    manifest = load_bundle(folder).manifest
    files = {name: (folder / name).read_bytes() for name in manifest.files}
    files[NETWORK] = float_activations(onnx.load(folder / NETWORK)).SerializeToString()
    return write_bundle(Path(_scratch().name) / "floats", manifest, files)


@cache
def _scratch() -> TemporaryDirectory[str]:
    """A folder that lasts as long as the process."""
    return TemporaryDirectory(prefix="bonescan-bench-")


def torch_calls(study: Study, cores: int) -> Timed:
    """The joint network in eager torch, which a bundle does not need; its weights are random, which costs as much."""
    import torch

    from bonescan.inference.joint import joined
    from bonescan.inference.preprocess import to_grid
    from bonescan.models.networks.joint import JointNetwork

    torch.set_num_threads(cores)
    network = JointNetwork().eval()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs

    def run(*, bf16: bool) -> None:
        images = torch.from_numpy(joined({view.name: to_grid(view) for view in study.views}))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            network(images)

    return {"torch_eager": lambda: run(bf16=False), "torch_eager_bf16": lambda: run(bf16=True)}


def stages(said: list[Timing]) -> dict[str, float]:
    """Median milliseconds of each part of the chain, as analyses say them."""
    return {stage: round(median(getattr(timing, stage) for timing in said), 2) for stage in STAGES}


def in_turns(turns: list[Timed], rounds: int) -> dict[str, list[float]]:
    """Seconds of each call, patient by patient; each is called once before, unmeasured."""
    for call in turns[0].values():
        call()
    values: dict[str, list[float]] = {name: [] for name in turns[0]}
    for _ in range(rounds):
        for turn in turns:
            for name, call in turn.items():
                values[name].append(seconds(call))
    return values


def spread(values: list[float]) -> dict[str, Any]:
    """Median, mean and slowest."""
    return {
        "median_s": round(median(values), 4),
        "mean_s": round(fmean(values), 4),
        "slowest_s": round(max(values), 4),
    }


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock time of a call."""
    start = perf_counter()
    call()
    return perf_counter() - start


if __name__ == "__main__":
    paths = [Path(word) for word in sys.argv[2:]]
    half = len(paths) // 2
    print(json.dumps(main(paths[:half], paths[half:], int(sys.argv[1]))))
