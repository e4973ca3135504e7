"""What a model reports of one study, in the geometry of its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reality.studies import Back
from bonescan.burden.components import remove_small
from bonescan.core.study import Labels, Study, ViewName
from bonescan.inference.decision import decide
from bonescan.inference.pipelines import pipeline_for


@dataclass(frozen=True, eq=False)
class Found:
    """What is reported of a study.

    Attributes:
        probability: Of metastasis in the patient.
        suspected: Whether metastasis is reported.
        labels: (rows, columns) uint8 `MaskLabel` of each view, as reported: no metastasis where none is suspected.
        regions: (rows, columns) uint8 `Region` of each view; empty where the model has none.
        knows_benign: Whether the model outlines benign uptake.
        review: Whether a physician is asked to look twice; None where the model cannot tell.
    """

    probability: float
    suspected: bool
    labels: Mapping[ViewName, Labels]
    regions: Mapping[ViewName, Labels]
    knows_benign: bool
    review: bool | None = None


def find(model: str | Path, study: Study, show: Callable[[Study], tuple[Study, Back]]) -> Found:
    """Analyse a study as `bonescan.analyze` does.

    Args:
        model: Name or folder of a bundle.
        study: As read.
        show: One of `studies.SHOWN`.
    """
    pipeline = pipeline_for(model)
    shown, back = show(study)
    result = pipeline.run(shown)
    labels = {x.view.name: remove_small(x.labels, x.view.pixel_spacing_mm) for x in result.views}
    decision = decide(result, labels, pipeline.bundle.manifest.thresholds)
    return Found(
        probability=result.probability,
        suspected=decision.metastasis.present,
        labels={name: back(name, mask) for name, mask in decision.labels.items()},
        regions={x.view.name: back(x.view.name, x.regions) for x in result.views if x.regions is not None},
        knows_benign=any(x.benign is not None for x in result.views),
        review=result.needs_review,
    )
