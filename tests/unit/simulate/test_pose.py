"""Height, weight, posture, prostheses and missing limbs."""

from dataclasses import replace

import numpy as np
import pytest

from bonescan.core.anatomy import Laterality, Region
from bonescan.core.study import ViewName
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.build import _GRAMS_PER_MM3, size_of
from bonescan.simulate.focal import Focus
from bonescan.simulate.parts import Part
from bonescan.simulate.patient import draw_patient, render
from bonescan.simulate.pose import apply_posture, pose
from bonescan.simulate.posture import Amputation, Posture, Prosthesis, draw_posture
from bonescan.simulate.structures import STRUCTURES, Segment, number_of

L, R = Laterality.LEFT, Laterality.RIGHT


@pytest.fixture(scope="module", params=["M", "F"])
def anatomy(request):
    return reference(request.param)


@pytest.fixture(scope="module")
def still(anatomy):
    return apply_posture(anatomy, Posture())


@pytest.mark.parametrize("height_cm", [145.0, 170.0, 195.0])
@pytest.mark.parametrize("bmi", [16.0, 25.0, 42.0])
def test_height_and_body_mass_index_are_reached(anatomy, height_cm, bmi):
    posed = pose(anatomy, Posture(height_cm=height_cm, bmi=bmi))
    assert np.ptp(posed.points_mm[:, 0]) == pytest.approx(10 * height_cm, rel=0.02)
    grams = _GRAMS_PER_MM3[anatomy.body.structure] * anatomy.body.volume_mm3 * posed.volume_scale
    found = grams.sum() / 1000 / (height_cm / 100) ** 2
    # The thinnest have hardly any soft tissue left to lose beyond what the body allows.
    assert found == pytest.approx(bmi, rel=0.02 if bmi > 20 else 0.16)


def test_weight_goes_to_the_belly_and_attenuates(anatomy):
    thin, fat = (pose(anatomy, Posture(bmi=b)) for b in (20.0, 38.0))
    trunk = anatomy.body.of("soft tissue of the trunk")
    width, depth = (np.ptp(fat.points_mm[trunk, i]) / np.ptp(thin.points_mm[trunk, i]) for i in (2, 1))
    assert depth > width > 1.02
    assert fat.density_scale[trunk].sum() > 1.4 * thin.density_scale[trunk].sum()
    # Uptake grows less than volume.
    assert fat.activity_scale[trunk].mean() < fat.volume_scale[trunk].mean()
    bone = anatomy.bone
    assert np.allclose(fat.volume_scale[bone], thin.volume_scale[bone])


def test_a_bent_elbow_brings_the_hand_inwards_and_leaves_the_upper_arm(anatomy, still):
    moved = apply_posture(anatomy, Posture(elbow_bend_deg=(25.0, 0.0)))
    hand, humerus = anatomy.body.of("hand", L), anatomy.body.of("humerus", L)
    assert (moved[hand, 2] - still[hand, 2]).max() < -60
    assert np.abs(moved[humerus] - still[humerus]).max() < 0.01
    other = anatomy.body.of("hand", R)
    assert np.abs(moved[other] - still[other]).max() < 0.01


def test_kyphosis_moves_the_thorax_back_and_the_head_forward(anatomy, still):
    moved = apply_posture(anatomy, Posture(kyphosis_mm=30.0))
    spine, skull, knee = (anatomy.body.of(n) for n in ("T7", "cranium", "patella"))
    assert (moved[spine, 1] - still[spine, 1]).mean() > 20
    assert (moved[skull, 1] - still[skull, 1]).mean() < -10
    assert np.abs(moved[knee, 1] - still[knee, 1]).max() < 0.5
    assert np.ptp(moved[:, 0]) < np.ptp(still[:, 0])


def test_scoliosis_bends_the_spine_sideways_and_not_the_legs(anatomy, still):
    moved = apply_posture(anatomy, Posture(scoliosis_mm=20.0))
    spine, foot = anatomy.body.of("spine"), anatomy.body.of("whole foot")
    assert np.ptp(moved[spine, 2] - still[spine, 2]) > 20
    assert np.abs(moved[foot, 2] - still[foot, 2]).max() < 0.5


@pytest.mark.parametrize(
    ("field", "bone"), [("shoulder_drop_mm", "scapula"), ("pelvic_tilt_mm", "ilium"), ("leg_difference_mm", "tarsals")]
)
def test_one_side_lies_lower(anatomy, still, field, bone):
    moved = apply_posture(anatomy, Posture(**{field: 12.0}))
    change = [(moved[at, 0] - still[at, 0]).mean() for at in (anatomy.body.of(bone, L), anatomy.body.of(bone, R))]
    assert 3 < change[0] - change[1] < 14


