"""A cohort of six analytic patients on disk, small enough to train on in a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bonescan.core.anatomy import MaskLabel, Site
from bonescan.core.study import ViewName
from bonescan.io.cohort import CohortCase, write_cohort, write_masks
from bonescan.io.dicom_writer import write_nm
from tests.bodies import body, disc, study, view

SIZE = (512, 128)
SPLITS = ("train", "train", "train", "train", "val", "val")


def write_training_cohort(folder: Path) -> None:
    """Write four patients for training and two for validation; the even ones have a metastasis in the spine."""
    cases = []
    for number, split in enumerate(SPLITS):
        name, metastatic = f"T{number}", number % 2 == 0
        rng = np.random.default_rng(number)
        spot = disc(SIZE, rng.integers(120, 200), 64, 5)
        bladder = disc(SIZE, 240, 64, 7)
        labels = np.where(spot, MaskLabel.METASTASIS if metastatic else MaskLabel.BENIGN, MaskLabel.BACKGROUND)
        labels = np.where(bladder, MaskLabel.BLADDER, labels).astype(np.uint8)
        views = [view(rng.poisson(body(SIZE, level=30.0) + 60 * spot + 150 * bladder), side) for side in ViewName]
        write_nm(study(*views, name=name), folder / name / f"{name}.dcm", seed=name)
        write_masks(folder, name, dict.fromkeys(ViewName, labels))
        sites = (Site.SPINE,) if metastatic else ()
        cases.append(CohortCase(name, f"P{number}", (f"{name}/{name}.dcm",), split, metastatic, sites, not metastatic))
    write_cohort(folder, cases)
