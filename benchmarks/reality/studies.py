"""The folder of real scans with what others marked in it, and the ways in which a study is shown to a model."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bonescan.core.errors import UnreadableInputError
from bonescan.core.study import Labels, Study, ViewName
from bonescan.io.reader import find_inputs, read_study
from bonescan.simulate.realism.real import read_boxes

LOOKS_NORMAL = "no clear focal lesion"
MARGIN_PX = 32


@dataclass(frozen=True)
class Box:
    """A hot spot that a network marked; half-open, in pixels of the stored view.

    Attributes:
        label: "abnormal" (metastatic?) or "normal" (benign or physiological?).
        row0, column0, row1, column1: Its edges.
    """

    label: str
    row0: int
    column0: int
    row1: int
    column1: int

    @property
    def area_px(self) -> int:
        """Number of pixels."""
        return (self.row1 - self.row0) * (self.column1 - self.column0)

    @property
    def inside(self) -> tuple[slice, slice]:
        """Index of its pixels."""
        return slice(self.row0, self.row1), slice(self.column0, self.column1)


@dataclass(frozen=True, eq=False)
class Marked:
    """A real study and what is marked in it; nobody has checked it.

    Attributes:
        study: As read.
        boxes: Hot spots of each view.
        regions: (rows, columns) uint8 `Region` of each view; no value above `Region.FEMUR` is used there.
        look: A layman's impression, as ``visual_impression.csv`` words it.
        sure: Whether the layman was.
    """

    study: Study
    boxes: Mapping[ViewName, tuple[Box, ...]]
    regions: Mapping[ViewName, Labels]
    look: str
    sure: bool

    @property
    def has_abnormal(self) -> bool:
        """Whether any box is marked abnormal."""
        return any(box.label == "abnormal" for boxes in self.boxes.values() for box in boxes)


def read_marked(folder: Path) -> list[Marked]:
    """Read all studies of the folder.

    Args:
        folder: Holds ``<code>_<view>.png``, ``<code>_regions_<view>.png``, ``boxes.csv`` (code, view, label, xmin,
            ymin, xmax, ymax; corners inclusive) and ``visual_impression.csv`` (code, impression, confidence).

    Raises:
        UnreadableInputError: A file is missing or not of that form.
    """
    try:
        boxes = {
            frame: [Box(label, rows.start, columns.start, rows.stop, columns.stop) for label, (rows, columns) in marked]
            for frame, marked in read_boxes(folder / "boxes.csv").items()
        }
        looks = {row["code"]: row for row in _rows(folder / "visual_impression.csv")}
        marked = [_marked(folder, read_study(entry), boxes, looks) for entry in find_inputs(folder)]
    except (OSError, KeyError, ValueError) as error:
        raise UnreadableInputError(
            f"the folder of real scans {folder.name} cannot be read ({type(error).__name__})",
            expected="boxes.csv, visual_impression.csv and two PNGs a view",
            hint="docs/usage/reality.md says what the folder holds",
        ) from error
    return marked


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _marked(
    folder: Path, study: Study, boxes: Mapping[tuple[str, str], list[Box]], looks: Mapping[str, Mapping[str, str]]
) -> Marked:
    from PIL import Image

    regions: dict[ViewName, Labels] = {}
    for view in study.views:
        with Image.open(folder / f"{study.name}_regions_{view.name}.png") as picture:
            regions[view.name] = np.asarray(picture).astype(np.uint8)
    found = {view.name: tuple(boxes.get((study.name, view.name.value), ())) for view in study.views}
    look = looks[study.name]
    return Marked(study, found, regions, look["impression"], look["confidence"] == "sure")


Back = Callable[[ViewName, Labels], Labels]
"""Brings labels of a shown view into the geometry of the stored one."""


def as_stored(study: Study) -> tuple[Study, Back]:
    """The study as its files have it."""
    return study, lambda _, labels: labels


def with_margin(study: Study) -> tuple[Study, Back]:
    """The study with empty space around the body, as a camera leaves it; the files are cut tightly."""
    views = tuple(replace(view, counts=np.pad(view.counts, MARGIN_PX)) for view in study.views)
    shown = replace(study, scan=replace(study.scan, views=views))
    return shown, lambda _, labels: labels[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]


SHOWN: Mapping[str, Callable[[Study], tuple[Study, Back]]] = {
    "as stored": as_stored,
    "with a margin": with_margin,
}
"""How a study can be shown to a model."""
