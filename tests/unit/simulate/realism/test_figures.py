"""Figures of made-up frames whose answers are known."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bonescan.core.anatomy import Region
from bonescan.core.study import ViewName
from bonescan.simulate.realism.compare import Row, compare, measure, off
from bonescan.simulate.realism.figures import frame_figures, noise_figures
from bonescan.simulate.realism.profiles import femur_profile, rib_profile
from bonescan.simulate.realism.storage import FrameFacts, NativeFrame

LEVELS = {Region.SKULL: 40, Region.RIBS: 20, Region.PELVIS: 30, Region.FEMUR: 25}
BOXES = {
    Region.SKULL: np.s_[5:60, 70:120],
    Region.RIBS: np.s_[120:260, 50:140],
    Region.PELVIS: np.s_[300:360, 60:130],
    Region.FEMUR: np.s_[380:600, 50:75],
}


def frame(view=ViewName.POSTERIOR, patient="A", step=2.0, noise=None, soft=5.0):
    values = np.full((640, 190), soft, np.float32)
    regions = np.zeros(values.shape, np.uint8)
    for region, box in BOXES.items():
        values[box], regions[box] = LEVELS[region] * step, region
    values[380:600, 115:140], regions[380:600, 115:140] = LEVELS[Region.FEMUR] * step, Region.FEMUR
    if noise is not None:
        values = noise.poisson(values / step).astype(np.float32) * np.float32(step)
    return NativeFrame(patient, view, values, regions, FrameFacts(step, 2, float(values.sum()) / step))


def test_levels_are_ratios_of_medians():
    figures = frame_figures(frame())
    assert figures["level_over_ribs/skull"] == pytest.approx(2, rel=0.01)
    assert figures["level_over_femur/pelvis"] == pytest.approx(1.2, rel=0.01)
    assert figures["level_over_soft_tissue/femur"] == pytest.approx(10, rel=0.01)
    assert figures["counts/per_pixel_ribs"] == pytest.approx(20, rel=0.01)


def test_what_lies_beside_the_body_is_measured_near_and_far():
    values = np.zeros((640, 230), np.float32)
    values[:, 15:215] = frame(soft=10.0).values[:, :1].mean()
    columns = np.arange(230)
    regions = np.zeros(values.shape, np.uint8)
    values[380:600, 80:110], regions[380:600, 80:110] = 50, Region.FEMUR
    beside = np.maximum(15 - columns, columns - 214)
    values += 0.05 * (beside > 0)
    wide = np.pad(values, ((0, 0), (40, 40)), constant_values=0.1)
    figures = frame_figures(
        NativeFrame("A", ViewName.ANTERIOR, wide, np.pad(regions, ((0, 0), (40, 40))), FrameFacts(1.0, 2, 1e5))
    )
    level = wide[:, 55:255].mean()
    assert figures["beside_body/far"] == pytest.approx(0.1 / level, rel=0.1)
    assert 0.05 / level < figures["beside_body/near"] < 0.1 / level


@pytest.mark.parametrize("step", [1.0, 2.5])
def test_poisson_noise_is_one_count_a_count_whatever_the_slope_of_the_counts(step):
    counts = np.random.default_rng(1).poisson(np.outer(np.linspace(5, 40, 400), np.linspace(0.5, 1.5, 180)))
    figures = noise_figures((counts * step).astype(np.float32), np.ones(counts.shape, bool), step)
    assert figures["noise/in_counts"] == pytest.approx(1, abs=0.03)
    assert figures["noise/variance_per_mean"] == pytest.approx(step, rel=0.03)


def test_smoothing_shows_as_correlation_of_neighbours():
    plain = frame(noise=np.random.default_rng(1), soft=20)
    smooth = NativeFrame("A", plain.view, gaussian_filter(plain.values, 0.8), plain.regions, plain.facts)
    key = "noise/neighbour_correlation"
    assert frame_figures(smooth)[key] > frame_figures(plain)[key] + 0.3


def test_ribs_are_measured_along_the_body():
    rows = np.arange(640)
    regions = np.zeros((640, 120), np.uint8)
    regions[100:150, 40:80], regions[200:300, 20:100] = Region.SCAPULA, Region.RIBS
    values = np.repeat((30 + 10 * np.cos(2 * np.pi * rows / 12))[:, None], 120, 1).astype(np.float32)
    figures = rib_profile(values, regions)
    assert figures["ribs_profile/spacing_px"] == 12
    assert figures["ribs_profile/width_px"] == pytest.approx(6, abs=0.3)
    assert figures["ribs_profile/contrast"] == pytest.approx(1 / 3, abs=0.06)


def test_the_femur_is_as_wide_as_its_profile():
    regions = np.zeros((300, 160), np.uint8)
    values = np.full(regions.shape, 5, np.float32)
    for centre in (45, 115):
        columns = np.arange(160)
        values += (40 * np.exp(-0.5 * ((columns - centre) / 4.0) ** 2)).astype(np.float32)
        regions[50:250, centre - 5 : centre + 6] = Region.FEMUR
    figures = femur_profile(values, regions)
    # Full width at half maximum of sigma 4, widened by the smoothing of sigma 1.
    assert figures["femur_profile/width_px"] == pytest.approx(2.355 * np.hypot(4, 1), abs=0.4)
    assert figures["femur_profile/peak_over_beside"] == pytest.approx(9, rel=0.1)


def test_a_figure_is_off_where_the_median_leaves_the_real_spread():
    frames = [frame(patient=p, view=v) for p in "ABC" for v in ViewName]
    statistics = {
        "posterior": {
            "level_over_ribs": {"skull": {"p10": 2.1, "p50": 2.5, "p90": 3}, "pelvis": {"p10": 1, "p50": 1.5, "p90": 2}}
        },
        "anterior_over_posterior_in_counts": {"skull": {"p10": 0.5, "p50": 0.7, "p90": 0.9}},
        "explanation": {"level": "words"},
    }
    rows = compare(frames, statistics)
    assert [(row.view, row.name, row.verdict) for row in rows] == [
        ("posterior", "level_over_ribs/skull", "low"),
        ("posterior", "level_over_ribs/pelvis", ""),
        (None, "anterior_over_posterior_in_counts/skull", "high"),
    ]
    assert off(rows) == [rows[0], rows[2]]
    assert isinstance(rows[0], Row)


def test_patients_are_counted_once_a_view():
    measured = measure([frame(patient=p, view=v) for p in "AB" for v in ViewName])
    assert len(measured[ViewName.ANTERIOR, "level_over_ribs/skull"]) == 2
    assert len(measured[None, "native_size/rows"]) == 4
