"""The paper's sliding windows: 256×256 at stride 128, cut from a view and blended back.

The paper cuts a 1024×1024 image into 28 windows. We read that image as four panels of 1024×256 side by side (anterior
and posterior, each at two grey levels), which gives 7 windows a panel; the literal reading, stride 128 in both
directions, gives 49. Both are here; the pipeline works on views, 7 windows each.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

WINDOW = 256
STRIDE = 128
STARTS: tuple[int, ...] = tuple(range(0, 1024 - WINDOW + 1, STRIDE))
"""First rows of the 7 windows of a view. Source: paper, "Diagnostic Classification Model", Data Processing."""

_SIGMA = WINDOW / 4


def extract(image: Floats) -> Floats:
    """Cut a view into its windows.

    Args:
        image: (1024, 256) float32.

    Returns:
        (7, 256, 256) float32, top to bottom.

    Example:
        >>> extract(np.zeros((1024, 256), np.float32)).shape
        (7, 256, 256)
    """
    return np.stack([image[start : start + WINDOW] for start in STARTS])


def blend(windows: Floats) -> Floats:
    """Join windows of probabilities into a view, each weighted by a Gaussian around its middle row.

    Args:
        windows: (7, 256, 256) float32 probabilities; zeros for a window that was not segmented.

    Returns:
        (1024, 256) float32 in the range of the windows.

    Example:
        >>> windows = np.zeros((7, 256, 256), np.float32)
        >>> windows[0] = 0.5
        >>> view = blend(windows)
        >>> float(view[0, 0]), float(view[256, 0])
        (0.5, 0.0)
    """
    rows = np.arange(WINDOW) - (WINDOW - 1) / 2
    profile = np.exp(-0.5 * (rows / _SIGMA) ** 2).astype(np.float32)[:, None]
    total = np.zeros((STARTS[-1] + WINDOW, WINDOW), np.float32)
    weight = np.zeros((STARTS[-1] + WINDOW, 1), np.float32)
    for start, window in zip(STARTS, windows, strict=True):
        total[start : start + WINDOW] += profile * window
        weight[start : start + WINDOW] += profile
    return total / weight


def composite(panels: Floats) -> Floats:
    """Lay four panels side by side: the paper's 1024×1024 image.

    Args:
        panels: (4, 1024, 256) float32.

    Returns:
        (1024, 1024) float32.
    """
    return np.concatenate(list(panels), axis=1)


def cut_composite(image: Floats, *, stride_columns: int = WINDOW) -> Floats:
    """Cut the paper's image into windows, row by row.

    Args:
        image: (1024, 1024) float32.
        stride_columns: 256 keeps to the panels (28 windows, the paper's number); 128 is the literal reading (49).

    Returns:
        (28, 256, 256) or (49, 256, 256) float32.

    Example:
        >>> image = np.zeros((1024, 1024), np.float32)
        >>> len(cut_composite(image)), len(cut_composite(image, stride_columns=128))
        (28, 49)
    """
    every = np.lib.stride_tricks.sliding_window_view(image, (WINDOW, WINDOW))[::STRIDE, ::stride_columns]
    return np.ascontiguousarray(every.reshape(-1, WINDOW, WINDOW))
