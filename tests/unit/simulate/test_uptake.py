"""Where the tracer goes in a body without focal disease."""

from dataclasses import replace

import numpy as np
import pytest

from bonescan.core.anatomy import Laterality, Region
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.part_uptake import draw_part_gain, draw_region_gain
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import Segment
from bonescan.simulate.tracer import Tracer, draw_tracer
from bonescan.simulate.uptake import _texture, bone_activity


@pytest.fixture(scope="module")
def anatomy():
    return reference("M")


@pytest.fixture(scope="module")
def plain():
    """Nothing but the uptake of the structures."""
    return Tracer(texture=0.0)


def _level(anatomy, activity, name, side=None, part=None):
    at = anatomy.body.of(name, side, part)
    return activity[at].sum() / anatomy.body.volume_mm3[at].sum()


def test_a_parts_gain_raises_that_part_alone(anatomy, plain):
    before = bone_activity(anatomy, plain)
    after = bone_activity(anatomy, replace(plain, part_gain={int(Part.CREST): 2.0}))
    crest = anatomy.body.part == Part.CREST
    assert after[crest].sum() == pytest.approx(2 * before[crest].sum(), rel=1e-5)
    assert (after[~crest] == before[~crest]).all()


def test_skulls_are_uneven_in_a_way_of_their_own_and_hottest_at_the_crown(anatomy, plain):
    one, other = (bone_activity(anatomy, replace(plain, structure_seed=seed)) for seed in (1, 2))
    vault = anatomy.body.of("cranium", part=Part.VAULT)
    ratio = np.log(one[vault] / other[vault])
    assert 0.05 < (ratio - ratio.mean()).std() < 0.6
    height = anatomy.body.points_mm[vault, 0]
    top, base = height < np.percentile(height, 15), height > np.percentile(height, 85)
    concentration = one[vault] / anatomy.body.volume_mm3[vault]
    assert concentration[top].mean() > 1.2 * concentration[base].mean()


def test_unevenness_has_both_sides_of_the_spread_asked_for(anatomy):
    points = anatomy.body.points_mm[anatomy.body.of("pelvis")]
    logs = np.log(_texture(points, seed=3, amount=0.2, cell_mm=18.0))
    assert 0.1 < logs.std() < 0.3
    near = np.log(_texture(points[:1] + np.array([[0, 0, 0], [1, 1, 1]], np.float32), 3, 0.2, 18.0))
    assert abs(near[0] - near[1]) < 0.1


def test_joints_and_edges_are_hotter_than_shafts_and_plates(anatomy):
    rng = np.random.default_rng(3)
    drawn = [draw_tracer(rng, anatomy, age_years=63, superscan=False) for _ in range(6)]
    levels = [bone_activity(anatomy, tracer) for tracer in drawn]

    def mean(name, part):
        return np.mean([_level(anatomy, activity, name, None, part) for activity in levels])

    assert mean("ilium", Part.SACROILIAC) > 1.3 * mean("ilium", Part.WING)
    assert mean("ilium", Part.CREST) > 1.1 * mean("ilium", Part.WING)
    # From behind, knees of real scans are fainter than from the front: it is the kneecap that stands out.
    assert mean("patella", None) / mean("femur", Part.SHAFT) > 1.4
    assert mean("femur", Part.CONDYLE) / mean("femur", Part.SHAFT) > 0.95
    assert mean("scapula", Part.ACROMION) > 1.2 * mean("scapula", Part.BLADE)


def test_a_worn_kneecap_spares_the_thigh_bone_behind_it(anatomy, plain):
    before = bone_activity(anatomy, plain)
    after = bone_activity(anatomy, replace(plain, joint_gain={"kneecap left": 3.0}))
    changed = np.flatnonzero(after > before)
    assert set(changed) == set(anatomy.joints["kneecap left"][0])
    assert len(changed) > 30
    assert np.isin(changed, anatomy.body.of("patella", Laterality.LEFT)).all()


def test_calves_take_up_more_than_thighs(anatomy, plain):
    """Per volume, halfway down either part of the leg; what is not flesh of the lower leg has nothing to do with it."""
    activity = bone_activity(anatomy, plain)
    flesh = np.flatnonzero(anatomy.body.in_segment(Segment.LEG, Laterality.LEFT) & anatomy.body.is_soft)
    z, density = anatomy.body.points_mm[flesh, 0], activity[flesh] / anatomy.body.volume_mm3[flesh]
    hip, knee, ankle = (anatomy.landmarks[f"{joint} left"][0] for joint in ("hip", "knee", "ankle"))
    thigh, calf = (np.abs(z - (upper + lower) / 2) < 60 for upper, lower in ((hip, knee), (knee, ankle)))
    assert density[calf].mean() == pytest.approx(1.6 * density[thigh].mean(), rel=0.05)
    assert anatomy.body.is_soft[anatomy.calves[0]].all()
    assert np.isin(flesh[calf], anatomy.calves[0]).all()
    assert not np.isin(flesh[z < knee], anatomy.calves[0]).any()


