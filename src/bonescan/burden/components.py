"""Connected lesions of a label map, and the smallest that counts as one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import MaskLabel
from bonescan.core.study import Labels, Mask, labelled

MINIMUM_MM2 = 50.0
"""Smallest lesion where the pixel spacing is known, 0.5 cm2: below the camera's resolution it is noise."""
MINIMUM_SHARE = 9 / (256 * 1024)
"""Smallest lesion where it is not, as a share of its view: 3 x 3 pixels of 256 x 1024."""
_EIGHT = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, eq=False)
class Component:
    """One 8-connected group of pixels; its box and centre are worked out once, when first asked for."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]

    @property
    def area_px(self) -> int:
        """Number of pixels."""
        return len(self.rows)

    @cached_property
    def bbox(self) -> tuple[int, int, int, int]:
        """(row0, column0, row1, column1), half open."""
        return int(self.rows.min()), int(self.columns.min()), int(self.rows.max()) + 1, int(self.columns.max()) + 1

    @cached_property
    def centroid(self) -> tuple[float, float]:
        """(row, column), pixel centres at whole numbers."""
        return float(self.rows.mean()), float(self.columns.mean())


def minimum_area_px(shape: tuple[int, ...], spacing_mm: tuple[float, float] | None) -> float:
    """Return the smallest area of a lesion in pixels.

    Args:
        shape: (rows, columns) of the view.
        spacing_mm: (row, column) pixel spacing, or None.

    Example:
        >>> minimum_area_px((1024, 256), None), minimum_area_px((1024, 256), (2.5, 2.5))
        (9.0, 8.0)
    """
    if spacing_mm is None:
        return MINIMUM_SHARE * shape[0] * shape[1]
    return MINIMUM_MM2 / (spacing_mm[0] * spacing_mm[1])


def components(mask: Mask) -> list[Component]:
    """Return the 8-connected groups of a mask, from the head down."""
    from scipy import ndimage

    # Lesions cover little of a view: the rest need not be labelled.
    occupied_rows = np.flatnonzero(mask.any(axis=1))
    if not occupied_rows.size:
        return []
    rows = slice(int(occupied_rows[0]), int(occupied_rows[-1]) + 1)
    occupied_columns = np.flatnonzero(mask[rows].any(axis=0))
    columns = slice(int(occupied_columns[0]), int(occupied_columns[-1]) + 1)
    numbers: Any
    numbers, _ = ndimage.label(mask[rows, columns], structure=_EIGHT)
    found = []
    for number, box in enumerate(ndimage.find_objects(numbers), start=1):
        row, column = np.nonzero(numbers[box] == number)
        found.append(Component(row + box[0].start + rows.start, column + box[1].start + columns.start))
    return sorted(found, key=lambda component: component.centroid)


def remove_small(labels: Labels, spacing_mm: tuple[float, float] | None) -> Labels:
    """Return a copy of a label map without metastases and benign uptake too small to count; the bladder stays.

    Args:
        labels: (row, column) uint8 `MaskLabel`.
        spacing_mm: (row, column) pixel spacing, or None.
    """
    smallest = minimum_area_px(labels.shape, spacing_mm)
    cleaned = labels.copy()
    for label in (MaskLabel.METASTASIS, MaskLabel.BENIGN):
        for component in components(labelled(labels, label)):
            if component.area_px < smallest:
                cleaned[component.rows, component.columns] = MaskLabel.BACKGROUND
    return cleaned
