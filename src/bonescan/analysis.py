"""The whole chain for one study: infer, decide, measure, word."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from bonescan.core.anatomy import Region, Site
from bonescan.core.findings import Analysis, Burden, Lesion, ModelInfo, Report, StudyInfo, Timing, ViewInfo
from bonescan.core.study import Labels, Study, View

if TYPE_CHECKING:
    from bonescan.burden.lesions import Segmented
    from bonescan.inference.decision import Decision
    from bonescan.inference.result import ViewResult
    from bonescan.models.bundle import Bundle


def analyze(study: Study, *, model: str | Path | Bundle | None = None, read_ms: float = 0.0) -> Analysis:
    """Find metastases, measure the burden and draft a report.

    Args:
        study: As `bonescan.read` returns it.
        model: A bundle, its name or its folder; by default the model of the settings ("joint").
        read_ms: How long reading took, for the record; the study does not know.

    Returns:
        The analysis, with the study and the label masks attached.

    Raises:
        ModelError: The model is unknown, altered or cannot run.

    Example:
        >>> import bonescan as bs
        >>> analysis = bs.analyze(bs.read("study.dcm"))  # doctest: +SKIP
        >>> analysis.metastasis.probability, analysis.burden.bstbi  # doctest: +SKIP
        (0.97, 0.1379)
    """
    # Imported here: nothing of this is needed to read a study, and loading a model runtime takes a while.
    from bonescan.burden.components import remove_small
    from bonescan.burden.lesions import covered_sites, find_lesions
    from bonescan.burden.measure import measure
    from bonescan.inference.decision import decide
    from bonescan.inference.pipelines import pipeline_for

    began = perf_counter()
    pipeline = pipeline_for(model)
    result = pipeline.run(study)
    inferred = perf_counter()
    labels = {x.view.name: remove_small(x.labels, x.view.pixel_spacing_mm) for x in result.views}
    thresholds = pipeline.bundle.manifest.thresholds
    decision = decide(result, labels, thresholds)
    segmented = [_segmented(view, decision) for view in result.views]
    lesions, burden, covered = find_lesions(segmented), measure(segmented), covered_sites(segmented)
    measured = perf_counter()
    maps = {x.view.name.value: x.regions for x in result.views if x.regions is not None and x.regions_measured}
    report = _report(study, decision, lesions, burden, covered, benign=thresholds.segment_benign is not None)
    done = perf_counter()
    timing = Timing(
        read=read_ms,
        preprocess=result.preprocess_ms,
        inference=1e3 * (inferred - began) - result.preprocess_ms,
        burden=1e3 * (measured - inferred),
        report=1e3 * (done - measured),
        total=read_ms + 1e3 * (done - began),
    )
    analysis = Analysis(
        study=_study_info(study),
        model=_model_info(pipeline.bundle),
        metastasis=decision.metastasis,
        sites={site.value: finding for site, finding in decision.sites.items()},
        lesions=lesions,
        burden=burden,
        report=report,
        quality=study.quality + decision.notes,
        timing_ms=timing,
        regions=_names(maps.values()) or None,
    )
    return analysis.attach(study, {name.value: mask for name, mask in decision.labels.items()}, _draw, maps)


def prepare(model: str | Path | Bundle | None = None) -> None:
    """Begin to load a model in the background, so that the first analysis waits less.

    Args:
        model: As in `analyze`.

    Raises:
        ModelError: The model is unknown or altered.
    """
    from bonescan.inference.pipelines import pipeline_for

    pipeline_for(model)


def _segmented(found: ViewResult, decision: Decision) -> Segmented:
    from bonescan.burden.lesions import Segmented

    return Segmented(found.view, decision.labels[found.view.name], found.metastasis, found.regions, found.benign)


def _names(maps: Iterable[Labels]) -> dict[int, str]:
    """Value → name of the regions that the maps show."""
    shown = [regions.tobytes() for regions in maps]  # bytes are searched far faster than arrays
    return {int(r): r.label for r in Region if r != Region.BACKGROUND and any(r in values for values in shown)}


def _report(
    study: Study,
    decision: Decision,
    lesions: tuple[Lesion, ...],
    burden: Burden,
    covered: frozenset[Site],
    *,
    benign: bool,
) -> Report:
    from bonescan.report.wording import Facts, compose

    return compose(
        Facts(
            views=study.scan.names,
            metastasis=decision.metastasis,
            sites=decision.sites_present,
            site_uncertain=decision.site_uncertain,
            lesions=lesions,
            burden=burden,
            quality=study.quality + decision.notes,
            radiopharmaceutical=study.scan.radiopharmaceutical,
            benign_assessed=benign,
            covered=covered,
        )
    )


def _draw(analysis: Analysis) -> str:
    from bonescan.report.figures import html

    return html(analysis)


def _study_info(study: Study) -> StudyInfo:
    sex = study.patient_sex
    return StudyInfo(
        study_instance_uid=study.study_instance_uid,
        patient_sex=sex if sex in ("M", "F", "O") else None,
        views=tuple(_view_info(view) for view in study.views),
    )


def _view_info(view: View) -> ViewInfo:
    return ViewInfo(
        view=view.name.value,
        rows=view.rows,
        columns=view.columns,
        pixel_spacing_mm=view.pixel_spacing_mm,
        counts_total=view.counts_total,
        polarity=view.polarity.value,
        units=view.units.value,
    )


def _model_info(bundle: Bundle) -> ModelInfo:
    facts = bundle.manifest
    return ModelInfo(name=facts.name, version=facts.version, sha256=bundle.sha256, pipeline=facts.pipeline)
