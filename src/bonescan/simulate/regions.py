"""The skeletal region that dominates each pixel of a view."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from bonescan.core.anatomy import Region
from bonescan.core.study import Labels, ViewName
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.blur import splat
from bonescan.simulate.body import Points, lookup
from bonescan.simulate.projector import Projector
from bonescan.simulate.structures import STRUCTURES

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
    volume_scale: npt.NDArray[np.float32] | None = None,
) -> Labels:
    """Label each pixel with the region whose bone sends most photons there.

    Args:
        anatomy: The reference body.
        projector: Projector of the posed body.
        points_mm: (n, 3) posed points.
        view: Which view.
        volume_scale: (n,) volume of each point over that in the reference body, 0 where a limb is missing.

    Returns:
        (row, column) uint8 `Region`.
    """
    camera = projector.camera
    at = anatomy.bone
    region = lookup({n: float(s.region) for n, s in STRUCTURES.items()})[anatomy.body.structure[at]].astype(np.intp)
    weight = anatomy.body.volume_mm3[at] * projector.transmission(view, points_mm[at])
    if volume_scale is not None:
        weight = weight * volume_scale[at]
    row, column = projector.pixels(view, points_mm[at])
    shape = (camera.rows // 2, camera.columns // 2)
    half = np.float32(0.5), np.float32(0.25)
    stack = splat(row * half[0] - half[1], column * half[0] - half[1], weight, shape, layer=region, layers=len(Region))
    best = np.zeros(shape, np.float32)
    labels = np.zeros(shape, np.uint8)
    for value in range(1, len(Region)):
        sigma = 1.8 if value == Region.RIBS else 1.0
        image = gaussian_filter(stack[value], sigma)
        inside = image > 0
        if not inside.any():
            continue
        least = _OF_OWN_MAXIMUM_PLATE if value in _PLATES else _OF_OWN_MAXIMUM
        image[image < least * np.percentile(image[inside], 95)] = 0
        wins = image > best
        labels[wins] = value
        best = np.maximum(best, image)
    return np.repeat(np.repeat(labels, 2, 0), 2, 1)
