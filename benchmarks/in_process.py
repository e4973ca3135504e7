"""Raw DICOM to analysis inside one process, for each runtime, side by side in one run; prints JSON.

The runtimes take turns patient by patient, so that a busy moment of the machine hits all of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bonescan.inference.stepwise import Stepwise

BACKENDS = {
    "openvino": ("openvino", None),
    "openvino_f32": ("openvino", "f32"),
    "onnxruntime": ("onnxruntime", None),
}
"""Name → (backend, precision); None is the backend's own choice for the processor."""


def main(studies: list[Path], rounds: int) -> dict[str, object]:
    """Measure all patients with all runtimes."""
    import bonescan as bs
    from benchmarks.machine import CORES
    from bonescan.core.settings import settings
    from bonescan.inference.stepwise import Stepwise
    from bonescan.models.bundle import load_bundle
    from bonescan.models.registry import find_bundle

    bundle = load_bundle(find_bundle(settings().model))
    pipelines = {
        name: Stepwise(bundle, backend=backend, threads=CORES, precision=precision)
        for name, (backend, precision) in BACKENDS.items()
    }
    first_s = _timed(lambda: bs.analyze(bs.read(studies[0]), model=bundle))
    chain = [_timed(lambda s=study: bs.analyze(bs.read(s), model=bundle)) for _ in range(rounds) for study in studies]
    networks = _networks(pipelines, studies, rounds)
    return {
        "patients": len(studies),
        "rounds": rounds,
        "model": {"name": bundle.manifest.name, "version": bundle.manifest.version, "sha256": bundle.sha256},
        "dicom_to_analysis": {
            "median_s": round(median(chain), 4),
            "slowest_s": round(max(chain), 4),
            "first_with_loading_s": round(first_s, 4),
        },
        "networks": {name: {"median_s": round(median(values), 4)} for name, values in networks.items()},
        "ratio_onnxruntime_to_openvino": round(median(networks["onnxruntime"]) / median(networks["openvino"]), 3),
    }


def _networks(pipelines: dict[str, Stepwise], studies: list[Path], rounds: int) -> dict[str, list[float]]:
    """Seconds of preprocessing and networks alone, patient by patient."""
    import bonescan as bs

    read = [bs.read(study) for study in studies]
    for pipeline in pipelines.values():
        pipeline.run(read[0])  # loads the networks
    values: dict[str, list[float]] = {name: [] for name in pipelines}
    for _ in range(rounds):
        for study in read:
            for name, pipeline in pipelines.items():
                values[name].append(_timed(lambda p=pipeline, s=study: p.run(s)))
    return values


def _timed(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(main([Path(word) for word in sys.argv[2:]], int(sys.argv[1]))))
