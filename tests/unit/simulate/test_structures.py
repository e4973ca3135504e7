"""The table of structures and the built-in body."""

import numpy as np
import pytest

from bonescan.core.anatomy import Laterality, Region
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.builtin_body import builtin_body
from bonescan.simulate.structures import GROUPS, RIBS, STRUCTURES, VERTEBRAE, number_of, numbers_of


def test_every_region_of_the_skeleton_has_a_structure():
    assert {s.region for s in STRUCTURES.values()} == set(Region)


def test_unknown_structure_is_refused():
    with pytest.raises(KeyError, match="no structure"):
        number_of("tail")
    with pytest.raises(KeyError, match="no structure or group"):
        numbers_of("ribs", Laterality.MIDLINE)


def test_every_bone_is_a_structure_of_its_own():
    # 24 vertebrae, 8 other midline bones, 29 paired ones.
    assert sum(s.is_bone for s in STRUCTURES.values()) == 24 + 8 + 2 * 29
    assert max(STRUCTURES) < 256
    for members in GROUPS.values():
        assert all(numbers_of(name) for name in members)
    assert numbers_of("ribs", Laterality.LEFT) == tuple(number_of(rib, Laterality.LEFT) for rib in RIBS)


@pytest.mark.parametrize("sex", ["M", "F"])
def test_builtin_body_has_every_structure(sex):
    body = builtin_body(sex)
    present = set(np.unique(body.structure))
    assert {s.number for s in STRUCTURES.values()} - present == set()
    assert len(VERTEBRAE) == 24


def test_builtin_body_is_symmetric_and_the_female_smaller():
    male, female = builtin_body("M"), builtin_body("F")
    for name in ("femur", "ribs", "scapula"):
        left = male.volume_mm3[male.of(name, Laterality.LEFT)].sum()
        right = male.volume_mm3[male.of(name, Laterality.RIGHT)].sum()
        assert left == pytest.approx(right, rel=0.02)
    assert female.points_mm[:, 0].max() < male.points_mm[:, 0].max()


def test_body_volume_is_that_of_an_adult():
    # ICRP reference male: 73 kg; the skeleton without marrow fat is about 5 to 11 litres of marrow and bone.
    body = builtin_body("M")
    litres = body.volume_mm3.sum() / 1e6
    skeleton = body.volume_mm3[body.is_bone].sum() / 1e6
    assert 55 < litres < 90
    assert 5 < skeleton < 11


def test_landmarks_lie_where_they_should():
    joints = reference("M").landmarks
    assert joints["shoulder left"][2] > 100 > -100 > joints["shoulder right"][2]
    order = [joints[n][0] for n in ("C6/C7", "T11/T12", "L4/L5", "L5/S1", "hip left", "knee left", "ankle left")]
    assert order == sorted(order)
    assert joints["hip left"][2] == pytest.approx(-joints["hip right"][2], abs=6)
