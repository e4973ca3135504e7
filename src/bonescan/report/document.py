"""The report as one A4 page: views with overlay, figures, lesions, text.

Of the header it shows the date, the tracer and the Study Instance UID, and no name or id of the patient. The study is
called by the input's file or folder, whatever that is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from bonescan.core.anatomy import MaskLabel
from bonescan.core.findings import Analysis
from bonescan.report.figures import COLOURS, NAMES, legend_of, views_image
from bonescan.report.tables import LESION_HEADER, lesion_rows, result_rows

if TYPE_CHECKING:
    from PIL.Image import Image

MM = 72 / 25.4
PAGE = (210 * MM, 297 * MM)
MARGIN = 13 * MM
WIDTH = PAGE[0] - 2 * MARGIN
VIEWS_TOP = PAGE[1] - 31 * MM
VIEWS_HEIGHT = 166 * MM
TEXT_TOP = VIEWS_TOP - VIEWS_HEIGHT - 9 * MM
TEXT_BOTTOM = 28 * MM
LESION_ROWS = 14
_GREY, _RED = (0.35, 0.35, 0.35), (0.75, 0.0, 0.0)
_LESION_WIDTHS = (6.5, 14, 27, 13, 12, 9, 9, 7.5)


def document(analysis: Analysis, views: Image | None = None) -> bytes:
    """Draw the report as PDF; the same analysis gives the same bytes.

    Args:
        analysis: With its study and masks attached.
        views: What `views_image` returned, where it is there already.

    Returns:
        A PDF file of one A4 page.
    """
    from reportlab.pdfgen.canvas import Canvas

    buffer = BytesIO()
    # `invariant` leaves out the time of writing and the random file id.
    canvas = Canvas(buffer, pagesize=PAGE, invariant=True)
    canvas.setTitle("Whole-body bone scintigraphy: draft report")
    canvas.setAuthor(f"bonescan, model {analysis.model.name} {analysis.model.version}")
    canvas.setSubject(analysis.disclaimer)
    with _binary_streams():
        _header(canvas, analysis)
        right = _views(canvas, analysis, views or views_image(analysis))
        _figures(canvas, analysis, right)
        _text(canvas, analysis)
        _footer(canvas, analysis)
        canvas.showPage()
        canvas.save()
    return buffer.getvalue()


def load() -> None:
    """Import what a page is drawn with, which takes longer than drawing one."""
    import reportlab.pdfgen.canvas
    import reportlab.platypus  # noqa: F401


def latin(text: str) -> str:
    """Replace what the page's built-in font cannot show.

    Example:
        >>> latin("Größe ≥ 3")
        'Größe >= 3'
    """
    for symbol, plain in (("≥", ">="), ("≤", "<="), ("−", "-")):
        text = text.replace(symbol, plain)
    return text.encode("cp1252", "replace").decode("cp1252")


def shortened(text: str, font: str, size: float, width: float) -> str:
    """Shorten text in its middle until it fits a width in points."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    text, keep = latin(text), len(text)
    short = text
    while stringWidth(short, font, size) > width and keep > 2:
        keep -= 1
        short = f"{text[: (keep + 1) // 2]}…{text[len(text) - keep // 2 :]}"
    return short


@contextmanager
def _binary_streams() -> Iterator[None]:
    """Have reportlab write binary streams: as text, its default, they take most of the time and a fifth more space."""
    from reportlab import rl_config

    before, rl_config.useA85 = rl_config.useA85, 0
    try:
        yield
    finally:
        rl_config.useA85 = before


def _header(canvas: Any, analysis: Analysis) -> None:
    left, right, y = MARGIN, PAGE[0] - MARGIN, PAGE[1] - 16 * MM
    canvas.setFont("Helvetica-Bold", 15)
    canvas.drawString(left, y, "Whole-body bone scintigraphy")
    canvas.setFillColorRGB(*_RED)
    canvas.setFont("Helvetica-Bold", 10)
    canvas.drawRightString(right, y, "DRAFT – for review by a physician")
    canvas.setFillColorRGB(*_GREY)
    scan, uid = analysis.source.scan, analysis.study.study_instance_uid
    font: tuple[str, float] = ("Helvetica", 8.5)
    canvas.setFont(*font)
    name = shortened(f"Study {analysis.name}", *font, 0.32 * WIDTH)
    canvas.drawString(left, y - 6 * MM, name)
    between = "   ·   "
    activity = [f"{scan.injected_activity_mbq:.0f} MBq"] if scan.injected_activity_mbq else []
    facts = [f"Scan date {_date(scan.acquisition_date)}", "", *activity, f"Study UID {_short_uid(uid)}"]
    # Only the name of the tracer may be long: it gets the room that the rest leaves.
    taken = canvas.stringWidth(name + between + between.join(facts), *font)
    facts[1] = shortened(scan.radiopharmaceutical or "radiopharmaceutical not known", *font, WIDTH - taken)
    canvas.drawRightString(right, y - 6 * MM, between.join(facts))
    canvas.setFillColorRGB(0, 0, 0)
    canvas.setLineWidth(0.7)
    canvas.line(left, y - 9 * MM, right, y - 9 * MM)


