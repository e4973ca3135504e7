"""The paper's pipeline at its full size: the networks of its tables, without the economies of the recipe `stepwise`.

`stepwise` averages windows down to half their size and lets neighbours share their convolutions; in the paper each of
the 14 windows goes through its ResNet34 alone. Weights are random, which costs as much. As many windows are segmented
as the shipped `stepwise` lets through on the same study.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from bonescan.core.study import Study
    from bonescan.inference.runtime import Network

Floats = npt.NDArray[np.float32]


@functools.cache
def paper_networks() -> Mapping[str, Network]:
    """The four networks, in the runtime and precision that bundles run in."""
    from benchmarks.machine import CORES
    from bonescan.inference import runtime
    from bonescan.models.networks.region_unet import RegionUNet
    from bonescan.models.networks.report_net import ReportNet
    from bonescan.models.networks.window_classifier import WindowClassifier
    from bonescan.training.onnx_graph import to_onnx

    made = {
        "classify": WindowClassifier(),
        "segment_metastasis": RegionUNet(),
        "segment_bladder": RegionUNet(),
        "locate": ReportNet(),
    }
    loaded = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, network in made.items():
            path = Path(folder) / f"{name}.onnx"
            path.write_bytes(to_onnx(name, network).SerializeToString())
            loaded[name] = runtime.load(path, threads=CORES)
    return loaded


def paper_call(study: Study) -> Callable[[], object]:
    """Preprocessing and networks of one study, from its views to probabilities of windows, maps and sites."""
    from bonescan.inference.preprocess import to_grid
    from bonescan.inference.windows import extract

    networks, passed = paper_networks(), _passed(study)

    def run() -> None:
        images = [to_grid(view).image for view in study.views]
        windows = np.concatenate([extract(image) for image in images])[:, None]
        networks["classify"](windows)
        for name, gates in passed.items():
            if gates.any():
                networks[name](windows[gates])
        both = np.concatenate(images, axis=1)
        networks["locate"](np.stack([both, np.zeros_like(both)])[None])

    return run


def _passed(study: Study) -> dict[str, npt.NDArray[np.bool_]]:
    """Which windows the shipped `stepwise` lets through to each segmentation."""
    from bonescan.inference.pipelines import pipeline_for

    pipeline = pipeline_for("stepwise")
    limits = pipeline.bundle.manifest.thresholds
    found = [view.windows for view in pipeline.run(study).views]
    windows = np.concatenate([values for values in found if values is not None])
    gates = (limits.window_metastasis, limits.window_bladder)
    names = ("segment_metastasis", "segment_bladder")
    return {name: windows[:, i] >= gate for i, (name, gate) in enumerate(zip(names, gates, strict=True)) if gate}
