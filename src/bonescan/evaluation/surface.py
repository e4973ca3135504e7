"""Normalised surface Dice: how much of two outlines lies within a tolerance of each other."""

from __future__ import annotations

import numpy as np

from bonescan.core.study import Mask

TOLERANCE_PX = 2.0
"""Lesions are drawn by eye and their edges are blurred by the camera."""


def surface_counts(drawn: Mask, true: Mask, tolerance_px: float = TOLERANCE_PX) -> tuple[int, int]:
    """Boundary pixels of both masks within the tolerance of the other's boundary, and all boundary pixels.

    Their ratio is the normalised surface Dice, of one view or pooled over many.

    Args:
        drawn: (row, column) bool.
        true: (row, column) bool.
        tolerance_px: Euclidean distance in pixels.

    Source: Nikolov et al., J Med Internet Res 2021 (surface Dice at a tolerance).

    Example:
        >>> square = np.zeros((20, 20), bool); square[5:10, 5:10] = True
        >>> surface_counts(square, np.roll(square, 2, axis=1)), surface_counts(square, np.roll(square, 9, axis=1))
        ((32, 32), (0, 32))
    """
    from scipy.ndimage import binary_erosion, distance_transform_edt

    both = drawn | true
    if not both.any():
        return 0, 0
    rows, columns = np.flatnonzero(both.any(axis=1)), np.flatnonzero(both.any(axis=0))
    # Cropped to what there is, since most of a view is empty; a free margin lets erosion see the edge of the view.
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    masks = [np.pad(mask[window], 1) for mask in (drawn, true)]
    edges = [mask & ~binary_erosion(mask) for mask in masks]
    near = 0
    for edge, other in (edges, edges[::-1]):
        if other.any():
            near += int((distance_transform_edt(~other)[edge] <= tolerance_px).sum())
    return near, int(edges[0].sum() + edges[1].sum())
