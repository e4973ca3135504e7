"""The plain parts of a self-contained page: tables, embedded pictures, one style."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: #22303c; background: #fff;
  margin: 2.5rem auto; max-width: 62rem; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; font-weight: 600; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; font-weight: 600; margin: 2.4rem 0 .5rem; padding-top: .6rem; border-top: 1px solid #e4e7eb; }
p { max-width: 46rem; margin: .4rem 0; }
.note { color: #5b6773; font-size: .87rem; }
.banner { background: #fbf3e4; border-left: 3px solid #c08a2d; padding: .5rem .8rem; margin: 1rem 0; max-width: none; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .2rem 0 1rem; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .8rem .28rem 0; text-align: right; border-bottom: 1px solid #eef0f2; white-space: nowrap; }
th { font-weight: 600; color: #5b6773; border-bottom: 1px solid #c9d0d6; vertical-align: bottom; white-space: normal;
  max-width: 9rem; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; height: auto; display: block; margin: .8rem 0; }
code { font-size: .85em; background: #f4f6f8; padding: .1em .3em; overflow-wrap: anywhere; }
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 12px; } .wide { overflow: visible; }
  table { font-size: .8rem; } td { white-space: normal; padding-right: .5rem; }
  h2 { break-after: avoid; } table, img { break-inside: avoid; } }
"""


def page(title: str, body: Iterable[str]) -> str:
    """The whole document; it needs no other file."""
    inside = "\n".join(body)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>\n'
        f"<body>\n{inside}\n</body></html>\n"
    )


def heading(text: str) -> str:
    """Heading of a section."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph; `kind` is "note" or "banner"."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table of plain cells, the first column to the left."""
    title = paragraph(caption, "note") if caption else ""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f'{title}<div class="wide"><table><thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def picture(data: bytes | None, words: str) -> str:
    """A PNG inside the page, at two thirds of its pixels so that it is sharp; nothing where there is none."""
    if data is None:
        return ""
    width = int.from_bytes(data[16:20], "big") * 2 // 3
    return f'<img width="{width}" alt="{escape(words)}" src="data:image/png;base64,{b64encode(data).decode("ascii")}">'
