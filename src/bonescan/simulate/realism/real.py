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

Corners = tuple[int, int, int, int]
"""xmin, ymin, xmax, ymax in pixels of the stretched frame, both ends within."""


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
            frames = list(_frames(folder, csv.DictReader(lines), _marked(folder / "boxes.csv")))
    except (OSError, KeyError, ValueError) as error:
        raise UnreadableInputError(
            f"the folder of real scans {folder.name} cannot be read ({type(error).__name__})",
            expected="frames.csv, statistics.json and two PNGs a frame",
            hint="docs/usage/simulation.md says what the folder holds",
        ) from error
    if not frames:
        raise UnreadableInputError(f"{folder.name} holds no frame", expected="at least one row in frames.csv")
    return frames, statistics


def _marked(path: Path) -> dict[tuple[str, str], list[Corners]]:
    """(code, view) → corners of the boxes marked abnormal; nothing where there is no such file."""
    marked: dict[tuple[str, str], list[Corners]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["label"] == "abnormal":
                    corners = int(row["xmin"]), int(row["ymin"]), int(row["xmax"]), int(row["ymax"])
                    marked.setdefault((row["code"], row["view"]), []).append(corners)
    return marked


def _native(corners: Corners, rows: npt.NDArray[np.bool_], columns: npt.NDArray[np.bool_]) -> Box:
    """A box of the stretched frame on the native grid: how many rows and columns are kept before each edge."""
    left, top, right, bottom = corners
    row, column = np.r_[0, rows.cumsum()], np.r_[0, columns.cumsum()]
    return slice(int(row[top]), int(row[bottom + 1])), slice(int(column[left]), int(column[right + 1]))


def _frames(
    folder: Path, rows: csv.DictReader[str], marked: Mapping[tuple[str, str], Sequence[Corners]]
) -> Iterator[NativeFrame]:
    for row in rows:
        stretched = _picture(folder / f"{row['code']}_{row['view']}.png")
        regions = _picture(folder / f"{row['code']}_regions_{row['view']}.png")
        kept = native_grid(stretched)
        keep = np.ix_(*kept)
        values, step = stretched[keep].astype(np.float32), float(row["value_step"])
        facts = FrameFacts(step, float(row["lowest_value"]), float(values.sum()) / step)
        spots = tuple(_native(corners, *kept) for corners in marked.get((row["code"], row["view"]), ()))
        yield NativeFrame(row["code"], ViewName(row["view"]), values, regions[keep].astype(np.uint8), facts, spots)


def _picture(path: Path) -> npt.NDArray[np.uint16]:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture).astype(np.uint16)
