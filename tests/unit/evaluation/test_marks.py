"""Which mark hits which lesion, and what each lesion is like."""

import numpy as np
import pytest

from bonescan.core.anatomy import MaskLabel, Region
from bonescan.core.study import Units
from bonescan.evaluation.marks import match
from tests.bodies import disc, view

SIZE = (200, 100)


def labels(**discs):
    mask = np.zeros(SIZE, np.uint8)
    for name, (row, column, radius) in discs.items():
        mask[disc(SIZE, row, column, radius)] = MaskLabel[name.rstrip("_0123456789").upper()]
    return mask


def seen(counts=10.0):
    return view(np.full(SIZE, counts), spacing=(2.5, 2.5))


def test_a_mark_that_shares_a_pixel_hits():
    true = labels(metastasis_1=(50, 50, 6), metastasis_2=(120, 30, 6))
    drawn = labels(metastasis=(50, 61, 6))  # touches the first alone
    found = match(seen(), true, drawn, np.full(SIZE, 0.7, np.float32))
    assert [lesion.score for lesion in found.lesions] == [pytest.approx(0.7), None]
    assert found.alarms == ()


def test_a_mark_beside_is_a_false_alarm_and_may_lie_on_benign_uptake():
    true = labels(metastasis=(50, 50, 6), benign=(120, 30, 6))
    drawn = labels(metastasis_1=(50, 70, 6), metastasis_2=(120, 32, 6))
    found = match(seen(), true, drawn, None)
    assert found.lesions[0].score is None
    assert found.alarms == (1, 1)
    assert found.alarms_benign == 1


def test_one_mark_may_hit_several_and_the_surest_counts():
    true = labels(metastasis_1=(50, 40, 5), metastasis_2=(50, 60, 5))
    drawn = labels(metastasis_1=(50, 50, 14), metastasis_2=(90, 50, 5))
    probability = np.where(np.arange(SIZE[0])[:, None] < 70, 0.6, 0.9).astype(np.float32) * np.ones(SIZE, np.float32)
    found = match(seen(), true, drawn, probability)
    assert [lesion.score for lesion in found.lesions] == pytest.approx([0.6, 0.6])
    assert found.alarms == pytest.approx((0.9,))


def test_too_small_a_lesion_is_none_and_a_mark_on_it_no_alarm():
    true = labels(metastasis=(50, 50, 1))
    found = match(seen(), true, labels(metastasis=(50, 50, 6)), None)
    assert (found.lesions, found.alarms) == ((), ())


def test_a_hit_lesion_is_named_by_what_is_drawn_of_it():
    true, drawn = labels(metastasis_1=(50, 50, 6), metastasis_2=(120, 30, 6)), labels(metastasis=(50, 56, 6))
    left = np.arange(SIZE[1]) < 50
    own = np.where(left, Region.RIBS, Region.SCAPULA).astype(np.uint8) * np.ones(SIZE, "u1")
    cohorts = np.full(SIZE, Region.RIBS, np.uint8)
    hit, missed = match(seen(), true, drawn, None, cohorts, found_regions=own).lesions
    assert (hit.site, hit.named, missed.named) == ("ribs", "scapula", None)
    nowhere = match(seen(), true, drawn, None, cohorts, found_regions=np.zeros(SIZE, np.uint8)).lesions[0]
    assert nowhere.named == ""
    assert match(seen(), true, drawn, None, cohorts).lesions[0].named is None


def test_a_lesion_knows_its_size_its_contrast_and_its_site():
    true = labels(metastasis=(50, 50, 6))
    inside = true == MaskLabel.METASTASIS
    counts = np.where(inside, 30.0, 10.0)
    regions = np.where(np.arange(SIZE[1]) < 52, Region.RIBS, Region.LUMBAR_SPINE).astype(np.uint8) * np.ones(SIZE, "u1")
    (found,) = match(view(counts, spacing=(2.5, 2.5)), true, true, None, regions).lesions
    assert found.area_px == inside.sum()
    assert found.area_mm2 == pytest.approx(inside.sum() * 6.25)
    assert found.contrast == pytest.approx(3)
    assert found.rose == pytest.approx(20 * inside.sum() / np.sqrt(30 * inside.sum()))
    assert found.site == "ribs"
    (bare,) = match(view(counts, spacing=None), true, true, None).lesions
    assert (bare.area_mm2, bare.site) == (None, None)
    (grey,) = match(view(counts, spacing=None, units=Units.DISPLAY), true, true, None).lesions
    assert grey.rose is None


def test_the_simulated_uptake_is_that_of_a_focus_that_stands_alone():
    true = labels(metastasis_1=(50, 50, 6), metastasis_2=(120, 30, 8), metastasis_3=(160, 70, 8))
    areas = [int(disc(SIZE, 50, 50, 6).sum()), int(disc(SIZE, 120, 30, 8).sum())]
    foci = [
        {"kind": "metastasis", "contrast": 4.5, "area_px": {"anterior": areas[0]}},
        {"kind": "metastasis", "contrast": 2.0, "area_px": {"anterior": areas[1], "posterior": 3}},
        {"kind": "benign", "contrast": 7.0, "area_px": {"anterior": areas[0]}},
        {"kind": "metastasis", "contrast": 9.0, "area_px": {}},
    ]
    found = match(seen(), true, true, None, foci=foci).lesions
    # Two lesions have the area of the second focus, so that nobody knows which it is.
    assert [lesion.uptake for lesion in found] == [4.5, None, None]
