"""Where bones usually lie on the network's grid: the commonest region of each pixel over the training patients.

The stepwise networks know lesions and bladder, not bones. Since the grid stretches every body into the same box, this
map names the likely bone under a lesion; it is an average, no segmentation of anybody's skeleton.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import numpy as np

from bonescan.core.anatomy import Region
from bonescan.core.files import write_bytes
from bonescan.core.study import Labels, ViewName
from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS, labels_to_grid, to_grid
from bonescan.io.cohort import CohortCase

FILE = "region_prior_{view}.png"
LEAST_SHARE = 0.15
"""Pixels where fewer of the patients have bone are background."""


def region_prior(cases: Iterable[CohortCase]) -> dict[ViewName, Labels]:
    """Count regions over cases.

    Args:
        cases: Cases of a cohort; those without region maps are passed over.

    Returns:
        View → (1024, 256) uint8 `Region`; empty where no case has region maps.
    """
    counts: dict[ViewName, np.ndarray[tuple[int, ...], np.dtype[np.int32]]] = {}
    patients: dict[ViewName, int] = {}
    for case in cases:
        maps = case.read_regions()
        if not maps:
            continue
        for view in case.read_study().views:
            if view.name not in maps:
                continue
            labels = labels_to_grid(maps[view.name], to_grid(view).grid)
            tally = counts.setdefault(view.name, np.zeros((len(Region), GRID_ROWS, GRID_COLUMNS), np.int32))
            at = labels[None].astype(np.intp)
            np.put_along_axis(tally, at, np.take_along_axis(tally, at, 0) + 1, 0)
            patients[view.name] = patients.get(view.name, 0) + 1
    return {view: _commonest(tally, patients[view]) for view, tally in counts.items()}


def write_region_prior(cases: Iterable[CohortCase], folder: Path) -> list[Path]:
    """Write the maps as 8-bit PNGs and return their paths."""
    from PIL import Image

    written = []
    for view, labels in region_prior(cases).items():
        buffer = BytesIO()
        Image.fromarray(labels).save(buffer, "PNG", optimize=True)
        written.append(folder / FILE.format(view=view))
        write_bytes(written[-1], buffer.getvalue())
    return written


def _commonest(tally: np.ndarray[tuple[int, ...], np.dtype[np.int32]], patients: int) -> Labels:
    bones = tally[1:]
    labels = (bones.argmax(0) + 1).astype(np.uint8)
    labels[bones.sum(0) < LEAST_SHARE * patients] = Region.BACKGROUND
    return np.asarray(labels, np.uint8)
