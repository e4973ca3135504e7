"""Spots that both sides of the body share: what is alike on the left and on the right is hardly ever a metastasis.

Real scans show the lower ends of the scapulae where they cross ribs, the trochanters, and other tendons' and joints'
places warmer than a simulated body does, about alike on both sides. So pairs of warm spots that no label marks are laid
over the bones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Region

Floats = npt.NDArray[np.float32]

NUMBERS = 8
"""Uniform numbers a pair is made of."""
_PLACES: tuple[tuple[Region, float, float, float], ...] = (
    # region, share, and which part of its height, from its top, the spots lie in
    (Region.SCAPULA, 0.40, 0.35, 1.0),
    (Region.FEMUR, 0.30, 0.0, 0.25),
    (Region.PELVIS, 0.12, 0.0, 1.0),
    (Region.RIBS, 0.10, 0.0, 1.0),
    (Region.HUMERUS, 0.08, 0.0, 1.0),
)
_REACH = 3.0
_LEAST_PIXELS = 20


def contrast(regions: npt.NDArray[np.integer], numbers: Floats, largest: float) -> Floats:
    """Factor of the counts that pairs of spots make.

    Args:
        regions: (2, h, w) `Region`, half of the grid's rows and columns, the posterior view mirrored.
        numbers: (pairs, 8) uniform in [0, 1).
        largest: Contrast above 1 of the warmest spot.

    Returns:
        (2, h, w) float32, at least 1.
    """
    factor = np.ones(regions.shape, np.float32)
    for which, where, strength, other, rows, columns, front, jitter in numbers:
        spots = _pair(regions, float(which), float(where), float(jitter))
        for side, (row, column) in enumerate(spots):
            # The other side is a little warmer or cooler, the front sees less of what lies at the back.
            here = largest * strength * (1 if side == 0 else 0.6 + 0.8 * other)
            for view, share in ((0, 0.3 + 0.7 * front), (1, 1.0)):
                _add(factor[view], row, column, here * share, (1.5 + 3 * rows, 1.2 + 2.3 * columns))
    return factor


def _pair(regions: npt.NDArray[np.integer], which: float, where: float, jitter: float) -> list[tuple[float, float]]:
    """A place in a region and its mirror image about the middle of the region; none where there is no such region."""
    shares = np.cumsum([share for _, share, _, _ in _PLACES])
    region, _, top, bottom = _PLACES[min(int(np.searchsorted(shares, which)), len(_PLACES) - 1)]
    rows, columns = np.nonzero(regions[1] == region)
    if len(rows) < _LEAST_PIXELS:
        return []
    height = rows.max() - rows.min()
    inside = (rows >= rows.min() + top * height) & (rows <= rows.min() + bottom * height)
    rows, columns = rows[inside], columns[inside]
    if not len(rows):
        return []
    chosen = int(where * len(rows))
    middle = (columns.min() + columns.max()) / 2
    row, column = float(rows[chosen]), float(columns[chosen])
    return [(row, column), (row + 6 * (jitter - 0.5), 2 * middle - column)]


def _add(factor: Floats, row: float, column: float, strength: float, sigma: tuple[float, float]) -> None:
    """Multiply a Gaussian spot into the factor, in place."""
    reach = [int(np.ceil(_REACH * s)) for s in sigma]
    r = np.arange(max(int(row) - reach[0], 0), min(int(row) + reach[0] + 1, factor.shape[0]))
    c = np.arange(max(int(column) - reach[1], 0), min(int(column) + reach[1] + 1, factor.shape[1]))
    if len(r) and len(c):
        spot = np.exp(-0.5 * ((r - row) / sigma[0]) ** 2)[:, None] * np.exp(-0.5 * ((c - column) / sigma[1]) ** 2)
        factor[r[0] : r[-1] + 1, c[0] : c[-1] + 1] *= (1 + strength * spot).astype(np.float32)
