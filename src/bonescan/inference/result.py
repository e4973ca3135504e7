"""What every pipeline finds in a study, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import Site
from bonescan.core.study import Labels, View, ViewName

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ViewResult:
    """What a pipeline found in one view; maps in the geometry of the view.

    Attributes:
        view: The view.
        metastasis: (rows, columns) float32 probability.
        bladder: (rows, columns) float32 probability.
        labels: (rows, columns) uint8 `MaskLabel`; where several are above their thresholds, bladder comes before
            metastasis and that before benign uptake.
        benign: (rows, columns) float32 probability, or None where the model does not know benign uptake.
        regions: (rows, columns) uint8 `Region`, or None where the model knows none.
        regions_measured: Whether `regions` was segmented in this view; else it says where bones usually lie.
        windows: (7, 2) float32, probability of metastasis and of bladder in each window from the head down, or None
            where the pipeline has no windows.
    """

    view: View
    metastasis: Floats
    bladder: Floats
    labels: Labels
    benign: Floats | None = None
    regions: Labels | None = None
    regions_measured: bool = False
    windows: Floats | None = None


@dataclass(frozen=True, eq=False)
class PipelineResult:
    """What a pipeline found in a study.

    Attributes:
        views: One result a view, anterior first.
        probability: Of metastasis in the patient.
        by_view: The same for each view.
        sites: Probability of metastasis at each of the six sites.
        preprocess_ms: Wall-clock time of cropping and normalising.
        inference_ms: Wall-clock time of everything after that, loading of networks included.
        calibrated: Whether probabilities of metastasis are calibrated; if not they are scores.
        review: Why a physician should look twice; empty where nothing says so, None where the model cannot tell.
    """

    views: tuple[ViewResult, ...]
    probability: float
    by_view: Mapping[ViewName, float]
    sites: Mapping[Site, float]
    preprocess_ms: float
    inference_ms: float
    calibrated: bool
    review: tuple[str, ...] | None = None

    @property
    def needs_review(self) -> bool | None:
        """Whether there is a reason to look twice; None where the model cannot tell."""
        return None if self.review is None else bool(self.review)
