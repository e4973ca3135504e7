"""The course of the twelve ribs, and how to tell which rib a point of a rib cage belongs to.

Section centres of each rib at eight places, from the head beside the spine to the end at the cartilage, mean of both
sides. Source: measured on the adult female of ICRP Publication 110 and rounded; the male cage is longer and wider.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Curve = npt.NDArray[np.float64]
"""(k, 3) float64 mm (z, y, |x|) along one rib."""

THORACIC_SPINE_MM = (249.0, 515.0)
"""z of the top of T1 and the bottom of T12 in the coordinates of the table."""

_TABLE = """
250 165  24  255 158  33  262 155  47  275 148  56  288 133  57  297 122  50  306 110  42  314 103  31
265 172  26  264 173  38  270 170  58  284 160  78  305 138  86  320 118  80  332 103  64  341  92  50
283 181  27  283 189  52  294 183  76  312 165  94  330 141 101  348 117  97  362  97  82  376  84  61
301 190  27  300 199  55  315 191  81  334 171 100  355 144 109  375 117 106  394  92  93  410  78  70
321 196  29  324 204  58  340 194  85  360 172 103  383 144 111  406 115 108  430  88  95  444  73  74
344 201  27  348 210  57  362 201  82  380 180 101  402 153 110  426 125 111  450  97 105  470  77  86
368 203  28  374 212  55  387 203  81  404 183  99  424 159 109  448 131 112  475 104 108  497  83  96
392 202  26  398 212  52  411 206  76  425 189  92  443 167 105  466 144 111  494 119 111  525  98 103
418 198  25  424 208  47  436 206  71  450 193  89  470 175 103  493 155 111  520 132 113  549 110 105
445 193  24  452 205  46  465 206  66  481 198  82  501 184  96  524 168 106  548 150 111  567 132 108
476 185  26  486 196  43  500 199  60  516 194  72  536 185  83  553 175  91  570 163  97  583 150 100
503 179  25  512 179  31  524 183  40  531 184  48  539 182  55  548 181  62  556 178  69  566 174  76
"""
"""A line a rib: eight places (z, y, |x|) in mm."""


def rib_curves() -> list[Curve]:
    """The twelve curves of one side, from the neck down."""
    return [np.array(line.split(), float).reshape(-1, 3) for line in _TABLE.split("\n") if line]


def resample(curve: Curve, count: int) -> Curve:
    """(count, 3) places at equal distances along a curve."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    at = np.linspace(0, length[-1], count)
    return np.stack([np.interp(at, length, curve[:, i]) for i in range(3)], 1)


def label_ribs(
    points: npt.NDArray[np.float32], spine_z_mm: tuple[float, float], rounds: int = 6
) -> npt.NDArray[np.intp]:
    """Tell which rib each point of one side of a rib cage belongs to.

    The tabled curves are stretched to this cage, each point joins the nearest curve, each curve moves to its points,
    and so on: k-means with curves for centres.

    Args:
        points: (n, 3) mm (z, y, |x|).
        spine_z_mm: z of the top of T1 and the bottom of T12.
        rounds: How often curves and points are matched.

    Returns:
        (n,) 0 for rib 1 to 11 for rib 12.
    """
    from scipy.spatial import cKDTree

    curves = rib_curves()
    every = np.concatenate(curves)
    if len(points) < 2 * len(curves):
        # Too few for a fit (a made-up phantom): by height alone.
        rank = np.argsort(np.argsort(points[:, 0], kind="stable"), kind="stable")
        return np.asarray(rank * len(curves) // max(len(points), 1), np.intp)
    scale = (spine_z_mm[1] - spine_z_mm[0]) / (THORACIC_SPINE_MM[1] - THORACIC_SPINE_MM[0])
    low, high = np.percentile(points, 1, axis=0), np.percentile(points, 99, axis=0)
    for curve in curves:
        curve[:, 0] = spine_z_mm[0] + (curve[:, 0] - THORACIC_SPINE_MM[0]) * scale
        for axis in (1, 2):
            a, b = np.percentile(every[:, axis], 1), np.percentile(every[:, axis], 99)
            curve[:, axis] = low[axis] + (curve[:, axis] - a) * (high[axis] - low[axis]) / (b - a)
    curves = [resample(curve, 40) for curve in curves]
    owner = np.repeat(np.arange(len(curves)), 40)
    for _ in range(rounds):
        nearest = np.asarray(cKDTree(np.concatenate(curves)).query(points)[1], np.intp)
        for i, curve in enumerate(curves):
            mine = owner[nearest] == i
            if mine.sum() < 20:
                continue
            # Where along the curve each of its points is, and how far off: smooth both into a correction.
            along = nearest[mine] - 40 * i
            offset = points[mine] - curve[along]
            fit = [np.polyfit(along, offset[:, axis], 3 if mine.sum() > 80 else 1) for axis in range(3)]
            at = np.clip(np.arange(40), along.min(), along.max())
            curve += np.stack([np.polyval(f, at) for f in fit], 1)
    nearest = np.asarray(cKDTree(np.concatenate(curves)).query(points)[1], np.intp)
    return np.asarray(owner[nearest], np.intp)