def test_feet_turn_outwards_and_flex(anatomy, still):
    toes, heel = anatomy.body.of("foot", L, Part.TOE), anatomy.body.of("tarsals", L, Part.CALCANEUS)
    out = apply_posture(anatomy, Posture(foot_rotation_deg=(30.0, 0.0)))
    assert (out[toes, 2] - still[toes, 2]).mean() > 30 > 0 > (out[heel, 2] - still[heel, 2]).mean()
    down = apply_posture(anatomy, Posture(foot_flexion_deg=(20.0, 0.0)))
    length = (down[toes, 0] - down[heel, 0].mean()).mean() - (still[toes, 0] - still[heel, 0].mean()).mean()
    assert length > 20


def test_a_shoulder_blade_turns_about_the_shoulder(anatomy, still):
    moved = apply_posture(anatomy, Posture(scapula_turn_deg=(8.0, 0.0)))
    blade = anatomy.body.of("scapula", L)
    tip = blade[anatomy.body.points_mm[blade, 0] > anatomy.body.points_mm[blade, 0].max() - 15]
    assert 8 < (moved[tip, 2] - still[tip, 2]).mean() < 25
    socket = anatomy.body.of("scapula", L, Part.GLENOID)
    assert np.abs(moved[socket] - still[socket]).mean() < 6
    for others in (anatomy.body.of("scapula", R), anatomy.body.of("ribs", L), anatomy.body.of("humerus", L)):
        assert np.abs(moved[others] - still[others]).max() < 0.01


def test_a_tilted_shoulder_blade_is_lower_in_height_and_keeps_its_shoulder(anatomy, still):
    moved = apply_posture(anatomy, Posture(blade_height=0.8))
    blade = anatomy.body.of("scapula", L)
    assert 0.8 < np.ptp(moved[blade, 0]) / np.ptp(still[blade, 0]) < 0.9
    assert np.allclose(moved[:, 1:], still[:, 1:])
    acromion = anatomy.body.of("scapula", L, Part.ACROMION)
    assert np.abs(moved[acromion] - still[acromion]).max() < 3


def test_the_pelvis_leans_over_the_hips_and_the_lumbar_spine_follows(anatomy, still):
    moved = apply_posture(anatomy, Posture(pelvic_incline_deg=10.0))
    ilium, femur, upper = (anatomy.body.of(name, L) for name in ("ilium", "femur", "rib 5"))
    front = ilium[anatomy.body.points_mm[ilium, 1] < np.percentile(anatomy.body.points_mm[ilium, 1], 4)]
    assert 5 < (moved[front, 0] - still[front, 0]).mean() < 15, "the front spines come down"
    sacrum, lumbar = anatomy.body.of("sacrum"), anatomy.body.of("L3")
    assert -30 < (moved[sacrum, 1] - still[sacrum, 1]).mean() < -5
    assert -30 < (moved[lumbar, 1] - still[lumbar, 1]).mean() < -2
    assert np.allclose(moved[:, 2], still[:, 2])
    for at in (femur, upper):
        assert np.abs(moved[at] - still[at]).max() < 0.01
    # A lean, not a stretch: every bone of the pelvis keeps its shape.
    pairs = np.random.default_rng(0).choice(ilium, (200, 2))
    before, after = (np.linalg.norm(p[pairs[:, 0]] - p[pairs[:, 1]], axis=1) for p in (still, moved))
    assert np.abs(after - before).max() < 1


def test_thighs_touch_down_to_where_they_part(anatomy, still):
    moved = apply_posture(anatomy, Posture(knee_bow_mm=(20.0, 20.0), thighs_part=0.5))
    apart = apply_posture(anatomy, Posture(knee_bow_mm=(20.0, 20.0)))
    flesh = np.flatnonzero(anatomy.body.in_segment(Segment.LEG, L) & anatomy.body.is_soft)
    hip, knee = anatomy.landmarks["hip left"][0], anatomy.landmarks["knee left"][0]
    down = (anatomy.body.points_mm[flesh, 0] - hip) / (knee - hip)

    def inner_skin(points, low, high):
        return np.percentile(points[flesh[(down > low) & (down < high)], 2], 2)

    assert inner_skin(apart, 0.35, 0.45) > 8
    assert abs(inner_skin(moved, 0.35, 0.45)) < 5
    assert inner_skin(moved, 0.8, 0.9) > 10
    bone = anatomy.bone
    assert np.allclose(moved[bone], apart[bone])
    outside = flesh[anatomy.body.points_mm[flesh, 2] > anatomy.landmarks["hip left"][2] + 60]
    assert np.allclose(moved[outside], apart[outside])


