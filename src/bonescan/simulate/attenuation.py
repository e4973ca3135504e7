"""How much of each point's radiation gets out of the body to the front and to the back, and where the skin is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, minimum_filter1d, uniform_filter1d

from bonescan.core.study import ViewName
from bonescan.simulate.body import Points

CELL_MM = 8.0
"""Edge of the coarse cells in which attenuation is summed."""
_HEAD_LENGTH_MM = 400.0
"""Length of a detector along the body; it must clear the highest part under it."""


class Attenuation:
    """Attenuation of one posed body on a lattice of coarse cells.

    T = exp(-∫ µ dl) along the straight line to either camera, µ = µ_soft × the tissue's density relative to soft
    tissue. µ_soft is a broad-beam value, since some scattered photons are counted in the energy window.

    Args:
        points_mm: (n, 3) points of the whole body.
        density_mm3: (n,) volume times relative attenuation of each point.
        mu_per_mm: Linear attenuation of soft tissue.
    """

    def __init__(self, points_mm: Points, density_mm3: npt.NDArray[np.float32], mu_per_mm: float) -> None:
        # Axis by axis: a reduction along the long axis of an (n, 3) array is several times slower.
        self.low = np.array([points_mm[:, i].min() for i in range(3)], np.float32)
        self.high = np.array([points_mm[:, i].max() for i in range(3)], np.float32)
        self.origin = self.low - 2 * CELL_MM
        self.shape = tuple(int(n) for n in np.ceil((self.high - self.origin) / CELL_MM).astype(int) + 3)
        # In depth a point is shared between the two cells whose middles enclose it, so that the skin is not displaced.
        depth = (points_mm[:, 1] - self.origin[1]) * np.float32(1 / CELL_MM) - np.float32(0.5)
        upper = density_mm3 * (depth - np.floor(depth))
        first = self.cells(points_mm - np.array([0, CELL_MM / 2, 0], np.float32))
        size = int(np.prod(self.shape))
        grid = np.bincount(first, density_mm3 - upper, minlength=size)
        grid += np.bincount(first + np.int32(self.shape[2]), upper, minlength=size)
        grid = grid.reshape(self.shape)
        grid = gaussian_filter((grid / CELL_MM**3).astype(np.float32), 0.8)
        self._step = grid * np.float32(mu_per_mm * CELL_MM)
        # Path from the front face of each cell's row of cells to the near face of the cell.
        self._before = np.cumsum(self._step, axis=1) - self._step
        self._total = self._step.sum(1, keepdims=True)
        self._grid = grid

    def cells(self, points_mm: Points) -> npt.NDArray[np.int32]:
        """(n,) flat index of the cell of each point."""
        i = ((points_mm - self.origin) * np.float32(1 / CELL_MM)).astype(np.int32)
        np.clip(i, 0, np.array(self.shape, np.int32) - 1, out=i)
        return np.asarray((i[:, 0] * self.shape[1] + i[:, 1]) * self.shape[2] + i[:, 2], np.int32)

    def of_points(self, points_mm: Points) -> dict[ViewName, npt.NDArray[np.float32]]:
        """(n,) fraction of photons that leave the body towards either camera, exact in depth within a cell."""
        cell = self.cells(points_mm)
        depth = (points_mm[:, 1] - self.origin[1]) * np.float32(1 / CELL_MM)
        fraction = depth - np.floor(depth)
        before = self._before.ravel()[cell] + fraction * self._step.ravel()[cell]
        _, depths, columns = self.shape
        whole = self._total.ravel()[(cell // (depths * columns)) * columns + cell % columns]
        return {ViewName.ANTERIOR: _passing(before), ViewName.POSTERIOR: _passing(whole - before)}

    def of_cells(self, view: ViewName) -> npt.NDArray[np.float32]:
        """(z, y, x) fraction for the middle of each cell."""
        path = self._before + self._step / 2
        return np.asarray(np.exp(-(path if view == ViewName.ANTERIOR else self._total - path)), np.float32)

    def stopped(self) -> npt.NDArray[np.float32]:
        """(z, x) share of photons that all of the body along a line of cells stops."""
        return np.asarray(1 - np.exp(-self._total[:, 0]), np.float32)

    def front_mm(self, z_mm: npt.NDArray[np.float32], *, contour: bool) -> npt.NDArray[np.float32]:
        """(n,) y of the plane that the front camera clears at each z: the highest skin under it, or of all."""
        if not contour:
            return np.full(len(z_mm), self.low[1], np.float32)
        filled = self._grid > 0.25
        skin = np.where(filled.any((1, 2)), filled.any(2).argmax(1), self.shape[1]).astype(np.float32)
        window = int(_HEAD_LENGTH_MM / CELL_MM) | 1
        cleared = uniform_filter1d(minimum_filter1d(skin, window, mode="nearest"), window // 2 | 1, mode="nearest")
        face = self.origin[1] + (cleared + 0.5) * CELL_MM
        at = (z_mm - self.origin[0]) / CELL_MM - 0.5
        return np.asarray(np.interp(at, np.arange(len(face)), face), np.float32)


def _passing(path: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(np.exp(-path), np.float32)
