"""The slow check of a cohort: reads every scan and every mask, and compares them with the table."""

from __future__ import annotations

from bonescan.core.anatomy import MaskLabel
from bonescan.core.errors import InputError
from bonescan.core.study import Labels, Study, ViewName
from bonescan.io.cohort import Cohort
from bonescan.io.cohort_case import CohortCase


def check_contents(cohort: Cohort) -> list[str]:
    """Return every fault of the scans and annotations of a cohort, each with its study; empty if there is none."""
    return [f"{case.study_id}: {fault}" for case in cohort for fault in _faults(case)]


def _faults(case: CohortCase) -> list[str]:
    faults: list[str] = []
    try:
        study = case.read_study()
    except InputError as error:
        return [error.found]
    try:
        labels = case.read_labels()
        regions = case.read_regions() or {}
    except InputError as error:
        return [error.found]
    faults += _wrong_shapes(study, labels, "mask") + _wrong_shapes(study, regions, "region map")
    if labels:
        has_metastasis = any((mask == MaskLabel.METASTASIS).any() for mask in labels.values())
        if has_metastasis and not case.metastasis:
            faults.append("its masks hold metastases though metastasis is 0")
    return faults


def _wrong_shapes(study: Study, maps: dict[ViewName, Labels], kind: str) -> list[str]:
    shapes = {view.name: view.counts.shape for view in study.views}
    faults = []
    for view, array in maps.items():
        if view not in shapes:
            faults.append(f"there is a {view} {kind}, but no {view} view")
        elif array.shape != shapes[view]:
            found, expected = (" x ".join(map(str, shape)) for shape in (array.shape, shapes[view]))
            faults.append(f"the {view} {kind} has {found} pixels, its view {expected}")
    return faults