def test_arms_have_the_lengths_of_the_posture(anatomy, still):
    stature = np.ptp(anatomy.body.points_mm[:, 0])
    moved = apply_posture(anatomy, Posture(upper_arm=0.16, forearm=0.13))
    shoulder, elbow, wrist = (anatomy.landmarks[f"{name} left"][0] for name in ("shoulder", "elbow", "wrist"))
    for name, longer in (
        ("humerus", 0.16 * stature - (elbow - shoulder)),
        ("forearm", 0.13 * stature - (wrist - elbow)),
    ):
        at = anatomy.body.of(name, L)
        assert np.ptp(moved[at, 0]) - np.ptp(still[at, 0]) == pytest.approx(longer, abs=6)
    hand = anatomy.body.of("whole hand", L)
    assert (moved[hand, 0] - still[hand, 0]).mean() == pytest.approx(0.29 * stature - (wrist - shoulder), abs=2)
    assert np.ptp(moved[hand, 0]) == pytest.approx(np.ptp(still[hand, 0]), abs=1), "the hand is only moved"
    for others in (anatomy.body.of("scapula", L), anatomy.body.of("femur", L)):
        assert np.abs(moved[others] - still[others]).max() < 0.01


def test_a_lifted_forearm_brings_the_hand_forward_and_leaves_the_upper_arm(anatomy, still):
    moved = apply_posture(anatomy, Posture(forearm_lift_deg=(15.0, 0.0)))
    hand, humerus, other = (
        anatomy.body.of(name, side) for name, side in (("hand", L), ("humerus", L), ("whole hand", R))
    )
    assert -110 < (moved[hand, 1] - still[hand, 1]).mean() < -60
    for others in (humerus, other):
        assert np.abs(moved[others] - still[others]).max() < 0.01


def test_shoulders_come_to_their_level_and_the_arms_with_them(anatomy, still):
    stature = np.ptp(anatomy.body.points_mm[:, 0])
    level = anatomy.landmarks["shoulder left"][0] / stature
    moved = apply_posture(anatomy, Posture(shoulder_level=float(level) + 0.01))
    for name in ("acromion", "hand"):
        at = anatomy.body.of("scapula", L, Part.ACROMION) if name == "acromion" else anatomy.body.of(name, L)
        assert (moved[at, 0] - still[at, 0]).mean() == pytest.approx(0.01 * stature, abs=4)
    spine = anatomy.body.of("T7")
    assert np.abs(moved[spine, 0] - still[spine, 0]).max() < 1


@pytest.mark.parametrize(
    ("field", "widened", "kept"),
    [("chest_flare", "rib 9", ("ilium", "T12")), ("hip_flare", "ilium", ("rib 5", "sacrum", "femur"))],
)
def test_chest_and_hips_flare_apart_and_leave_the_spine(anatomy, still, field, widened, kept):
    moved = apply_posture(anatomy, Posture(**{field: 0.1}))
    wide = anatomy.body.of(widened)
    assert 1.04 < np.ptp(moved[wide, 2]) / np.ptp(still[wide, 2]) < 1.11
    for name in kept:
        at = anatomy.body.of(name)
        assert np.abs(moved[at] - still[at]).max() < 4, name
    assert np.allclose(moved[:, :2], still[:, :2])


@pytest.mark.parametrize(
    ("posture", "low", "high"),
    [(Posture(knee_bow_mm=(20.0, 20.0)), 16, 20), (Posture(leg_turn_deg=(15.0, 15.0)), 5, 20)],
    ids=["lie apart", "turn outwards"],
)
def test_kneecaps_move_outwards_while_hips_and_feet_stay(anatomy, still, posture, low, high):
    moved = apply_posture(anatomy, posture)
    for side, outwards in ((L, 1), (R, -1)):
        shift = outwards * (moved - still)[:, 2]
        assert low < shift[anatomy.body.of("patella", side)].mean() < high
        assert np.abs(shift[anatomy.body.of("ilium", side)]).max() < 0.01
        assert np.abs(shift[anatomy.body.of("foot", side)]).max() < 1
        if posture.knee_bow_mm[0]:
            assert shift[anatomy.body.of("femur", side)].min() > -1


