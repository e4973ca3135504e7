"""One study: what a method says of it beside what is true, as a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bonescan.burden.bstbi import Sums, index, sums
from bonescan.core.anatomy import SITES, MaskLabel, Region
from bonescan.core.errors import CohortError
from bonescan.core.study import Labels, Units, View, ViewName, labelled
from bonescan.evaluation.marks import match
from bonescan.evaluation.methods import Answer
from bonescan.evaluation.records import Pixels, Record, ViewRecord
from bonescan.evaluation.surface import surface_counts
from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS, Grid, to_grid
from bonescan.inference.windows import STARTS, WINDOW
from bonescan.io.cohort_case import TRUTH, CohortCase

WINDOW_LEAST_PX = 12
"""Pixels of a class, on the network's grid, that make a window positive; that of the training recipes."""


def judge(case: CohortCase, answer: Answer, *, cohort: int, patient: int) -> Record:
    """Compare an answer with the truth.

    Args:
        case: The study and its annotations.
        answer: What the method says.
        cohort: Number of the cohort.
        patient: Number of the patient.

    Raises:
        CohortError: An annotation or a region map cannot be understood, or is not as large as its view.
    """
    labels, regions = case.read_labels(), case.read_regions() or {}
    annotated = frozenset(labels)
    truth = _truth(case)
    views = answer.study.views
    for view in views:
        for kind, maps in (("mask", labels), ("region map", regions)):
            if view.name in maps and maps[view.name].shape != view.counts.shape:
                found, expected = (" x ".join(map(str, a.shape)) for a in (maps[view.name], view.counts))
                raise CohortError(
                    f"the {view.name} {kind} of {case.study_id} has {found} pixels",
                    expected=expected,
                    hint="See all faults with 'bonescan cohort check'",
                )
        if view.name not in labels and not case.metastasis:
            # Who has no metastasis often has no annotation: there was nothing to outline.
            labels[view.name] = np.zeros(view.counts.shape, np.uint8)
    records = [
        _view(view, answer, labels.get(view.name), regions.get(view.name), truth.get("foci", ())) for view in views
    ]
    records = [r if r.view in annotated or r.view not in labels else _without_others(r) for r in records]
    drawn_index, true_index = _bstbi(views, answer.labels), _bstbi(views, labels)
    return Record(
        study_id=case.study_id,
        cohort=cohort,
        patient=patient,
        metastasis=case.metastasis,
        sites=tuple(str(site) for site in SITES if site in case.sites),
        benign=case.benign,
        probability=answer.probability,
        present=answer.present,
        site_probabilities=None if answer.sites is None else tuple(answer.sites[site] for site in SITES),
        sites_said=None if answer.sites_said is None else tuple(map(str, answer.sites_said)),
        bstbi_drawn=drawn_index,
        bstbi_true=true_index,
        seconds=answer.seconds,
        needs_review=answer.needs_review,
        alp_u_l=case.alp_u_l,
        treatment_start_days=case.treatment_start_days,
        superscan=truth.get("superscan"),
        views=tuple(records),
        taught=answer.taught,
    )


def _without_others(record: ViewRecord) -> ViewRecord:
    """The record of a view of which nothing is known but that it holds no metastasis."""
    return replace(record, bladder=None, benign=None, alarms_benign=0)


