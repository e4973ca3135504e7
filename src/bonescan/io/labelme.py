"""Reads and writes the JSON files of LabelMe, the annotation tool of the paper.

Shapes are rasterised at the size of the picture that was annotated, by the rule in `bonescan.io.polygons`, and scaled
to another size by nearest neighbour, as in the paper. The picture that LabelMe embeds (``imageData``) is not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import MaskLabel
from bonescan.core.errors import UnreadableInputError
from bonescan.core.files import write_text
from bonescan.core.study import Labels, Mask, labelled
from bonescan.io.decoding import check_dimensions, check_file_size, decoding
from bonescan.io.polygons import Points, fill_polygon, outline

LABEL_NAMES: Mapping[str, MaskLabel] = {
    "metastasis": MaskLabel.METASTASIS,
    "bladder": MaskLabel.BLADDER,
    "benign": MaskLabel.BENIGN,
}
_PAINT_ORDER = (MaskLabel.BENIGN, MaskLabel.METASTASIS, MaskLabel.BLADDER)
"""Later ones win: a lesion never counts pixels of the bladder."""
_VERSION = "5.5.0"
_CIRCLE_CORNERS = 64
_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, eq=False)
class LabelmeShape:
    """One outlined finding.

    Attributes:
        label: Name, as the annotator chose it.
        points: (n, 2) float64, x and y in pixels of the annotated picture.
    """

    label: str
    points: Points


@dataclass(frozen=True, eq=False)
class LabelmeAnnotation:
    """All shapes of one picture.

    Attributes:
        rows: Height of the annotated picture.
        columns: Its width.
        shapes: The shapes; a rectangle as its four corners.
        image_path: Name of the picture, relative to the file, or "".
        flags: Names that were ticked for the whole picture, in lower case.
    """

    rows: int
    columns: int
    shapes: tuple[LabelmeShape, ...]
    image_path: str = ""
    flags: frozenset[str] = frozenset()


def read_labelme(path: Path | str) -> LabelmeAnnotation:
    """Read polygons, rectangles and circles.

    Raises:
        UnreadableInputError: The file is no LabelMe file, lacks the picture's size, or has another kind of shape.
    """
    path = Path(path)
    check_file_size(path)
    with decoding(path, "LabelMe file"):
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or not isinstance(document.get("shapes"), list):
            raise UnreadableInputError(f"{path.name} has no list of shapes", expected="a LabelMe file")
        rows, columns = int(document["imageHeight"]), int(document["imageWidth"])
        check_dimensions(path, rows, columns)
        shapes = tuple(_shape(entry, number, path) for number, entry in enumerate(document["shapes"], start=1))
        ticked = frozenset(str(name).strip().lower() for name, on in (document.get("flags") or {}).items() if on)
        return LabelmeAnnotation(rows, columns, shapes, str(document.get("imagePath") or ""), ticked)


def rasterise(
    annotation: LabelmeAnnotation,
    shape: tuple[int, int] | None = None,
    *,
    names: Mapping[str, MaskLabel] = LABEL_NAMES,
) -> Labels:
    """Draw the shapes as labels.

    Shapes of one label add up. Where labels overlap the bladder wins over a metastasis, and that over benign uptake.

    Args:
        annotation: What `read_labelme` returned.
        shape: (rows, columns) wanted; the annotated picture's by default.
        names: Which label a name stands for; names are compared in lower case.

    Returns:
        (rows, columns) uint8 of `MaskLabel`.

    Raises:
        UnreadableInputError: A shape has a name that `names` does not know, or covers no pixel: dropped without a word,
            it would make a patient with one small lesion a normal one.

    Example:
        >>> square = np.array([[1, 0], [3, 0], [3, 2], [1, 2]], dtype=float)
        >>> rasterise(LabelmeAnnotation(2, 4, (LabelmeShape("Metastasis", square),)))
        array([[0, 1, 1, 0],
               [0, 1, 1, 0]], dtype=uint8)
    """
    unknown = sorted({s.label for s in annotation.shapes if s.label.strip().lower() not in names})
    if unknown:
        raise UnreadableInputError(
            f"shapes are named {', '.join(map(repr, unknown))}", expected=f"one of {', '.join(names)}"
        )
    size = (annotation.rows, annotation.columns)
    masks: dict[MaskLabel, Mask] = {}
    for number, entry in enumerate(annotation.shapes, start=1):
        label = names[entry.label.strip().lower()]
        mask = scale_nearest(fill_polygon(entry.points, size), shape or size)
        if not mask.any():
            raise UnreadableInputError(
                f"shape {number} ({entry.label.strip()}) covers no pixel",
                expected="an outline around the centre of a pixel",
                hint="Draw it larger, or delete it",
            )
        masks[label] = masks[label] | mask if label in masks else mask
    labels = np.zeros(shape or size, dtype=np.uint8)
    for label in _PAINT_ORDER:
        if label in masks:
            labels[masks[label]] = label
    return labels


def scale_nearest(labels: npt.NDArray[_T], shape: tuple[int, int]) -> npt.NDArray[_T]:
    """Scale labels to another size by nearest neighbour, pixel centres on pixel centres.

    Example:
        >>> scale_nearest(np.array([[1, 2]], dtype=np.uint8), (2, 4))
        array([[1, 1, 2, 2],
               [1, 1, 2, 2]], dtype=uint8)
    """
    if labels.shape == shape:
        return labels
    rows, columns = (
        np.minimum(((np.arange(new) + 0.5) * old / new).astype(np.int64), old - 1)
        for new, old in zip(shape, labels.shape, strict=True)
    )
    return labels[np.ix_(rows, columns)]


def write_labelme(path: Path | str, labels: Labels, *, image_path: str = "") -> None:
    """Write labels as polygons along the edges of their pixels, one for each connected piece.

    `rasterise(read_labelme(path))` gives back the same labels.

    Raises:
        OutputError: The file cannot be written.
    """
    shapes = [
        {
            "label": name,
            "points": points.tolist(),
            "group_id": None,
            "description": "",
            "shape_type": "polygon",
            "flags": {},
        }
        for name, label in LABEL_NAMES.items()
        for points in outline(labelled(labels, label))
    ]
    document = {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": image_path,
        "imageData": None,
        "imageHeight": labels.shape[0],
        "imageWidth": labels.shape[1],
    }
    write_text(Path(path), json.dumps(document, indent=1) + "\n")


def _shape(entry: dict[str, Any], number: int, path: Path) -> LabelmeShape:
    kind = entry.get("shape_type") or "polygon"
    points = np.array(entry["points"], dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(points).all() or np.abs(points).max(initial=0) > 1e6:
        raise UnreadableInputError(f"shape {number} of {path.name} has points that are no places in a picture")
    if kind == "rectangle" and len(points) == 2:
        (x0, y0), (x1, y1) = points
        points = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    elif kind == "circle" and len(points) == 2:
        centre, edge = points
        turns = np.linspace(0, 2 * np.pi, _CIRCLE_CORNERS, endpoint=False)
        points = centre + np.hypot(*(edge - centre)) * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    elif kind not in {"polygon", "rectangle"} or len(points) < 3:
        raise UnreadableInputError(
            f"shape {number} of {path.name} is a {kind} of {len(points)} points",
            expected="a polygon of three or more, a rectangle or a circle",
        )
    return LabelmeShape(str(entry["label"]), points)
