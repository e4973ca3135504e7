"""What a reader of the result has to know about the input, found in the pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bonescan.core.findings import QualityFinding
from bonescan.core.study import Units, ViewName
from bonescan.io.orientation import looks_swapped, looks_upside_down
from bonescan.io.thumbnail import Looked

LOW_COUNTS_WARNING = 0.5e6
LOW_COUNTS_INFO = 1.5e6
"""Counts a view. Source: Anand 2016 (J Nucl Med 57:1865): the error of the bone scan index is 0.20 at 1.5 million
counts, 0.57 at 0.5 million and 4.67 at 0.2 million; 1.5 million is the usual minimum of the EANM guideline."""
CLIPPED_SHARE = 6e-5
"""Of the pixels at the highest value. Noise alone puts at most six of 262,144 there (64 real views)."""
_CLIPPED_PIXELS = 12
_CLIPPED_LEVEL = 32
TRUNCATED_TOP, TRUNCATED_BOTTOM = 0.40, 0.30
"""Level of the first or last rows over the mean of all. 64 real views, cut close around head and feet, stay below 0.31
and 0.24."""

BODY_ROWS = 200
"""Below this a vertebra is two or three rows high. A matrix of 512 rows shows a body in about 400."""
PIXEL_MM = 8.0


def assess(views: Sequence[Looked]) -> tuple[QualityFinding, ...]:
    """Look for what makes a result less sure.

    Returns:
        Findings, of codes ``one_view``, ``display_units``, ``low_counts``, ``clipped``, ``truncated_body``,
        ``low_resolution``, ``upside_down`` and ``views_swapped``.
    """
    findings = [finding for looked in views for check in _CHECKS if (finding := check(looked)) is not None]
    if len(views) == 1:
        absent = next(name for name in ViewName if name is not views[0].view.name)
        message = f"There is no {absent} view; findings that it alone shows are missed."
        findings.insert(0, QualityFinding(code="one_view", severity="warning", message=message))
    else:
        findings += _swapped(views)
    return tuple(findings)


def _display_units(looked: Looked) -> QualityFinding | None:
    view = looked.view
    if view.units is Units.COUNTS:
        return None
    message = f"The {view.name} view is in display units, not counts: indices from it are not quantitative."
    return QualityFinding(code="display_units", severity="warning", message=message, view=view.name.value)


def _low_counts(looked: Looked) -> QualityFinding | None:
    view = looked.view
    total = view.counts_total
    # As rounded as it is told: 1.50 million is not said to be fewer than 1.5 million.
    if view.units is Units.DISPLAY or round(total, -4) >= LOW_COUNTS_INFO:
        return None
    severe = total < LOW_COUNTS_WARNING
    message = f"The {view.name} view has {total / 1e6:.2f} million counts; 1.5 million or more are usual."
    if severe:
        message += " Lesions may be missed and indices are unsure."
    severity = "warning" if severe else "info"
    return QualityFinding(code="low_counts", severity=severity, message=message, view=view.name.value)


def _clipped(looked: Looked) -> QualityFinding | None:
    view = looked.view
    top = float(view.counts.max())
    clipped = int(np.count_nonzero(view.counts >= top))
    if top < _CLIPPED_LEVEL or clipped < max(_CLIPPED_PIXELS, CLIPPED_SHARE * view.counts.size):
        return None
    message = f"{clipped:,} pixels of the {view.name} view are at its highest value ({top:g}): hot spots are cut off."
    return QualityFinding(code="clipped", severity="warning", message=message, view=view.name.value)


def _truncated_body(looked: Looked) -> QualityFinding | None:
    view = looked.view
    profile = view.counts.sum(axis=1, dtype=np.float64)
    depth = max(1, view.rows // 128)
    top, bottom = profile[:depth].mean() / profile.mean(), profile[-depth:].mean() / profile.mean()
    cut = [word for word, is_cut in (("top", top > TRUNCATED_TOP), ("bottom", bottom > TRUNCATED_BOTTOM)) if is_cut]
    if not cut:
        return None
    message = f"The body runs over the {' and the '.join(cut)} edge of the {view.name} view."
    severity = "warning" if "top" in cut else "info"
    return QualityFinding(code="truncated_body", severity=severity, message=message, view=view.name.value)


def _low_resolution(looked: Looked) -> QualityFinding | None:
    view, rows = looked.view, looked.body.shape[0]
    pixel_mm = max(view.pixel_spacing_mm or (0.0,))
    if rows >= BODY_ROWS and pixel_mm <= PIXEL_MM:
        return None
    size = f"its pixels are {pixel_mm:.1f} mm" if pixel_mm > PIXEL_MM else f"the body is {rows} rows high"
    message = f"The {view.name} view is coarse ({size}): lesions may be missed and indices are unsure."
    return QualityFinding(code="low_resolution", severity="warning", message=message, view=view.name.value)


def _upside_down(looked: Looked) -> QualityFinding | None:
    if not looks_upside_down(looked):
        return None
    name = looked.view.name
    message = f"The {name} view looks upside down: sites and sides of what is found would be wrong. Check it."
    return QualityFinding(code="upside_down", severity="warning", message=message, view=name.value)


def _swapped(views: Sequence[Looked]) -> list[QualityFinding]:
    if not looks_swapped(views[0], views[1]):
        return []
    message = "The views look swapped: levels along the body fit the other names better. Check which is which."
    return [QualityFinding(code="views_swapped", severity="warning", message=message)]


_CHECKS = (_display_units, _low_counts, _clipped, _truncated_body, _low_resolution, _upside_down)
