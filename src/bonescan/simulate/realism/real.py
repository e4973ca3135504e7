"""Reads the folder of real scans: frames, pseudo-labels of regions, facts of storage, reference figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import UnreadableInputError
from bonescan.core.study import ViewName
from bonescan.simulate.realism.storage import Box, FrameFacts, NativeFrame, native_grid


def read_real(folder: Path) -> tuple[list[NativeFrame], dict[str, Any]]:
    """Read all frames, their hot spots where there is ``boxes.csv``, and ``statistics.json``.

    Args:
        folder: Holds ``frames.csv``, ``statistics.json`` and ``<code>_<view>.png`` with ``<code>_regions_<view>.png``.

    Returns:
        The frames, and the reference figures.

    Raises:
        UnreadableInputError: A file is missing or not of that form.
    """
    try:
        statistics = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
        with (folder / "frames.csv").open(encoding="utf-8", newline="") as lines:
            boxes = read_boxes(folder / "boxes.csv") if (folder / "boxes.csv").is_file() else {}
            frames = list(_frames(folder, csv.DictReader(lines), boxes))
    except (OSError, KeyError, ValueError) as error:
        raise UnreadableInputError(
            f"the folder of real scans {folder.name} cannot be read ({type(error).__name__})",
            expected="frames.csv, statistics.json and two PNGs a frame",
            hint="docs/usage/simulation.md says what the folder holds",
        ) from error
    if not frames:
        raise UnreadableInputError(f"{folder.name} holds no frame", expected="at least one row in frames.csv")
    return frames, statistics


def read_boxes(path: Path) -> dict[tuple[str, str], list[tuple[str, Box]]]:
    """Read ``boxes.csv``: code, view, label, xmin, ymin, xmax, ymax; corners of the stretched frame, both within.

    Returns:
        (code, view) → label and half-open box of each.

    Raises:
        KeyError, ValueError: A column is missing, or a corner is no number.
    """
    boxes: dict[tuple[str, str], list[tuple[str, Box]]] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            left, top, right, bottom = (int(row[name]) for name in ("xmin", "ymin", "xmax", "ymax"))
            box = slice(top, bottom + 1), slice(left, right + 1)
            boxes.setdefault((row["code"], row["view"]), []).append((row["label"], box))
    return boxes


def _native(box: Box, kept: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]) -> Box:
    """A box of the stretched frame on the native grid: how many rows and columns are kept before each edge."""
    rows, columns = (
        slice(*np.r_[0, keep.cumsum()][[edges.start, edges.stop]].tolist())
        for edges, keep in zip(box, kept, strict=True)
    )
    return rows, columns


def _frames(
    folder: Path, rows: csv.DictReader[str], boxes: Mapping[tuple[str, str], Sequence[tuple[str, Box]]]
) -> Iterator[NativeFrame]:
    for row in rows:
        stretched = _picture(folder / f"{row['code']}_{row['view']}.png")
        regions = _picture(folder / f"{row['code']}_regions_{row['view']}.png")
        kept = native_grid(stretched)
        keep = np.ix_(*kept)
        values, step = stretched[keep].astype(np.float32), float(row["value_step"])
        facts = FrameFacts(step, float(row["lowest_value"]), float(values.sum()) / step)
        marked = boxes.get((row["code"], row["view"]), ())
        spots = tuple(_native(box, kept) for label, box in marked if label == "abnormal")
        yield NativeFrame(row["code"], ViewName(row["view"]), values, regions[keep].astype(np.uint8), facts, spots)


def _picture(path: Path) -> npt.NDArray[np.uint16]:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture).astype(np.uint16)