def _date(yyyymmdd: str | None) -> str:
    if yyyymmdd is None or len(yyyymmdd) != 8 or not yyyymmdd.isdigit():
        return "not known"
    return f"{yyyymmdd[:4]}-{yyyymmdd[4:6]}-{yyyymmdd[6:]}"


def _short_uid(uid: str | None) -> str:
    if not uid:
        return "not known"
    return uid if len(uid) <= 22 else f"{uid[:8]}…{uid[-12:]}"


def _views(canvas: Any, analysis: Analysis, image: Image) -> float:
    """Draw the views at the left; return where the right column begins."""
    from reportlab.lib.utils import ImageReader

    # JPEG is stored as it is, in a third of the time and space; at this quality no outline suffers.
    encoded = BytesIO()
    image.save(encoded, "JPEG", quality=92, subsampling=0)
    scale = min(VIEWS_HEIGHT / image.height, 0.5 * WIDTH / image.width)
    width, height = image.width * scale, image.height * scale
    encoded.seek(0)
    canvas.drawImage(ImageReader(encoded), MARGIN, VIEWS_TOP - height, width, height)
    x, y = MARGIN + 2 * MM, VIEWS_TOP - height - 4 * MM
    canvas.setFont("Helvetica", 7.5)
    for label in legend_of(analysis.masks.values()):
        canvas.setStrokeColorRGB(*(c / 255 for c in COLOURS[label]))
        canvas.setLineWidth(1.2)
        canvas.rect(x, y, 2.2 * MM, 2.2 * MM)
        canvas.drawString(x + 3.4 * MM, y + 0.3 * MM, NAMES[MaskLabel(label)])
        x += 8 * MM + canvas.stringWidth(NAMES[MaskLabel(label)], "Helvetica", 7.5)
    canvas.setStrokeColorRGB(0, 0, 0)
    return float(max(MARGIN + width + 6 * MM, MARGIN + 0.4 * WIDTH))


def _figures(canvas: Any, analysis: Analysis, left: float) -> None:
    """Draw the right column: result, lesions, quality of the input."""
    width, y = PAGE[0] - MARGIN - left, VIEWS_TOP
    result = [[name, _paragraph(value, 8)] for name, value in result_rows(analysis)]
    y = _table(canvas, "Result", result, (0.3 * width, 0.7 * width), left, y)
    rows, more = lesion_rows(analysis.lesions, LESION_ROWS)
    if rows:
        scale = width / sum(_LESION_WIDTHS)
        # Only the place may be longer than its column: it wraps.
        where = LESION_HEADER.index("Where")
        cells = [LESION_HEADER, *((*row[:where], _paragraph(row[where], 7), *row[where + 1 :]) for row in rows)]
        title = "Lesions" if not more else f"Lesions (the {len(rows)} largest of {len(rows) + more})"
        y = _table(canvas, title, cells, [w * scale for w in _LESION_WIDTHS], left, y - 4 * MM, size=7)
        note = f"… and {more} more, listed in analysis.json. " if more else ""
        note += "Ratio: mean uptake over that of the mirrored place. Pair: the same lesion in the other view."
        y = _flow(canvas, [_paragraph(note, 6.5)], left, y - 1 * MM, width)
    quality = [str(finding) for finding in analysis.quality]
    y = _heading(canvas, "Quality of the input", left, y - 5 * MM)
    _fit(canvas, quality or ["No findings."], left, y, width, y - (VIEWS_TOP - VIEWS_HEIGHT - 5 * MM), (8, 5.5))


