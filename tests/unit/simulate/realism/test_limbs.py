"""Limbs by their height in the body: levels of bones, and how far the arms lie from the trunk."""

import numpy as np
import pytest

from bonescan.core.study import ViewName
from bonescan.simulate.realism.limbs import compare_limbs, limb_figures
from bonescan.simulate.realism.storage import FrameFacts, NativeFrame

HEIGHT, MIDDLE = 500, 80
LEVELS = {"thigh": 40.0, "knee": 90.0, "shin": 50.0, "ankle": 75.0, "toes": 25.0}
PARTS = {"thigh": (0.5, 0.69), "knee": (0.69, 0.75), "shin": (0.75, 0.89), "ankle": (0.89, 0.955), "toes": (0.955, 1.0)}


def figure(**levels):
    """A trunk 60 wide, arms of 8 with 10 between them and it, hands at 0.5, two legs with a bone each."""
    rows, columns = np.mgrid[:HEIGHT, : 2 * MIDDLE]
    height, aside = rows / HEIGHT, np.abs(columns - MIDDLE)
    flesh = (aside < 30) * (height < 0.54) + (aside >= 40) * (aside < 48) * (height > 0.2) * (height < 0.54)
    values = 10.0 * flesh + 10.0 * (np.abs(aside - 20) < 15) * (height >= 0.54)
    for part, (above, below) in PARTS.items():
        inside = (height >= above) & (height < below)
        values += inside * levels[part] * np.exp(-0.5 * ((aside - 20) / 4.0) ** 2)
    values += 60 * (aside < 6) * (height < 0.5)
    return np.pad(values, ((40, 40), (0, 0))).astype(np.float32)


def test_levels_are_those_of_the_bones():
    figures = limb_figures(figure(**LEVELS))
    levels = {part: 10 + level for part, level in LEVELS.items()}
    assert figures["limbs/shin_over_thigh"] == pytest.approx(levels["shin"] / levels["thigh"], rel=0.05)
    assert figures["limbs/ankle_over_shin"] == pytest.approx(levels["ankle"] / levels["shin"], rel=0.1)
    assert figures["limbs/toes_over_shin"] == pytest.approx(levels["toes"] / levels["shin"], rel=0.25)
    assert figures["limbs/knee_over_thigh"] == pytest.approx(levels["knee"] / levels["thigh"], rel=0.1)


def test_calves_and_ankles_are_found_beside_the_shins():
    figures = limb_figures(figure(**LEVELS))
    rows, columns = np.mgrid[:HEIGHT, : 2 * MIDDLE]
    assert figures["limbs/ankles_apart"] == pytest.approx(40 / HEIGHT, abs=0.005)
    # Legs of the figure reach 15 pixels aside of their bones, three hundredths of its height.
    assert figures["limbs/calf_over_shin"] == pytest.approx(10 / (10 + LEVELS["shin"]), rel=0.4)
    aside, height = np.abs(columns - MIDDLE), rows / HEIGHT
    full = np.pad(12.0 * (aside > 28) * (aside < 40) * (height > 0.78) * (height < 0.86), ((40, 40), (0, 0)))
    fuller = limb_figures(figure(**LEVELS) + full.astype(np.float32))
    assert fuller["limbs/calf_over_shin"] > 1.6 * figures["limbs/calf_over_shin"]
    assert fuller["limbs/ankles_apart"] == figures["limbs/ankles_apart"]


def test_breadths_are_those_of_the_body_with_its_arms():
    figures = limb_figures(figure(**LEVELS))
    for place in ("elbows", "hands"):
        assert figures[f"limbs/breadth_at_{place}"] == pytest.approx(95 / HEIGHT, abs=0.012)
    assert figures["limbs/empty_beside_trunk"] == pytest.approx(20 / 95, abs=0.06)


def with_arms(wrist=0.48, elbow=0.34, gap=0.0):
    """The figure with a spot at elbow and wrist of both arms, and so much less between the thighs."""
    values = figure(**LEVELS)
    rows, columns = np.mgrid[: len(values), : values.shape[1]]
    aside = np.abs(columns - MIDDLE)
    for height, level in ((elbow, 30.0), (wrist, 60.0)):
        values += level * np.exp(-0.5 * (((rows - 40 - height * HEIGHT) / 6.0) ** 2 + ((aside - 44) / 3.0) ** 2))
    legs = (rows >= 40 + 0.54 * HEIGHT) & (rows < 40 + HEIGHT)
    return np.where(legs & (aside < 8), (1 - gap) * 10.0, values).astype(np.float32)


def test_elbows_and_wrists_are_found_by_their_height():
    figures = limb_figures(with_arms(wrist=0.47, elbow=0.33))
    assert figures["limbs/height_of_elbows"] == pytest.approx(0.33, abs=0.004)
    assert figures["limbs/height_of_wrists"] == pytest.approx(0.47, abs=0.004)
    assert figures["limbs/wrist_over_thigh"] == pytest.approx(70 / 50, rel=0.3)
    assert figures["limbs/fingers_over_thigh"] < 0.8 * figures["limbs/wrist_over_thigh"]


def test_a_gap_between_the_thighs_is_seen():
    closed, half, apart = (limb_figures(with_arms(gap=gap))["limbs/between_thighs"] for gap in (0.0, 0.5, 1.0))
    assert half == pytest.approx(closed / 2, rel=0.1)
    assert apart < 0.05 < 0.4 < closed


def test_what_differs_from_real_frames_is_off():
    def frame(patient, shin, seed):
        values = figure(**LEVELS | {"shin": shin})
        noisy = np.random.default_rng(seed).poisson(values).astype(np.float32)
        return NativeFrame(patient, ViewName.ANTERIOR, noisy, np.zeros(values.shape, np.uint8), FrameFacts(1, 1, 1e6))

    real = [frame(f"R{i}", shin, i) for i, shin in enumerate((45, 50, 55, 60))]
    rows = {row.name: row for row in compare_limbs([frame("S", 30, 9)], real)}
    assert rows["limbs/shin_over_thigh"].verdict == "low"
    assert rows["limbs/ankle_over_shin"].verdict == "high"
    assert not rows["limbs/breadth_at_hands"].verdict
    assert all(row.view is ViewName.ANTERIOR for row in rows.values())