def test_ribs_descend_aside_and_hinge_on_spine_and_breastbone(anatomy, still):
    moved = apply_posture(anatomy, Posture(rib_slope=(0.2, 0.0))) - still
    left, right = (anatomy.body.of("ribs", side) for side in (L, R))
    aside = np.abs(anatomy.body.points_mm[left, 2])
    assert np.abs(moved[right]).max() < 0.01
    assert np.abs(moved[left][aside < 30]).max() < 0.01
    assert np.allclose(moved[left, 0], 0.2 * np.maximum(aside - 30, 0), atol=0.05)
    for bone in ("sternal body", "scapula", "T6"):
        assert np.abs(moved[anatomy.body.of(bone)]).max() < 0.01


def test_ribs_lie_unevenly_and_never_alike_on_both_sides(anatomy, still):
    spreads = []
    for seed in range(6):
        moved = (apply_posture(anatomy, Posture(rib_mm=3.0, rib_seed=seed)) - still)[:, 0]
        by_rib = np.array([[moved[anatomy.body.of(f"rib {n}", side)].mean() for n in range(2, 11)] for side in (L, R)])
        assert np.abs(moved).max() < 12
        assert np.abs(by_rib[0] - by_rib[1]).max() > 0.3
        spreads.append(np.diff(by_rib, axis=1).std())
    assert 0.5 < np.mean(spreads) < 5


def test_breathing_smears_ribs_and_kidneys_along_the_body_and_nothing_else(anatomy, still):
    moved = apply_posture(anatomy, Posture(breath_mm=2.0)) - still
    body = anatomy.body
    ribs = body.of("ribs")
    lateral, at_spine = (
        ribs[side] for side in (np.abs(body.points_mm[ribs, 2]) > 60, np.abs(body.points_mm[ribs, 2]) < 30)
    )
    height = np.ptp(still[:, 0]) / np.ptp(body.points_mm[:, 0])
    for at, spread_mm in ((lateral, 2.0), (body.of("kidney"), 4.0)):
        assert moved[at, 0].std() == pytest.approx(spread_mm * height, rel=0.05)
        assert abs(moved[at, 0].mean()) < 0.15
    assert 0 < moved[at_spine, 0].std() < 1.0
    assert np.abs(moved[:, 1:]).max() < 0.01
    resting = np.setdiff1d(
        np.arange(len(moved)), np.concatenate([body.of(n) for n in ("ribs", "costal cartilage", "kidney", "liver")])
    )
    assert np.abs(moved[resting]).max() < 0.01


def test_the_warp_is_smooth_small_and_ones_own(anatomy, still):
    first, second = (apply_posture(anatomy, Posture(warp_seed=s, warp_mm=4.0)) for s in (1, 2))
    assert 0.5 < np.abs(first - still).mean() < 12
    assert np.abs(first - second).mean() > 0.5
    at = anatomy.body.of("L3")
    inner = first[at] - still[at]
    assert np.ptp(inner, axis=0).max() < 8


def test_bones_have_a_shape_of_their_own_on_both_sides_alike(anatomy, still):
    first, second = (apply_posture(anatomy, Posture(shape_seed=s, shape_mm=3.0)) - still for s in (1, 2))
    assert 0.5 < np.abs(first).mean() < 6
    assert np.abs(first - second).mean() > 0.5
    left, right = (anatomy.body.of("ilium", side) for side in (L, R))
    if len(left) == len(right):  # the built-in body is symmetrical
        assert np.allclose(first[left] * [1, 1, -1], first[right], atol=0.5)
    # No step at the midline.
    spine = anatomy.body.of("L3")
    middle = spine[np.abs(anatomy.body.points_mm[spine, 2]) < 2]
    assert np.abs(first[middle, 2]).max() < 1


def test_a_hip_prosthesis_is_cold_with_a_warm_rim(anatomy):
    body = anatomy.body
    posed = pose(anatomy, Posture(prostheses=(Prosthesis("hip", L, rim=0.8),)))
    head = body.of("femur", L, Part.HEAD)
    assert posed.activity_scale[head].max() < 0.1
    assert posed.density_scale[head].min() > 2
    assert posed.alive[head].max() < 0.1
    hip = anatomy.landmarks["hip left"]
    femur = body.of("femur", L)
    stem_tip = femur[np.abs(body.points_mm[femur, 0] - hip[0] - 147) < 5]
    assert posed.activity_scale[stem_tip].min() == pytest.approx(1.8, rel=1e-4)
    other = body.of("femur", R)
    assert np.allclose(posed.activity_scale[other], 1)
    below = femur[body.points_mm[femur, 0] > hip[0] + 200]
    assert np.allclose(posed.activity_scale[below], 1)


