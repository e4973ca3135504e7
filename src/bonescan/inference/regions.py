"""Where a bundle says the bones usually lie: an optional region map on the network's grid, brought into a view.

The grid stretches every body to the same box, so that an average patient's region map fits others roughly. It names the
likely bone under a lesion; it is no segmentation of this patient's skeleton.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Region
from bonescan.core.errors import BundleCorruptError
from bonescan.core.study import Labels, labelled
from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS, Grid


def read_prior(path: Path) -> Labels:
    """Read a region map.

    Args:
        path: 8-bit grey PNG, 256 wide and 1024 high, with `Region` values.

    Raises:
        BundleCorruptError: It is no such picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            labels = np.asarray(picture)
    except (OSError, UnidentifiedImageError) as error:
        raise BundleCorruptError(f"the region map {path.name} cannot be read", expected="a PNG") from error
    if labels.dtype != np.uint8 or labels.shape != (GRID_ROWS, GRID_COLUMNS) or labels.max() >= len(Region):
        raise BundleCorruptError(
            f"the region map {path.name} is {labels.dtype} of {' x '.join(map(str, labels.shape))}",
            expected=f"uint8 of {GRID_ROWS} x {GRID_COLUMNS} with values below {len(Region)}",
        )
    return labels


def near_pelvis(prior: Labels) -> npt.NDArray[np.bool_]:
    """Where a bladder can lie: between the iliac crests and the ischia, and a quarter of that height above.

    A hot injection site or kidney looks like a bladder to a network that sees one window at a time.

    Args:
        prior: (1024, 256) uint8 `Region`.

    Returns:
        (1024, 256) bool; all True where the map shows no pelvis.
    """
    rows, columns = np.nonzero(labelled(prior, Region.PELVIS))
    if not rows.size:
        return np.ones(prior.shape, np.bool_)
    allowed = np.zeros(prior.shape, np.bool_)
    above = (rows.max() - rows.min()) // 4
    allowed[max(rows.min() - above, 0) : rows.max() + 1, columns.min() : columns.max() + 1] = True
    return allowed


def labels_from_grid(labels: Labels, grid: Grid) -> Labels:
    """Bring labels on the grid into the geometry of the view, by nearest neighbour.

    Args:
        labels: (1024, 256) uint8, or coarser over the same box.
        grid: The record made by `to_grid`.

    Returns:
        (rows, columns) uint8; 0 outside the grid's box.
    """
    result = np.zeros((grid.rows, grid.columns), np.uint8)
    rows, at_row = _nearest(grid.rows, grid.row0, grid.row1, labels.shape[0])
    columns, at_column = _nearest(grid.columns, grid.column0, grid.column1, labels.shape[1])
    result[rows, columns] = labels[at_row][:, at_column]
    return result


def _nearest(size: int, first: float, last: float, steps: int) -> tuple[slice, npt.NDArray[np.intp]]:
    """Along one axis: the pixels within the box, and the grid's step of each."""
    share = (np.arange(size) + 0.5 - first) / (last - first)
    within = slice(int(np.searchsorted(share, 0)), int(np.searchsorted(share, 1)))
    return within, np.minimum(share[within] * steps, steps - 1).astype(np.intp)
