"""Where in the body something lies, in words, by a region map and by the share of the height."""

from __future__ import annotations

import numpy as np

from bonescan.burden.components import Component
from bonescan.core.anatomy import Region
from bonescan.core.study import Labels

KNEE, SHIN, FOOT = 0.655, 0.77, 0.92
"""Where these begin, as shares of the height of a body that fills its picture. Source: a look at the real scans."""


def place(component: Component, regions: Labels) -> str:
    """Name the place of a component.

    Args:
        component: In the geometry of the map.
        regions: (row, column) uint8 `Region`, without forearms and lower legs.

    Returns:
        The region that most of it covers; where it lies beside all of them, a part of the body.
    """
    row, column = component.centroid
    height = row / regions.shape[0]
    if height >= KNEE:
        return "knee" if height < SHIN else "shin" if height < FOOT else "foot"
    votes = np.bincount(regions[component.rows, component.columns], minlength=len(Region))
    if 2 * votes[Region.BACKGROUND] <= component.area_px:
        return Region(int(votes[1:].argmax()) + 1).label
    return _beside(row, column, regions)


def _beside(row: float, column: float, regions: Labels) -> str:
    chest, pelvis = (np.nonzero(regions == region) for region in (Region.RIBS, Region.PELVIS))
    if not chest[0].size or not pelvis[0].size:
        return "soft tissue"
    if row < chest[0].min():
        return "beside head or neck"
    # Arms lie along the body: whatever is further out than the bones of the trunk.
    left, right = min(x[1].min() for x in (chest, pelvis)), max(x[1].max() for x in (chest, pelvis))
    if not left <= column <= right:
        return "arm or hand"
    if row > pelvis[0].max():
        return "thigh"
    return "chest, beside bone" if row < chest[0].max() else "abdomen or pelvis, beside bone"
