"""The camera against analytic answers: resolution, attenuation, counts, sides and conservation."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from bonescan.core.anatomy import Laterality, Region
from bonescan.core.study import ViewName
from bonescan.io.plausibility import check_bone_scan
from bonescan.io.thumbnail import Looked
from bonescan.simulate.attenuation import Attenuation
from bonescan.simulate.blur import blur, kernel, splat
from bonescan.simulate.camera import (
    _FARTHEST,
    _TRUNK_MM,
    FWHM_PER_SIGMA,
    Camera,
    Motion,
    draw_camera,
    expected_counts,
    moved,
)
from bonescan.simulate.patient import draw_patient, noisy_study, render
from bonescan.simulate.posture import Amputation
from bonescan.simulate.projector import Projector, haze, scatter


def _slab(depth_mm: float, half_mm: float = 200.0) -> tuple[np.ndarray, np.ndarray]:
    """A slab of points on a 4 mm lattice, and the volume of each."""
    z, y, x = (
        np.arange(-half_mm, half_mm, 4.0) + 2,
        np.arange(0, depth_mm, 4.0) + 2,
        np.arange(-half_mm, half_mm, 4.0) + 2,
    )
    points = np.stack(np.meshgrid(z, y, x, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
    points[:, 0] += half_mm
    return points, np.full(len(points), 64.0, np.float32)


def _even_slab(camera: Camera, depth_mm: float, view: ViewName) -> tuple[Projector, np.ndarray]:
    """A slab that takes up as much everywhere: its projector and its image."""
    points, volume = _slab(depth_mm)
    projector = Projector(camera, points, volume)
    return projector, projector.project_soft(view, points, volume)


def _fwhm_px(profile: np.ndarray) -> float:
    """Full width at half maximum of a peak, interpolated between samples of its Gaussian."""
    x = np.arange(profile.size)
    near = profile > 0.05 * profile.max()
    # The logarithm of a Gaussian is a parabola: fit it, as the standard for gamma cameras interpolates the peak.
    a, _, _ = np.polyfit(x[near], np.log(profile[near]), 2, w=profile[near])
    return float(np.sqrt(-1 / (2 * a)) * FWHM_PER_SIGMA)


def _std_px(profile: np.ndarray) -> float:
    x = np.arange(profile.size)
    mean = (profile * x).sum() / profile.sum()
    return float(np.sqrt((profile * (x - mean) ** 2).sum() / profile.sum()))


def test_resolution_follows_the_collimator_formula():
    camera = Camera()
    effective = 35.0 - 2 / 2.7
    for distance in (0.0, 100.0, 200.0):
        collimator = 1.5 * (effective + distance) / effective
        assert camera.fwhm_mm(distance) == pytest.approx(np.hypot(3.8, collimator))
    assert camera.fwhm_mm(100.0) == pytest.approx(7.1, abs=0.2)  # vendors quote 7.4 mm for LEHR at 10 cm


@pytest.mark.parametrize("pixel_mm", [1.0, 1.8, 2.3, 2.8])
@pytest.mark.parametrize("distance", [0.0, 33.0, 100.0, 200.0])
@pytest.mark.parametrize("collimator", [(1.5, 35.0), (1.11, 24.05)])
def test_point_source_has_the_width_of_the_formula(distance, pixel_mm, collimator):
    camera = Camera(
        pixel_mm=pixel_mm,
        rows=400,
        columns=400,
        hole_mm=collimator[0],
        length_mm=collimator[1],
        gap_mm=(0.0, 0.0),
        attenuation_per_mm=0.0,
    )
    wanted = float(camera.fwhm_mm(distance))
    for at in (150.0, 150.9, 151.7):  # wherever the source lies within a pixel
        box = np.array([[0, 0, -150], [300, 400, 150], [at, distance, at - 150]], np.float32)
        projector = Projector(camera, box, np.zeros(3, np.float32))
        # Beside the source, points without activity at every depth: the planes of the blur are those of a body.
        image = projector.project(ViewName.ANTERIOR, box, np.float32([0, 0, 1]))
        small = projector.project_small(ViewName.ANTERIOR, box[2:], np.ones(1, np.float32)).image
        for picture in (image, small):
            for axis in (0, 1):
                profile = picture.sum(axis)
                assert _std_px(profile) * pixel_mm * FWHM_PER_SIGMA == pytest.approx(wanted, rel=0.03)
                if pixel_mm <= wanted / 2.5:  # fewer samples across the peak say nothing about its half maximum
                    assert _fwhm_px(profile) * pixel_mm == pytest.approx(wanted, rel=0.03)


@pytest.mark.parametrize("variance", [0.0, 0.05, 0.3, 0.5, 0.51, 0.8, 2.0, 9.0, 40.0])
def test_kernels_have_the_variance_asked_for(variance):
    taps = kernel(variance)
    at = np.arange(taps.size) - taps.size // 2
    assert taps.sum() == pytest.approx(1)
    assert (taps * at**2).sum() == pytest.approx(variance, rel=0.005)
    assert (taps >= 0).all()


def test_many_small_blurs_are_one_large_one():
    image = np.zeros((101, 101), np.float32)
    image[50, 50] = 1
    steps = image
    for _ in range(20):
        steps = blur(steps, (0.23, 0.23))
    once = blur(image, (4.6, 4.6))
    assert _std_px(steps.sum(0)) ** 2 == pytest.approx(4.6, rel=1e-3)
    assert np.abs(steps - once).max() < 0.03 * once.max()


def test_blur_and_splat_conserve_counts():
    rng = np.random.default_rng(0)
    points = rng.uniform([100, 0, -100], [500, 200, 100], (500, 3)).astype(np.float32)
    camera = Camera(attenuation_per_mm=0.0)
    projector = Projector(camera, points, np.zeros(500, np.float32))
    activity = rng.uniform(0, 2, 500).astype(np.float32)
    for view in ViewName:
        assert projector.project(view, points, activity).sum() == pytest.approx(activity.sum(), rel=1e-4)
        assert projector.project_small(view, points, activity).image.sum() == pytest.approx(activity.sum(), rel=1e-4)
        assert projector.project_soft(view, points, activity).sum() == pytest.approx(activity.sum(), rel=1e-2)
    inside = splat(np.float32([1.5]), np.float32([2.25]), np.float32([3]), (4, 5))
    assert inside.sum() == pytest.approx(3)
    assert inside[0, 1, 2] == pytest.approx(3 * 0.5 * 0.75)
    outside = splat(np.float32([-2, 9, 1]), np.float32([1, 1, 7]), np.float32([1, 1, 1]), (4, 5))
    assert outside.sum() == 0
    shared = splat(
        np.float32([1]),
        np.float32([2]),
        np.float32([4]),
        (4, 5),
        layer=np.zeros(1, np.intp),
        share=np.float32([0.25]),
        layers=2,
    )
    assert shared[:, 1, 2] == pytest.approx([3, 1])


@pytest.mark.parametrize("relative", [1.0, 0.3, 1.6])
def test_slab_attenuates_by_the_law_of_beer_and_lambert(relative):
    """Slabs of soft tissue, lung and bone: exp(-µ d) to either side, within 2%."""
    points, volume = _slab(200.0)
    body = Attenuation(points, volume * np.float32(relative), 0.012)
    for depth in (20.0, 60.0, 61.0, 63.5, 100.0, 180.0):
        source = np.array([[200, depth, 0]], np.float32)
        for view, through in ((ViewName.ANTERIOR, depth), (ViewName.POSTERIOR, 200 - depth)):
            expected = np.exp(-0.012 * relative * through)
            assert body.of_points(source)[view][0] == pytest.approx(expected, rel=0.02)


def test_what_lies_behind_bone_is_weaker_than_beside_it():
    points, volume = _slab(200.0)
    density = volume.copy()
    bone = (np.abs(points[:, 2]) < 40) & (points[:, 1] > 40) & (points[:, 1] < 80)
    density[bone] *= 1.6
    body = Attenuation(points, density, 0.012)
    behind, beside = body.of_points(np.float32([[200, 120, 0], [200, 120, 150]]))[ViewName.ANTERIOR]
    assert behind / beside == pytest.approx(np.exp(-0.012 * 0.6 * 40), rel=0.02)


def test_what_leaves_the_body_is_the_same_for_some_points_as_for_all_and_none_elsewhere():
    points, volume = _slab(200.0)
    projector = Projector(Camera(), points, volume)
    where = np.arange(len(points)) % 3 == 0
    alone = projector.body.of_points(points)
    for view, fraction in projector.passing(points, where).items():
        assert np.array_equal(fraction[where], alone[view][where])
        assert not fraction[~where].any()
    activity = np.ones(int(where.sum()), np.float32)
    known = projector.passing(points, where)[ViewName.POSTERIOR][where]
    told = projector.project(ViewName.POSTERIOR, points[where], activity, known)
    assert np.array_equal(told, projector.project(ViewName.POSTERIOR, points[where], activity))


def test_left_is_right_in_front_and_left_behind():
    box = np.array([[0, 0, -200], [1700, 250, 200], [600, 120, 150]], np.float32)
    camera = Camera()
    projector = Projector(camera, box, np.zeros(3, np.float32))
    for view, on_the_right in ((ViewName.ANTERIOR, True), (ViewName.POSTERIOR, False)):
        image = projector.project(view, box[2:], np.ones(1, np.float32))
        column = (image.sum(0) * np.arange(camera.columns)).sum() / image.sum()
        assert (column > camera.columns / 2) == on_the_right


def test_counts_are_poisson_and_independent():
    """Many noise seeds of one expectation: variance over mean is 1, and neighbours and repeats do not go together."""
    one = draw_patient(5, "P", metastatic=False, benign=False, sex="F")
    first = render(one)
    repeats = 24
    counts = [first.study.scan[ViewName.POSTERIOR].counts]
    expected = first.expected[ViewName.POSTERIOR]
    for seed in range(1, repeats):
        again = noisy_study(replace(one, camera=replace(one.camera, noise_seed=seed)), first.expected)
        counts.append(again.scan[ViewName.POSTERIOR].counts)
    stack = np.stack(counts)
    for low, high in ((0.5, 2), (2, 8), (8, 60)):  # at every level of counts
        at = (expected > low) & (expected < high)
        ratio = stack[:, at].var(0, ddof=1).mean() / expected[at].mean()
        assert ratio == pytest.approx(1, abs=0.02)
    body = expected > 1
    z = (stack - expected) / np.sqrt(np.maximum(expected, 1e-6))
    neighbours = body[:, 1:] & body[:, :-1]
    assert abs((z[:, :, 1:] * z[:, :, :-1])[:, neighbours].mean()) < 0.005
    assert abs((z[1:] * z[:-1])[:, body].mean()) < 0.005
    other = first.study.scan[ViewName.ANTERIOR].counts - first.expected[ViewName.ANTERIOR]
    assert abs((z[0] * other)[body].mean()) < 0.05


def test_scatter_is_the_given_fraction_and_broad():
    camera = Camera(scatter_fraction=0.3)
    image = np.zeros((camera.rows, camera.columns), np.float32)
    image[512, 128] = 1000
    spread = scatter(image, camera)
    assert spread.sum() == pytest.approx(300, rel=0.02)
    assert spread.max() < 2


def test_photons_scatter_in_the_body_and_not_beside_it():
    camera = Camera(scatter_fraction=0.25)
    projector, image = _even_slab(camera, 200.0, ViewName.ANTERIOR)
    hazy = haze(image, projector, ViewName.ANTERIOR)
    assert hazy.sum() == pytest.approx(0.25 * image.sum(), rel=0.03)
    stopped = projector.stopped(ViewName.ANTERIOR)
    # Through the whole slab: 1 - exp(-µ × 200 mm).
    assert stopped.max() == pytest.approx(1 - np.exp(-camera.attenuation_per_mm * 200), rel=0.01)
    far = distance_transform_edt(image < 0.5 * image.max()) * camera.pixel_mm > 15
    assert hazy[far].max() < 0.03 * hazy.max()
    assert scatter(image, camera)[far].max() > 0.1 * hazy.max()


def test_penetrating_photons_are_seen_beside_the_body_and_fall_off_slowly():
    camera = Camera(scatter_fraction=0.2, penetration=0.04)
    projector, image = _even_slab(camera, 100.0, ViewName.ANTERIOR)
    plain, _ = _even_slab(replace(camera, penetration=0.0), 100.0, ViewName.ANTERIOR)
    added = haze(image, projector, ViewName.ANTERIOR) - haze(image, plain, ViewName.ANTERIOR)
    assert added.sum() == pytest.approx(0.04 * image.sum(), rel=0.02)
    away = distance_transform_edt(image < 0.5 * image.max()) * camera.pixel_mm
    # Of a Gaussian of 50 mm, 0.242 lies beyond 0.7 sigma of a long edge, 0.081 beyond 1.4 sigma; corners see less.
    at = [added[np.abs(away - mm) < 3].max() / image.max() for mm in (35.0, 70.0)]
    assert at == [pytest.approx(0.04 * share, rel=0.25) for share in (0.242, 0.081)]


def test_background_is_even_and_of_the_share_asked_for():
    camera = Camera(scatter_fraction=0.2, background=0.04)
    projector, image = _even_slab(camera, 100.0, ViewName.POSTERIOR)
    even = haze(image, projector, ViewName.POSTERIOR)
    plain, _ = _even_slab(replace(camera, background=0.0), 100.0, ViewName.POSTERIOR)
    without = haze(image, plain, ViewName.POSTERIOR)
    first, last = projector.rows_seen
    added = (even - without)[first:last]
    assert np.ptp(added) < 1e-3 * added.mean()
    assert added.sum() == pytest.approx(0.04 * (image.sum() + without.sum()), rel=1e-3)
    assert np.array_equal(even[:first], without[:first])


@pytest.mark.parametrize("pixel_mm", [1.8, 2.4, 2.8])
def test_skin_is_as_sharp_as_the_middle_of_the_body(pixel_mm):
    camera = Camera(pixel_mm=pixel_mm, attenuation_per_mm=1e-6)
    projector, image = _even_slab(camera, 160.0, ViewName.ANTERIOR)
    across = image[image.sum(1).argmax()] / np.median(image[image > 0.5 * image.max()])
    rise = across[: int((across > 0.99).argmax()) + 1]
    # An edge blurred by a Gaussian rises from 16 to 84% within two of its sigmas.
    low, high = (float(np.interp(level, rise, np.arange(len(rise)) * pixel_mm)) for level in (0.16, 0.84))
    sigma = float(projector.camera.variance_px2(projector.camera.gap_mm[0] + 80)) ** 0.5 * pixel_mm
    assert (high - low) / 2 == pytest.approx(sigma, rel=0.2)


def test_counts_follow_activity_decay_and_speed():
    assert expected_counts(740, 3, 10) == pytest.approx(2 * expected_counts(740, 3, 20))
    assert expected_counts(740, 3, 10) == pytest.approx(2 * expected_counts(740, 9.007, 10))
    rng = np.random.default_rng(1)
    for _ in range(50):
        camera = draw_camera(rng, counts=(0.2e6, 2.5e6))
        assert 0.2e6 <= camera.counts <= 2.5e6
        made = expected_counts(camera.activity_mbq, camera.delay_h, camera.speed_cm_per_min)
        assert made == pytest.approx(camera.counts)
        assert 3 < camera.speed_cm_per_min < 90
        assert 1.8 <= camera.pixel_mm <= 2.8
    fine = draw_camera(rng, counts=(1e6, 1.1e6), fine_matrix=1.0)
    assert (fine.rows, fine.columns) == (2048, 512)
    assert 0.9 <= fine.pixel_mm <= 1.4


def test_front_camera_follows_the_outline_but_clears_what_is_under_it():
    points, volume = _slab(100.0)
    high = points[points[:, 0] < 60].copy()
    high[:, 1] -= 100  # a step of 10 cm at one end
    body = Attenuation(np.concatenate([points, high]), np.concatenate([volume, volume[: len(high)]]), 0.012)
    z = np.float32([20, 390])
    flat = body.front_mm(z, contour=False)
    assert flat == pytest.approx([-98, -98], abs=1)
    close = body.front_mm(z, contour=True)
    assert close[0] == pytest.approx(-98, abs=8)
    assert close[1] > close[0]
    assert (close <= 8).all()


def test_motion_shifts_what_lies_below_and_a_cropped_scan_has_no_rows_there():
    points = np.stack([np.linspace(0, 1000, 101), np.zeros(101), np.zeros(101)], 1).astype(np.float32)
    after = moved(points, Motion(0.5, (3.0, -5.0), 20.0))
    assert (after[:45] == points[:45]).all()
    assert after[60] - points[60] == pytest.approx([3, 0, -5])
    parameters = draw_patient(6, "P", metastatic=False, benign=False, sex="M")
    camera = replace(parameters.camera, motion=None)
    whole = render(replace(parameters, camera=replace(camera, seen=(-1.0, 2.0))))
    part = render(replace(parameters, camera=replace(camera, seen=(0.2, 0.8))))
    for view in ViewName:
        rows = np.flatnonzero(part.study.scan[view].counts.any(1))
        bones = np.flatnonzero(whole.regions[view].any(1))
        assert rows.size == pytest.approx(0.6 * np.ptp(bones), rel=0.05)
        labelled = np.flatnonzero(part.regions[view].any(1))
        assert labelled.min() >= rows.min()
        assert labelled.max() <= rows.max()


def test_fine_matrix_shows_the_same_patient_at_half_the_pixel():
    parameters = draw_patient(8, "P", metastatic=True, benign=False, sex="M")
    camera = parameters.camera
    fine_camera = replace(camera, rows=2048, columns=512, pixel_mm=camera.pixel_mm / 2)
    coarse, fine = render(parameters), render(replace(parameters, camera=fine_camera))
    assert fine.sites == coarse.sites
    for view in ViewName:
        binned = fine.expected[view].reshape(1024, 2, 256, 2).sum((1, 3))
        assert np.corrcoef(binned.ravel(), coarse.expected[view].ravel())[0, 1] > 0.995


def test_no_patient_lies_half_beside_the_field():
    drawn = [draw_camera(np.random.default_rng(seed), counts=(5e5, 1e6), fine_matrix=0.3) for seed in range(4000)]
    fields = [camera.columns * camera.pixel_mm for camera in drawn]
    aside = [abs(camera.offset_mm[1]) for camera in drawn]
    assert 0.15 < max(far / field for far, field in zip(aside, fields, strict=True)) <= _FARTHEST + 1e-9
    assert all(far <= field / 2 - _TRUNK_MM + 1e-6 for far, field in zip(aside, fields, strict=True))
    assert any(far > 0.99 * (field / 2 - _TRUNK_MM) for far, field in zip(aside, fields, strict=True))


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("missing", [Laterality.LEFT, Laterality.RIGHT])
def test_who_has_one_arm_lies_with_the_trunk_in_the_field(side, missing):
    parameters = draw_patient(8, "P", metastatic=False, benign=False)
    posture = replace(parameters.posture, amputation=Amputation("arm", missing, -0.8), table_rotation_deg=0.0)
    offset = (0.0, side * (1.8 * 128 - _TRUNK_MM))
    small = replace(parameters.camera, rows=1024, columns=256, pixel_mm=1.8, offset_mm=offset)
    rendered = render(replace(parameters, camera=small, posture=posture))
    for view in ViewName:
        pelvis = np.flatnonzero((rendered.regions[view] == Region.PELVIS).any(0))
        assert pelvis[0] > 2
        assert pelvis[-1] < 253


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("seed", [8, 11, 14])
def test_who_lies_as_far_aside_as_may_be_is_still_taken_for_a_scan(seed, side):
    parameters = draw_patient(seed, "P", metastatic=True, benign=True)
    offset = (0.0, side * (1.8 * 128 - _TRUNK_MM))
    small = replace(parameters.camera, rows=1024, columns=256, pixel_mm=1.8, offset_mm=offset)
    parameters = replace(parameters, camera=small)
    check_bone_scan([Looked(view) for view in noisy_study(parameters, render(parameters).expected).views])
