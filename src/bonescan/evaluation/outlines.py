"""Pixels and lesions: Dice in its four definitions, surface Dice, free-response ROC."""

from __future__ import annotations

from typing import Any

import numpy as np

from bonescan.evaluation.columns import CLASSES, Columns, Floats, Numbers
from bonescan.evaluation.numbers import Number, finite, number, of_draws
from bonescan.evaluation.surface import TOLERANCE_PX
from bonescan.metrics.bootstrap import LEAST_PATIENTS, ratio_draws
from bonescan.metrics.detection import Froc, froc
from bonescan.metrics.dice import Parts, dice_parts, images_of

ALARMS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
RULE = (
    "A lesion is an 8-connected group of true metastasis pixels in one view, a mark one of drawn pixels; groups below "
    "0.5 cm² (9 pixels of a 256 x 1024 view where the spacing is unknown) are neither. A mark hits every lesion with "
    "which it shares a pixel; one that touches no true metastasis is a false alarm. Marks as drawn, before the patient "
    "is decided on."
)


def dice(columns: Columns) -> dict[str, Any]:
    """Dice of each class: as drawn and as reported, a view or a study an image, in four definitions.

    Intervals are bootstrapped over patients. Benign uptake only where the method draws any.
    """
    tables: dict[str, Any] = {}
    for name in CLASSES:
        pixels = columns.pixels(name)
        if not pixels.true.any() or (name == "benign" and not pixels.drawn.any()):
            continue
        ways = {"as_drawn": False} | ({"as_reported": True} if name == "metastasis" else {})
        tables[name] = {
            way: {
                image: {
                    definition: ratio(columns, parts, study)
                    for definition, (parts, study) in dice_of(columns, name, reported=reported, by_study=whole).items()
                }
                for image, whole in (("by_view", False), ("by_study", True))
            }
            for way, reported in ways.items()
        }
    return tables


def dice_of(columns: Columns, name: str, *, reported: bool, by_study: bool) -> dict[str, tuple[Parts, Numbers]]:
    """Each definition as a ratio of sums over the images that it is of, with the study of each image."""
    found = columns.pixels(name, reported=reported, by_study=by_study)
    each = dice_parts(found.both, found.drawn, found.true)
    images = {key: images_of(key, parts) for key, parts in each.items()}
    return {k: (Parts(p.above[images[k]], p.below[images[k]]), found.study[images[k]]) for k, p in each.items()}


def region_dice(columns: Columns) -> dict[str, Any] | None:
    """Pooled Dice of each skeletal region and their mean; None where the method or the cohort knows no regions."""
    rows = [(study, view.regions) for study, view in columns.views if view.regions is not None]
    names = list(dict.fromkeys(name for _, regions in rows for name in regions))
    if not names:
        return None
    table: dict[str, Any] = {}
    for name in names:
        known = [(study, regions[name]) for study, regions in rows if name in regions]
        both, drawn, true = np.array([sums for _, sums in known], np.float64).T
        table[name] = ratio(columns, Parts(2 * both, drawn + true), np.array([study for study, _ in known]))
    return {"mean": finite(float(np.mean([found["value"] for found in table.values()]))), "regions": table}


def surface_dice(columns: Columns) -> Number | None:
    """Pooled normalised surface Dice of metastases as drawn, at 2 pixels; None where nothing is outlined."""
    rows = [(study, view.surface) for study, view in columns.views if view.surface is not None]
    if not rows:
        return None
    near, all_ = (np.array([counts[k] for _, counts in rows], np.float64) for k in (0, 1))
    return ratio(columns, Parts(near, all_), np.array([i for i, _ in rows])) | {"tolerance_px": TOLERANCE_PX}


def detection(columns: Columns) -> dict[str, Any] | None:
    """Lesions hit and false alarms a study, at what is drawn and along the curve; None where nothing is outlined."""
    rows = [(study, view) for study, view in columns.views if view.metastasis is not None]
    if not rows:
        return None
    study = np.array([i for i, _ in rows])
    hits, lesions, alarms = (
        np.array(values, np.float64)
        for values in (
            [sum(lesion.score is not None for lesion in view.lesions) for _, view in rows],
            [len(view.lesions) for _, view in rows],
            [len(view.alarms) for _, view in rows],
        )
    )
    studies = len(np.unique(study))
    each = np.ones(len(rows)) / np.bincount(study)[study]
    curve = froc_of(columns)
    # Of a normal view that nobody annotated it is known that it holds no metastasis, not what else it holds.
    annotated = [view for _, view in rows if view.benign is not None]
    return {
        "rule": RULE,
        "sensitivity": ratio(columns, Parts(hits, lesions), study) | {"lesions": int(lesions.sum())},
        "named_right": named_right(columns),
        "false_alarms_a_study": ratio(columns, Parts(alarms, each), study) | {"marks": int(alarms.sum())},
        "false_alarms_on_benign_uptake": sum(view.alarms_benign for view in annotated) if annotated else None,
        "false_alarms_where_benign_is_known": sum(len(view.alarms) for view in annotated),
        "sensitivity_at_false_alarms": {f"{a:g}": finite(curve.at(a)) for a in ALARMS if a <= curve.alarms[-1]},
        "studies": studies,
    }


def named_right(columns: Columns) -> Number | None:
    """Of the lesions hit, those whose site the method's own region map names right; None where it has none."""
    parts, study = named_parts(columns)
    return ratio(columns, parts, study) | {"lesions": int(parts.below.sum())} if len(study) else None


def named_parts(columns: Columns) -> tuple[Parts, Numbers]:
    """Lesions named right over lesions that are hit and named, view by view, and the study of each view."""
    rows = [(i, [x for x in view.lesions if x.named is not None and x.site is not None]) for i, view in columns.views]
    rows = [(i, lesions) for i, lesions in rows if lesions]
    right = np.array([sum(x.named == x.site for x in lesions) for _, lesions in rows], np.float64)
    below = np.array([len(lesions) for _, lesions in rows], np.float64)
    return Parts(right, below), np.array([i for i, _ in rows], np.intp)


def froc_of(columns: Columns) -> Froc:
    """The free-response curve over the mean probability of each mark."""
    views = [(i, view) for i, view in columns.views if view.metastasis is not None]
    lesions = [-np.inf if x.score is None else x.score for _, view in views for x in view.lesions]
    alarms = [score for _, view in views for score in view.alarms]
    return froc(np.array(lesions, np.float64), np.array(alarms, np.float64), len({i for i, _ in views}))


def ratio(columns: Columns, parts: Parts, study: Numbers) -> Number:
    """A ratio of sums over images with its bootstrap interval over patients.

    Args:
        columns: The studies.
        parts: What each image adds above and below.
        study: (images,) index of the study of each.

    Returns:
        The figure; without an interval where fewer than five patients have something below, since so few hardly vary.
    """
    if not enough(columns, parts, study):
        return number(parts.value, n=len(parts.above))
    return of_draws(parts.value, draws_of(columns, parts, study), len(parts.above))


def enough(columns: Columns, parts: Parts, study: Numbers) -> bool:
    """Whether at least five patients have something below, so that draws of them vary; arguments as in `ratio`."""
    return len(np.unique(columns.patient[study][parts.below > 0])) >= LEAST_PATIENTS


def draws_of(columns: Columns, parts: Parts, study: Numbers) -> Floats:
    """Bootstrap draws of a ratio of sums over images."""
    return np.asarray(ratio_draws(parts.above, parts.below, columns.patient[study], columns.drawn))
