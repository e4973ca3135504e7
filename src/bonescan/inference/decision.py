"""From probabilities to answers: is there metastasis, where, and which pixels may be shown as lesions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bonescan.core.anatomy import SITES, MaskLabel, Site
from bonescan.core.findings import Metastasis, QualityFinding, SiteFinding
from bonescan.core.study import Labels, ViewName, labelled

if TYPE_CHECKING:
    from bonescan.inference.result import PipelineResult
    from bonescan.models.bundle import Thresholds


@dataclass(frozen=True, eq=False)
class Decision:
    """What is said about a study.

    Attributes:
        metastasis: Present where the patient's probability reaches its threshold.
        sites: Probability of each site, and whether it is said to hold metastases: never without `metastasis.present`.
        site_uncertain: No site reached its threshold, so the most probable one was taken.
        labels: Masks as they are reported: without metastases where none are said to be present.
        notes: What a reader has to know about these decisions.
    """

    metastasis: Metastasis
    sites: Mapping[Site, SiteFinding]
    site_uncertain: bool
    labels: Mapping[ViewName, Labels]
    notes: tuple[QualityFinding, ...]

    @property
    def sites_present(self) -> tuple[Site, ...]:
        """Sites said to hold metastases, in the order of `SITES`."""
        return tuple(site for site in SITES if self.sites[site].present)


def decide(result: PipelineResult, labels: Mapping[ViewName, Labels], thresholds: Thresholds) -> Decision:
    """Apply a bundle's thresholds.

    Args:
        result: Probabilities.
        labels: Masks of each view, components too small to count removed.
        thresholds: Of the bundle.
    """
    present = result.probability >= thresholds.patient
    over = {site for site in SITES if result.sites[site] >= thresholds.sites[site]}
    uncertain = present and not over
    chosen = {max(SITES, key=lambda site: result.sites[site])} if uncertain else over
    metastasis = Metastasis(
        probability=result.probability,
        threshold=thresholds.patient,
        present=present,
        by_view={name.value: value for name, value in result.by_view.items()},
        calibrated=result.calibrated,
    )
    pixels = sum(int(np.count_nonzero(labelled(mask, MaskLabel.METASTASIS))) for mask in labels.values())
    return Decision(
        metastasis=metastasis,
        sites={s: SiteFinding(probability=result.sites[s], present=present and s in chosen) for s in SITES},
        site_uncertain=uncertain,
        labels=labels if present or not pixels else {name: _without_metastases(mask) for name, mask in labels.items()},
        notes=tuple(_notes(metastasis, pixels, uncertain) + _review(result)),
    )


def _without_metastases(labels: Labels) -> Labels:
    return np.where(labelled(labels, MaskLabel.METASTASIS), np.uint8(MaskLabel.BACKGROUND), labels)


def _notes(metastasis: Metastasis, pixels: int, site_uncertain: bool) -> list[QualityFinding]:
    notes = []
    if pixels and not metastasis.present:
        probability, threshold = metastasis.shown
        message = (
            f"Suspicious pixels were found ({pixels:,}), but the {metastasis.quantity} of metastasis "
            f"({probability}) is below the threshold ({threshold}): no lesion is reported."
        )
        notes.append(_note("below_threshold", message))
    if metastasis.present and not pixels:
        notes.append(_note("no_outline", "Metastasis is suspected, but no lesion could be outlined; indices are 0."))
    if site_uncertain:
        notes.append(_note("site_uncertain", "No site reached its threshold; the most probable one is named."))
    return notes


def _review(result: PipelineResult) -> list[QualityFinding]:
    return [_note("needs_review", f"Please look twice: {reason}.") for reason in result.review or ()]


def _note(code: str, message: str) -> QualityFinding:
    return QualityFinding(code=code, severity="info", message=message)
