"""Label masks and region maps that lie beside a study of a cohort: 8-bit PNGs, or LabelMe JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bonescan.core.anatomy import MaskLabel, Region
from bonescan.core.errors import CohortError, InputError
from bonescan.core.files import write_bytes
from bonescan.core.study import Labels, ViewName
from bonescan.io.codes import view_of_text

if TYPE_CHECKING:
    from bonescan.io.labelme import LabelmeAnnotation

LABELME = "labelme"
"""Folder of the pictures of a study that LabelMe is opened on; it saves its files beside them."""
_MOST_STRETCHED = 1.5
"""Change of height over width from the annotated picture to the view. Pictures resized to fit a network, as the paper's
to a square, are stretched somewhat; those turned, cut to half, or of both views differ twofold."""


def read_labels(folder: Path, study_id: str, files: Sequence[Path]) -> dict[ViewName, Labels]:
    """Read the annotated views of a study: masks first, LabelMe files where there is no mask.

    Args:
        folder: Folder of the cohort.
        study_id: The study.
        files: Its files; a LabelMe file may lie beside each, under its name.

    Raises:
        CohortError: A mask has another form or other values, or an annotation or its study cannot be understood.
    """
    masks, drawn_on = folder / study_id / "masks", folder / study_id / LABELME
    labels = {
        view: read_label_png(png, highest=max(MaskLabel))
        for view in ViewName
        if (png := masks / f"{view}.png").is_file()
    }
    drawn = {
        view: path
        for view in ViewName
        for path in (masks / f"{view}.json", drawn_on / f"{view}.json")
        if view not in labels and path.is_file()
    }
    if not labels and not drawn:
        beside = [path for path in files if path.with_suffix(".json").is_file()]
        drawn = {view: path.with_suffix(".json") for path in beside if (view := view_of_text(path.stem)) is not None}
        if beside and not drawn:
            return _of_composite(beside[0])
    if drawn:
        shapes = _shapes(study_id, files)
        # Of a view that is not there it stays in the size of its picture: who compares views and labels will notice.
        labels |= {view: _of_labelme(path, shapes.get(view)) for view, path in drawn.items()}
    return labels


def annotation_files(folder: Path, study_id: str, files: Sequence[Path]) -> list[Path]:
    """What `read_labels` and `read_regions` may read of a study, as far as it is there, in a fixed order.

    Args:
        folder: Folder of the cohort.
        study_id: The study.
        files: Its files.
    """
    masks, drawn_on = folder / study_id / "masks", folder / study_id / LABELME
    named = [masks / f"{name}.png" for view in ViewName for name in (view, f"regions_{view}")]
    named += [place / f"{view}.json" for place in (masks, drawn_on) for view in ViewName]
    return [path for path in (*named, *(path.with_suffix(".json") for path in files)) if path.is_file()]


def read_ticked(folder: Path, study_id: str) -> dict[ViewName, frozenset[str]]:
    """Read which names the annotator ticked in LabelMe for each picture that was saved, in lower case.

    Raises:
        CohortError: An annotation cannot be understood.
    """
    paths = {view: folder / study_id / LABELME / f"{view}.json" for view in ViewName}
    return {view: _annotation(path).flags for view, path in paths.items() if path.is_file()}


def read_regions(folder: Path, study_id: str) -> dict[ViewName, Labels] | None:
    """Read the region maps of a study, or return None where there is none.

    Raises:
        CohortError: A map has another form or other values.
    """
    masks = folder / study_id / "masks"
    maps = {
        view: read_label_png(path, highest=max(Region))
        for view in ViewName
        if (path := masks / f"regions_{view}.png").is_file()
    }
    return maps or None


def write_masks(
    folder: Path, study_id: str, labels: Mapping[ViewName, Labels], regions: Mapping[ViewName, Labels] | None = None
) -> None:
    """Write masks, and region maps where given, where `read_labels` and `read_regions` find them.

    Raises:
        OutputError: A file cannot be written.
    """
    masks = folder / study_id / "masks"
    for view, array in labels.items():
        write_bytes(masks / f"{view}.png", encode_label_png(array))
    for view, array in (regions or {}).items():
        write_bytes(masks / f"regions_{view}.png", encode_label_png(array))


def encode_label_png(labels: Labels) -> bytes:
    """Encode (row, column) uint8 labels as an 8-bit grey PNG."""
    from PIL import Image

    if labels.dtype != np.uint8 or labels.ndim != 2:
        raise ValueError(f"labels are {labels.dtype} of {labels.ndim} dimensions, not uint8 of two")
    buffer = BytesIO()
    Image.fromarray(labels).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def read_label_png(path: Path, *, highest: int = 255) -> Labels:
    """Read an 8-bit grey or palette PNG as (row, column) uint8 labels.

    Raises:
        CohortError: It is no such picture, or has values above `highest`.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            if picture.mode not in {"L", "P", "1"}:
                raise CohortError(f"the mask {path.name} has mode {picture.mode}", expected="8-bit grey or palette")
            labels = np.asarray(picture, dtype=np.uint8).copy()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, CohortError):
            raise
        raise CohortError(f"the mask {path.name} cannot be read as a picture") from error
    if labels.max(initial=0) > highest:
        raise CohortError(f"the mask {path.name} has the value {labels.max()}", expected=f"labels from 0 to {highest}")
    return labels


def _shapes(study_id: str, files: Sequence[Path]) -> dict[ViewName, tuple[int, int]]:
    """Rows and columns of each view of a study."""
    from bonescan.io.inputs import StudyInput
    from bonescan.io.reader import read_study

    try:
        study = read_study(StudyInput(study_id, tuple(files)))
    except InputError as error:
        raise CohortError(f"the study {study_id}: {error.found}", expected=error.expected) from error
    return {view.name: (view.rows, view.columns) for view in study.views}


def _of_labelme(path: Path, shape: tuple[int, int] | None) -> Labels:
    from bonescan.io.labelme import rasterise

    annotation = _annotation(path)
    drawn_on = (annotation.rows, annotation.columns)
    if shape and not 1 / _MOST_STRETCHED < (drawn_on[0] * shape[1]) / (drawn_on[1] * shape[0]) < _MOST_STRETCHED:
        found, wanted = (" x ".join(map(str, size)) for size in (drawn_on, shape))
        raise CohortError(
            f"the annotation {path.name} was drawn on {found} pixels, which is no picture of {wanted}",
            expected="the view itself, larger or smaller",
        )
    try:
        return rasterise(annotation, shape)
    except InputError as error:
        raise CohortError(f"the annotation {path.name}: {error.found}", expected=error.expected) from error


def _annotation(path: Path) -> LabelmeAnnotation:
    from bonescan.io.labelme import read_labelme

    try:
        return read_labelme(path)
    except InputError as error:
        raise CohortError(f"the annotation {path.name}: {error.found}", expected=error.expected) from error


def _of_composite(path: Path) -> dict[ViewName, Labels]:
    """Labels drawn on one picture of both views: cut as the picture is, renderings of one view put together."""
    from bonescan.io.raster import read_panels

    try:
        panels, shape = read_panels(path)
    except InputError as error:
        raise CohortError(f"the picture {path.name}: {error.found}", expected=error.expected) from error
    whole = _of_labelme(path.with_suffix(".json"), shape)
    labels: dict[ViewName, Labels] = {}
    for panel in panels:
        view = panel.view or ViewName.ANTERIOR
        part = whole[:, panel.start : panel.stop]
        labels[view] = np.where(labels[view] > 0, labels[view], part) if view in labels else part
    return labels
