"""The overlay: both views in inverse grey with lesions, benign uptake and bladder outlined, sides marked."""

from __future__ import annotations

import base64
import html as markup
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import MaskLabel
from bonescan.core.findings import Analysis, Lesion
from bonescan.core.study import Labels, Mask, View, ViewName, labelled
from bonescan.report.display import enlarged, picture, shown_size
from bonescan.report.tables import lesion_count, sites

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

HEIGHT = 2048
"""Height of a view in the overlay: twice the rows of a 1024-row matrix."""
COLOURS: dict[MaskLabel, tuple[int, int, int]] = {
    MaskLabel.BLADDER: (0, 150, 70),
    MaskLabel.BENIGN: (230, 140, 0),
    MaskLabel.METASTASIS: (220, 0, 0),
}
"""Drawn in this order, lesions last."""
NAMES = {
    MaskLabel.METASTASIS: "suspected metastasis",
    MaskLabel.BENIGN: "benign uptake",
    MaskLabel.BLADDER: "bladder",
}
NUMBERED = 25
"""Lesions that get their number in the picture, the largest first; more would hide what they name."""
_INK = (20, 20, 20)
_PAPER = (255, 255, 255)


def overlay_image(analysis: Analysis, height: int = HEIGHT, views: Image | None = None) -> Image:
    """Draw the overlay with its legend and the draft line.

    Args:
        analysis: With its study and masks attached.
        height: Height of each view in pixels; the picture is a little higher.
        views: What `views_image` returned for this height, where it is there already.

    Returns:
        RGB picture.
    """
    from PIL import Image, ImageDraw

    views = views or views_image(analysis, height)
    small, step = _font(height // 64), height // 40
    legend = legend_of(analysis.masks.values())
    left = step // 2
    # One narrow view is narrower than its legend.
    width = max(views.width, left + step + left + round(max(small.getlength(NAMES[label]) for label in legend)))
    note = _wrapped(analysis.disclaimer, small, width - 2 * left)
    sheet = Image.new("RGB", (width, views.height + step * (len(legend) + len(note)) + step // 2), _PAPER)
    sheet.paste(views, (0, 0))
    draw = ImageDraw.Draw(sheet)
    y = views.height
    for label in legend:
        draw.rectangle((left, y + step // 4, left + step // 2, y + 3 * step // 4), outline=COLOURS[label], width=3)
        draw.text((left + step, y + step // 2), NAMES[label], fill=_INK, font=small, anchor="lm")
        y += step
    draw.multiline_text((left, y + step // 4), "\n".join(note), fill=_INK, font=small)
    return sheet


def _wrapped(text: str, font: FreeTypeFont | ImageFont, width: float) -> list[str]:
    """Break text into lines that fit a width."""
    first, *words = text.split()
    lines = [first]
    for word in words:
        longer = f"{lines[-1]} {word}"
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def views_image(analysis: Analysis, height: int = HEIGHT) -> Image:
    """Draw the views side by side with titles, sides and numbered lesions, without legend."""
    from PIL import Image

    views, masks = analysis.source.views, analysis.masks
    lesions = [[lesion for lesion in analysis.lesions if lesion.view == view.name] for view in views]
    with ThreadPoolExecutor(len(views)) as pool:
        panels = list(pool.map(_panel, views, [masks[view.name] for view in views], lesions, [height] * len(views)))
    gap = height // 64
    width = sum(panel.width for panel in panels) + gap * (len(panels) + 1)
    sheet = Image.new("RGB", (width, panels[0].height), _PAPER)
    x = gap
    for panel in panels:
        sheet.paste(panel, (x, 0))
        x += panel.width + gap
    return sheet


def legend_of(masks: Iterable[Labels]) -> list[MaskLabel]:
    """Labels to explain: metastasis and bladder always, benign uptake where there is some."""
    benign = any(labelled(mask, MaskLabel.BENIGN).any() for mask in masks)
    return [label for label in NAMES if benign or label is not MaskLabel.BENIGN]


def html(analysis: Analysis) -> str:
    """Show an analysis in a notebook: the overlay beside the figures and the impression."""
    buffer = BytesIO()
    overlay_image(analysis, height=720).save(buffer, "PNG", compress_level=1)
    found, burden = analysis.metastasis, analysis.burden
    probability, threshold = found.shown
    rows = {
        "Metastasis": f"{'suspected' if found.present else 'not suspected'} ({found.quantity} {probability}, "
        f"threshold {threshold})",
        "Sites": sites(analysis),
        "Lesions": lesion_count(analysis),
        f"BSTBI (K = {burden.k:g})": f"{burden.bstbi:.4f}",
        "Impression": analysis.report.impression,
        "Model": f"{analysis.model.name} {analysis.model.version}",
        "Note": analysis.disclaimer,
    }
    cells = "".join(f"<tr><th>{markup.escape(k)}</th><td>{markup.escape(v)}</td></tr>" for k, v in rows.items())
    image = base64.b64encode(buffer.getvalue()).decode()
    return (
        '<div style="display:flex;gap:1em;align-items:flex-start">'
        f'<img alt="views with overlay" src="data:image/png;base64,{image}"><table>{cells}</table></div>'
    )


def _panel(view: View, labels: Labels, lesions: Sequence[Lesion], height: int) -> Image:
    from PIL import Image, ImageDraw

    grey = picture(view, labels, height).convert("RGB")
    drawn = Image.fromarray(_outlined(np.asarray(grey), labels, thickness=max(1.5, height / 800)))
    _number(drawn, view, labels, lesions, height)
    header = height // 28
    panel = Image.new("RGB", (drawn.width, height + header), _PAPER)
    panel.paste(drawn, (0, header))
    draw = ImageDraw.Draw(panel)
    font, y = _font(height // 48), header // 2
    left, right = ("R", "L") if view.name is ViewName.ANTERIOR else ("L", "R")
    draw.text((panel.width // 2, y), view.name.upper(), fill=_INK, font=font, anchor="mm")
    draw.text((0, y), left, fill=_INK, font=font, anchor="lm")
    draw.text((panel.width - 1, y), right, fill=_INK, font=font, anchor="rm")
    draw.rectangle((0, header, panel.width - 1, panel.height - 1), outline=(190, 190, 190))
    return panel


def _outlined(picture: npt.NDArray[np.uint8], labels: Labels, thickness: float) -> npt.NDArray[np.uint8]:
    """Draw outlines just outside each labelled area, so that the uptake within stays visible."""
    out = picture.copy()
    for label, colour in COLOURS.items():
        if labelled(labels, label).any():
            alpha = _ring(enlarged(labelled(labels, label), (picture.shape[1], picture.shape[0])), thickness)
            drawn = alpha > 0
            opacity = alpha[drawn, None]
            mixed = (1 - opacity) * out[drawn] + opacity * np.asarray(colour, np.float32)
            out[drawn] = np.rint(mixed).astype(np.uint8)
    return out


def _ring(area: Mask, thickness: float) -> npt.NDArray[np.float32]:
    """Opacity of a line of some thickness round an area, with soft edges; component by component, which is fast."""
    from scipy import ndimage

    alpha = np.zeros(area.shape, np.float32)
    margin = int(thickness) + 3
    for rows, columns in ndimage.find_objects(ndimage.label(area, np.ones((3, 3)))[0]):
        box = (
            slice(max(0, rows.start - margin), rows.stop + margin),
            slice(max(0, columns.start - margin), columns.stop + margin),
        )
        away = ndimage.distance_transform_edt(~area[box])
        alpha[box] = np.maximum(alpha[box], np.clip(np.minimum(away, thickness + 1 - away) + 0.5, 0, 1))
    alpha[area] = 0
    return alpha


def _number(drawn: Image, view: View, labels: Labels, lesions: Sequence[Lesion], height: int) -> None:
    """Write the lesions' numbers beside them, on the side away from the middle, where there is room."""
    from PIL import ImageDraw

    draw, font, gap = ImageDraw.Draw(drawn), _font(height // 72), height / 256
    scale = shown_size(view, height)[0] / view.columns, height / view.rows
    taken: list[tuple[float, float, float, float]] = []
    for lesion in sorted(lesions, key=lambda x: -x.area_px)[:NUMBERED]:
        text = str(lesion.id)
        colour = COLOURS[MaskLabel.METASTASIS if lesion.class_ == "metastasis" else MaskLabel.BENIGN]
        for x, y, anchor in _places(lesion, labels, scale, gap):
            box = draw.textbbox((x, y), text, font=font, anchor=anchor)
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= drawn.width and box[3] <= drawn.height
            if inside and not any(_overlap(box, other) for other in taken):
                draw.text((x, y), text, colour, font, anchor, stroke_width=2, stroke_fill=_PAPER)
                taken.append(box)
                break


def _places(lesion: Lesion, labels: Labels, scale: tuple[float, float], gap: float) -> list[tuple[float, float, str]]:
    """Where a lesion's number may stand, best first, as (x, y, anchor): beside its middle row, above, below."""
    row0, column0, row1, column1 = lesion.bbox
    row = min(int(lesion.centroid[0] + 0.5), row1 - 1)
    columns = np.flatnonzero(labels[row, column0:column1]) + column0
    first, last = (int(columns[0]), int(columns[-1])) if columns.size else (column0, column1 - 1)
    across, down = scale
    y, x = down * (row + 0.5), across * (column0 + column1) / 2
    left, right = (across * first - gap, y, "rm"), (across * (last + 1) + gap, y, "lm")
    beside = [left, right] if lesion.centroid[1] < labels.shape[1] / 2 else [right, left]
    return [*beside, (x, down * row0 - gap, "mb"), (x, down * row1 + gap, "mt")]


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _font(size: int) -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(max(size, 8))
