"""Smooth curves and surfaces through a few places (Catmull-Rom)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Place = tuple[float, float, float]
"""(z, y, x) mm: z from the top of the head down, y from front to back, x towards the patient's left."""


def catmull_rom(nodes: Array, at: Array) -> Array:
    """Values of the smooth curve through nodes at the integers.

    Args:
        nodes: (k, …) values at the integers.
        at: (n,) between 0 and k - 1.

    Returns:
        (n, …) values.

    Example:
        >>> catmull_rom(np.array([0.0, 1.0, 2.0]), np.array([0.5, 2.0])).tolist()
        [0.5, 2.0]
    """
    if len(nodes) < 3:
        i = np.zeros(len(at), int)
        t = at.reshape(-1, *[1] * (nodes.ndim - 1))
        return np.asarray(nodes[i] + t * (nodes[-1] - nodes[0]))
    i = np.clip(np.floor(at).astype(int), 0, len(nodes) - 2)
    t = (at - i).reshape(-1, *[1] * (nodes.ndim - 1))
    # The ends are continued in a straight line.
    padded = np.concatenate([2 * nodes[:1] - nodes[1:2], nodes, 2 * nodes[-1:] - nodes[-2:-1]])
    p0, p1, p2, p3 = (padded[i + k] for k in range(4))
    return np.asarray(p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0))))


def dense_curve(path: Array, extra: Array, step_mm: float) -> tuple[Array, Array]:
    """Densify a path: (m, 3) places at most about `step_mm` apart and (m, e) extra values, interpolated linearly."""
    lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
    at = np.concatenate(
        [i + np.linspace(0, 1, max(int(np.ceil(d / step_mm)), 1), endpoint=False) for i, d in enumerate(lengths)]
        + [[len(path) - 1]]
    )
    nodes = catmull_rom(path, at)
    index = np.arange(len(path))
    return nodes, np.stack([np.interp(at, index, extra[:, i]) for i in range(extra.shape[1])], 1)


def dense_net(net: Array, step_mm: float) -> Array:
    """(m, e) samples of the smooth surface through a (rows, columns, e) net; the first three values are places."""

    def positions(lengths: Array) -> Array:
        return np.concatenate(
            [i + np.linspace(0, 1, max(int(np.ceil(d / step_mm)), 1), endpoint=False) for i, d in enumerate(lengths)]
            + [[len(lengths)]]
        )

    across = positions(np.linalg.norm(np.diff(net[..., :3], axis=0), axis=2).max(1))
    along = positions(np.linalg.norm(np.diff(net[..., :3], axis=1), axis=2).max(0))
    rows = catmull_rom(net, across)
    samples = catmull_rom(np.swapaxes(rows, 0, 1), along)
    return samples.reshape(-1, net.shape[2])
