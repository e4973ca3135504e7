"""Painting solid shapes into a labelled lattice: sweeps, plates, ellipsoids and shells, of which bones are made.

Each cell keeps its signed distance from the surface of the bone that it belongs to. Where two shapes meet, the cell
goes to the one in which it lies deeper, and a cell that a surface cuts counts by the fraction inside, so a lattice of
3 mm represents a rib of 6 mm without stairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bonescan.simulate.curves import Array, Place, dense_curve, dense_net
from bonescan.simulate.parts import Part

STEP_MM = 3.0
"""Edge of the lattice."""
_FAR_MM = 60.0

PartAlong = Part | Sequence[tuple[float, Part]]
"""One part, or (fraction of the length up to which, part) in rising order."""


@dataclass(frozen=True)
class Cells:
    """Painted cells of one half of a body.

    Attributes:
        points: (n, 3) float32 centres in mm.
        number: (n,) uint8 structures.
        part: (n,) uint8 `Part`.
        depth_mm: (n,) float32 distance below the surface, negative outside.
        inside: (n,) float32 fraction of the cell that is inside, above 0.
        cavity: (n,) bool, in a marrow cavity.
    """

    points: npt.NDArray[np.float32]
    number: npt.NDArray[np.uint8]
    part: npt.NDArray[np.uint8]
    depth_mm: npt.NDArray[np.float32]
    inside: npt.NDArray[np.float32]
    cavity: npt.NDArray[np.bool_]


class Canvas:
    """A lattice over the left half of a body.

    Args:
        size_mm: (z, y, x) extent; x begins at the midline.
    """

    def __init__(self, size_mm: Place) -> None:
        shape = [int(np.ceil(s / STEP_MM)) for s in size_mm]
        self.number = np.zeros(shape, np.uint8)
        self._part = np.zeros(shape, np.uint8)
        self._distance = np.full(shape, _FAR_MM, np.float32)
        self._cavity = np.zeros(shape, bool)

    def sweep(
        self,
        path: Sequence[Place],
        half_mm: float | tuple[float, float] | Sequence[tuple[float, float]],
        number: int,
        part: PartAlong,
        *,
        flat: Place | Sequence[Place] = (0.0, 0.0, 1.0),
        square: float = 2.0,
        cap_mm: float | None = None,
        hollow: Sequence[float] = (),
        step_mm: float = 7.0,
    ) -> None:
        """Paint an elliptic section that is carried along a smooth path.

        Args:
            path: At least two places, joined by a smooth curve.
            half_mm: Half axes of the section: one number, one pair, or a pair for each place; the first along `flat`.
            number: Structure.
            part: Part or parts along the path.
            flat: Direction of the first half axis, or one for each place; its component along the path is ignored.
            square: Exponent of the section: 2 an ellipse, more a rounded rectangle.
            cap_mm: Length of the rounded ends; the smaller half axis if None.
            hollow: Fraction of the section that is a marrow cavity, at each place.
            step_mm: Longest straight piece of the curve.
        """
        halves = _pairs(half_mm, len(path))
        directions = np.broadcast_to(np.asarray(flat, float).reshape(-1, 3), (len(path), 3))
        cavity = np.asarray(hollow, float) if len(hollow) else np.zeros(len(path))
        nodes, extra = dense_curve(np.asarray(path, float), np.c_[halves, directions, cavity], step_mm)
        length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(nodes, axis=0), axis=1))])
        middle = (length[:-1] + length[1:]) / 2 / (length[-1] or 1.0)
        parts = _parts_at(part, middle)
        for i in range(len(nodes) - 1):
            box, distance, within = self._piece_distance(nodes[i], nodes[i + 1], extra[i], extra[i + 1], square, cap_mm)
            self._put(box, distance, number, parts[i], cavity=within > 0 if cavity.any() else None)

    def shaft(
        self,
        table: Sequence[tuple[float, float, float, float, float, float]],
        number: int,
        part: PartAlong,
        *,
        square: float = 2.0,
        cap_mm: float | None = None,
    ) -> None:
        """Paint a long bone from rows of (z, y, x, half width, half depth, fraction that is marrow cavity)."""
        rows = np.asarray(table, float)
        path = [(float(z), float(y), float(x)) for z, y, x in rows[:, :3]]
        halves = [(float(a), float(b)) for a, b in rows[:, 3:5]]
        self.sweep(path, halves, number, part, square=square, cap_mm=cap_mm, hollow=rows[:, 5].tolist())

    def ellipsoid(self, centre: Place, half_mm: Place, number: int, part: Part) -> None:
        """Paint a solid ellipsoid with half axes along (z, y, x)."""
        c, h = np.array(centre), np.array(half_mm)
        box, grid = self._box(c - h, c + h)
        offset = [g - m for g, m in zip(grid, c, strict=True)]
        self._put(box, _ellipsoid_distance(offset, h), number, part)

    def shell(
        self,
        centre: Place,
        half_mm: Place,
        thick_mm: float,
        number: int,
        part: Part,
        *,
        away: Place = (0.0, 0.0, 0.0),
        open_from: float = 2.0,
        below_mm: float = 1e9,
    ) -> None:
        """Paint the outer shell of an ellipsoid, left open on one side.

        Args:
            centre: Centre.
            half_mm: Outer half axes along (z, y, x).
            thick_mm: Thickness.
            number: Structure.
            part: Part.
            away: Direction of the opening.
            open_from: Cosine of the angle with `away` beyond which nothing is painted.
            below_mm: z beyond which nothing is painted.
        """
        c, h = np.array(centre), np.array(half_mm)
        box, grid = self._box(c - h, c + h)
        offset = [g - m for g, m in zip(grid, c, strict=True)]
        distance = np.maximum(_ellipsoid_distance(offset, h), -_ellipsoid_distance(offset, h - thick_mm))
        norm = np.sqrt(sum(o**2 for o in offset)) + 1e-6
        towards = sum(o * a for o, a in zip(offset, away, strict=True)) / norm
        distance = np.where((towards > open_from) | (grid[0] > below_mm), _FAR_MM, distance)
        self._put(box, distance, number, part)

    def plate(self, net: Sequence[Sequence[tuple[float, float, float, float]]], number: int, part: Part) -> None:
        """Paint a curved plate.

        Args:
            net: Rows of equally many (z, y, x, half thickness), joined by a smooth surface.
            number: Structure.
            part: Part.
        """
        from scipy.spatial import cKDTree

        surface = dense_net(np.asarray(net, float), STEP_MM * 0.7)
        centres, half = surface[:, :3], surface[:, 3]
        box, grid = self._box(centres.min(0) - half.max(), centres.max(0) + half.max())
        cells = np.stack([g.ravel() for g in np.broadcast_arrays(*grid)], 1)
        reach = float(half.max()) + STEP_MM
        found_mm, found_at = cKDTree(centres).query(cells, distance_upper_bound=reach)
        distance, nearest = np.asarray(found_mm), np.asarray(found_at, np.intp)
        found = np.isfinite(distance)
        # The samples are dense, so the distance to the nearest one is that to the surface but for a little.
        signed = np.full(len(cells), _FAR_MM)
        signed[found] = np.sqrt(np.maximum(distance[found] ** 2 - (0.3 * STEP_MM) ** 2, 0)) - half[nearest[found]]
        self._put(box, signed.reshape(np.broadcast_shapes(*(g.shape for g in grid))), number, part)

    def column(self, outline: Sequence[tuple[float, float, float, float]], number: int, square: float = 2.0) -> None:
        """Paint soft tissue: a stack of ellipses about the midline, where nothing is painted yet.

        Args:
            outline: Rows of (z, half width in x, centre y, half depth in y), interpolated along z.
            number: Structure.
            square: Exponent of the section.
        """
        table = np.array(outline)
        low = np.array([table[0, 0], (table[:, 2] - table[:, 3]).min(), 0.0])
        high = np.array([table[-1, 0], (table[:, 2] + table[:, 3]).max(), table[:, 1].max()])
        box, (z, y, x) = self._box(low, high, margin=0)
        half, centre, depth = (np.interp(z, table[:, 0], table[:, i]) for i in (1, 2, 3))
        inside = np.abs(x / half) ** square + np.abs((y - centre) / depth) ** square <= 1
        self._fill(box, inside, number)

    def fill(
        self, path: Sequence[Place], half_mm: Sequence[tuple[float, float]], number: int, *, cap_mm: float | None = None
    ) -> None:
        """Paint soft tissue along a path, as `sweep` does, where nothing is painted yet."""
        nodes, extra = dense_curve(np.asarray(path, float), _pairs(half_mm, len(path)), 40.0)
        flat = np.tile([0.0, 0.0, 1.0, 0.0], (len(nodes), 1))
        extra = np.c_[extra, flat]
        for i in range(len(nodes) - 1):
            box, distance, _ = self._piece_distance(nodes[i], nodes[i + 1], extra[i], extra[i + 1], 2.0, cap_mm)
            self._fill(box, distance < 0, number)

    def cells(self, low: int, high: int) -> Cells:
        """The cells of structures `low` to `high`."""
        index = np.argwhere((self.number >= low) & (self.number <= high))
        at = tuple(index.T)
        distance = self._distance[at]
        return Cells(
            points=((index + 0.5) * STEP_MM).astype(np.float32),
            number=self.number[at],
            part=self._part[at],
            depth_mm=-distance,
            inside=np.clip(0.5 - distance / STEP_MM, 0.05, 1).astype(np.float32),
            cavity=self._cavity[at],
        )

    def _box(self, low: Array, high: Array, margin: float = STEP_MM) -> tuple[tuple[slice, ...], list[Array]]:
        first = np.maximum(np.floor((low - margin) / STEP_MM).astype(int), 0)
        last = np.minimum(np.ceil((high + margin) / STEP_MM).astype(int) + 1, self.number.shape)
        box = tuple(slice(int(a), int(max(b, a))) for a, b in zip(first, last, strict=True))
        axes = [(np.arange(s.start, s.stop) + 0.5) * STEP_MM for s in box]
        return box, list(np.meshgrid(*axes, indexing="ij", sparse=True))

    def _fill(self, box: tuple[slice, ...], inside: npt.NDArray[np.bool_], number: int) -> None:
        free = inside & (self.number[box] == 0)
        self.number[box][free] = number
        self._distance[box][free] = -STEP_MM

    def _put(
        self,
        box: tuple[slice, ...],
        distance: Array,
        number: int,
        part: Part,
        cavity: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        deeper = (distance < STEP_MM / 2) & (distance < self._distance[box])
        self._distance[box][deeper] = distance[deeper]
        self.number[box][deeper] = number
        self._part[box][deeper] = int(part)
        self._cavity[box][deeper] = False if cavity is None else cavity[deeper]

    def _piece_distance(
        self, a: Array, b: Array, extra_a: Array, extra_b: Array, square: float, cap_mm: float | None
    ) -> tuple[tuple[slice, ...], Array, Array]:
        """Box, signed distance and elliptic radius around a straight piece.

        `extra` holds at each end: two half axes, the direction of the first, the fraction that is a cavity.
        """
        reach = float(max(extra_a[:2].max(), extra_b[:2].max(), cap_mm or 0.0))
        box, grid = self._box(np.minimum(a, b) - reach, np.maximum(a, b) + reach)
        along = b - a
        length = float(np.linalg.norm(along)) or 1e-6
        axis = along / length
        first = (extra_a[2:5] + extra_b[2:5]) / 2
        first = first - (first @ axis) * axis
        first /= np.linalg.norm(first) or 1.0
        second = np.cross(axis, first)
        offset = [g - m for g, m in zip(grid, a, strict=True)]
        s = sum(o * d for o, d in zip(offset, axis, strict=True))
        t = np.clip(s / length, 0, 1)
        beyond = s - t * length
        u = sum(o * d for o, d in zip(offset, first, strict=True))
        v = sum(o * d for o, d in zip(offset, second, strict=True))
        half_u = extra_a[0] + t * (extra_b[0] - extra_a[0])
        half_v = extra_a[1] + t * (extra_b[1] - extra_a[1])
        cap = np.minimum(half_u, half_v) if cap_mm is None else cap_mm
        if square == 2.0:
            r = np.sqrt((u / half_u) ** 2 + (v / half_v) ** 2 + (beyond / cap) ** 2)
        else:
            r = (np.abs(u / half_u) ** square + np.abs(v / half_v) ** square + np.abs(beyond / cap) ** square) ** (
                1 / square
            )
        radial = np.sqrt(u**2 + v**2 + beyond**2)
        r = np.maximum(r, 1e-3)
        distance = np.maximum(radial * (1 - 1 / r), -np.minimum(half_u, half_v))
        hollow = extra_a[5] + t * (extra_b[5] - extra_a[5])
        return box, distance, hollow - r


def _ellipsoid_distance(offset: Sequence[Array], half: Array) -> Array:
    """Signed distance from the surface of an ellipsoid, measured along the ray from its centre."""
    r = np.maximum(np.sqrt(sum((o / h) ** 2 for o, h in zip(offset, half, strict=True))), 1e-3)
    radial = np.sqrt(sum(o**2 for o in offset))
    return np.asarray(np.maximum(radial * (1 - 1 / r), -half.min()))


def _pairs(half_mm: float | tuple[float, float] | Sequence[tuple[float, float]], count: int) -> Array:
    """(count, 2) half axes from one number, one pair, or a pair for each place."""
    given = np.asarray(half_mm, float)
    if given.ndim == 0:
        given = np.repeat(given, 2)
    return np.array(np.broadcast_to(given.reshape(-1, 2), (count, 2)))


def _parts_at(part: PartAlong, fractions: Array) -> list[Part]:
    if isinstance(part, Part):
        return [part] * len(fractions)
    bounds = [b for b, _ in part[:-1]]
    return [part[int(i)][1] for i in np.searchsorted(bounds, fractions, side="right")]