def test_a_knee_prosthesis_is_cold_on_both_sides_of_the_joint(anatomy):
    body = anatomy.body
    posed = pose(anatomy, Posture(prostheses=(Prosthesis("knee", R, rim=0.5),)))
    for name, low in (("femur", False), ("tibia", True)):
        at = body.of(name, R)
        z = body.points_mm[at, 0]
        end = at[z < z.min() + 8] if low else at[z > z.max() - 8]
        assert posed.activity_scale[end].max() < 0.1
        assert posed.activity_scale[at].max() == pytest.approx(1.5, rel=1e-4)
    assert np.allclose(posed.activity_scale[body.of("tibia", L)], 1)


@pytest.mark.parametrize(("limb", "gone", "kept"), [("leg", "whole foot", "femur"), ("arm", "whole hand", "humerus")])
def test_an_amputated_limb_is_absent(anatomy, limb, gone, kept):
    body = anatomy.body
    posed = pose(anatomy, Posture(amputation=Amputation(limb, R, 0.5)))
    missing = body.of(gone, R)
    for values in (posed.volume_scale, posed.activity_scale, posed.density_scale, posed.alive):
        assert not values[missing].any()
        assert values[body.of(gone, L)].all()
        assert values[body.of(kept, R)].all()
    segment = body.in_segment(Segment.LEG if limb == "leg" else Segment.ARM, R)
    last = posed.points_mm[segment, 0].max()
    assert last < posed.points_mm[body.of(gone, L), 0].mean()


@pytest.fixture(scope="module")
def healthy():
    drawn = draw_patient(5, "P", metastatic=False, benign=False, sex="M", counts=(1e6, 1.1e6))
    camera = replace(drawn.camera, seen=(-1.0, 2.0), offset_mm=(0.0, 0.0), motion=None, background=0.003)
    tracer = replace(drawn.tracer, pools=())
    return replace(drawn, camera=camera, tracer=tracer, posture=Posture(), foci=())


def test_a_missing_leg_leaves_no_counts_and_no_region(healthy):
    one_leg = render(replace(healthy, posture=Posture(amputation=Amputation("leg", R, 0.2))))
    both = render(healthy)
    for view, right in ((ViewName.ANTERIOR, slice(None, 118)), (ViewName.POSTERIOR, slice(138, None))):
        legs = slice(760, 920)
        shin = both.expected[view][legs, right].sum()
        assert one_leg.expected[view][legs, right].sum() < 0.12 * shin
        assert (both.regions[view][legs, right] == Region.LOWER_LEG_FOOT).sum() > 500
        assert not (one_leg.regions[view][legs, right] == Region.LOWER_LEG_FOOT).any()
    bones = {(STRUCTURES[b.structure].name, STRUCTURES[b.structure].side): b.bone_ml for b in one_leg.bones}
    assert bones["foot", R] == 0 < bones["foot", L]


def test_a_lesion_in_metal_or_in_a_missing_limb_is_not_seen(healthy):
    anatomy = reference("M")
    for posture, part in (
        (Posture(prostheses=(Prosthesis("hip", L),)), Part.HEAD),
        (Posture(amputation=Amputation("leg", L, -0.9)), Part.CONDYLE),
    ):
        centre = tuple(float(v) for v in anatomy.body.centre_of("femur", L, part))
        focus = Focus("metastasis", "metastasis", number_of("femur", L), centre, 10.0, 12.0)
        assert render(replace(healthy, foci=(focus,))).foci[0].area_px
        assert not render(replace(healthy, foci=(focus,), posture=posture)).foci[0].area_px


def test_drawn_postures_are_in_range_and_reproducible():
    drawn = [draw_posture(np.random.default_rng(i), sex="F" if i % 2 else "M", age_years=75) for i in range(400)]
    assert drawn[7] == draw_posture(np.random.default_rng(7), sex="F", age_years=75)
    heights, indices = np.array([p.height_cm for p in drawn]), np.array([p.bmi for p in drawn])
    assert heights.min() >= 145
    assert heights.max() <= 195
    assert indices.min() >= 16
    assert indices.max() <= 42
    assert heights[::2].mean() > heights[1::2].mean() + 8
    assert 0.01 < np.mean([bool(p.prostheses) for p in drawn]) < 0.2
    young = [draw_posture(np.random.default_rng(i), age_years=35) for i in range(200)]
    assert np.mean([p.kyphosis_mm for p in young]) < 0.7 * np.mean([p.kyphosis_mm for p in drawn])


def test_size_asks_for_more_fat_only_when_heavier(anatomy):
    body = anatomy.body
    fats = [size_of(body, replace(Posture(), bmi=b)).fat for b in (18.0, 22.0, 26.0, 34.0)]
    assert fats == sorted(fats)
    assert size_of(body, Posture()).fat == 0
