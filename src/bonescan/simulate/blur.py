"""Gaussian blur and splatting whose variances are exact, so that a point source has the width that was asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import correlate1d

Image = npt.NDArray[np.float32]
"""(row, column) float32."""

_SMALL = 0.5
"""Variance in px² up to which a kernel of three taps is used."""


def kernel(variance_px2: float) -> npt.NDArray[np.float64]:
    """Symmetric kernel of sum 1 whose variance is `variance_px2`.

    A sampled Gaussian narrower than 0.7 pixel has too small a variance, and many small steps add the error up; three
    taps [v/2, 1 - v, v/2] have exactly the variance v.

    Example:
        >>> kernel(0.4)
        array([0.2, 0.6, 0.2])
    """
    if variance_px2 <= _SMALL:
        half = variance_px2 / 2
        return np.array([half, 1 - 2 * half, half])
    sigma = variance_px2**0.5
    reach = int(4 * sigma + 0.5)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.asarray(taps / taps.sum())


def blur(image: Image, variance_px2: tuple[float, float]) -> Image:
    """Blur by a Gaussian of given (row, column) variances; what leaves the image is lost.

    Negative variances count as 0.
    """
    for axis in (0, 1):
        if variance_px2[axis] > 1e-4:
            image = correlate1d(image, kernel(variance_px2[axis]), axis=axis, mode="constant")
    return image


def splat(
    row: npt.NDArray[np.float32],
    column: npt.NDArray[np.float32],
    weight: npt.NDArray[np.float32],
    shape: tuple[int, int],
    layer: npt.NDArray[np.intp] | None = None,
    share: npt.NDArray[np.float32] | None = None,
    layers: int = 1,
) -> Image:
    """Sum weights into pixels with bilinear shares; what falls outside is lost.

    Args:
        row: (n,) continuous rows.
        column: (n,) continuous columns.
        weight: (n,) what to sum.
        shape: (rows, columns) of a layer.
        layer: (n,) layer of each point, 0 if None.
        share: (n,) fraction that goes to the next layer instead, none if None.
        layers: Number of layers; with `share`, the last one only takes shares.

    Returns:
        (layer, row, column) float32.
    """
    rows, columns = shape
    # A margin of one pixel before and two behind takes what falls outside, so that no index needs a test.
    wide = columns + 3
    r = np.clip(row + 1, 0, rows + 1)
    c = np.clip(column + 1, 0, columns + 1)
    r0, c0 = r.astype(np.int32), c.astype(np.int32)
    fr, fc = (r - r0).astype(np.float32), (c - c0).astype(np.float32)
    size = (rows + 3) * wide
    first = r0.astype(np.intp) * wide + c0
    if layer is not None:
        first = first + layer * size
    lower = weight * fr
    upper = weight - lower
    shares = [(upper - upper * fc, 0), (upper * fc, 1), (lower - lower * fc, wide), (lower * fc, wide + 1)]
    if share is not None:
        shares = [(s * (1 - share), step) for s, step in shares] + [(s * share, step + size) for s, step in shares]
    total = np.zeros(layers * size)
    for values, step in shares:
        total += np.bincount(first + step, values, minlength=layers * size)
    return total.reshape(layers, rows + 3, wide)[:, 1:-2, 1:-2].astype(np.float32)


def splat_variance(
    row: npt.NDArray[np.float32], column: npt.NDArray[np.float32], weight: npt.NDArray[np.float32]
) -> tuple[float, float]:
    """Mean (row, column) variance in px² that bilinear shares add: f (1 - f) for a point at fraction f of a pixel."""
    total = float(weight.sum()) or 1.0
    fr, fc = row - np.floor(row), column - np.floor(column)
    return float((weight * fr * (1 - fr)).sum() / total), float((weight * fc * (1 - fc)).sum() / total)
