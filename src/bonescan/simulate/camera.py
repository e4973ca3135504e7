"""A gamma camera that looks at labelled points from the front and the back.

One activity is seen by both heads: each point is attenuated by the tissue between it and the camera, blurred by the
collimator according to its depth, part of it scattered, and counts are drawn from a Poisson distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, zoom

from bonescan.core.study import ViewName
from bonescan.simulate.body import Points

Image = npt.NDArray[np.float32]
"""(row, column) float32 expected counts in arbitrary units before scaling."""

FWHM_PER_SIGMA = 2.3548
"""2 sqrt(2 ln 2)."""
_CELL_MM = 8.0
"""Edge of the coarse cells in which attenuation is summed."""
_DEPTH_STEP_MM = 25.0


@dataclass(frozen=True)
class Camera:
    """Camera and acquisition.

    Attributes:
        rows, columns: Matrix.
        pixel_mm: Square pixels.
        hole_mm, length_mm: Hole diameter and length of the LEHR collimator (GE: 1.5 and 35 mm).
        intrinsic_fwhm_mm: Intrinsic resolution.
        gap_mm: (anterior, posterior) distance from the collimator to the nearest skin.
        attenuation_per_mm: Broad-beam linear attenuation of soft tissue at 140 keV.
        scatter_fraction: Scattered over primary counts.
        counts: Expected counts of the mean of both views.
        offset_mm: (z, x) shift of the patient in the field of view.
        noise_seed: Seed of the Poisson noise.
    """

    rows: int = 1024
    columns: int = 256
    pixel_mm: float = 2.3
    hole_mm: float = 1.5
    length_mm: float = 35.0
    intrinsic_fwhm_mm: float = 3.8
    gap_mm: tuple[float, float] = (40.0, 20.0)
    attenuation_per_mm: float = 0.012
    scatter_fraction: float = 0.3
    counts: float = 1.2e6
    offset_mm: tuple[float, float] = (0.0, 0.0)
    noise_seed: int = 0

    def fwhm_mm(self, distance_mm: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """System resolution at a distance from the collimator face.

        R² = R_intrinsic² + R_collimator², R_collimator = d (L_e + z) / L_e, with the effective hole length
        L_e = L - 2 / µ(lead, 140 keV) and µ = 2.7 / mm.

        Source: Cherry, Sorenson, Phelps, Physics in Nuclear Medicine, chapter 14 (collimator resolution).

        Example:
            >>> Camera().fwhm_mm(100.0).round(1)
            np.float64(7.0)
        """
        effective = self.length_mm - 2 / 2.7
        collimator = self.hole_mm * (effective + np.asarray(distance_mm, np.float64)) / effective
        return np.asarray(np.hypot(self.intrinsic_fwhm_mm, collimator))


class Projector:
    """Projects activity at points into both views, sharing one attenuation map.

    Args:
        camera: The camera.
        points_mm: (n, 3) points of the whole body.
        density_mm3: (n,) volume times relative attenuation of each point.
    """

    def __init__(self, camera: Camera, points_mm: Points, density_mm3: npt.NDArray[np.float32]) -> None:
        self.camera = camera
        self.low = points_mm.min(0)
        self.high = points_mm.max(0)
        self._origin = self.low - 2 * _CELL_MM
        self._shape = tuple(int(n) for n in np.ceil((self.high - self._origin) / _CELL_MM).astype(int) + 3)
        cells = self._cells(points_mm)
        grid = np.bincount(cells, density_mm3, minlength=int(np.prod(self._shape))).reshape(self._shape)
        grid = gaussian_filter((grid / _CELL_MM**3).astype(np.float32), 0.8)
        step = grid * (camera.attenuation_per_mm * _CELL_MM)
        through = np.cumsum(step, axis=1) - step / 2
        total = step.sum(1, keepdims=True)
        self._transmission = {
            ViewName.ANTERIOR: np.exp(-through).ravel(),
            ViewName.POSTERIOR: np.exp(-(total - through)).ravel(),
        }
        margin = (camera.rows * camera.pixel_mm - (self.high[0] - self.low[0])) / 2
        self._row0 = margin + camera.offset_mm[0] - self.low[0]
        self._column0 = camera.columns * camera.pixel_mm / 2 + camera.offset_mm[1] - (self.high[2] + self.low[2]) / 2

    def _cells(self, points_mm: Points) -> npt.NDArray[np.intp]:
        i = ((points_mm - self._origin) / _CELL_MM).astype(np.intp)
        for axis in range(3):
            np.clip(i[:, axis], 0, self._shape[axis] - 1, out=i[:, axis])
        return np.asarray((i[:, 0] * self._shape[1] + i[:, 1]) * self._shape[2] + i[:, 2])

    def distance_mm(self, view: ViewName, y_mm: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Distance from the collimator face of each point."""
        if view == ViewName.ANTERIOR:
            return np.asarray(y_mm - self.low[1] + self.camera.gap_mm[0])
        return np.asarray(self.high[1] - y_mm + self.camera.gap_mm[1])

    def pixels(self, view: ViewName, points_mm: Points) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Continuous (row, column) of points; the patient's left is image-right in the anterior view."""
        c = self.camera
        column = (points_mm[:, 2] + self._column0) / c.pixel_mm - 0.5
        if view == ViewName.POSTERIOR:
            column = c.columns - 1 - column
        return (points_mm[:, 0] + self._row0) / c.pixel_mm - 0.5, column

    def transmission(self, view: ViewName, points_mm: Points) -> npt.NDArray[np.float32]:
        """Fraction of photons that reach the camera."""
        return np.asarray(self._transmission[view][self._cells(points_mm)], np.float32)

    def project(self, view: ViewName, points_mm: Points, activity: npt.NDArray[np.float32]) -> Image:
        """Project many points: primary counts without scatter or noise, blurred by depth.

        Far slabs are blurred onto nearer ones step by step, since Gaussian variances add.
        """
        c = self.camera
        weight = activity * self.transmission(view, points_mm)
        distance = self.distance_mm(view, points_mm[:, 1])
        row, column = self.pixels(view, points_mm)
        nearest = float(distance.min())
        slab = ((distance - nearest) / _DEPTH_STEP_MM).astype(np.intp)
        count = int(slab.max()) + 1
        stack = splat(row, column, weight, slab, (count, c.rows, c.columns))
        # Each slab is blurred as at the mean distance of its own points; an empty one as at its middle.
        points_in = np.bincount(slab, minlength=count)
        middle = nearest + (np.arange(count) + 0.5) * _DEPTH_STEP_MM
        mean = np.where(points_in, np.bincount(slab, distance, count) / np.maximum(points_in, 1), middle)
        sigma = c.fwhm_mm(mean) / FWHM_PER_SIGMA / c.pixel_mm
        first, last = _rows_used(row, c.rows, margin=30)
        image = np.zeros((last - first, c.columns), np.float32)
        for i in range(count - 1, -1, -1):
            image += stack[i, first:last]
            nearer = sigma[i - 1] if i else 0.0
            image = gaussian_filter(image, float(np.sqrt(sigma[i] ** 2 - nearer**2)), mode="constant", truncate=3.5)
        whole = np.zeros((c.rows, c.columns), np.float32)
        whole[first:last] = image
        return whole

    def project_small(self, view: ViewName, points_mm: Points, activity: npt.NDArray[np.float32]) -> Image:
        """Project a compact source with the one blur of its mean depth."""
        c = self.camera
        image = np.zeros((c.rows, c.columns), np.float32)
        if not len(points_mm):
            return image
        weight = activity * self.transmission(view, points_mm)
        row, column = self.pixels(view, points_mm)
        distance = np.average(self.distance_mm(view, points_mm[:, 1]), weights=weight + 1e-12)
        sigma = float(c.fwhm_mm(distance)) / FWHM_PER_SIGMA / c.pixel_mm
        reach = int(4 * sigma) + 2
        r0, r1 = max(int(row.min()) - reach, 0), min(int(row.max()) + reach + 2, c.rows)
        c0, c1 = max(int(column.min()) - reach, 0), min(int(column.max()) + reach + 2, c.columns)
        if r1 <= r0 or c1 <= c0:
            return image
        box = splat(row - r0, column - c0, weight, np.zeros(len(row), np.intp), (1, r1 - r0, c1 - c0))[0]
        image[r0:r1, c0:c1] = gaussian_filter(box, sigma, mode="constant", truncate=3.5)
        return image

    def project_soft(self, view: ViewName, points_mm: Points, activity: npt.NDArray[np.float32]) -> Image:
        """Project diffuse soft tissue on the coarse cells and interpolate to pixels."""
        c = self.camera
        cells = self._cells(points_mm)
        grid = np.bincount(cells, activity, minlength=int(np.prod(self._shape)))
        flat = (grid * self._transmission[view]).reshape(self._shape).sum(1)
        middle = c.gap_mm[0] + (self.high[1] - self.low[1]) / 2
        sigma_mm = float(c.fwhm_mm(middle)) / FWHM_PER_SIGMA
        flat = gaussian_filter(flat.astype(np.float32), max(sigma_mm / _CELL_MM, 0.6))
        fine = zoom(flat, _CELL_MM / c.pixel_mm, order=1, grid_mode=True, mode="grid-constant")
        fine *= (c.pixel_mm / _CELL_MM) ** 2
        row = round(float(self._origin[0] + self._row0) / c.pixel_mm)
        column = round(float(self._origin[2] + self._column0) / c.pixel_mm)
        image = np.zeros((c.rows, c.columns), np.float32)
        r0, c0 = max(row, 0), max(column, 0)
        r1, c1 = min(row + fine.shape[0], c.rows), min(column + fine.shape[1], c.columns)
        if r1 > r0 and c1 > c0:
            image[r0:r1, c0:c1] = fine[r0 - row : r1 - row, c0 - column : c1 - column]
        return image if view == ViewName.ANTERIOR else np.ascontiguousarray(image[:, ::-1])


