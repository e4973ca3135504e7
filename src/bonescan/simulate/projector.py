"""Projection of activity at points into both views: attenuated, blurred by depth, some of it scattered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, zoom

from bonescan.core.study import ViewName
from bonescan.simulate.attenuation import CELL_MM, Attenuation
from bonescan.simulate.blur import Image, blur, splat, splat_variance
from bonescan.simulate.body import Points
from bonescan.simulate.camera import Camera

_DEPTH_STEP_MM = 25.0
_CELL_VARIANCE = 1 / 12 + 1 / 6
"""Variance of a cell and of linear interpolation between cells, in cells²."""


@dataclass(frozen=True, eq=False)
class Patch:
    """A small image within a view.

    Attributes:
        row, column: Where its first pixel lies in the view.
        image: (row, column) float32, all 0 outside of it.
    """

    row: int
    column: int
    image: Image

    @property
    def where(self) -> tuple[slice, slice]:
        """Its place in the view."""
        return slice(self.row, self.row + self.image.shape[0]), slice(self.column, self.column + self.image.shape[1])

    def add_to(self, view: Image) -> None:
        """Add it to an image of the whole view."""
        view[self.where] += self.image


class Projector:
    """Projects activity at points into both views, sharing one attenuation map.

    Args:
        camera: The camera.
        points_mm: (n, 3) points of the whole body.
        density_mm3: (n,) volume times relative attenuation of each point.
    """

    def __init__(self, camera: Camera, points_mm: Points, density_mm3: npt.NDArray[np.float32]) -> None:
        self.camera = camera
        self.body = Attenuation(points_mm, density_mm3, camera.attenuation_per_mm)
        low, high = self.body.low, self.body.high
        length = float(high[0] - low[0])
        margin = (camera.rows * camera.pixel_mm - length) / 2
        # The scan is set so that all of the body fits, if it can.
        shift = float(np.clip(camera.offset_mm[0], -abs(margin) * 0.9, abs(margin) * 0.9)) if margin > 0 else margin
        self._row0 = margin + shift - low[0]
        # By its mass, not its outline: a missing or outstretched arm does not move the trunk aside.
        mass = float(density_mm3.sum())
        # A sum, not a dot product, whose last bits depend on the number of threads.
        middle = float((points_mm[:, 2] * density_mm3).sum()) / mass if mass > 0 else (high[2] + low[2]) / 2
        self._column0 = camera.columns * camera.pixel_mm / 2 + camera.offset_mm[1] - middle
        top, bottom = (low[0] + part * length + self._row0 for part in camera.seen)
        self.rows_seen = (
            int(np.clip(np.ceil(top / camera.pixel_mm), 0, camera.rows)),
            int(np.clip(np.ceil(bottom / camera.pixel_mm), 0, camera.rows)),
        )

    def distance_mm(self, view: ViewName, points_mm: Points) -> npt.NDArray[np.float32]:
        """Distance from the collimator face of each point, at least 0."""
        y = points_mm[:, 1]
        if view == ViewName.ANTERIOR:
            away = y - self.body.front_mm(points_mm[:, 0], contour=self.camera.contour) + self.camera.gap_mm[0]
        else:
            away = self.body.high[1] - y + self.camera.gap_mm[1]
        return np.asarray(np.maximum(away, 0), np.float32)

    def pixels(self, view: ViewName, points_mm: Points) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Continuous (row, column) of points; the patient's left is image-right in the anterior view."""
        c = self.camera
        row = (points_mm[:, 0] + np.float32(self._row0)) * np.float32(1 / c.pixel_mm) - np.float32(0.5)
        column = (points_mm[:, 2] + np.float32(self._column0)) * np.float32(1 / c.pixel_mm) - np.float32(0.5)
        if view == ViewName.POSTERIOR:
            column = np.float32(c.columns - 1) - column
        return row, column

    def passing(self, points_mm: Points, where: npt.NDArray[np.bool_]) -> dict[ViewName, npt.NDArray[np.float32]]:
        """(n,) fraction of photons that leave the body towards either camera, 0 elsewhere than asked for.

        Args:
            points_mm: (n, 3) points.
            where: (n,) which of them.
        """
        at = np.flatnonzero(where)
        out = {view: np.zeros(len(points_mm), np.float32) for view in ViewName}
        for view, fraction in self.body.of_points(points_mm[at]).items():
            out[view][at] = fraction
        return out

    def project(
        self,
        view: ViewName,
        points_mm: Points,
        activity: npt.NDArray[np.float32],
        passing: npt.NDArray[np.float32] | None = None,
    ) -> Image:
        """Project many points: primary counts without scatter or noise, blurred by depth.

        A point is shared between the two planes in front of and behind it so that its variance is that of its own
        depth; far planes are blurred onto nearer ones step by step, since Gaussian variances add.

        Args:
            view: Which view.
            points_mm: (n, 3) points.
            activity: (n,) activity of each.
            passing: (n,) fraction of its photons that leave the body towards this camera, where that is known already.
        """
        c = self.camera
        image = np.zeros((c.rows, c.columns), np.float32)
        patch = self._blurred(view, points_mm, activity, passing, _DEPTH_STEP_MM)
        if patch is not None:
            image[patch.where] = patch.image
        return image

    def project_small(
        self,
        view: ViewName,
        points_mm: Points,
        activity: npt.NDArray[np.float32],
        passing: npt.NDArray[np.float32] | None = None,
    ) -> Patch:
        """Project a compact source with the one blur of its mean depth; see `project`."""
        return self._blurred(view, points_mm, activity, passing, None) or Patch(0, 0, np.zeros((0, 0), np.float32))

    def _blurred(
        self,
        view: ViewName,
        points_mm: Points,
        activity: npt.NDArray[np.float32],
        passing: npt.NDArray[np.float32] | None,
        step_mm: float | None,
    ) -> Patch | None:
        c = self.camera
        if not len(points_mm):
            return None
        weight = activity * (self.body.of_points(points_mm)[view] if passing is None else passing)
        row, column = self.pixels(view, points_mm)
        distance = self.distance_mm(view, points_mm)
        variance = c.variance_px2(distance).astype(np.float32)
        if step_mm is None:
            total = float(weight.sum())
            planes = np.array([float((variance * weight).sum()) / total if total > 0 else float(variance.mean())])
        else:
            planes = self._planes(distance, step_mm)
        reach = int(4.5 * planes[-1] ** 0.5) + 2
        r0, r1 = _within(row, reach, *self.rows_seen)
        c0, c1 = _within(column, reach, 0, c.columns)
        if r1 <= r0 or c1 <= c0:
            return None
        at = (row - np.float32(r0), column - np.float32(c0), weight, (r1 - r0, c1 - c0))
        own = splat_variance(row, column, weight)
        if len(planes) == 1:
            image = splat(*at)[0]
        else:
            layer = np.clip(np.searchsorted(planes, variance, side="right") - 1, 0, len(planes) - 2)
            nearer, farther = planes[layer], planes[layer + 1]
            share = np.clip((variance - nearer) / (farther - nearer), 0, 1).astype(np.float32)
            stack = splat(*at, layer=layer, share=share, layers=len(planes))
            image = stack[-1]
            for i in range(len(planes) - 2, -1, -1):
                more = float(planes[i + 1] - planes[i])
                image = blur(image, (more, more)) + stack[i]
        image = blur(image, (float(planes[0]) - own[0], float(planes[0]) - own[1]))
        return Patch(r0, c0, image)

    def _planes(self, distance: npt.NDArray[np.float32], step_mm: float) -> npt.NDArray[np.float64]:
        """(k,) increasing variances of planes at equal distances from the camera that enclose the points."""
        low, high = float(distance.min()), float(distance.max())
        count = max(int(np.ceil((high - low) / step_mm)), 1) + 1
        return self.camera.variance_px2(np.linspace(low, max(high, low + 1), count))

    def project_soft(self, view: ViewName, points_mm: Points, activity: npt.NDArray[np.float32]) -> Image:
        """Project diffuse soft tissue on the coarse cells and interpolate to pixels."""
        c, body = self.camera, self.body
        grid = np.bincount(body.cells(points_mm), activity, minlength=int(np.prod(body.shape)))
        flat = (grid.reshape(body.shape) * body.of_cells(view)).sum(1)
        return self._on_pixels(view, flat, (c.pixel_mm / CELL_MM) ** 2)

    def stopped(self, view: ViewName) -> Image:
        """(row, column) share of photons that the body stops along the line of each pixel; 0 beside the body."""
        return self._stopped if view == ViewName.ANTERIOR else np.ascontiguousarray(self._stopped[:, ::-1])

    @cached_property
    def _stopped(self) -> Image:
        return self._on_pixels(ViewName.ANTERIOR, self.body.stopped(), 1.0)

    def _on_pixels(self, view: ViewName, flat: npt.NDArray[np.float32], scale: float) -> Image:
        """An image in coarse cells, seen from the front, as pixels of a view, blurred as by the middle of the body."""
        c, body = self.camera, self.body
        middle = c.gap_mm[0] + (body.high[1] - body.low[1]) / 2
        # Counting in cells and interpolating between them has blurred it already.
        variance = float(c.variance_px2(middle)) * (c.pixel_mm / CELL_MM) ** 2 - _CELL_VARIANCE
        flat = gaussian_filter(flat.astype(np.float32), max(variance, 0.06) ** 0.5)
        fine = zoom(flat, CELL_MM / c.pixel_mm, order=1, grid_mode=True, mode="grid-constant")
        fine *= scale
        row = round(float(body.origin[0] + self._row0) / c.pixel_mm)
        column = round(float(body.origin[2] + self._column0) / c.pixel_mm)
        image = np.zeros((c.rows, c.columns), np.float32)
        r0, c0 = max(row, self.rows_seen[0]), max(column, 0)
        r1, c1 = min(row + fine.shape[0], self.rows_seen[1]), min(column + fine.shape[1], c.columns)
        if r1 > r0 and c1 > c0:
            image[r0:r1, c0:c1] = fine[r0 - row : r1 - row, c0 - column : c1 - column]
        return image if view == ViewName.ANTERIOR else np.ascontiguousarray(image[:, ::-1])


