"""Activity outside bone: pools, bladder, injection sites, urine, head and neck."""

from dataclasses import replace

import numpy as np
import pytest

from bonescan.core.anatomy import Laterality
from bonescan.simulate.anatomy_index import reference
from bonescan.simulate.head_neck import draw_head_and_neck
from bonescan.simulate.injection import draw_injection
from bonescan.simulate.pools import Pool, pool_points
from bonescan.simulate.pose import apply_posture
from bonescan.simulate.posture import Posture
from bonescan.simulate.structures import Segment
from bonescan.simulate.urine import (
    Bladder,
    bladder_points,
    draw_bladder,
    draw_contamination,
    draw_urethra,
    draw_urinary_tract,
)


@pytest.fixture(scope="module")
def anatomy():
    return reference("M")


def test_a_pool_holds_its_activity_around_its_path_and_moves_with_its_segment(anatomy):
    wrist = anatomy.landmarks["wrist left"]
    pool = Pool("injection site", Segment.ARM, Laterality.LEFT, (tuple(map(float, wrist)),), (5.0,), 1000.0, 0.0, 3)
    still, activity = pool_points(anatomy, pool, anatomy.body.points_mm)
    assert activity.sum() == pytest.approx(1000)
    assert still.mean(0) == pytest.approx(wrist, abs=2)
    assert still[:, 0].std() == pytest.approx(5, rel=0.2)
    posed = apply_posture(anatomy, Posture(arm_abduction_deg=(15.0, 0.0)))
    moved, _ = pool_points(anatomy, pool, posed)
    assert moved[:, 2].mean() - still[:, 2].mean() > 80
    again, _ = pool_points(anatomy, pool, posed)
    assert np.array_equal(moved, again)


def test_bladder_fills_upwards_from_its_floor_and_keeps_its_concentration(anatomy):
    points = anatomy.body.points_mm
    reference_mm, reference_activity = bladder_points(anatomy, Bladder(2.0, (1.0, 1.0, 1.0)), points)
    flat_mm, flat_activity = bladder_points(anatomy, Bladder(2.0, (0.4, 1.0, 1.0)), points)
    assert flat_mm[:, 0].max() == pytest.approx(reference_mm[:, 0].max(), abs=0.1)
    assert np.ptp(flat_mm[:, 0]) == pytest.approx(0.4 * np.ptp(reference_mm[:, 0]), rel=0.01)
    assert flat_activity.sum() == pytest.approx(0.4 * reference_activity.sum(), rel=1e-4)
    bent_mm, _ = bladder_points(anatomy, Bladder(2.0, (0.4, 1.0, 1.0), bend=0.4), points)
    ends = np.abs(flat_mm[:, 2]) > 0.8 * np.abs(flat_mm[:, 2]).max()
    assert (flat_mm[ends, 0] - bent_mm[ends, 0]).min() > 5  # its ends rise


def test_bladders_range_from_empty_crescents_to_full(anatomy):
    rng = np.random.default_rng(2)
    drawn = [draw_bladder(rng) for _ in range(300)]
    volume = np.array([np.prod(b.stretch) for b in drawn])
    assert volume.min() < 0.12
    assert volume.max() > 2.5
    empty = [b for b, v in zip(drawn, volume, strict=True) if v < 0.4]
    assert np.mean([b.stretch[0] < 0.8 * b.stretch[2] for b in empty]) > 0.7


@pytest.mark.parametrize("sex", ["M", "F"])
def test_urine_is_left_in_the_midline_below_the_pubis(sex):
    body = reference(sex)
    rng = np.random.default_rng(8)
    drawn = [draw_urethra(rng, body, faint=1.0) for _ in range(40)]
    mm = np.array([pool_points(body, pool, body.body.points_mm)[0].mean(0) for pool in drawn])
    pubis = body.body.points_mm[body.body.of("pubis")]
    assert (mm[:, 0] > pubis[:, 0].mean()).all()
    assert np.abs(mm[:, 2]).max() < 20
    less = draw_urethra(np.random.default_rng(9), body, faint=0.25).activity
    assert less == pytest.approx(0.25 * draw_urethra(np.random.default_rng(9), body, faint=1.0).activity)


def test_frequencies_of_what_mimics_disease(anatomy):
    rng = np.random.default_rng(4)
    n = 400
    injected = [draw_injection(rng, anatomy) for _ in range(n)]
    spilt = [draw_contamination(rng, anatomy) for _ in range(n)]
    urine = [draw_urinary_tract(rng, anatomy) for _ in range(n)]
    heads = [draw_head_and_neck(rng, anatomy) for _ in range(n)]

    def share(drawn: list[tuple[Pool, ...]], cause: str) -> float:
        return float(np.mean([any(p.cause == cause for p in pools) for pools in drawn]))

    assert share(injected, "injection site") == pytest.approx(0.4, abs=0.08)
    assert share(spilt, "urine on the skin") == pytest.approx(0.4, abs=0.08)
    assert share(spilt, "urine bag") > 0.01
    assert share(urine, "ureter") == pytest.approx(0.28, abs=0.08)
    assert share(heads, "nose") == pytest.approx(0.92, abs=0.05)
    for pools in [*injected, *spilt, *urine, *heads]:
        for pool in pools:
            assert len(pool.radius_mm) == len(pool.path)
            assert pool.activity > 0


def test_injection_lies_in_an_arm_and_urine_below_the_pelvis(anatomy):
    rng = np.random.default_rng(5)
    low, high = (anatomy.landmarks[n][0] for n in ("hip left", "shoulder left"))
    for _ in range(100):
        for pool in draw_injection(rng, anatomy):
            assert pool.segment == Segment.ARM
            assert abs(pool.path[0][2]) > 120
            assert pool.path[0][0] > high + 100
        for pool in draw_contamination(rng, anatomy):
            assert min(z for z, _, _ in pool.path) > low - 60


def test_a_patient_without_pools_has_less_activity_only_there(anatomy):
    pool = Pool("urine on the skin", Segment.LEG, Laterality.LEFT, ((1000.0, 60.0, 60.0),), (3.0,), 500.0)
    points, activity = pool_points(anatomy, replace(pool, uneven=1.0), anatomy.body.points_mm)
    assert activity.sum() == pytest.approx(500)
    assert np.abs(points - np.array([1000, 60, 60])).max() < 25
