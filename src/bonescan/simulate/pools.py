"""Activity outside bone that is not diffuse (injection site, urine, nose, cartilage): clouds of points along a path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Laterality
from bonescan.simulate.anatomy_index import AnatomyIndex
from bonescan.simulate.body import Points
from bonescan.simulate.structures import Segment

Place = tuple[float, float, float]
"""(z, y, x) mm in the coordinates of the reference body."""
_POINTS_PER_ML = 40


@dataclass(frozen=True)
class Pool:
    """A tube of activity; one place makes it a ball.

    Attributes:
        cause: What it is ("injection site", "urine on the skin", …).
        segment: Part of the body that it moves with.
        side: That part's side, or None.
        path: Places along its middle, in the coordinates of the reference body.
        radius_mm: Radius at each place (one standard deviation of the cloud across the path).
        activity: Sum of its activity: uptake relative to the femoral shaft times mm³.
        uneven: 0 for a smooth tube, 1 for clumps and gaps along it.
        seed: Seed of its points.
    """

    cause: str
    segment: Segment
    side: Laterality | None
    path: tuple[Place, ...]
    radius_mm: tuple[float, ...]
    activity: float
    uneven: float = 0.0
    seed: int = 0


def place(at: npt.ArrayLike) -> Place:
    """A place as plain numbers, rounded to 0.1 mm, for a record."""
    z, y, x = np.round(np.asarray(at, np.float64), 1)
    return float(z), float(y), float(x)


def shifted(at: npt.ArrayLike, dz: float, dy: float, dx: float) -> npt.NDArray[np.float64]:
    """A place moved by millimetres: down, towards the back, towards the patient's left."""
    return np.asarray(at, np.float64) + np.array([dz, dy, dx], np.float64)


def pool_points(anatomy: AnatomyIndex, pool: Pool, posed_mm: Points) -> tuple[Points, npt.NDArray[np.float32]]:
    """Points of a pool in the posed body, and the activity of each.

    The path moves with the nearest soft tissue of its segment.

    Args:
        anatomy: The reference body.
        pool: The pool.
        posed_mm: (n, 3) points of the posed body.

    Returns:
        (m, 3) float32 mm and (m,) float32.
    """
    path = _moved(anatomy, pool, posed_mm)
    radius = np.asarray(pool.radius_mm, np.float64)
    rng = np.random.default_rng(pool.seed)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    volume_ml = (radius.mean() ** 2 * (along[-1] + 2 * radius.mean())) * np.pi / 1000
    m = int(np.clip(volume_ml * _POINTS_PER_ML, 150, 3000))
    t = rng.uniform(0, along[-1], m)
    weight = np.ones(m)
    if pool.uneven > 0:
        # Clumps: a few random places along the path hold most of it.
        knots = max(int(along[-1] / 12), 3)
        level = np.exp(rng.normal(0, 1.2 * pool.uneven, knots))
        weight = np.interp(t, np.linspace(0, max(along[-1], 1e-3), knots), level)
    centre = np.stack([np.interp(t, along, path[:, k]) for k in range(3)], 1) if len(path) > 1 else path[[0] * m]
    spread = np.interp(t, along, radius)[:, None]
    points = centre + rng.normal(size=(m, 3)) * spread * np.array([1.0, 0.8, 1.0])
    return points.astype(np.float32), (pool.activity * weight / weight.sum()).astype(np.float32)


def _moved(anatomy: AnatomyIndex, pool: Pool, posed_mm: Points) -> npt.NDArray[np.float64]:
    soft = np.flatnonzero(anatomy.body.in_segment(pool.segment, pool.side) & anatomy.body.is_soft)
    rest = anatomy.body.points_mm[soft]
    path = np.array(pool.path, np.float64)
    for i, node in enumerate(path):
        nearest = soft[np.argmin(((rest - node.astype(np.float32)) ** 2).sum(1))]
        path[i] += posed_mm[nearest] - anatomy.body.points_mm[nearest]
    return path
