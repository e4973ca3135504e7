"""Reads the folder of real scans: frames, pseudo-labels of regions, facts of storage, reference figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import UnreadableInputError
from bonescan.core.study import ViewName
from bonescan.simulate.realism.storage import FrameFacts, NativeFrame, native_grid


def read_real(folder: Path) -> tuple[list[NativeFrame], dict[str, Any]]:
    """Read all frames and ``statistics.json``.

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
            frames = list(_frames(folder, csv.DictReader(lines)))
    except (OSError, KeyError, ValueError) as error:
        raise UnreadableInputError(
            f"the folder of real scans {folder.name} cannot be read ({type(error).__name__})",
            expected="frames.csv, statistics.json and two PNGs a frame",
            hint="docs/usage/simulation.md says what the folder holds",
        ) from error
    if not frames:
        raise UnreadableInputError(f"{folder.name} holds no frame", expected="at least one row in frames.csv")
    return frames, statistics


def _frames(folder: Path, rows: csv.DictReader[str]) -> Iterator[NativeFrame]:
    for row in rows:
        stretched = _picture(folder / f"{row['code']}_{row['view']}.png")
        regions = _picture(folder / f"{row['code']}_regions_{row['view']}.png")
        keep = np.ix_(*native_grid(stretched))
        values, step = stretched[keep].astype(np.float32), float(row["value_step"])
        facts = FrameFacts(step, float(row["lowest_value"]), float(values.sum()) / step)
        yield NativeFrame(row["code"], ViewName(row["view"]), values, regions[keep].astype(np.uint8), facts)


def _picture(path: Path) -> npt.NDArray[np.uint16]:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture).astype(np.uint16)