def _within(at: npt.NDArray[np.float32], reach: int, low: int, high: int) -> tuple[int, int]:
    """First and past-last index that points reach, within bounds."""
    return max(int(at.min()) - reach, low), min(int(at.max()) + reach + 2, high)


_SCATTERED_MM = 35.0
"""Sigma of what the body scatters."""
_PENETRATING_MM = 50.0
"""Sigma of what comes through the septa; seen beside the body, where nothing scatters. Set by what real frames show
10 to 80 mm from the skin."""


def scatter(image: Image, camera: Camera, within: Image | None = None) -> Image:
    """Scattered counts: `scatter_fraction` of the primaries, spread by a broad Gaussian.

    Args:
        image: (row, column) primary counts.
        camera: The camera.
        within: (row, column) share of photons that the body stops along each line: photons scatter where there is
            something to scatter them. None for a medium without end.
    """
    out = _spread(image, _SCATTERED_MM / camera.pixel_mm)
    if within is not None:
        total = float(out.sum())
        out *= within
        out *= total / max(float(out.sum()), 1e-9)
    return np.asarray(camera.scatter_fraction * out, np.float32)


def _spread(image: Image, sigma_px: float) -> Image:
    """Blur by a Gaussian that is broad against four pixels."""
    coarse = image[: image.shape[0] // 4 * 4].reshape(-1, 4, image.shape[1] // 4, 4).sum((1, 3))
    blurred = gaussian_filter(coarse, sigma_px / 4, mode="constant")
    fine = gaussian_filter(np.repeat(np.repeat(blurred, 4, 0), 4, 1) / 16, 2.5)
    out = np.zeros_like(image)
    out[: fine.shape[0]] = fine
    return out


def haze(primary: Image, projector: Projector, view: ViewName) -> Image:
    """Counts that tell little of where they come from: scattered in the body or the collimator, and the background.

    Args:
        primary: (row, column) primary counts.
        projector: What projected them.
        view: Their view.
    """
    camera = projector.camera
    image = scatter(primary, camera, projector.stopped(view))
    if camera.penetration:
        image += np.float32(camera.penetration) * _spread(primary, _PENETRATING_MM / camera.pixel_mm)
    first, last = projector.rows_seen
    seen = image[first:last]
    if seen.size:
        seen += np.float32(camera.background * (float(primary[first:last].sum()) + float(seen.sum())) / seen.size)
    return image
