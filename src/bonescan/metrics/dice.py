"""Dice in its four definitions, from pixel sums."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

DEFINITIONS = ("pooled", "lesion_bearing", "all_empty_one", "all_false_zero")


class Parts(NamedTuple):
    """A Dice as a ratio of sums over images, which is what resampling of patients needs; both (images,)."""

    above: npt.NDArray[np.float64]
    below: npt.NDArray[np.float64]

    @property
    def value(self) -> float:
        """The figure; NaN where there is nothing to average."""
        below = float(self.below.sum())
        return float(self.above.sum()) / below if below > 0 else float("nan")


def dice_parts(overlap: Floats, predicted: Floats, true: Floats) -> dict[str, Parts]:
    """Each definition as a ratio of sums over images; arguments as in `dice_figures`."""
    total = np.asarray(predicted + true, np.float64)
    each = np.divide(2 * overlap, total, out=np.ones(len(total)), where=total > 0)
    weights = {
        "lesion_bearing": np.asarray(true > 0, np.float64),
        "all_empty_one": np.ones(len(total)),
        "all_false_zero": np.asarray(total > 0, np.float64),
    }
    pooled = {"pooled": Parts(np.asarray(2 * overlap, np.float64), total)}
    return pooled | {name: Parts(each * weight, weight) for name, weight in weights.items()}


def images_of(definition: str, parts: Parts) -> npt.NDArray[np.bool_]:
    """(images,) which of them a definition is of: all whose pixels are pooled, or those that its mean is over.

    Example:
        >>> parts = dice_parts(np.array([3, 0, 0]), np.array([4, 1, 0]), np.array([4, 0, 0]))
        >>> {name: int(images_of(name, found).sum()) for name, found in parts.items()}
        {'pooled': 3, 'lesion_bearing': 1, 'all_empty_one': 3, 'all_false_zero': 2}
    """
    return np.ones(len(parts.below), np.bool_) if definition == "pooled" else parts.below > 0


def dice_figures(overlap: Floats, predicted: Floats, true: Floats) -> dict[str, float]:
    """Dice in four definitions from the pixel sums of each image.

    Args:
        overlap: (images,) pixels in both.
        predicted: (images,) pixels predicted.
        true: (images,) pixels of the truth.

    Returns:
        ``pooled`` over all pixels; ``lesion_bearing``, mean over images with the class; ``all_empty_one``, mean over
        all images, both empty counts 1; ``all_false_zero``, mean over all images where there is anything, so that what
        is drawn on an empty image counts 0 and nothing counts 1 for free. NaN where there is nothing to average.

    Source: the project's four named definitions; the paper does not say which one it uses.
    """
    return {name: parts.value for name, parts in dice_parts(overlap, predicted, true).items()}
