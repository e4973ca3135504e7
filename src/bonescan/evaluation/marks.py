"""True lesions and what was drawn: which mark hits which lesion, how large and how hot each lesion is.

A lesion is an 8-connected group of true metastasis pixels in one view, a mark one of drawn ones. A mark hits every
lesion with which it shares a pixel. A mark that shares none with any true metastasis is a false alarm. Groups below the
smallest area that counts (`burden.components`) are neither lesions nor marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bonescan.burden.components import Component, components, minimum_area_px
from bonescan.core.anatomy import MaskLabel, Region
from bonescan.core.study import Labels, Mask, Units, View, labelled
from bonescan.evaluation.records import Lesion

_RING_PX = (3, 8)
"""What surrounds a lesion: pixels more than the first and at most the second from it, without a label."""


@dataclass(frozen=True)
class Marks:
    """Of one view.

    Attributes:
        lesions: True lesions, from the head down.
        alarms: Scores of marks that touch no true metastasis.
        alarms_benign: How many of them touch true benign uptake.
    """

    lesions: tuple[Lesion, ...]
    alarms: tuple[float, ...]
    alarms_benign: int


def match(
    view: View,
    true: Labels,
    drawn: Labels,
    probability: npt.NDArray[np.float32] | None,
    regions: Labels | None = None,
    foci: Sequence[Mapping[str, Any]] = (),
    found_regions: Labels | None = None,
) -> Marks:
    """Match marks to lesions.

    Args:
        view: The view.
        true: (row, column) uint8 `MaskLabel`.
        drawn: The same of the method, small groups left out.
        probability: (row, column) of metastasis, from which marks have their score; all 1 where None.
        regions: (row, column) uint8 `Region`, or None.
        foci: What ``truth.json`` says of the foci of a simulated patient.
        found_regions: (row, column) uint8 `Region` of the method, which names what it finds, or None.
    """
    truth = labelled(true, MaskLabel.METASTASIS)
    marks = components(labelled(drawn, MaskLabel.METASTASIS))
    scores = [1.0 if probability is None else float(probability[m.rows, m.columns].mean()) for m in marks]
    surest = np.full(true.shape, -1.0, np.float32)
    for mark, score in zip(marks, scores, strict=True):
        surest[mark.rows, mark.columns] = score
    smallest = minimum_area_px(view.counts.shape, view.pixel_spacing_mm)
    found = [group for group in components(truth) if group.area_px >= smallest]
    uptakes = _uptakes(found, view, foci)
    lesions = tuple(
        _lesion(group, view, true, surest, (regions, found_regions), uptake)
        for group, uptake in zip(found, uptakes, strict=True)
    )
    false = [k for k, mark in enumerate(marks) if not truth[mark.rows, mark.columns].any()]
    benign = sum(bool((true[marks[k].rows, marks[k].columns] == MaskLabel.BENIGN).any()) for k in false)
    return Marks(lesions, tuple(scores[k] for k in false), benign)


def _lesion(
    group: Component,
    view: View,
    true: Labels,
    surest: npt.NDArray[np.float32],
    regions: tuple[Labels | None, Labels | None],
    uptake: float | None,
) -> Lesion:
    """What is kept of a lesion; the region maps are the cohort's and the method's."""
    scores = surest[group.rows, group.columns]
    best = float(scores.max())
    true_regions, found_regions = (None if r is None else r[group.rows, group.columns] for r in regions)
    spacing = view.pixel_spacing_mm
    counts, level = view.counts[group.rows, group.columns].astype(np.float64), _around(group, view, true)
    return Lesion(
        area_px=group.area_px,
        area_mm2=None if spacing is None else group.area_px * spacing[0] * spacing[1],
        # Half a count stands for none, so that a lesion in the air has a contrast too.
        contrast=float(counts.mean()) / max(level, 0.5),
        rose=float((counts - level).sum() / np.sqrt(max(counts.sum(), 1.0))) if view.units == Units.COUNTS else None,
        site=None if true_regions is None else _site(true_regions),
        uptake=uptake,
        score=best if best >= 0 else None,
        named=None if found_regions is None or best < 0 else _site(found_regions[scores >= 0]) or "",
    )


def _around(group: Component, view: View, true: Labels) -> float:
    """Median of the unlabelled pixels around a lesion; of all around where every one is labelled."""
    from scipy.ndimage import binary_dilation

    near, far = _RING_PX
    row0, column0, row1, column1 = group.bbox
    window = slice(max(row0 - far, 0), row1 + far), slice(max(column0 - far, 0), column1 + far)
    inside: Mask = np.zeros(true[window].shape, np.bool_)
    inside[group.rows - window[0].start, group.columns - window[1].start] = True
    eight = np.ones((3, 3), np.bool_)
    ring = binary_dilation(inside, eight, far) & ~binary_dilation(inside, eight, near)
    free = ring & (true[window] == MaskLabel.BACKGROUND)
    around = view.counts[window][free if free.any() else ~inside]
    return float(np.median(around)) if around.size else 0.0


def _site(regions: Labels) -> str | None:
    known = regions[regions > 0]
    if not known.size:
        return None
    site = Region(int(np.bincount(known).argmax())).site
    return None if site is None else str(site)


def _uptakes(groups: Sequence[Component], view: View, foci: Sequence[Mapping[str, Any]]) -> list[float | None]:
    """Simulated contrast of the lesions that stand alone: a focus and a group, each the only one of that area."""
    areas = [int(f["area_px"].get(str(view.name), 0)) for f in foci if f["kind"] == "metastasis"]
    contrasts = [float(f["contrast"]) for f in foci if f["kind"] == "metastasis"]
    sizes = [group.area_px for group in groups]
    alone = {a: c for a, c in zip(areas, contrasts, strict=True) if areas.count(a) == 1 and sizes.count(a) == 1}
    return [alone.get(size) for size in sizes]
