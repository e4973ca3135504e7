"""Rows of ``cohort.csv`` for the studies of a cohort that have been annotated, so that nobody types them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bonescan.core.anatomy import SITES, MaskLabel, Site
from bonescan.core.errors import CohortError, InputError
from bonescan.core.study import Labels, Study, ViewName, labelled
from bonescan.io.cohort import TABLE, read_cohort
from bonescan.io.cohort_case import CohortCase
from bonescan.io.cohort_check import wrong_maps
from bonescan.io.cohort_new import NOTHING
from bonescan.io.dicom_header import Header
from bonescan.io.label_masks import LABELME, read_labels, read_ticked
from bonescan.io.reader import StudyInput, read_study

SitesOf = Callable[[Study, Mapping[ViewName, Labels]], frozenset[Site]]
"""Sites of the metastases that are outlined."""


@dataclass(frozen=True)
class Filled:
    """What became of a study that has no row yet.

    Attributes:
        study_id: The study.
        case: Its row, or None where it has to wait.
        wants: What it waits for, as a clause, or empty.
        suggested: Whether the sites were not ticked but taken from a map of regions, and want a look.
    """

    study_id: str
    case: CohortCase | None = None
    wants: str = ""
    suggested: bool = False


def studies_of(folder: Path) -> tuple[tuple[CohortCase, ...], list[str]]:
    """The rows that a cohort has so far, and the studies that `bonescan.io.cohort_new` made and that have none yet.

    Raises:
        CohortError: The table has faults, or there is neither a row nor a study.
    """
    cases = read_cohort(folder).cases if (folder / TABLE).exists() else ()
    have = {case.study_id for case in cases}
    waiting = sorted(
        path.parent.name
        for path in folder.glob(f"*/{LABELME}")
        if path.parent.name not in have and not path.parent.name.startswith(".")
    )
    if not cases and not waiting:
        raise CohortError(f"{folder} holds no cohort", hint="Begin one with 'bonescan cohort new'")
    return cases, waiting


def fill(folder: Path, names: list[str], sites_of: SitesOf | None = None) -> Iterator[Filled]:
    """Make the rows of studies from their annotations.

    Metastasis and benign uptake are what is outlined. Sites are what was ticked in LabelMe; where nothing was, what
    `sites_of` says.

    Args:
        folder: Of the cohort.
        names: The studies.
        sites_of: Names the sites of outlined metastases; without it studies wait until sites are ticked.
    """
    for name in names:
        try:
            yield _filled(folder, name, sites_of)
        except InputError as error:
            yield Filled(name, wants=error.found)


def _filled(folder: Path, name: str, sites_of: SitesOf | None) -> Filled:
    files = tuple(sorted((folder / name).glob("*.dcm")))
    study = read_study(StudyInput(name, files))
    labels, ticked = read_labels(folder, name, files), read_ticked(folder, name)
    missing = [view.name.value for view in study.views if view.name not in labels]
    if missing:
        return Filled(name, wants=f"{' and '.join(missing)} view not annotated")
    if wrong := wrong_maps(study, labels, "mask"):
        return Filled(name, wants="; ".join(wrong))
    findings = {
        view: frozenset(label for label in (MaskLabel.METASTASIS, MaskLabel.BENIGN) if labelled(mask, label).any())
        for view, mask in labels.items()
    }
    for view, found in findings.items():
        # A lesion may show in the other view alone.
        if found and NOTHING in ticked.get(view, ()):
            raise CohortError(f"{NOTHING} ticked for the {view} view, but findings outlined in it")
    metastasis, benign = (
        any(label in found for found in findings.values()) for label in (MaskLabel.METASTASIS, MaskLabel.BENIGN)
    )
    # Sites are the patient's, on whichever picture they were ticked.
    sites, suggested = frozenset(SITES) & frozenset().union(*ticked.values()), False
    if sites and not metastasis:
        raise CohortError(f"{', '.join(site for site in SITES if site in sites)} ticked, but no metastasis outlined")
    if metastasis and not sites:
        sites, suggested = sites_of(study, labels) if sites_of else frozenset(), True
        if not sites:
            return Filled(name, wants="metastases outlined, but no site ticked")
    header = Header(study.headers[0])
    case = CohortCase(
        study_id=name,
        patient_id=header.text("PatientID"),
        files=tuple(f"{name}/{path.name}" for path in files),
        metastasis=metastasis,
        sites=tuple(site for site in SITES if site in sites),
        benign=benign,
        sex=study.patient_sex,
        age_years=_age_years(header),
        folder=folder,
    )
    return Filled(name, case, suggested=suggested)


def _age_years(header: Header) -> float | None:
    match = re.fullmatch(r"0*(\d+)Y", header.text("PatientAge"))
    return float(match[1]) if match else None