@pytest.mark.parametrize("side", [Laterality.LEFT, Laterality.RIGHT])
def test_the_tendon_of_the_kneecap_inserts_below_it_at_the_front_of_the_shin(anatomy, side):
    height, front, across = anatomy.landmarks[f"tibial tuberosity {side}"]
    patella = anatomy.landmarks[f"kneecap {side}"]
    tibia = anatomy.body.points_mm[anatomy.body.of("tibia", side)]
    assert 40 < height - patella[0] < 110
    assert front < np.percentile(tibia[np.abs(tibia[:, 0] - height) < 10, 1], 25)
    assert abs(across - patella[2]) < 25


def test_joint_gain_is_a_bump_around_the_joint(anatomy, plain):
    before = bone_activity(anatomy, plain)
    after = bone_activity(anatomy, replace(plain, joint_gain={"knee left": 3.0}))
    ratio = after / np.maximum(before, 1e-9)
    left = anatomy.body.of("femur", Laterality.LEFT, Part.CONDYLE)
    assert ratio[left].max() > 3.3
    assert np.allclose(ratio[anatomy.body.of("femur", Laterality.RIGHT)], 1)
    assert np.allclose(ratio[anatomy.body.of("humerus")], 1)


def test_young_bone_grows_at_its_ends_and_old_joints_are_worn():
    young = np.mean([draw_part_gain(np.random.default_rng(i), 18)[int(Part.CONDYLE)] for i in range(20)])
    old = np.mean([draw_part_gain(np.random.default_rng(i), 60)[int(Part.CONDYLE)] for i in range(20)])
    assert young > 1.4 * old
    shafts = [draw_part_gain(np.random.default_rng(1), age)[int(Part.SHAFT)] for age in (18, 60)]
    assert shafts[0] == shafts[1]
    anatomy = reference("F")

    def knees(age):
        rng = np.random.default_rng(4)
        drawn = [draw_tracer(rng, anatomy, age_years=age, superscan=False) for _ in range(160)]
        return np.mean([t.joint_gain["kneecap left"] for t in drawn])

    assert knees(80) > knees(40) + 0.3


def test_skulls_are_hotter_in_older_women():
    rng = np.random.default_rng(5)
    skull = int(Region.SKULL)
    women = np.median([draw_region_gain(rng, age_years=65, sex="F")[skull] for _ in range(600)])
    men = np.median([draw_region_gain(rng, age_years=65, sex="M")[skull] for _ in range(600)])
    assert women > 1.03 * men


def test_soft_tissue_falls_with_delay_and_a_superscan_takes_the_tracer(anatomy):
    def soft(delay_h):
        return draw_tracer(np.random.default_rng(6), anatomy, age_years=63, superscan=False, delay_h=delay_h).soft_gain

    assert soft(2) == pytest.approx(2 * soft(7))
    usual = [draw_tracer(np.random.default_rng(i), anatomy, age_years=63, superscan=False) for i in range(30)]
    diffuse = [draw_tracer(np.random.default_rng(i), anatomy, age_years=63, superscan=True) for i in range(30)]
    assert np.median([t.kidney_gain for t in diffuse]) < 0.4 * np.median([t.kidney_gain for t in usual])
    assert np.median([t.bladder.uptake for t in diffuse]) < 0.5 * np.median([t.bladder.uptake for t in usual])


def test_kidneys_differ_and_are_sometimes_very_hot(anatomy):
    rng = np.random.default_rng(7)
    gains = np.array([draw_tracer(rng, anatomy, age_years=63, superscan=False).kidney_gain for _ in range(300)])
    assert np.percentile(gains, 98) > 4 * np.median(gains)
    unequal = np.abs(np.log(gains[:, 0] / gains[:, 1]))
    assert 0.05 < (unequal > np.log(2.2)).mean() < 0.25


def test_a_hollow_kidney_keeps_its_activity_but_not_at_the_hilum(anatomy, plain):
    before = bone_activity(anatomy, plain)
    after = bone_activity(anatomy, replace(plain, kidney_hollow=(1.0, 0.0)))
    left = anatomy.body.of("kidney", Laterality.LEFT)
    assert after[left].sum() == pytest.approx(before[left].sum(), rel=1e-3)
    points = anatomy.body.points_mm[left]
    medial = points[:, 2] < np.percentile(points[:, 2], 20)
    assert after[left][medial].sum() < 0.85 * before[left][medial].sum()
    right = anatomy.body.of("kidney", Laterality.RIGHT)
    assert np.allclose(after[right], before[right])
