"""Exported networks as functions, and what they are asked, for measuring what ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bonescan.core.anatomy import MaskLabel
from bonescan.inference import runtime
from bonescan.inference.windows import extract
from bonescan.training.cache import GridCases
from bonescan.training.chain import Floats, Network, side_by_side
from bonescan.training.joint.samples import mirrored


def load_exactly(path: Path) -> runtime.Network:
    """An ONNX network computed in float32 on whichever backend inference prefers.

    Raises:
        ModelError: It cannot be loaded.
    """
    precision: runtime.Precision | None = "f32" if runtime.available()[0] == "openvino" else None
    return runtime.load(path, precision=precision)


def in_batches(network: Network, most: int = 14) -> Network:
    """The same network, asked for no more than so many images at a time."""

    def run(images: Floats) -> Floats:
        return np.concatenate([network(images[i : i + most]) for i in range(0, len(images), most)])

    return run


def stage_inputs(stage: str, cases: GridCases, case: int) -> Floats:
    """What a network of a bundle sees of a case, (N, …) float32: views, their windows, or both views together.

    Args:
        stage: Name of the network.
        cases: On the grid.
        case: Which of them.
    """
    image = cases.image(case)
    if stage == "joint":
        return mirrored(image)[None]
    if stage == "classify":
        return image[:, None]
    if stage == "locate":
        return side_by_side(image, (cases.labels[case] == MaskLabel.METASTASIS).astype(np.float32))
    return np.concatenate([extract(view) for view in image])[:, None]
