"""Gaussian smoothing by products of small matrices.

Each block of rows is a band matrix times the rows around it, and each block of columns likewise. SciPy's filter says
the same; it was a third of all that preparing a view takes. The products are too small for the linear algebra library
to start threads of its own, which would wait for those that prepare the other view.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_TRUNCATE = 2.0
"""Standard deviations after which a weight is 0."""
_ROWS, _COLUMNS = 32, 16
"""Of a block."""


def smooth(image: Floats, sigma_px: tuple[float, float]) -> Floats:
    """Smooth a picture, mirrored at its edges; as `scipy.ndimage.gaussian_filter(image, sigma_px, truncate=2)`.

    Args:
        image: (rows, columns) float32.
        sigma_px: Standard deviation along the columns, from row to row, and along the rows.

    Returns:
        (rows, columns) float32.

    Example:
        >>> image = np.zeros((64, 32), np.float32); image[20, 10] = 1
        >>> smoothed = smooth(image, (2.0, 1.0))
        >>> round(float(smoothed.sum()), 4), float(smoothed[18, 10]) == float(smoothed[22, 10])
        (1.0, True)
    """
    rows, columns = image.shape
    down, across = (_band(s, size) for s, size in zip(sigma_px, (_ROWS, _COLUMNS), strict=True))
    reach = [(band.shape[1] - band.shape[0]) // 2 for band in (down, across)]
    wider = np.pad(image, [(r, r) for r in reach], mode="symmetric")
    between = np.empty((rows, wider.shape[1]), np.float32)
    for row in range(0, rows, _ROWS):
        count = min(_ROWS, rows - row)
        around = count + 2 * reach[0]
        np.matmul(down[:count, :around], wider[row : row + around], out=between[row : row + count])
    smoothed = np.empty_like(image)
    for column in range(0, columns, _COLUMNS):
        count = min(_COLUMNS, columns - column)
        around = count + 2 * reach[1]
        part = between[:, column : column + around]
        np.matmul(part, across[:count, :around].T, out=smoothed[:, column : column + count])
    return smoothed


@lru_cache(maxsize=16)
def _band(sigma_px: float, block: int) -> Floats:
    """(block, block + 2 reach): what each pixel of a block takes of those around."""
    reach = int(_TRUNCATE * sigma_px + 0.5)
    at = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (at / max(sigma_px, np.finfo(float).tiny)) ** 2)
    band = np.zeros((block, block + 2 * reach), np.float32)
    for pixel in range(block):
        band[pixel, pixel : pixel + len(at)] = weights / weights.sum()
    return band
