"""The whole chain on analytic patients: spots of known place and uptake come out as known masks, sides and indices."""

import json

import jsonschema
import numpy as np
import pytest

import bonescan as bs
from bonescan.burden.bstbi import paper_literal, pooled
from bonescan.core.anatomy import MaskLabel
from bonescan.core.findings import Analysis, json_schema
from bonescan.core.study import Units
from bonescan.inference.preprocess import render
from tests.bodies import SIZE, body, disc, study, view
from tests.tiny_bundle import tiny_bundle

RIGHT_HIP, SPINE, BLADDER = (470, 90, 6), (330, 128, 6), (512, 128, 10)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tiny_bundle(tmp_path_factory.mktemp("chain") / "tiny")


def spotted(lesions=(RIGHT_HIP, SPINE), *, size=SIZE, bladder=True, mirrored=False):
    """Counts with discs of 60 counts, and of 300 for the bladder; the true lesions; the true bladder."""
    scale = size[1] / SIZE[1]
    counts, lesion, there = body(size), np.zeros(size, bool), np.zeros(size, bool)
    for row, column, radius in lesions:
        lesion |= disc(size, row * size[0] / SIZE[0], column * scale, (radius * size[0] / SIZE[0], radius * scale))
    if bladder:
        there = disc(size, BLADDER[0] * size[0] / SIZE[0], BLADDER[1] * scale, BLADDER[2] * scale)
    counts[lesion], counts[there] = 60, 300
    return tuple(np.ascontiguousarray(x[:, ::-1]) if mirrored else x for x in (counts, lesion, there))


def both_views(**options):
    a, p = spotted(**options), spotted(**options, mirrored=True)
    return a, p, study(view(a[0]), view(p[0], "posterior"), radiopharmaceutical="99mTc-MDP", patient_sex="F")


def test_known_spots_give_the_known_burden(bundle):
    a, p, patient = both_views()
    analysis = bs.analyze(patient, model=bundle)
    truth = pooled([a, p])
    assert analysis.metastasis.present
    assert analysis.burden.bstbi == pytest.approx(truth, rel=0.1)
    assert 0.02 < truth < 0.5
    mask = analysis.masks["anterior"] == MaskLabel.METASTASIS
    assert 2 * (mask & a[1]).sum() / (mask.sum() + a[1].sum()) > 0.85


def test_the_papers_literal_index_has_four_panels(bundle):
    """Figure 7 lists four values: two views at two grey levels, the darker one with the smaller share of lesion."""
    _, _, patient = both_views()
    analysis = bs.analyze(patient, model=bundle)
    panels = [
        (render(seen, level), mask == MaskLabel.METASTASIS, mask == MaskLabel.BLADDER)
        for seen in patient.views
        for level in ("wide", "narrow")
        for mask in [analysis.masks[seen.name]]
    ]
    literal = paper_literal(panels)
    wide, narrow = literal.panels[::2], literal.panels[1::2]
    assert wide == pytest.approx([analysis.burden.bstbi] * 2, rel=0.15), "not saturated, hence nearly that of counts"
    assert max(narrow) < 0.6 * min(wide), "the saturated rendering hides how hot the lesions are"
    assert literal.mean == pytest.approx(np.mean(literal.panels))


def test_known_spots_are_the_known_lesions(bundle):
    _, _, patient = both_views()
    analysis = bs.analyze(patient, model=bundle)
    found = [(x.view, x.laterality, x.pair) for x in analysis.lesions]
    assert found == [
        ("anterior", "midline", 3),
        ("anterior", "right", 4),
        ("posterior", "midline", 1),
        ("posterior", "right", 2),
    ]
    hip = analysis.lesions[1]
    assert hip.centroid == pytest.approx((470, 90), abs=1)
    assert hip.area_mm2 == pytest.approx(np.pi * 36 * 2.2**2, rel=0.2)
    assert hip.uptake_ratio == pytest.approx(60 / 14, rel=0.15)
    assert "Multiple foci of abnormally increased uptake (2 outlined)" in analysis.report.description
    assert f"{analysis.burden.bstbi:.4f}" in analysis.report.description