def _text(canvas: Any, analysis: Analysis) -> None:
    report = analysis.report
    parts = ["<b>Description</b>", *report.description.splitlines(), "<b>Impression</b>", f"<b>{report.impression}</b>"]
    _fit(canvas, parts, MARGIN, TEXT_TOP, WIDTH, TEXT_TOP - TEXT_BOTTOM, (9.5, 6))


def _footer(canvas: Any, analysis: Analysis) -> None:
    model = analysis.model
    canvas.setFont("Helvetica", 8.5)
    canvas.drawRightString(PAGE[0] - MARGIN, 21.5 * MM, f"Reviewed by {'_' * 34}   Date {'_' * 14}")
    canvas.setLineWidth(0.4)
    canvas.line(MARGIN, 18 * MM, PAGE[0] - MARGIN, 18 * MM)
    canvas.setFillColorRGB(*_RED)
    canvas.setFont("Helvetica-Bold", 8.5)
    canvas.drawString(MARGIN, 13.5 * MM, analysis.disclaimer)
    canvas.setFillColorRGB(*_GREY)
    canvas.setFont("Helvetica", 7)
    line = f"Model {model.name} {model.version} ({model.pipeline}), SHA-256 {model.sha256[:16]}"
    canvas.drawString(MARGIN, 9.5 * MM, shortened(line, "Helvetica", 7, 0.7 * WIDTH))
    canvas.drawRightString(PAGE[0] - MARGIN, 9.5 * MM, f"Computed {analysis.created:%Y-%m-%d %H:%M} UTC")
    canvas.setFillColorRGB(0, 0, 0)


def _heading(canvas: Any, text: str, x: float, y: float) -> float:
    canvas.setFont("Helvetica-Bold", 9)
    canvas.drawString(x, y - 9, text)
    return y - 12


def _table(
    canvas: Any,
    title: str,
    cells: Sequence[Sequence[Any]],
    widths: Sequence[float],
    x: float,
    y: float,
    size: float = 8,
) -> float:
    """Draw a titled table with its top at `y`; return its bottom."""
    from reportlab.lib.colors import lightgrey
    from reportlab.platypus import Table, TableStyle

    y = _heading(canvas, title, x, y)
    table = Table([list(row) for row in cells], colWidths=list(widths))
    style = [
        ("FONT", (0, 0), (-1, -1), "Helvetica", size),
        ("LEFTPADDING", (0, 0), (-1, -1), 1),
        ("RIGHTPADDING", (0, 0), (-1, -1), 1),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, lightgrey),
    ]
    if cells[0] is LESION_HEADER:
        style.append(("FONT", (0, 0), (-1, 0), "Helvetica-Bold", size))
    table.setStyle(TableStyle(style))
    _, height = table.wrapOn(canvas, sum(widths), PAGE[1])
    table.drawOn(canvas, x, y - height)
    return float(y - height)


def _fit(
    canvas: Any, texts: Sequence[str], x: float, y: float, width: float, height: float, sizes: tuple[float, float]
) -> None:
    """Draw paragraphs in the largest size, between the two given, at which they fit; cut off what never fits."""
    size, smallest = sizes
    while True:
        paragraphs = [_paragraph(text, size) for text in texts]
        needed = sum(p.wrap(width, PAGE[1])[1] + p.getSpaceAfter() for p in paragraphs)
        if needed <= height or size <= smallest:
            break
        size -= 0.5
    while needed > height and len(texts) > 1:
        texts = [*texts[:-2], "… more in report.txt"] if len(texts) > 2 else ["… see report.txt"]
        paragraphs = [_paragraph(text, size) for text in texts]
        needed = sum(p.wrap(width, PAGE[1])[1] + p.getSpaceAfter() for p in paragraphs)
    if needed <= height:
        _flow(canvas, paragraphs, x, y, width)


def _flow(canvas: Any, paragraphs: Sequence[Any], x: float, y: float, width: float) -> float:
    for paragraph in paragraphs:
        _, height = paragraph.wrapOn(canvas, width, PAGE[1])
        paragraph.drawOn(canvas, x, y - height)
        y -= height + paragraph.getSpaceAfter()
    return y


def _paragraph(text: str, size: float) -> Any:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    style = ParagraphStyle("text", fontName="Helvetica", fontSize=size, leading=1.22 * size, spaceAfter=0.3 * size)
    bold = text.startswith("<b>") and text.endswith("</b>")
    safe = escape(latin(text[3:-4] if bold else text)).replace("99mTc", "<super>99m</super>Tc")
    return Paragraph(f"<b>{safe}</b>" if bold else safe, style)
