"""The slow check of a cohort: reads every scan and every mask, and compares them with the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bonescan.core.anatomy import MaskLabel
from bonescan.core.errors import InputError
from bonescan.core.study import Labels, Study, ViewName, labelled
from bonescan.io.cohort import Cohort
from bonescan.io.cohort_case import CohortCase


@dataclass(frozen=True)
class Looked:
    """What was found in a study.

    Attributes:
        faults: What is wrong with it.
        views: How many views it has; 0 where it cannot be read.
        annotated: How many of them are annotated.
    """

    faults: tuple[str, ...]
    views: int = 0
    annotated: int = 0


def check_contents(cohort: Cohort) -> list[str]:
    """Return every fault of the scans and annotations of a cohort, each with its study; empty if there is none."""
    return [fault for case in cohort for fault in look_at(case).faults]


def look_at(case: CohortCase) -> Looked:
    """Read a study and its annotations, and compare them with its row."""
    try:
        study, labels, regions = case.read_study(), case.read_labels(), case.read_regions() or {}
    except InputError as error:
        said = error.found.removeprefix(f"{case.study_id}: ")
        return Looked((f"{case.study_id}: {said}",))
    faults = wrong_maps(study, labels, "mask") + wrong_maps(study, regions, "region map") + _against(case, labels)
    bare = [view.name.value for view in study.views if view.name not in labels]
    if labels and bare:
        faults.append(f"its {' and '.join(bare)} view is not annotated, the other is")
    return Looked(tuple(f"{case.study_id}: {fault}" for fault in faults), len(study.views), len(labels))


def _against(case: CohortCase, labels: dict[ViewName, Labels]) -> list[str]:
    """What the row says against the masks, or against itself.

    Findings of a row that nothing is outlined for are no fault: a metastasis that CT or the course has shown need not
    be seen on the scan.
    """
    faults = []
    for label, said, words in (
        (MaskLabel.METASTASIS, case.metastasis, "metastases though metastasis"),
        (MaskLabel.BENIGN, case.benign, "benign uptake though benign"),
    ):
        if not said and any(labelled(mask, label).any() for mask in labels.values()):
            faults.append(f"its masks hold {words} is 0")
    if case.metastasis and not case.sites:
        faults.append("metastasis is 1, but no site is named")
    return faults


def wrong_maps(study: Study, maps: Mapping[ViewName, Labels], kind: str) -> list[str]:
    """Which of the masks or region maps of a study are of a view that it lacks, or of another size than their view."""
    shapes = {view.name: view.counts.shape for view in study.views}
    faults = []
    for view, array in maps.items():
        if view not in shapes:
            faults.append(f"it has no {view} view, but a {kind} of one")
        elif array.shape != shapes[view]:
            found, expected = (" x ".join(map(str, shape)) for shape in (array.shape, shapes[view]))
            faults.append(f"the {view} {kind} has {found} pixels, its view {expected}")
    return faults