def scatter(image: Image, camera: Camera) -> Image:
    """Scattered counts: `scatter_fraction` of the primaries, spread by a broad Gaussian of 35 mm sigma."""
    coarse = image[: image.shape[0] // 4 * 4].reshape(-1, 4, image.shape[1] // 4, 4).sum((1, 3))
    spread = gaussian_filter(coarse, 35.0 / camera.pixel_mm / 4, mode="constant")
    fine = np.repeat(np.repeat(spread, 4, 0), 4, 1) / 16
    fine = gaussian_filter(fine, 2.5)
    out = np.zeros_like(image)
    out[: fine.shape[0]] = fine
    return np.asarray(camera.scatter_fraction * out, np.float32)


def _rows_used(row: npt.NDArray[np.float32], rows: int, margin: int) -> tuple[int, int]:
    return max(int(row.min()) - margin, 0), max(min(int(row.max()) + margin, rows), 1)


def splat(
    row: npt.NDArray[np.float32],
    column: npt.NDArray[np.float32],
    weight: npt.NDArray[np.float32],
    slab: npt.NDArray[np.intp],
    shape: tuple[int, int, int],
) -> Image:
    """Sum weights into (slab, row, column) with bilinear shares; what falls outside is lost.

    Args:
        row: (n,) continuous rows.
        column: (n,) continuous columns.
        weight: (n,) what to sum.
        slab: (n,) first index of the result.
        shape: (slabs, rows, columns) of the result.
    """
    _, rows, columns = shape
    r0, c0 = np.floor(row).astype(np.intp), np.floor(column).astype(np.intp)
    fr, fc = row - r0, column - c0
    out = np.zeros(int(np.prod(shape)), np.float64)
    for dr, wr in ((0, 1 - fr), (1, fr)):
        for dc, wc in ((0, 1 - fc), (1, fc)):
            r, c = r0 + dr, c0 + dc
            inside = (r >= 0) & (r < rows) & (c >= 0) & (c < columns)
            flat = (slab * rows + r) * columns + c
            share = weight * wr * wc
            if not inside.all():
                flat, share = flat[inside], share[inside]
            out += np.bincount(flat, share, minlength=out.size)
    return out.reshape(shape).astype(np.float32)