@pytest.mark.parametrize("size", [(2048, 512), (512, 128)])
def test_the_matrix_does_not_matter(bundle, size):
    reference = bs.analyze(both_views()[2], model=bundle)
    analysis = bs.analyze(both_views(size=size)[2], model=bundle)
    assert analysis.masks["posterior"].shape == size
    assert analysis.burden.bstbi == pytest.approx(reference.burden.bstbi, rel=0.15)
    assert [x.laterality for x in analysis.lesions] == [x.laterality for x in reference.lesions]


def test_the_scale_of_the_counts_does_not_matter(bundle):
    a, p, patient = both_views()
    louder = study(view(a[0] * 13), view(p[0] * 13, "posterior"))
    one, other = bs.analyze(patient, model=bundle), bs.analyze(louder, model=bundle)
    assert other.burden.bstbi == pytest.approx(one.burden.bstbi, rel=1e-4)
    np.testing.assert_array_equal(one.masks["anterior"], other.masks["anterior"])


def test_bladder_alone_is_no_burden(bundle):
    _, _, patient = both_views(lesions=())
    analysis = bs.analyze(patient, model=bundle)
    assert not analysis.metastasis.present
    assert analysis.burden.bstbi == 0
    assert analysis.lesions == ()
    assert analysis.report.kind == "normal"
    assert (analysis.masks["anterior"] == MaskLabel.BLADDER).any()
    assert not any(site.present for site in analysis.sites.values())


def test_one_view(bundle):
    counts, _, _ = spotted()
    analysis = bs.analyze(study(view(counts)), model=bundle)
    assert analysis.burden.bstbi == analysis.burden.bstbi_by_view["anterior"] > 0
    assert list(analysis.metastasis.by_view) == list(analysis.masks) == ["anterior"]
    assert "anterior view alone" in analysis.report.impression


def test_a_lesion_below_the_smallest_size_is_dropped_everywhere(bundle):
    _, _, patient = both_views(lesions=((330, 128, 1.2),), bladder=False)
    analysis = bs.analyze(patient, model=bundle)
    assert analysis.lesions == ()
    assert analysis.burden.bstbi == 0
    assert not any(mask.any() for mask in analysis.masks.values())


def test_a_gated_patient_shows_the_raw_probability(tmp_path):
    strict = tiny_bundle(tmp_path / "strict", thresholds={"patient": 1.0})
    analysis = bs.analyze(both_views()[2], model=strict)
    assert not analysis.metastasis.present
    assert analysis.metastasis.probability > 0.99
    assert analysis.lesions == ()
    assert analysis.burden.bstbi == 0
    assert "below_threshold" in [q.code for q in analysis.quality]


def test_the_document_is_valid_and_complete(bundle):
    counts, _, _ = spotted()
    patients = [
        both_views()[2],
        both_views(lesions=())[2],
        study(view(counts, spacing=None, units=Units.DISPLAY), study_instance_uid="1.2.3"),
    ]
    for patient in patients:
        analysis = bs.analyze(patient, model=bundle, read_ms=5.0)
        document = json.loads(analysis.to_json())
        jsonschema.Draft202012Validator(json_schema()).validate(document)
        assert document["model"]["sha256"] == bundle.sha256
        assert document["timing_ms"]["read"] == 5.0
        steps = [document["timing_ms"][s] for s in ("read", "preprocess", "inference", "burden", "report")]
        assert document["timing_ms"]["total"] == pytest.approx(sum(steps), abs=0.5)
        assert Analysis.model_validate_json(analysis.to_json()).lesions == analysis.lesions


def test_analysing_twice_gives_the_same(bundle):
    _, _, patient = both_views()
    changing = {"created", "timing_ms"}
    first, second = (bs.analyze(patient, model=bundle).model_dump(exclude=changing) for _ in range(2))
    assert first == second


def test_it_shows_itself(bundle):
    analysis = bs.analyze(both_views()[2], model=bundle)
    assert "metastasis suspected" in repr(analysis)
    assert "data:image/png;base64," in analysis._repr_html_()
