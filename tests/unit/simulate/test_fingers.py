"""Fingers that bend at their joints, and what stays where it is."""

import numpy as np
import pytest

from bonescan.core.anatomy import Laterality
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.fingers import bend_fingers, fingers_of
from bonescan.simulate.parts import Part
from bonescan.simulate.pose import apply_posture
from bonescan.simulate.posture import Posture, draw_posture

L, R = Laterality.LEFT, Laterality.RIGHT


@pytest.fixture(scope="module", params=["M", "F"])
def anatomy(request):
    return reference(request.param)


def test_a_fist_is_short_and_turns_to_the_palm(anatomy):
    body, points = anatomy.body, anatomy.body.points_mm.copy()
    bend_fingers(points, anatomy.fingers[L], 1.0, 0.0)
    tips = body.of("hand", L, Part.PHALANX)
    carpals = body.of("carpals", L)
    assert points[tips, 0].max() < body.points_mm[tips, 0].max() - 45
    assert points[tips, 1].max() > body.points_mm[tips, 1].max() + 25  # the palm faces backwards
    assert np.array_equal(points[carpals], body.points_mm[carpals])
    assert np.array_equal(points[body.of("hand", R)], body.points_mm[body.of("hand", R)])


def test_spread_fingers_fan_out_in_the_plane_of_the_palm_on_both_sides_alike(anatomy):
    points = anatomy.body.points_mm.copy()
    for side in (L, R):
        bend_fingers(points, anatomy.fingers[side], 0.0, 1.0)
    for side in (L, R):
        at = anatomy.body.of("hand", side, Part.PHALANX)
        wider = np.ptp(points[at, 2]) - np.ptp(anatomy.body.points_mm[at, 2])
        assert 15 < wider < 70
        assert np.array_equal(points[at, 1], anatomy.body.points_mm[at, 1])


def test_each_bone_of_a_finger_stays_as_long_as_it_is(anatomy):
    points, fingers = anatomy.body.points_mm.copy(), anatomy.fingers[L]
    bend_fingers(points, fingers, 0.8, 0.5)
    for k, ray in enumerate(fingers.joints_mm):
        for i in range(len(ray) - 1):
            at = fingers.at[(fingers.finger == k) & (fingers.bone == i)]
            assert np.ptp(points[at], axis=0).any()
            before, after = (np.linalg.norm(p[at] - p[at].mean(0), axis=1) for p in (anatomy.body.points_mm, points))
            assert np.allclose(before, after, atol=0.01)


def test_the_skin_of_the_fingers_goes_with_them(anatomy):
    body = anatomy.body
    moved = apply_posture(anatomy, Posture(finger_curl=(1.0, 0.0)))
    still = apply_posture(anatomy, Posture())
    arm = body.of("soft tissue of the arm", L)
    tip = arm[body.points_mm[arm, 0] > body.points_mm[body.of("hand", L), 0].max() - 20]
    assert len(tip)
    assert np.linalg.norm(moved[tip] - still[tip], axis=1).min() > 30


def test_fingers_that_are_bent_already_are_left_alone(anatomy):
    from dataclasses import replace

    assert fingers_of(replace(anatomy.body, fingers_mm=())) == {}


def test_hands_are_drawn_from_flat_to_fist_most_of_them_hardly_bent():
    drawn = [draw_posture(np.random.default_rng(s)) for s in range(200)]
    curls = np.array([p.finger_curl for p in drawn])
    assert curls.min() == 0
    assert curls.max() == 1
    assert np.median(curls) < 0.1
    assert 0.02 < (curls > 0.5).mean() < 0.15
