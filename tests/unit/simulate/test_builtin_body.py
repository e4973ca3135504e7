"""The built-in body: every bone, its size, its place and its parts."""

import numpy as np
import pytest

from bonescan.core.anatomy import Laterality
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.body import tissue_weights
from bonescan.simulate.builtin_body import builtin_body
from bonescan.simulate.parts import Part, Tissue
from bonescan.simulate.structures import RIBS, STRUCTURES, VERTEBRAE, number_of

L, R = Laterality.LEFT, Laterality.RIGHT

# Millilitres of the adult male of ICRP Publication 110 (voxels times voxel volume, mean of both sides), rounded.
REFERENCE_ML = {
    "cranium": 570,
    "mandible": 110,
    "cervical spine": 120,
    "thoracic spine": 460,
    "lumbar spine": 370,
    "sacrum": 220,
    "sternum": 59,
    "clavicle": 35,
    "scapula": 139,
    "ribs": 320,
    "humerus": 208,
    "forearm": 165,
    "pelvis": 400,
    "femur": 607,
    "lower leg": 505,
    "whole foot": 290,
    "whole hand": 110,
    "kidney": 148,
    "bladder": 240,
}


@pytest.fixture(scope="module", params=["M", "F"])
def body(request):
    return reference(request.param).body


def test_every_structure_is_there_on_both_sides(body):
    for structure in STRUCTURES.values():
        assert len(body.of(structure.name, structure.side)) >= 8, structure
    assert body.is_bone.sum() < 300_000


def test_sides_mirror_each_other(body):
    for name in {s.name for s in STRUCTURES.values() if s.side == L and s.name not in ("lung", "kidney")}:
        left, right = body.litres_of(name, L), body.litres_of(name, R)
        assert left == pytest.approx(right, rel=0.01), name
        assert body.centre_of(name, L)[2] == pytest.approx(-body.centre_of(name, R)[2], abs=0.5)
        assert body.centre_of(name, L)[2] > 0, f"{name} of the left side lies on the right"


def test_bones_are_as_large_as_those_of_the_reference_male():
    male, female = reference("M").body, reference("F").body
    for name, millilitres in REFERENCE_ML.items():
        side = None if not any(s.side == L for s in STRUCTURES.values() if s.name == name) else L
        groups = {"ribs", "forearm", "pelvis", "lower leg", "whole foot", "whole hand"}
        side = L if name in groups else side
        found = 1000 * male.litres_of(name, side)
        assert 0.6 * millilitres < found < 1.25 * millilitres, f"{name}: {found:.0f} of {millilitres} ml"
        assert 0.6 < female.litres_of(name, side) / male.litres_of(name, side) < 0.95


def test_vertebrae_follow_each_other_and_their_bodies_lie_in_front(body):
    z = [body.centre_of(name)[0] for name in VERTEBRAE]
    assert (np.diff(z) > 10).all()
    for name in VERTEBRAE[1:]:
        front = body.centre_of(name, part=Part.BODY)[1]
        assert front < body.centre_of(name, part=Part.ARCH)[1] < body.centre_of(name, part=Part.PROCESS)[1] + 6, name


def test_lumbar_bodies_are_larger_than_cervical_ones(body):
    volumes = [body.volume_mm3[body.of(name, part=Part.BODY)].sum() for name in ("C4", "T4", "T12", "L4")]
    assert volumes == sorted(volumes)


def test_ribs_run_down_from_spine_to_cartilage(body):
    behind = [body.centre_of(rib, L, Part.HEAD)[0] for rib in RIBS]
    assert (np.diff(behind) > 8).all()
    for rib in RIBS:
        head, end = body.centre_of(rib, L, Part.HEAD), body.centre_of(rib, L, Part.END)
        assert end[0] > head[0] + 20
        assert end[1] < head[1]
        assert abs(head[2]) < 45


def test_a_rib_is_a_ribbon(body):
    """About 13 to 16 mm high and half as thick, where it passes the flank."""
    at = body.of("rib 7", L)
    p = body.points_mm[at]
    flank = p[p[:, 2] > np.percentile(p[:, 2], 97)]
    thickness = np.ptp(p[np.abs(p[:, 1] - flank[:, 1].mean()) < 4][:, 2])
    assert 5 < thickness < 14


