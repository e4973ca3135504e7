"""The folder of an evaluation: ``evaluation.json``, ``report.html`` and the pictures, each appearing whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bonescan.core.files import write_bytes, write_text

DOCUMENT, REPORT = "evaluation.json", "report.html"
PICTURES = ("roc", "calibration", "dice", "froc", "bstbi", "alp", "strata", "comparison")


def write_results(
    out: Path, document: Mapping[str, Any], page: str, pictures: Mapping[str, bytes], name: str = DOCUMENT
) -> None:
    """Write the results; pictures of an earlier evaluation in the folder that are not made any more go.

    Args:
        out: The folder.
        document: Plain values.
        page: The report.
        pictures: Name → PNG.
        name: Of the document.

    Raises:
        OutputError: A file cannot be written.
    """
    for picture, data in pictures.items():
        write_bytes(out / f"{picture}.png", data)
    for old in set(PICTURES) - set(pictures):
        (out / f"{old}.png").unlink(missing_ok=True)
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
