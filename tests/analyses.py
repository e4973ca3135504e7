"""Analyses made by hand for tests of report and export: real burden and wording, chosen masks, no model."""

from datetime import UTC, datetime

import numpy as np

from bonescan.burden.lesions import Segmented, find_lesions
from bonescan.burden.measure import measure
from bonescan.core.anatomy import SITES, MaskLabel, Site
from bonescan.core.findings import Analysis, Metastasis, ModelInfo, SiteFinding, StudyInfo, Timing, ViewInfo
from bonescan.report.wording import Facts, compose
from tests.bodies import SIZE, body, disc, study, view

MET, BLADDER, BENIGN = MaskLabel.METASTASIS, MaskLabel.BLADDER, MaskLabel.BENIGN
SPOTS = ((470, 90, 6, MET), (330, 128, 6, MET), (512, 128, 10, BLADDER))
"""(row, column, radius, label) in the anterior view."""


def make_analysis(
    spots=SPOTS, *, views=("anterior", "posterior"), size=SIZE, spacing=(2.2, 2.2), quality=(), sites=None, **facts
):
    """An analysis whose masks are discs; the posterior view mirrors the anterior one.

    Args:
        spots: (row, column, radius, label) on a 1024×256 matrix.
        views: Which views there are.
        size: (rows, columns).
        spacing: Pixel spacing in mm, or None.
        quality: Findings about the input.
        sites: Sites said to hold metastases; spine and pelvis by default.
        **facts: Of the study and its scan, see `bodies.study`.
    """
    segmented = [_segmented(name, spots, size, spacing) for name in views]
    facts = {"name": "patient", "study_instance_uid": "1.2.826.0.1.3680043.8.498.1", **facts}
    source = study(*[x.view for x in segmented], quality=quality, **facts)
    lesions, burden = find_lesions(segmented), measure(segmented)
    present = any(x.class_ == "metastasis" for x in lesions)
    chosen = (sites or (Site.SPINE, Site.PELVIS)) if present else ()
    probability = 0.93 if present else 0.12
    metastasis = Metastasis(
        probability=probability, threshold=0.5, present=present, by_view=dict.fromkeys(views, probability)
    )
    tracer = source.scan.radiopharmaceutical
    report = compose(
        Facts(source.scan.names, metastasis, chosen, False, lesions, burden, source.quality, False, tracer)
    )
    analysis = Analysis(
        created=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        study=StudyInfo(
            study_instance_uid=source.study_instance_uid,
            patient_sex=None,
            views=tuple(
                ViewInfo(
                    view=v.name.value,
                    rows=v.rows,
                    columns=v.columns,
                    pixel_spacing_mm=v.pixel_spacing_mm,
                    counts_total=v.counts_total,
                    polarity=v.polarity.value,
                    units=v.units.value,
                )
                for v in source.views
            ),
        ),
        model=ModelInfo(name="tiny", version="0.0.1", sha256="ab" * 32, pipeline="stepwise"),
        metastasis=metastasis,
        sites={s.value: SiteFinding(probability=0.8 if s in chosen else 0.1, present=s in chosen) for s in SITES},
        lesions=lesions,
        burden=burden,
        report=report,
        quality=source.quality,
        timing_ms=Timing(read=0, preprocess=0, inference=0, burden=0, report=0, total=0),
    )
    return analysis.attach(source, {x.view.name.value: x.labels for x in segmented})


def _segmented(name, spots, size, spacing):
    counts, labels = body(size), np.zeros(size, np.uint8)
    down, across = size[0] / SIZE[0], size[1] / SIZE[1]
    for row, column, radius, label in spots:
        inside = disc(size, row * down, column * across, (radius * down, radius * across))
        counts[inside], labels[inside] = (300 if label == BLADDER else 60), label
    if name == "posterior":
        counts, labels = counts[:, ::-1], np.ascontiguousarray(labels[:, ::-1])
    probability = np.where(labels == MET, 0.8, np.where(labels == BENIGN, 0.6, 0)).astype(np.float32)
    return Segmented(view(np.ascontiguousarray(counts), name, spacing), labels, probability)
