"""Is this a whole-body bone scan at all?"""

from __future__ import annotations

from collections.abc import Sequence

from bonescan.core.errors import NotABoneScanError
from bonescan.core.study import View
from bonescan.io.layout import MAX_ASPECT, MIN_ASPECT


def check_bone_scan(views: Sequence[View]) -> None:
    """Refuse views that cannot be planar whole-body scans.

    Raises:
        NotABoneScanError: A view is empty, or has the wrong shape or content.
    """
    if not views:
        raise NotABoneScanError("the input holds no image")
    for view in views:
        _check(view)


def _check(view: View) -> None:
    low, high = float(view.counts.min()), float(view.counts.max())
    if high <= low:
        raise NotABoneScanError(f"the {view.name} image is empty: all its pixels have the value {high:g}")
    vertical, horizontal = view.pixel_spacing_mm or (1.0, 1.0)
    aspect = view.rows * vertical / (view.columns * horizontal)
    if not MIN_ASPECT <= aspect <= MAX_ASPECT:
        raise NotABoneScanError(
            f"the {view.name} image of {view.rows} x {view.columns} pixels is {aspect:.1f} times as high as wide",
            expected="a whole-body view, 2 to 8 times as high as wide",
        )
