"""Counts how far what a model reports agrees with what is marked in real studies: boxes, region maps, looks.

A component and a box *meet* when at least half of the component lies in the box, or it covers at least a quarter of the
box. A box is *hit* by a class when a component of that class meets it. A component that meets no box of its view lies
*outside*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from benchmarks.reality.found import Found
from benchmarks.reality.places import place
from benchmarks.reality.studies import LOOKS_NORMAL, Box, Marked
from bonescan.burden.components import Component, components
from bonescan.core.anatomy import MaskLabel, Region
from bonescan.core.study import Mask, ViewName

OF_COMPONENT, OF_BOX = 0.5, 0.25
BLADDER_PX = 40
"""Fewer pixels of bladder in a view are no bladder."""
LABELS = ("abnormal", "normal")
CLASSES = {"metastasis": MaskLabel.METASTASIS, "benign": MaskLabel.BENIGN, "bladder": MaskLabel.BLADDER}
Pair = tuple[Marked, Found]


def meet(component: Component, box: Box) -> bool:
    """Whether a component and a box mean the same spot."""
    rows, columns = component.rows, component.columns
    shared = int(((rows >= box.row0) & (rows < box.row1) & (columns >= box.column0) & (columns < box.column1)).sum())
    return shared >= OF_COMPONENT * component.area_px or shared >= OF_BOX * box.area_px


def agreement(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Everything that is counted, over all studies; nothing of a single one.

    Args:
        pairs: What is marked and what is found, study by study.
    """
    classes = [name for name in CLASSES if name != "benign" or any(found.knows_benign for _, found in pairs)]
    return {
        "suspected": suspected(pairs),
        "review": sum(map(bool, told)) if (told := [x.review for _, x in pairs if x.review is not None]) else None,
        "boxes": {label: hits(pairs, label, classes) for label in LABELS},
        "outside": {name: outside(pairs, CLASSES[name]) for name in classes if name != "bladder"},
        "bladder": bladder(pairs),
        "regions": region_dice(pairs),
    }


def suspected(pairs: Iterable[Pair]) -> dict[str, Any]:
    """In how many studies metastasis is suspected, among those with and without abnormal boxes, and by their looks.

    ``rank`` is the share of pairs of a study with and one without abnormal boxes in which the former has the higher
    probability, ties counted half: it does not depend on the threshold.
    """
    pairs = list(pairs)
    groups = {
        "with_abnormal_boxes": [x for m, x in pairs if m.has_abnormal],
        "without_abnormal_boxes": [x for m, x in pairs if not m.has_abnormal],
        "looks_normal": [x for m, x in pairs if m.sure and m.look == LOOKS_NORMAL],
        "looks_focal": [x for m, x in pairs if m.sure and m.look.endswith("focal lesions")],
    }
    counted: dict[str, Any] = {
        name: {"studies": len(group), "suspected": sum(x.suspected for x in group)} for name, group in groups.items()
    }
    ups, downs = (np.array([x.probability for x in groups[f"{which}_abnormal_boxes"]]) for which in ("with", "without"))
    if ups.size and downs.size:
        over = np.sign(ups[:, None] - downs[None, :])
        counted["rank"] = round(float((over + 1).mean() / 2), 3)
    return counted


def hits(pairs: Iterable[Pair], label: str, classes: Iterable[str]) -> dict[str, Any]:
    """How many boxes of a label each class hits, and by place how many boxes there are and metastasis hits."""
    counts: Counter[str] = Counter({"boxes": 0, **dict.fromkeys(classes, 0)})
    boxes_at: Counter[str] = Counter()
    hit_at: Counter[str] = Counter()
    for marked, found in pairs:
        for view, boxes in marked.boxes.items():
            met = {name: components(found.labels[view] == CLASSES[name]) for name in counts if name in CLASSES}
            for box in (box for box in boxes if box.label == label):
                rows, columns = np.mgrid[box.inside]
                where = place(Component(rows.ravel(), columns.ravel()), marked.regions[view])
                here = {name: any(meet(one, box) for one in found_here) for name, found_here in met.items()}
                counts["boxes"] += 1
                counts.update(name for name, yes in here.items() if yes)
                boxes_at[where] += 1
                hit_at[where] += here["metastasis"]
    by_place = {where: {"boxes": n, "metastasis": hit_at[where]} for where, n in boxes_at.most_common()}
    return {**counts, "by_place": by_place}


