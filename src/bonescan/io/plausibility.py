"""Is this a whole-body bone scan at all?

A whole-body scan is tall, mostly dark, darkest along its sides, and about the same on both sides of its middle. The
limits are wide: of 64 real views the closest come to 0.34 dark at the brighter of two renderings, 0.21 for the sides
and 0.65 for the likeness of the halves, of 500 simulated ones to 0.59; a simulated body that is broader than the field,
its arms along either edge, to 0.64 for the sides. Photographs cut to the same shape fail at least one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bonescan.core.errors import NotABoneScanError
from bonescan.core.study import View
from bonescan.io.layout import MAX_ASPECT, MIN_ASPECT
from bonescan.io.thumbnail import COLUMNS, Looked, Thumbnail

MIN_SIDE = 32
MIN_DARK = 0.2
MAX_SIDES = 0.75
MIN_MIRROR = 0.48
REACH = 10
"""Columns of the thumbnail that the middle may be off: a body that lacks an arm is not in the middle of its box."""


def check_bone_scan(views: Sequence[Looked]) -> None:
    """Refuse views that cannot be planar whole-body scans.

    Raises:
        NotABoneScanError: A view is empty, or has the wrong shape or content.
    """
    if not views:
        raise NotABoneScanError("the input holds no image")
    for looked in views:
        _check_shape(looked.view)
        _check_content(looked)


def dark_share(thumbnail: Thumbnail) -> float:
    """Share of the picture, its brightest parts cut off, below a tenth of where they are."""
    return float(np.mean(thumbnail < 0.1 * thumbnail.max()))


def sides_level(thumbnail: Thumbnail) -> float:
    """Mean along the left and right edge over the mean of all."""
    width = COLUMNS // 32
    return float(np.concatenate([thumbnail[:, :width], thumbnail[:, -width:]]).mean() / thumbnail.mean())


def mirror_likeness(body: Thumbnail) -> float:
    """Correlation of the body with its mirror image, at the best of several middle lines."""
    body = np.sqrt(body)
    body = body - body.mean()
    norm = float((body * body).sum())
    if norm == 0:
        return 0.0
    # All products of a row with its mirror image, shifted around: the row's circular convolution with itself.
    shifted = np.fft.irfft((np.fft.rfft(body, axis=1) ** 2).sum(axis=0), COLUMNS)
    return float(max(shifted[shift - 1] for shift in range(-2 * REACH, 2 * REACH + 1))) / norm


def _check_shape(view: View) -> None:
    low, high = float(view.counts.min()), float(view.counts.max())
    if high <= low:
        raise NotABoneScanError(f"the {view.name} image is empty: all its pixels have the value {high:g}")
    if view.rows < MIN_SIDE or view.columns < MIN_SIDE // 2:
        raise NotABoneScanError(f"the {view.name} image has {view.rows} x {view.columns} pixels", expected="a scan")
    vertical, horizontal = view.pixel_spacing_mm or (1.0, 1.0)
    aspect = view.rows * vertical / (view.columns * horizontal)
    if not MIN_ASPECT <= aspect <= MAX_ASPECT:
        raise NotABoneScanError(
            f"the {view.name} image of {view.rows} x {view.columns} pixels is {aspect:.1f} times as high as wide",
            expected="a whole-body view, 2 to 8 times as high as wide",
        )


def _check_content(looked: Looked) -> None:
    name = looked.view.name
    expected = "a whole-body scan: a body on an empty background"
    if dark_share(looked.whole) < MIN_DARK:
        raise NotABoneScanError(f"the {name} image has hardly any empty background", expected=expected)
    if sides_level(looked.whole) > MAX_SIDES:
        raise NotABoneScanError(f"the {name} image is as bright at its sides as within", expected=expected)
    if mirror_likeness(looked.small_body) < MIN_MIRROR:
        raise NotABoneScanError(f"the two halves of the {name} image have nothing in common", expected=expected)