def test_long_bones_have_cavities_within_a_cortex(body):
    for name in ("humerus", "femur", "tibia"):
        at = body.of(name, L, Part.SHAFT)
        tissue = body.tissue[at]
        cavity = at[tissue == Tissue.MARROW_CAVITY]
        assert 0.1 < body.volume_mm3[cavity].sum() / body.volume_mm3[at].sum() < 0.5
        assert (body.activity_weight[cavity] < 1).all()
        axis = body.points_mm[at].mean(0)
        middle = np.abs(body.points_mm[at][:, 0] - axis[0]) < 15
        p, hollow = body.points_mm[at][middle], tissue[middle] == Tissue.MARROW_CAVITY
        off = np.hypot(*(p[:, 1:] - p[:, 1:].mean(0)).T)
        assert off[hollow].mean() < off[~hollow].mean()
    assert set(np.unique(body.tissue[body.of("L3")])) == {Tissue.CORTICAL, Tissue.TRABECULAR}


def test_the_ilium_is_thin_in_the_middle_and_thick_at_the_crest(body):
    wing = body.points_mm[body.of("ilium", L, Part.WING)]
    crest = body.points_mm[body.of("ilium", L, Part.CREST)]
    assert crest[:, 0].min() < wing[:, 0].min() + 6, "it is the upper rim"
    assert crest[:, 1].min() <= wing[:, 1].min(), "and the front edge"
    joint = body.points_mm[body.of("ilium", L, Part.SACROILIAC)]
    assert np.abs(joint[:, 2]).mean() < np.abs(wing[:, 2]).mean()


def test_parts_lie_along_the_femur(body):
    order = (Part.HEAD, Part.TROCHANTER, Part.SHAFT, Part.CONDYLE)
    z = [body.centre_of("femur", L, part)[0] for part in order]
    assert z == sorted(z)
    assert body.centre_of("femur", L, Part.HEAD)[2] < body.centre_of("femur", L, Part.TROCHANTER)[2]


def test_the_female_is_smaller_with_a_wide_outlet_and_breasts():
    male, female = reference("M").body, reference("F").body
    assert female.points_mm[:, 0].max() < 0.95 * male.points_mm[:, 0].max()
    assert female.litres_of("breast", L) > 3 * male.litres_of("breast", L)

    def shape(body) -> float:
        arch = body.points_mm[np.concatenate([body.of("pubis", L, Part.RAMUS), body.of("ischium", L, Part.RAMUS)])]
        crest = body.points_mm[body.of("ilium", L, Part.CREST)]
        return float(arch[arch[:, 0] > np.median(arch[:, 0]), 2].mean() / crest[:, 2].max())

    assert shape(female) > 1.1 * shape(male)


def test_it_is_the_same_every_time():
    first, second = builtin_body("F"), builtin_body("F")
    assert np.array_equal(first.points_mm, second.points_mm)
    assert np.array_equal(first.structure, second.structure)


def test_landmarks_lie_in_or_near_their_bones(body):
    joints = reference(body.sex).landmarks
    for name, bone in (("hip left", "femur"), ("knee left", "femur"), ("costochondral 5 left", "rib 5")):
        assert np.linalg.norm(body.points_mm[body.of(bone, L)] - joints[name], axis=1).min() < 12
    assert joints["hip left"][2] == pytest.approx(-joints["hip right"][2], abs=2)


def test_places_of_structures_are_found_once_and_cannot_be_changed():
    body = builtin_body("M")
    femur = body.of("femur", L)
    assert body.of("femur", L) is femur
    assert len(body.of("femur")) == len(femur) + len(body.of("femur", R))
    with pytest.raises(ValueError, match="read-only"):
        femur[0] = 1
    moved = body.moved(body.points_mm + 1)
    assert np.array_equal(moved.of("femur", L), femur)


def test_a_body_has_factors_of_its_own_on_the_uptake_of_its_bones():
    structure = np.array([number_of("L1"), number_of("L5"), number_of("T1")], np.uint8)
    tissue = np.full(3, Tissue.CORTICAL, np.uint8)
    plain, own = tissue_weights(structure, tissue, {}), tissue_weights(structure, tissue, {"lumbar spine": 1.25})
    assert own / plain == pytest.approx([1.25, 1.25, 1.0])
