"""Contact sheets of real studies with what a model found: pages of PNG to look at, never into a repository."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.reality.found import Found
from benchmarks.reality.studies import Box, Marked
from bonescan.core.study import Labels, View
from bonescan.report.display import enlarged, picture
from bonescan.report.figures import COLOURS
from bonescan.simulate.realism.sheet import refuse_in_repository
from bonescan.simulate.realism.storage import native_grid

if TYPE_CHECKING:
    from PIL.Image import Image

HEIGHT = 1150
"""Height of a view in pixels; in proportions of its native grid it is about a third as wide."""
PER_PAGE, PER_LINE = 12, 6
BOXES = {"abnormal": (150, 0, 200), "normal": (0, 110, 220)}
REGION_COLOURS = (
    (255, 255, 255), (230, 80, 60), (250, 170, 40), (240, 220, 60), (120, 190, 240), (200, 60, 160), (60, 160, 90),
    (150, 120, 220), (170, 110, 60), (250, 130, 160), (90, 90, 200), (60, 190, 180), (160, 200, 70), (150, 150, 150),
    (200, 180, 150),
)  # fmt: skip
_GAP, _HEADER = 8, 30
Panels = Callable[[Marked, Found], "list[Image]"]


def write_sheets(path: Path, pairs: Sequence[tuple[Marked, Found]], panels: Panels) -> list[Path]:
    """Write pages of studies, the codes of the folder above each.

    Args:
        path: ``name.png`` makes ``name-1.png``, ``name-2.png``, …
        pairs: Studies and what was found in them.
        panels: `finding_panels` or `region_panels`.

    Returns:
        The pages.

    Raises:
        UsageError: The path lies in a repository.
    """
    refuse_in_repository(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    pages = []
    for first in range(0, len(pairs), PER_PAGE):
        tiles = [_tile(marked, found, panels(marked, found)) for marked, found in pairs[first : first + PER_PAGE]]
        page = path.with_name(f"{path.stem}-{first // PER_PAGE + 1}{path.suffix}")
        _page(tiles).save(page, "PNG", compress_level=6)
        pages.append(page)
    return pages


def finding_panels(marked: Marked, found: Found) -> list[Image]:
    """Each view with metastasis red, benign uptake amber, bladder green, and boxes (abnormal purple, normal blue)."""
    from PIL import Image, ImageDraw

    panels = []
    for view in marked.study.views:
        grid = _Grid(view)
        labels = grid.labels(found.labels[view.name])
        drawn = np.array(picture(grid.view, labels, HEIGHT).convert("RGB"))
        for label, colour in COLOURS.items():
            area = enlarged(labels == label, (drawn.shape[1], drawn.shape[0]))
            drawn[_rim(area)] = colour
        panel = Image.fromarray(drawn)
        for box in marked.boxes[view.name]:
            ImageDraw.Draw(panel).rectangle(grid.corners(box, panel.size), outline=BOXES[box.label], width=2)
        panels.append(panel)
    return panels


def region_panels(marked: Marked, found: Found) -> list[Image]:
    """Each view with the given region map, then with the model's, in the same colours."""
    panels = []
    for view in marked.study.views:
        maps = [marked.regions[view.name], *(m for name, m in found.regions.items() if name is view.name)]
        panels += [_coloured(_Grid(view), labels) for labels in maps]
    return panels


class _Grid:
    """The native grid of a stored view, on which bodies have their true proportions."""

    def __init__(self, view: View) -> None:
        self.rows, self.columns = native_grid(view.counts.astype(np.uint16))
        self.view = replace(view, counts=view.counts[np.ix_(self.rows, self.columns)])

    def labels(self, stored: Labels) -> Labels:
        picked: Labels = stored[np.ix_(self.rows, self.columns)]
        return picked

    def corners(self, box: Box, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) of a box in a picture of the view."""
        across, down = size[0] / self.columns.sum(), size[1] / self.rows.sum()
        row = np.r_[0, np.cumsum(self.rows)]
        column = np.r_[0, np.cumsum(self.columns)]
        x0, y0 = column[box.column0] * across, row[box.row0] * down
        x1, y1 = column[min(box.column1, self.columns.size)] * across, row[min(box.row1, self.rows.size)] * down
        return float(x0), float(y0), float(max(x1, x0)), float(max(y1, y0))


def _rim(area: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    from scipy.ndimage import binary_dilation

    return np.asarray(binary_dilation(area, iterations=2) & ~area)


def _coloured(grid: _Grid, stored: Labels) -> Image:
    from PIL import Image

    grey = picture(grid.view, None, HEIGHT)
    labels = Image.fromarray(grid.labels(stored)).resize(grey.size, Image.Resampling.NEAREST)
    colours = np.asarray(REGION_COLOURS, np.float32)[np.asarray(labels)]
    mixed = colours * (0.35 + 0.65 * np.asarray(grey, np.float32)[..., None] / 255)
    return Image.fromarray(np.rint(mixed).astype(np.uint8))


def _tile(marked: Marked, found: Found, panels: Sequence[Image]) -> Image:
    from PIL import Image, ImageDraw, ImageFont

    width = sum(panel.width + _GAP for panel in panels)
    tile = Image.new("RGB", (width, HEIGHT + _HEADER + _GAP), (255, 255, 255))
    left = 0
    for panel in panels:
        tile.paste(panel, (left, _HEADER))
        left += panel.width + _GAP
    said = "suspected" if found.suspected else "not suspected"
    text = f"{marked.study.name}  {said} {found.probability:.2f}  looks: {marked.look}{'' if marked.sure else '?'}"
    ImageDraw.Draw(tile).text((2, 4), text, fill=(0, 0, 0), font=ImageFont.load_default(18))
    return tile


def _page(tiles: Sequence[Image]) -> Image:
    from PIL import Image

    lines = [tiles[first : first + PER_LINE] for first in range(0, len(tiles), PER_LINE)]
    width = max(sum(tile.width + _GAP for tile in line) for line in lines)
    page = Image.new("RGB", (width, sum(line[0].height for line in lines)), (255, 255, 255))
    top = 0
    for line in lines:
        left = 0
        for tile in line:
            page.paste(tile, (left, top))
            left += tile.width + _GAP
        top += line[0].height
    return page
