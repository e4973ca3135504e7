"""The folder of results, of one kind alone: a document, ``report.html`` and pictures, each appearing whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bonescan.core.errors import UsageError
from bonescan.core.files import write_bytes, write_text

DOCUMENT, COMPARISON, READERS = "evaluation.json", "comparison.json", "readers.json"
REPORT = "report.html"
PICTURES = ("roc", "calibration", "dice", "froc", "bstbi", "alp", "strata", "comparison")


def check_kind(out: Path, name: str) -> None:
    """Refuse a folder with results of another kind, whose report and pictures have the same names.

    Args:
        out: The folder, which need not be there.
        name: Of the document that is to be written.

    Raises:
        UsageError: It holds another document.
    """
    for other in (DOCUMENT, COMPARISON, READERS):
        if other != name and (out / other).is_file():
            raise UsageError(
                f"{out} holds results of another kind, {other}",
                expected=f"a folder of its own for {name}",
                hint="Choose another folder with -o",
            )


def write_results(
    out: Path, document: Mapping[str, Any], page: str, pictures: Mapping[str, bytes], name: str = DOCUMENT
) -> None:
    """Write the results; pictures of earlier ones of this kind in the folder that are not made any more go.

    Args:
        out: The folder.
        document: Plain values.
        page: The report.
        pictures: Name → PNG.
        name: Of the document.

    Raises:
        UsageError: The folder holds results of another kind.
        OutputError: A file cannot be written.
    """
    check_kind(out, name)
    old = set(PICTURES) - set(pictures) if (out / name).is_file() else set()
    for picture, data in pictures.items():
        write_bytes(out / f"{picture}.png", data)
    for picture in old:
        (out / f"{picture}.png").unlink(missing_ok=True)
    write_text(out / REPORT, page)
    write_text(out / name, compact(document) + "\n")


def compact(document: Mapping[str, Any]) -> str:
    """JSON in which what fits on a line stands on one: short to read, and small differences between versions.

    Example:
        >>> print(compact({"a": {"value": 0.5, "n": 3}, "b": [1, 2]}))
        {
         "a": {"value": 0.5, "n": 3},
         "b": [1, 2]
        }
    """
    return _lines(document, 0)


def _lines(value: Any, depth: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if (depth and len(flat) + depth <= 160) or not isinstance(value, (dict, list, tuple)) or not value:
        return flat
    pad = " " * (depth + 1)
    if isinstance(value, dict):
        inside = [f"{pad}{json.dumps(key)}: {_lines(one, depth + 1)}" for key, one in value.items()]
        return "{\n" + ",\n".join(inside) + "\n" + " " * depth + "}"
    inside = [pad + _lines(one, depth + 1) for one in value]
    return "[\n" + ",\n".join(inside) + "\n" + " " * depth + "]"
