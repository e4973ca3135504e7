"""Exported networks as functions, for measuring what ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bonescan.inference import runtime
from bonescan.training.chain import Floats, Network


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