def _view(
    view: View, answer: Answer, true: Labels | None, regions: Labels | None, foci: list[Mapping[str, Any]]
) -> ViewRecord:
    windows, drawn = answer.windows.get(view.name), answer.labels.get(view.name)
    record = ViewRecord(
        view=str(view.name),
        counts=view.counts_total if view.units == Units.COUNTS else None,
        windows=None if windows is None else tuple((float(a), float(b)) for a, b in windows),
        score=answer.by_view.get(view.name),
    )
    facts: dict[str, Any] = {}
    if true is not None or (windows is None and view.name in answer.maps):
        grid = to_grid(view).grid
        if windows is None and view.name in answer.maps:
            highest = [_highest(maps[view.name], grid) for maps in (answer.maps, answer.bladder_maps)]
            facts["windows"] = tuple((float(a), float(b)) for a, b in zip(*highest, strict=True))
        if true is not None:
            facts["true_window"] = _true_windows(true, grid)
    if true is not None and drawn is not None:
        probability, named = answer.maps.get(view.name), answer.regions.get(view.name)
        marks = match(view, true, drawn, probability, regions, foci, named)
        facts |= {"lesions": marks.lesions, "alarms": marks.alarms, "alarms_benign": marks.alarms_benign}
        facts |= {
            name: _pixels(drawn, true, label)
            for name, label in (
                ("metastasis", MaskLabel.METASTASIS),
                ("bladder", MaskLabel.BLADDER),
                ("benign", MaskLabel.BENIGN),
            )
        }
        facts["surface"] = surface_counts(labelled(drawn, MaskLabel.METASTASIS), labelled(true, MaskLabel.METASTASIS))
    found = answer.regions.get(view.name)
    if found is not None and regions is not None:
        facts["regions"] = {r.label: _pixels(found, regions, r) for r in Region if r and labelled(regions, r).any()}
    return ViewRecord(**{**vars(record), **facts})


def _pixels(drawn: Labels, true: Labels, label: MaskLabel | Region) -> Pixels:
    a, b = labelled(drawn, label), labelled(true, label)
    return Pixels(int(np.count_nonzero(a & b)), int(np.count_nonzero(a)), int(np.count_nonzero(b)))


def _highest(found: npt.NDArray[np.float32], grid: Grid) -> list[float]:
    """(7) highest probability of a map in each window of the network's grid."""
    scale = GRID_ROWS / (grid.row1 - grid.row0)
    by_row = found.max(axis=1)
    edges = [(grid.row0 + start / scale, grid.row0 + (start + WINDOW) / scale) for start in STARTS]
    return [float(by_row[int(first) : max(int(first) + 1, int(last))].max(initial=0)) for first, last in edges]


def _true_windows(true: Labels, grid: Grid) -> tuple[tuple[bool, bool], ...]:
    """(7) whether each window of the network's grid holds metastasis, and bladder."""
    held = [
        _in_windows(labelled(true, label), grid) >= WINDOW_LEAST_PX
        for label in (MaskLabel.METASTASIS, MaskLabel.BLADDER)
    ]
    return tuple((bool(a), bool(b)) for a, b in zip(*held, strict=True))


def _in_windows(mask: npt.NDArray[np.bool_], grid: Grid) -> npt.NDArray[np.float64]:
    """(7,) area of a mask in each window, in pixels of the grid; rows of the view that a window cuts count in part."""
    scale = GRID_ROWS / (grid.row1 - grid.row0)
    below = np.append(0.0, np.cumsum(mask.sum(axis=1)))
    edges = grid.row0 + np.array([(start, start + WINDOW) for start in STARTS]) / scale
    at = np.interp(edges, np.arange(grid.rows + 1), below)
    pixel = scale * GRID_COLUMNS / (grid.column1 - grid.column0)
    return np.asarray((at[:, 1] - at[:, 0]) * pixel)


def _bstbi(views: tuple[View, ...], labels: Mapping[ViewName, Labels]) -> float | None:
    """Pooled BSTBI, or None where a view has no labels."""
    if any(view.name not in labels for view in views):
        return None
    total = Sums(0.0, 0.0)
    for view in views:
        mask = labels[view.name]
        total += sums(view.counts, labelled(mask, MaskLabel.METASTASIS), labelled(mask, MaskLabel.BLADDER))
    return index(total)


def _truth(case: CohortCase) -> dict[str, Any]:
    """What is true of a simulated patient; empty for a real one."""
    from bonescan.simulate.study_files import read_truth

    if not Path(case.folder / case.study_id / TRUTH).is_file():
        return {}
    return read_truth(case.folder, case.study_id)