def outside(pairs: Iterable[Pair], value: MaskLabel) -> dict[str, Any]:
    """Components that meet no box: how many a study, and where."""
    by_study, where = [], Counter[tuple[str, ViewName]]()
    for marked, found in pairs:
        alone = [
            (place(component, marked.regions[view]), view)
            for view, labels in found.labels.items()
            for component in components(labels == value)
            if not any(meet(component, box) for box in marked.boxes[view])
        ]
        by_study.append(len(alone))
        where.update(alone)
    places = Counter(name for name, _ in where.elements())
    return {
        "components": sum(by_study),
        "per_study": round(float(np.mean(by_study)), 2),
        "studies_with_none": by_study.count(0),
        "by_place": {name: {view.value: where[name, view] for view in ViewName} for name, _ in places.most_common()},
    }


def bladder(pairs: Iterable[Pair]) -> dict[str, Any]:
    """Whether the bladder is found.

    No bladder is marked as such. Boxes marked normal that lie amid the given pelvis are taken for bladders; an empty
    bladder has no box.
    """
    overlaps = []
    counts = Counter({"studies": 0, "found_near_pelvis": 0, "drawn_elsewhere": 0, "boxes": 0, "boxes_hit": 0})
    for marked, found in pairs:
        near, far = False, False
        for view, labels in found.labels.items():
            pelvis, drawn = _around("pelvis", marked.regions[view] == Region.PELVIS), labels == MaskLabel.BLADDER
            inside = pelvis.inside
            within = int(drawn[inside].sum())
            near |= within >= BLADDER_PX
            far |= int(drawn.sum()) - within >= BLADDER_PX
            parts = components(drawn)
            for box in marked.boxes[view]:
                if box.label == "normal" and _amid(box, pelvis):
                    counts["boxes"] += 1
                    counts["boxes_hit"] += any(meet(part, box) for part in parts)
                    overlaps.append(_iou(_around("bladder", drawn), box))
        counts.update(studies=1, found_near_pelvis=near, drawn_elsewhere=far)
    return {**counts, "boxes_iou": round(float(np.median(overlaps)), 3) if overlaps else None}


def _around(name: str, mask: Mask) -> Box:
    """The box around a mask."""
    rows, columns = np.nonzero(mask)
    if not rows.size:
        return Box(name, 0, 0, 0, 0)
    return Box(name, int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1)


def _iou(a: Box, b: Box) -> float:
    down = min(a.row1, b.row1) - max(a.row0, b.row0)
    across = min(a.column1, b.column1) - max(a.column0, b.column0)
    shared = max(down, 0) * max(across, 0)
    return shared / (a.area_px + b.area_px - shared)


def _amid(box: Box, pelvis: Box) -> bool:
    row, column = (box.row0 + box.row1) / 2, (box.column0 + box.column1) / 2
    quarter = (pelvis.column1 - pelvis.column0) / 4
    return pelvis.row0 <= row < pelvis.row1 and pelvis.column0 + quarter <= column < pelvis.column1 - quarter


def region_dice(pairs: Iterable[Pair]) -> dict[str, Any] | None:
    """Dice of each region, the mean over views in which the given map holds it; None where the model has no map."""
    values: dict[Region, list[float]] = {}
    for marked, found in pairs:
        for view, drawn in found.regions.items():
            # The given maps hold no sternum in posterior views, and no forearms and lower legs at all.
            for region in map(Region, np.unique(marked.regions[view])):
                if region is not Region.BACKGROUND:
                    ours, theirs = drawn == region, marked.regions[view] == region
                    dice = 2 * int((ours & theirs).sum()) / int(ours.sum() + theirs.sum())
                    values.setdefault(region, []).append(dice)
    if not values:
        return None
    by_region = {region.label: round(float(np.mean(values[region])), 3) for region in sorted(values)}
    return {"mean": round(float(np.mean(list(by_region.values()))), 3), "by_region": by_region}
