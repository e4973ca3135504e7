"""Records as arrays, which statistics need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import SITES
from bonescan.evaluation.records import MethodFacts, Record, ViewRecord
from bonescan.metrics.bootstrap import weights
from bonescan.metrics.thresholds import over_or_likeliest

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]
CLASSES = ("metastasis", "bladder", "benign")


@dataclass(frozen=True, eq=False)
class Pixels:
    """Pixel sums of a class; all (images,), an image being a view or a patient's study.

    Attributes:
        both, drawn, true: Pixel sums.
        study: Index of the study of each image.
    """

    both: Floats
    drawn: Floats
    true: Floats
    study: Numbers


@dataclass(frozen=True, eq=False)
class Columns:
    """Studies of one method on one set of cases, in order."""

    method: MethodFacts
    records: Sequence[Record]

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def truth(self) -> Bools:
        """(n,) metastasis by the table."""
        return np.array([r.metastasis for r in self.records], np.bool_)

    @cached_property
    def present(self) -> Bools:
        """(n,) metastasis as reported."""
        return np.array([r.present for r in self.records], np.bool_)

    @cached_property
    def score(self) -> Floats:
        """(n,) the patient's probability, or number of lesion pixels; NaN where there is none."""
        return np.array([np.nan if r.probability is None else r.probability for r in self.records])

    @cached_property
    def patient(self) -> Numbers:
        """(n,) number of the patient, from 0 without a gap, in the order of the studies: the same for every method."""
        numbers = {name: k for k, name in enumerate(dict.fromkeys(r.patient for r in self.records))}
        return np.array([numbers[r.patient] for r in self.records], np.intp)

    @cached_property
    def drawn(self) -> npt.NDArray[np.floating]:
        """(draws, patients) bootstrap weights, the same for every method on these cases."""
        return weights(int(self.patient.max()) + 1)

    @cached_property
    def sites_true(self) -> Bools:
        """(n, 6)."""
        return _flags([r.sites for r in self.records])

    @cached_property
    def located(self) -> Bools:
        """(n,) metastatic studies whose sites the table names; of the other metastatic ones they are not known."""
        return self.truth & self.sites_true.any(axis=1)

    @cached_property
    def site_probabilities(self) -> Floats | None:
        """(n, 6), or None where the method names no sites."""
        if not self.records or any(r.site_probabilities is None for r in self.records):
            return None
        return np.array([r.site_probabilities for r in self.records], np.float64)

    @cached_property
    def sites_said(self) -> Bools | None:
        """(n, 6) as reported: none where no metastasis is reported."""
        said = [r.sites_said for r in self.records]
        return None if any(s is None for s in said) else _flags([s for s in said if s is not None])

    @cached_property
    def sites_ungated(self) -> Bools | None:
        """(n, 6) what would be reported were metastasis always: over the thresholds, else the most probable."""
        found = self.site_probabilities
        return None if found is None else over_or_likeliest(found, np.array(self.method.site_thresholds))

    @cached_property
    def views(self) -> list[tuple[int, ViewRecord]]:
        """Every view with the index of its study."""
        return [(i, view) for i, record in enumerate(self.records) for view in record.views]

    def pixels(self, name: str, *, reported: bool = False, by_study: bool = False) -> Pixels:
        """Pixel sums of a class.

        Args:
            name: Of `CLASSES`.
            reported: Only what is reported: no metastases where none are said to be present. Else as drawn.
            by_study: Both views of a study together as one image, as in the paper.
        """
        rows = [(i, found) for i, view in self.views if (found := getattr(view, name)) is not None]
        study = np.array([i for i, _ in rows], np.intp)
        sums = np.array([found for _, found in rows], np.float64).reshape(-1, 3)
        if reported and name == "metastasis":
            sums[~self.present[study], :2] = 0
        if by_study:
            known, place = np.unique(study, return_inverse=True)
            sums = np.stack([np.bincount(place, column, len(known)) for column in sums.T], axis=1)
            study = known
        return Pixels(sums[:, 0], sums[:, 1], sums[:, 2], study)

    def take(self, chosen: Sequence[int] | Numbers) -> Columns:
        """Some of the studies."""
        return Columns(self.method, [self.records[i] for i in chosen])


def _flags(names: Sequence[Sequence[str]]) -> Bools:
    return np.array([[site in found for site in SITES] for found in names], np.bool_).reshape(len(names), len(SITES))
