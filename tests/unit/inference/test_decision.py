"""Thresholds applied: who is said to have metastases, where, and what may be drawn."""

from types import SimpleNamespace

import numpy as np
import pytest

from bonescan.core.anatomy import SITES, MaskLabel, Site
from bonescan.core.study import ViewName
from bonescan.inference.decision import decide
from bonescan.models.bundle import Thresholds


def thresholds(patient=0.5, site=0.5):
    return Thresholds(
        patient=patient,
        window_metastasis=0.1,
        window_bladder=0.1,
        segment_metastasis=0.5,
        segment_bladder=0.5,
        sites=dict.fromkeys(SITES, site),
    )


def result(probability, review=None, **sites):
    return SimpleNamespace(
        review=review,
        probability=probability,
        calibrated=True,
        by_view={ViewName.ANTERIOR: probability},
        sites={site: sites.get(site.value, 0.1) for site in SITES},
    )


def labels(pixels=4):
    mask = np.zeros((4, 4), np.uint8)
    mask[0, :pixels] = MaskLabel.METASTASIS
    mask[3] = MaskLabel.BLADDER
    return {ViewName.ANTERIOR: mask}


def codes(decision):
    return [note.code for note in decision.notes]


@pytest.mark.parametrize(("probability", "present"), [(0.49, False), (0.5, True), (0.51, True)])
def test_present_from_the_threshold_on(probability, present):
    decision = decide(result(probability, spine=0.9), labels(), thresholds())
    assert decision.metastasis.present is present
    assert decision.metastasis.probability == probability
    assert decision.metastasis.threshold == 0.5
    assert decision.metastasis.by_view == {"anterior": probability}


def test_sites_over_their_threshold_in_the_fixed_order():
    decision = decide(result(0.9, femur=0.7, spine=0.5, ribs=0.49), labels(), thresholds())
    assert decision.sites_present == (Site.SPINE, Site.FEMUR)
    assert not decision.site_uncertain
    assert codes(decision) == []
    assert decision.sites[Site.RIBS].probability == 0.49


def test_without_metastasis_no_site_and_no_lesion_but_raw_probabilities():
    decision = decide(result(0.3, spine=0.9), labels(), thresholds())
    assert decision.sites_present == ()
    assert decision.sites[Site.SPINE].probability == 0.9
    mask = decision.labels[ViewName.ANTERIOR]
    assert not (mask == MaskLabel.METASTASIS).any()
    assert (mask == MaskLabel.BLADDER).sum() == 4
    assert mask.dtype == np.uint8
    assert codes(decision) == ["below_threshold"]
    assert "0.30" in decision.notes[0].message


def test_nothing_found_needs_no_note():
    assert codes(decide(result(0.3), labels(0), thresholds())) == []


def test_most_probable_site_where_none_passes():
    decision = decide(result(0.9, ribs=0.4), labels(), thresholds())
    assert decision.sites_present == (Site.RIBS,)
    assert decision.site_uncertain
    assert codes(decision) == ["site_uncertain"]


def test_suspected_but_not_outlined():
    decision = decide(result(0.9, spine=0.9), labels(0), thresholds())
    assert decision.metastasis.present
    assert codes(decision) == ["no_outline"]


def test_doubt_is_said():
    assert codes(decide(result(0.6, spine=0.9, review=("it is close",)), labels(), thresholds())) == ["needs_review"]
    assert codes(decide(result(0.6, spine=0.9, review=()), labels(), thresholds())) == []


def test_what_is_not_calibrated_is_called_a_score():
    found = result(0.4)
    found.calibrated = False
    decision = decide(found, labels(), thresholds())
    assert decision.metastasis.quantity == "score"
    (note,) = decision.notes
    assert "the score of metastasis (0.40) is below" in note.message
