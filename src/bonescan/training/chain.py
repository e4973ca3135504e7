"""The stepwise chain over cached cases, with networks given as plain functions of arrays.

The functions may be torch networks (maps for the report network's training) or the exported files (thresholds and
figures of the bundle), so that what is measured is what ships.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from bonescan.inference.windows import blend, extract

Floats = npt.NDArray[np.float32]
Network = Callable[[Floats], Floats]
"""Images in, probabilities out."""


def as_function(network: nn.Module) -> Network:
    """A torch network as a function of arrays, with the sigmoid that the bundle's files have inside."""
    network.eval()

    def run(images: Floats) -> Floats:
        with torch.inference_mode():
            result: Floats = torch.sigmoid(network(torch.from_numpy(np.ascontiguousarray(images)))).numpy()
        return result

    return run


@dataclass(frozen=True)
class Gates:
    """Window probabilities at and above which a window is segmented."""

    metastasis: float
    bladder: float


def window_probabilities(classify: Network, image: Floats) -> Floats:
    """Both classes in the windows of both views.

    Args:
        classify: (N, 1, 1024, 256) → (7 N, 2): each view is a strip of seven windows.
        image: (2, 1024, 256).

    Returns:
        (2, 7, 2): view, window, metastasis and bladder.
    """
    return classify(image[:, None]).reshape(2, -1, 2)


def probability_map(segment: Network, image: Floats, gates: npt.NDArray[np.bool_]) -> Floats:
    """Segment the open windows of both views and blend them; a closed window says 0, as in the inference.

    Args:
        segment: (N, 1, 256, 256) → (N, 1, 256, 256).
        image: (2, 1024, 256).
        gates: (2, 7) bool.

    Returns:
        (2, 1024, 256) probability; 0 where no window is open.
    """
    maps = []
    for view, opened in zip(image, gates, strict=True):
        windows = extract(view)
        result = np.zeros_like(windows)
        if opened.any():
            result[opened] = segment(windows[opened][:, None])[:, 0]
        maps.append(blend(result))
    return np.stack(maps)


def site_probabilities(locate: Network, image: Floats, metastasis: Floats) -> Floats:
    """The six sites from image and map.

    Args:
        locate: (N, 2, 1024, 512) → (N, 6).
        image: (2, 1024, 256).
        metastasis: (2, 1024, 256) probability.

    Returns:
        (6,) in the order of `SITES`.
    """
    result: Floats = locate(side_by_side(image, metastasis))[0]
    return result


def side_by_side(image: Floats, metastasis: Floats) -> Floats:
    """What the report network sees: (1, 2, 1024, 512), both views beside each other, image and map as channels."""
    return np.stack([np.concatenate(list(part), axis=1) for part in (image, metastasis)])[None]
