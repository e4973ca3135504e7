"""Free-response curves against counts by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bonescan.metrics.detection import froc

SCORES = st.lists(st.integers(0, 6).map(float), max_size=25)


def test_a_small_curve_by_hand():
    found = froc(np.array([0.9, 0.5, 0.5, -np.inf]), np.array([0.7, 0.5, 0.1]), images=2)
    assert found.threshold.tolist() == [np.inf, 0.9, 0.7, 0.5, 0.1]
    assert found.alarms.tolist() == [0, 0, 0.5, 1.0, 1.5]
    assert found.sensitivity.tolist() == [0, 0.25, 0.25, 0.75, 0.75]
    assert [found.at(alarms) for alarms in (0, 0.5, 1, 100)] == [0.25, 0.25, 0.75, 0.75]


def test_nothing_drawn_hits_nothing():
    found = froc(np.full(3, -np.inf), np.zeros(0), images=5)
    assert found.alarms.tolist() == [0]
    assert found.at(10) == 0


def test_marks_of_one_score_have_no_figure_below_the_rate_of_all_of_them():
    found = froc(np.array([1.0, -np.inf]), np.ones(4), images=2)
    assert np.isnan(found.at(1))
    assert found.at(2) == 0.5


def test_without_a_lesion_there_is_no_sensitivity():
    found = froc(np.zeros(0), np.array([0.9, 0.2]), images=2)
    assert found.alarms.tolist() == [0, 0.5, 1]
    assert np.isnan(found.sensitivity).all()
    assert np.isnan(found.at(0.5))


@given(SCORES, SCORES, st.integers(0, 5), st.integers(1, 9))
def test_every_point_is_a_count(hits, alarms, missed, images):
    lesions = np.array(hits + [-np.inf] * missed)
    found = froc(lesions, np.array(alarms), images)
    for alarm, sensitivity, threshold in zip(*found, strict=True):
        assert alarm == sum(a >= threshold for a in alarms) / images
        if len(lesions):
            assert sensitivity == sum(h >= threshold for h in hits) / len(lesions)
        else:
            assert np.isnan(sensitivity)
