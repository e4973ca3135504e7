"""Who answers: a bundle that is run here, or predictions that another method has left in a folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import SITES, MaskLabel, Site
from bonescan.core.errors import CohortError, UnreadableInputError, UsageError
from bonescan.core.study import Labels, Scan, Study, ViewName, labelled
from bonescan.evaluation.records import MethodFacts

if TYPE_CHECKING:
    from bonescan.inference.result import PipelineResult
    from bonescan.io.cohort_case import CohortCase
    from bonescan.io.predictions import Predictions
    from bonescan.models.bundle import Bundle

Floats = npt.NDArray[np.float32]
Looks = Literal["once", "in-doubt", "twice"]


@dataclass(frozen=True, eq=False)
class Answer:
    """What a method says of a study; what it does not say is None or left out.

    Attributes:
        study: The study as read.
        probability: Of metastasis.
        by_view: The same of each view.
        present: What is reported.
        sites: Probability of the six sites.
        sites_said: What is reported.
        labels: View → (row, column) uint8 `MaskLabel` as drawn, before the decision, too small lesions left out.
        maps, bladder_maps: View → (row, column) float32 probability of metastasis, and of bladder.
        windows: View → (7, 2) probability of metastasis and of bladder.
        seconds: From file to lesions and burden.
        needs_review: Whether a second look is asked for.
        regions: View → (row, column) uint8 `Region`, where the method segments the skeleton.
        taught: Whether a scan of the study taught the method, or None where that is not known.
    """

    study: Study
    probability: float | None
    by_view: Mapping[ViewName, float]
    present: bool
    sites: Mapping[Site, float] | None
    sites_said: tuple[Site, ...] | None
    labels: Mapping[ViewName, Labels]
    maps: Mapping[ViewName, Floats]
    bladder_maps: Mapping[ViewName, Floats]
    windows: Mapping[ViewName, Floats]
    seconds: float | None
    needs_review: bool | None
    regions: Mapping[ViewName, Labels]
    taught: bool | None = None


class Method(Protocol):
    """Answers about studies."""

    facts: MethodFacts

    def answer(self, case: CohortCase) -> Answer:
        """What the method says of a study."""


@dataclass(frozen=True)
class MethodName:
    """How a method is named on the command line; other processes open it anew.

    Attributes:
        model: Name or folder of a bundle, or None for the model of the settings.
        predictions: Folder of predictions, which goes before the model.
        gated: Whether the window classifier of a stepwise model decides what is segmented, as in the paper.
        apart: Whether each view is analysed as if there were no other.
        looks: How often a joint model looks: once, at the mirror image too where it is in doubt, or twice at everybody.
    """

    model: str | None = None
    predictions: Path | None = None
    gated: bool = True
    apart: bool = False
    looks: Looks = "in-doubt"

    def open(self) -> Method:
        """Open the bundle, or read the predictions.

        Raises:
            ModelError: The bundle is unknown, altered or cannot run.
            UnreadableInputError: The predictions have faults.
            UsageError: A model that has no gate is to be run without it, or one that looks once is told how often.
        """
        if self.predictions is not None:
            from bonescan.io.predictions import read_predictions

            return Predicted(read_predictions(self.predictions))
        from bonescan.inference.pipelines import pipeline_for

        pipeline: _Pipeline = pipeline_for(self.model)
        suffix = ""
        if not self.gated:
            pipeline, suffix = _ungated(pipeline), "-ungated"
        if self.looks != "in-doubt":
            pipeline, suffix = _looking(pipeline, self.looks), f"{suffix}-{self.looks}"
        if self.apart:
            pipeline, suffix = _Apart(pipeline), f"{suffix}-apart"
        return Bundled(pipeline, suffix=suffix)


class _Pipeline(Protocol):
    """Of any kind; see `inference.pipelines`."""

    bundle: Bundle

    def run(self, study: Study) -> PipelineResult:
        """Probabilities and maps."""


def _ungated(pipeline: _Pipeline) -> _Pipeline:
    from bonescan.core.settings import settings
    from bonescan.inference.stepwise import Stepwise

    if not isinstance(pipeline, Stepwise):
        raise UsageError(f"the model {pipeline.bundle.manifest.name} has no gate", expected="a stepwise model")
    return Stepwise(pipeline.bundle, backend=settings().backend, threads=settings().threads, gated=False)


def _looking(pipeline: _Pipeline, looks: Looks) -> _Pipeline:
    from bonescan.core.settings import settings
    from bonescan.inference.joint import Joint

    if not isinstance(pipeline, Joint):
        raise UsageError(f"the model {pipeline.bundle.manifest.name} looks once at everybody", expected="a joint model")
    sure = 0.0 if looks == "once" else math.inf
    return Joint(pipeline.bundle, backend=settings().backend, threads=settings().threads, sure=sure)


class _Apart:
    """A pipeline that is shown each view alone; the patient is as likely as the likelier view.

    Args:
        pipeline: Of any kind.
    """

    def __init__(self, pipeline: _Pipeline) -> None:
        self.bundle = pipeline.bundle
        self._pipeline = pipeline

    def run(self, study: Study) -> PipelineResult:
        """Analyse each view as a study of its own."""
        alone = [self._pipeline.run(replace(study, scan=Scan((view,)))) for view in study.views]
        return replace(
            alone[0],
            views=tuple(view for result in alone for view in result.views),
            probability=max(result.probability for result in alone),
            by_view={name: value for result in alone for name, value in result.by_view.items()},
            sites={site: max(result.sites[site] for result in alone) for site in SITES},
            preprocess_ms=sum(result.preprocess_ms for result in alone),
            inference_ms=sum(result.inference_ms for result in alone),
            review=None,
        )


class Bundled:
    """A bundle.

    Args:
        pipeline: Of the bundle.
        suffix: Of its name, where it is not run as it is shipped.
    """

    def __init__(self, pipeline: _Pipeline, *, suffix: str = "") -> None:
        self._pipeline = pipeline
        self._warm = False
        manifest = pipeline.bundle.manifest
        limits = manifest.thresholds
        self._taught_by = frozenset(manifest.training_cohort.scans)
        self.facts = MethodFacts(
            name=manifest.name + suffix,
            version=manifest.version,
            kind="bundle",
            sha256=pipeline.bundle.sha256,
            threshold=limits.patient,
            site_thresholds=tuple(limits.sites[site] for site in SITES),
            simulated_only=manifest.simulated_only,
        )

    def answer(self, case: CohortCase) -> Answer:
        """Run the chain of `bonescan.analyze`, and keep what it decides from.

        The first study is run twice, so that the time is not that of loading networks.
        """
        if not self._warm:
            self._pipeline.run(case.read_study())
            self._warm = True
        from bonescan.burden.components import remove_small
        from bonescan.burden.lesions import Segmented, find_lesions
        from bonescan.burden.measure import measure
        from bonescan.inference.decision import decide
        from bonescan.io.cohort_content import scan_marks

        began = perf_counter()
        study = case.read_study()
        result = self._pipeline.run(study)
        labels = {x.view.name: remove_small(x.labels, x.view.pixel_spacing_mm) for x in result.views}
        decision = decide(result, labels, self._pipeline.bundle.manifest.thresholds)
        segmented = [Segmented(x.view, decision.labels[x.view.name], x.metastasis, x.regions) for x in result.views]
        find_lesions(segmented)
        measure(segmented)
        seconds = perf_counter() - began
        return Answer(
            study=study,
            probability=result.probability,
            by_view=result.by_view,
            present=decision.metastasis.present,
            sites=result.sites,
            sites_said=decision.sites_present,
            labels=labels,
            maps={x.view.name: x.metastasis for x in result.views},
            bladder_maps={x.view.name: x.bladder for x in result.views},
            windows={x.view.name: x.windows for x in result.views if x.windows is not None},
            seconds=seconds,
            needs_review=result.needs_review,
            regions={x.view.name: x.regions for x in result.views if x.regions is not None and x.regions_measured},
            taught=not self._taught_by.isdisjoint(scan_marks(case)) if self._taught_by else None,
        )


class Predicted:
    """Predictions of another method, judged by the same rules: too small lesions go, and the thresholds decide.

    Args:
        predictions: As read.

    Raises:
        UnreadableInputError: Some studies have a probability and others have none, or nothing is predicted of any.
    """

    def __init__(self, predictions: Predictions) -> None:
        self._predictions = predictions
        self._outlines = any((predictions.folder / study).is_dir() for study in predictions.studies)
        about = predictions.about
        silences = {study.probability is None for study in predictions.studies.values()}
        if len(silences) > 1:
            raise UnreadableInputError(
                f"the predictions {about.name} have a probability of some studies only", expected="of all or of none"
            )
        silent = silences == {True}
        if silent and not self._outlines:
            raise UnreadableInputError(
                f"the predictions {about.name} have neither a probability nor masks of any study",
                hint="Fill the column probability of predictions.csv, or write masks to <study_id>/anterior.png and "
                "<study_id>/posterior.png beside it",
            )
        self.facts = MethodFacts(
            name=about.name,
            version=about.version,
            kind="predictions",
            sha256=predictions.sha256,
            # Where a method only draws, any lesion that is drawn is a call.
            threshold=1.0 if silent else about.thresholds.patient,
            site_thresholds=tuple(about.thresholds.sites.get(site, 0.5) for site in SITES),
            scored_by="lesion pixels" if silent else "probability",
            made_with=about.made_with,
        )

    def answer(self, case: CohortCase) -> Answer:
        """Look up what was predicted.

        Raises:
            CohortError: The study was not predicted, or a mask is not as large as its view.
        """
        from bonescan.burden.components import remove_small

        row = self._predictions.studies.get(case.study_id)
        if row is None:
            raise CohortError(
                f"the predictions {self.facts.name} have no row of {case.study_id}",
                hint="Predict every study, or choose the split that was predicted with --split",
            )
        study = case.read_study()
        masks = self._predictions.read_masks(case.study_id)
        labels = {}
        for view in study.views:
            mask = masks.get(view.name)
            if mask is None and not self._outlines:
                continue
            if mask is None:
                raise CohortError(
                    f"the predictions {self.facts.name} have no {view.name} mask of {case.study_id}",
                    hint="Write an empty one where nothing is outlined",
                )
            if mask.shape != view.counts.shape:
                found, expected = (" x ".join(map(str, shape)) for shape in (mask.shape, view.counts.shape))
                raise CohortError(
                    f"the predicted {view.name} mask of {case.study_id} has {found} pixels", expected=f"{expected}"
                )
            labels[view.name] = remove_small(mask, view.pixel_spacing_mm)
        score = row.probability
        if self.facts.scored_by == "lesion pixels":
            score = float(sum(np.count_nonzero(labelled(mask, MaskLabel.METASTASIS)) for mask in labels.values()))
        present = score is not None and score >= self.facts.threshold
        return Answer(
            study=study,
            probability=score,
            by_view={},
            present=present,
            sites=row.sites,
            sites_said=self._said(row.sites, present=present),
            labels=labels,
            maps={},
            bladder_maps={},
            windows={},
            seconds=row.seconds,
            needs_review=None,
            regions={},
        )

    def _said(self, sites: Mapping[Site, float] | None, *, present: bool) -> tuple[Site, ...] | None:
        """The rule of `decide`: sites over their thresholds, else the most probable; none without metastasis."""
        if sites is None:
            return None
        if not present:
            return ()
        return sites_over(sites, self.facts)


def sites_over(sites: Mapping[Site, float], facts: MethodFacts) -> tuple[Site, ...]:
    """Sites at or over their thresholds; the most probable one where none is."""
    over = tuple(site for site, limit in zip(SITES, facts.site_thresholds, strict=True) if sites[site] >= limit)
    return over or (max(SITES, key=lambda site: sites[site]),)
