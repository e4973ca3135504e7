"""The skeletal region that dominates each pixel of a view: by its bone, or where a focus is seen, by that focus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from bonescan.core.anatomy import Region
from bonescan.core.study import Labels, ViewName
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.body import Points
from bonescan.simulate.masks import NOBODY
from bonescan.simulate.projector import Projector

_OF_OWN_MAXIMUM = 0.17
"""A region covers the pixels where its bone is at least this fraction of its own 95th percentile …"""
_OF_OWN_MAXIMUM_PLATE = 0.08
"""… or this, where the bone is a plate with thick rims: the wing of the ilium and the blade of the scapula."""
_PLATES = (Region.PELVIS, Region.SCAPULA)


def region_map(
    anatomy: AnatomyIndex,
    projector: Projector,
    points_mm: Points,
    view: ViewName,
    passing: npt.NDArray[np.float32],
    volume_scale: npt.NDArray[np.float32] | None = None,
) -> Labels:
    """Label each pixel with the region whose bone sends most photons there.

    Args:
        anatomy: The reference body.
        projector: Projector of the posed body.
        points_mm: (n, 3) posed points.
        view: Which view.
        passing: (n,) fraction of photons of each point that leave the body towards this camera; of bone alone is used.
        volume_scale: (n,) volume of each point over that in the reference body, 0 where a limb is missing.

    Returns:
        (row, column) uint8 `Region`.
    """
    camera = projector.camera
    at = anatomy.bone
    weight = anatomy.body.volume_mm3[at] * passing[at]
    if volume_scale is not None:
        weight = weight * volume_scale[at]
    row, column = projector.pixels(view, points_mm[at])
    shape = (camera.rows // 2, camera.columns // 2)
    stack = _by_region(row, column, weight, anatomy.bone_region, shape)
    best = np.zeros(shape, np.float32)
    labels = np.zeros(shape, np.uint8)
    for value in range(1, len(Region)):
        sigma = 1.8 if value == Region.RIBS else 1.08
        box = _reached(stack[value], int(4 * sigma + 0.5))  # as far as the filter reaches
        if box is None:
            continue
        image = gaussian_filter(stack[value][box], sigma)
        least = _OF_OWN_MAXIMUM_PLATE if value in _PLATES else _OF_OWN_MAXIMUM
        image[image < least * np.percentile(image[image > 0], 95)] = 0
        wins = image > best[box]
        labels[box][wins] = value
        best[box][wins] = image[wins]
    return np.repeat(np.repeat(labels, 2, 0), 2, 1)


def name_foci(regions: Labels, owners: npt.NDArray[np.int16], of_foci: Sequence[Region]) -> None:
    """Give the pixels of each focus the region that it sits in, whatever bone lies before or behind it.

    A hot rib behind the shoulder blade is a rib: its photons are most of what is seen there, and a report names it so.

    Args:
        regions: (row, column) uint8 `Region`; changed in place.
        owners: (row, column), which focus each pixel is of; see `ViewLabels`.
        of_foci: Region of each focus.
    """
    seen = owners != NOBODY
    regions[seen] = np.asarray(of_foci, np.uint8)[owners[seen]]


def _by_region(
    row: npt.NDArray[np.float32],
    column: npt.NDArray[np.float32],
    weight: npt.NDArray[np.float32],
    region: npt.NDArray[np.intp],
    shape: tuple[int, int],
) -> npt.NDArray[np.float32]:
    """(region, row, column) sums of the weights, each in the pixel of half the resolution that it falls into."""
    rows, columns = shape
    r, c = (np.floor(0.5 * (at + np.float32(0.5))).astype(np.intp) for at in (row, column))
    seen = (r >= 0) & (r < rows) & (c >= 0) & (c < columns)
    index = (region * rows + r) * columns + c
    total = np.bincount(index[seen], weight[seen], minlength=len(Region) * rows * columns)
    return total.reshape(len(Region), rows, columns).astype(np.float32)


def _reached(image: npt.NDArray[np.float32], reach: int) -> tuple[slice, slice] | None:
    """Rows and columns that hold something, and so many around them; None of an empty image."""
    lit = [np.flatnonzero(image.any(axis=axis)) for axis in (1, 0)]
    if not len(lit[0]):
        return None
    rows, columns = (slice(max(int(at[0]) - reach, 0), int(at[-1]) + reach + 1) for at in lit)
    return rows, columns
