"""Painting solid shapes into a labelled lattice: tubes, ellipsoids and fans, from which a built-in body is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

STEP_MM = 3.0
"""Edge of the lattice."""
Place = tuple[float, float, float]
"""(z, y, x) mm: z from the top of the head down, y from front to back, x towards the patient's left."""


class Canvas:
    """A lattice of structure numbers, and how much each cell takes up relative to solid bone.

    Args:
        size_mm: (z, y, x) extent; x is centred on the midline.
    """

    def __init__(self, size_mm: Place) -> None:
        self.labels = np.zeros([int(np.ceil(s / STEP_MM)) for s in size_mm], np.uint8)
        self.weight = np.ones(self.labels.shape, np.float32)
        self._origin = np.array([0.0, 0.0, -size_mm[2] / 2])

    def tube(
        self, path: Sequence[Place], radius_mm: float | Sequence[float], number: int, *, hollow: float = 0.0
    ) -> None:
        """Paint capsules along a path.

        Args:
            path: At least two places.
            radius_mm: One radius, or one for each place.
            number: Structure.
            hollow: Inner fraction of the radius that is a marrow cavity of low uptake.
        """
        radii = [radius_mm] * len(path) if isinstance(radius_mm, (int, float)) else list(radius_mm)
        for a, b, ra, rb in zip(path, path[1:], radii, radii[1:], strict=False):
            self._capsule(np.array(a), np.array(b), ra, rb, number, hollow)

    def fan(self, hub: Place, rim: Sequence[Place], radius_mm: float, number: int, *, between: int = 6) -> None:
        """Paint a plate: spokes from a hub to points along a rim."""
        ends = np.asarray(rim, float)
        at = np.linspace(0, len(ends) - 1, (len(ends) - 1) * between + 1)
        for axis_at in at:
            i = min(int(axis_at), len(ends) - 2)
            end = ends[i] + (axis_at - i) * (ends[i + 1] - ends[i])
            self._capsule(np.array(hub), end, radius_mm, radius_mm, number, 0.0)

    def ellipsoid(
        self, centre: Place, semi_mm: Place, number: int, *, shell_mm: float = 0.0, weight: float = 1.0
    ) -> None:
        """Paint an ellipsoid, or its outer shell only, of bone that takes up `weight` times as much as solid bone."""
        c, s = np.array(centre), np.array(semi_mm)
        box, grid = self._box(c - s, c + s)
        inside = sum(((g - m) / r) ** 2 for g, m, r in zip(grid, c, s, strict=True)) <= 1
        if shell_mm:
            inner = sum(((g - m) / max(r - shell_mm, 1)) ** 2 for g, m, r in zip(grid, c, s, strict=True)) <= 1
            inside = inside & ~inner
        self.labels[box][inside] = number
        self.weight[box][inside] = weight

    def column(self, outline: Sequence[tuple[float, float, float, float]], number: int, x_mm: float = 0.0) -> None:
        """Paint a stack of ellipses.

        Args:
            outline: Rows of (z, half width in x, centre y, half depth in y), interpolated along z.
            number: Structure.
            x_mm: Centre in x.
        """
        table = np.array(outline)
        low = np.array([table[0, 0], (table[:, 2] - table[:, 3]).min(), x_mm - table[:, 1].max()])
        high = np.array([table[-1, 0], (table[:, 2] + table[:, 3]).max(), x_mm + table[:, 1].max()])
        box, (z, y, x) = self._box(low, high)
        half, centre, depth = (np.interp(z, table[:, 0], table[:, i]) for i in (1, 2, 3))
        inside = ((x - x_mm) / half) ** 2 + ((y - centre) / depth) ** 2 <= 1
        self.labels[box][inside] = number

    def cells(self, number: int) -> int:
        """Number of cells of a structure."""
        return int((self.labels == number).sum())

    def points(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """(n, 3) indices and (n, 3) float32 centres in mm of the painted cells."""
        index = np.argwhere(self.labels > 0)
        return index, ((index + 0.5) * STEP_MM + self._origin).astype(np.float32)

    def _box(
        self, low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
    ) -> tuple[tuple[slice, ...], list[npt.NDArray[np.float64]]]:
        first = np.maximum(np.floor((low - self._origin) / STEP_MM).astype(int), 0)
        last = np.minimum(np.ceil((high - self._origin) / STEP_MM).astype(int) + 1, self.labels.shape)
        box = tuple(slice(int(a), int(max(b, a))) for a, b in zip(first, last, strict=True))
        axes = [(np.arange(s.start, s.stop) + 0.5) * STEP_MM + o for s, o in zip(box, self._origin, strict=True)]
        return box, list(np.meshgrid(*axes, indexing="ij", sparse=True))

    def _capsule(
        self,
        a: npt.NDArray[np.float64],
        b: npt.NDArray[np.float64],
        radius_a: float,
        radius_b: float,
        number: int,
        hollow: float,
    ) -> None:
        reach = max(radius_a, radius_b, STEP_MM)
        box, grid = self._box(np.minimum(a, b) - reach, np.maximum(a, b) + reach)
        along = b - a
        length2 = float(along @ along) or 1.0
        t = np.clip(sum((g - m) * d for g, m, d in zip(grid, a, along, strict=True)) / length2, 0, 1)
        d2 = sum((g - (m + t * d)) ** 2 for g, m, d in zip(grid, a, along, strict=True))
        radius = np.maximum(radius_a + t * (radius_b - radius_a), STEP_MM * 0.6)
        inside = d2 <= radius**2
        self.labels[box][inside] = number
        self.weight[box][inside] = 1.0
        if hollow:
            self.weight[box][inside & (d2 <= (hollow * radius) ** 2)] = 0.35
