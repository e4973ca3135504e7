"""Pictures that hold several views: side by side, or the paper's composite of four panels.

The paper's picture is 1024 x 1024: anterior and posterior view, each at two grey levels, four panels of 256 x 1024. Of
the two renderings of a view the less saturated one is read, since it keeps more of what the counts were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bonescan.core.errors import NotABoneScanError
from bonescan.core.findings import QualityFinding
from bonescan.core.study import Counts, ViewName
from bonescan.io.frames import Frame

MIN_ASPECT, MAX_ASPECT = 1.8, 8.0
"""Height over width of a whole-body view: 4 for the usual matrices, 2 for wide ones, more or less where cropped."""
_MAX_PANEL_ASPECT = 6.5
_GAP = 0.3
"""Highest level between two bodies, in units of the level along their midlines."""
_TWIN_LIKENESS = 0.6
"""Least likeness of two renderings of the same counts: those of real scans at grey levels 16-fold apart, compressed as
JPEG, reach 0.7; different views or patients stay below 0.5."""


@dataclass(frozen=True)
class Panel:
    """Columns of a picture that show one view."""

    view: ViewName | None
    start: int
    stop: int

    def of(self, image: Counts) -> Counts:
        """The panel's part of an image, (row, column)."""
        return image[:, self.start : self.stop]


def find_panels(image: Counts) -> tuple[Panel, ...]:
    """Find the views of a picture.

    Args:
        image: (row, column) float32, hot = high.

    Returns:
        One panel of unknown view where the picture shows one body; else the panels, each with its view. Of the panels
        of one view the first listed is the one to read. Anterior is taken to be the leftmost.

    Raises:
        NotABoneScanError: It shows four panels of which no two render the same counts, as a sheet of several patients.
    """
    columns = image.shape[1]
    if _bodies(image, 4):
        return _pair_up(image, _equal_panels(columns, 4))
    if _bodies(image, 2):
        return tuple(replace(p, view=view) for p, view in zip(_equal_panels(columns, 2), ViewName, strict=True))
    return (Panel(None, 0, columns),)


def _equal_panels(columns: int, count: int) -> list[Panel]:
    starts = [columns * i // count for i in range(count)]
    return [Panel(None, start, start + columns // count) for start in starts]


def split_frames(frames: Sequence[Frame]) -> tuple[tuple[Frame, ...], tuple[QualityFinding, ...]]:
    """Cut frames of unknown view that show several bodies into one frame a view."""
    out: list[Frame] = []
    findings: tuple[QualityFinding, ...] = ()
    for frame in frames:
        panels = find_panels(frame.image) if frame.view is None else ()
        if len(panels) < 2:
            out.append(frame)
            continue
        for view in ViewName:
            panel = next(panel for panel in panels if panel.view is view)
            image = np.ascontiguousarray(panel.of(frame.image))
            out.append(replace(frame, image=image, view=view, origin_px=(0, panel.start)))
        findings = (
            QualityFinding(
                code="views_assumed",
                severity="info",
                message=f"One picture holds {len(panels)} panels; the leftmost was taken as the anterior view.",
            ),
        )
    return tuple(out), findings


def saturation(image: Counts) -> float:
    """Share of the pixels with uptake that sit at the highest value.

    Example:
        >>> saturation(np.array([[0, 1, 2, 2]], dtype=np.float32))
        0.6666666666666666
    """
    top = float(image.max())
    lit = int(np.count_nonzero(image > 0.02 * top))
    return int(np.count_nonzero(image >= top)) / lit if lit else 0.0


def _bodies(image: Counts, count: int) -> bool:
    """Whether `count` bodies of equal width stand side by side, with dark between them."""
    rows, columns = image.shape
    width = columns / count
    if width < 8 or not MIN_ASPECT <= rows / width <= _MAX_PANEL_ASPECT:
        return False
    top = np.percentile(image, 99)
    profile = np.minimum(image, top).mean(axis=0, dtype=np.float64)
    reach = max(1, round(0.03 * width))
    middles = [profile[round((i + 0.4) * width) : round((i + 0.6) * width)].mean() for i in range(count)]
    gaps = [profile[round(i * width) - reach : round(i * width) + reach].mean() for i in range(1, count)]
    return all(gap < _GAP * min(left, right) for gap, left, right in zip(gaps, middles[:-1], middles[1:], strict=True))


def _pair_up(image: Counts, panels: Sequence[Panel]) -> tuple[Panel, ...]:
    """Find which two of four panels render the same counts: their grey levels rise together, noise and all."""
    parts = [panel.of(image) for panel in panels]
    pairings = [((0, twin), tuple(i for i in (1, 2, 3) if i != twin)) for twin in (1, 2, 3)]
    alike = {pair: _likeness(parts[pair[0]], parts[pair[1]]) for pairing in pairings for pair in pairing}
    anterior, posterior = max(pairings, key=lambda pairing: sum(alike[pair] for pair in pairing))
    if min(alike[anterior], alike[posterior]) < _TWIN_LIKENESS:
        raise NotABoneScanError(
            "the picture has four panels, but they do not show each view of one patient twice",
            expected="one patient: two views, or each at two grey levels",
            hint="Cut a sheet of several patients into one picture each",
        )
    return tuple(
        replace(panels[index], view=view)
        for view, members in ((ViewName.ANTERIOR, anterior), (ViewName.POSTERIOR, posterior))
        for index in sorted(members, key=lambda index: saturation(parts[index]))
    )


def _likeness(a: Counts, b: Counts) -> float:
    """Correlation of two renderings over the pixels with uptake that neither saturates."""
    usable = (a < a.max()) & (b < b.max()) & ((a > 0) | (b > 0))
    if np.count_nonzero(usable) < 100:
        return 0.0
    x, y = (part[usable] - part[usable].mean(dtype=np.float64) for part in (a, b))
    norm = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / norm if norm else 0.0
