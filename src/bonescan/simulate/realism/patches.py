"""Random patches of frames, and numbers that describe their texture at three scales.

A patch is described by the power and the skewness of its responses to the 48 waves of a 7 x 7 cosine transform, at the
native grid and at half and a quarter of it, and by percentiles of its values there: grain, detail and structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from bonescan.core.anatomy import Region
from bonescan.simulate.realism.figures import body_mask
from bonescan.simulate.realism.storage import NativeFrame

PATCH = 64
"""Edge of a patch in native pixels."""
SCALES: dict[str, int] = {"grain": 1, "detail": 2, "structure": 4}
"""Name → size of the pixels, in native ones."""
_WAVE = 7
_PERCENTILES = (2, 10, 25, 50, 75, 90, 98)


@dataclass(frozen=True, eq=False)
class Patches:
    """Patches of frames, described.

    Attributes:
        features: Scale → (n, features) float32.
        frame: (n,) index of the frame.
        region: (n,) uint8 `Region` that holds most labelled pixels of the patch, 0 for none.
    """

    features: dict[str, npt.NDArray[np.float32]]
    frame: npt.NDArray[np.intp]
    region: npt.NDArray[np.uint8]


def describe_patches(frames: Sequence[NativeFrame], per_frame: int, rng: np.random.Generator) -> Patches:
    """Cut patches whose middle lies in the body, and describe them.

    Args:
        frames: The frames; square roots of stored values are looked at, which makes Poisson noise even.
        per_frame: Patches of each.
        rng: Source of the places.
    """
    features: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in SCALES}
    regions = []
    for frame in frames:
        places = _places(frame, per_frame, rng)
        root = np.sqrt(frame.values)
        for name, size in SCALES.items():
            features[name].append(_describe(root, places, size))
        for row, column in places:
            share = np.bincount(frame.regions[row : row + PATCH, column : column + PATCH].ravel(), minlength=1)
            share[0] = 0
            regions.append(int(np.argmax(share)))
    return Patches(
        {name: np.concatenate(parts) for name, parts in features.items()},
        np.repeat(np.arange(len(frames)), per_frame),
        np.array(regions, np.uint8),
    )


def waves() -> npt.NDArray[np.float32]:
    """(48, 49) cosine waves of a 7 x 7 square, each of unit length and mean 0."""
    k = np.arange(_WAVE)
    line = np.cos(np.pi * (k[None] + 0.5) * k[:, None] / _WAVE)
    line /= np.linalg.norm(line, axis=1, keepdims=True)
    squares = np.einsum("ai,bj->abij", line, line).reshape(_WAVE**2, _WAVE**2)
    return np.asarray(squares[1:], np.float32)


def _describe(root: npt.NDArray[np.float32], places: npt.NDArray[np.intp], size: int) -> npt.NDArray[np.float32]:
    image = root if size == 1 else gaussian_filter(root, 0.5 * size)[::size, ::size]
    windows = np.lib.stride_tricks.sliding_window_view(image, (_WAVE, _WAVE))
    answers = windows.reshape(*windows.shape[:2], _WAVE**2) @ waves().T
    edge = PATCH // size - _WAVE + 1
    rows = []
    for row, column in np.minimum(places // size, np.array(answers.shape[:2]) - edge):
        inside = answers[row : row + edge, column : column + edge].reshape(edge * edge, -1)
        square = inside * inside
        power = square.mean(0) + 1e-3
        skew = (square * inside).mean(0) / power**1.5
        values = image[row : row + PATCH // size, column : column + PATCH // size]
        rows.append(np.concatenate([np.log(power), skew, np.percentile(values, _PERCENTILES)]))
    return np.asarray(rows, np.float32)


def _places(frame: NativeFrame, count: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """(count, 2) top left corners of patches that lie in the frame and have their middle in the body."""
    femur = frame.values[frame.regions == Region.FEMUR]
    body = body_mask(frame.values, float(femur.mean()) if len(femur) else float(frame.values.mean()))
    half = PATCH // 2
    inside = np.argwhere(body[half : body.shape[0] - half + 1, half : body.shape[1] - half + 1])
    return np.asarray(inside[rng.integers(len(inside), size=count)])
