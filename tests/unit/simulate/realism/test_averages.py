"""Average looks of regions, on frames whose look is known."""

import numpy as np
import pytest
from PIL import Image

from bonescan.core.anatomy import Region
from bonescan.core.errors import UsageError
from bonescan.core.study import ViewName
from bonescan.simulate.realism.averages import BODY, SIDE, average_of, body_average, write_averages
from bonescan.simulate.realism.storage import FrameFacts, NativeFrame


def frame(level: float, size: int, *, edge: float = 1.0, spots=(), view=ViewName.ANTERIOR) -> NativeFrame:
    """Two square wings, their outer quarters `edge` times as bright, 4 pixels apart amid a frame."""
    values = np.zeros((size + 40, 2 * size + 44), np.float32)
    regions = np.zeros(values.shape, np.uint8)
    rows = slice(20, 20 + size)
    for columns, outer in (
        (slice(20, 20 + size), slice(20, 20 + size // 4)),
        (slice(24 + size, 24 + 2 * size), slice(24 + 2 * size - size // 4, 24 + 2 * size)),
    ):
        values[rows, columns] = level
        values[rows, outer] = edge * level
        regions[rows, columns] = Region.PELVIS
    return NativeFrame("R1", view, values, regions, FrameFacts(1.0, 0.0, float(values.sum())), spots)


def test_level_and_size_drop_out_and_both_halves_are_laid_on_each_other():
    frames = [frame(5, 40, edge=1.5), frame(80, 64, edge=1.5)]
    look = average_of(frames, Region.PELVIS, ViewName.ANTERIOR)
    assert look.shape == (SIDE, SIDE)
    middle = slice(SIDE // 3, 2 * SIDE // 3)
    assert look[middle, 5:10].mean() == pytest.approx(1.5, rel=0.03)
    assert look[middle, 20:40].mean() == pytest.approx(1.0, rel=0.02)


def test_marked_spots_and_single_frames_do_not_reach_it():
    hot = frame(10, 48)
    hot.values[40:50, 40:50] = 500
    spot = (slice(36, 54), slice(36, 54))
    marked = NativeFrame("R2", hot.view, hot.values, hot.regions, hot.facts, (spot,))
    for frames in ([marked], [hot, frame(10, 48), frame(10, 48)]):
        look = average_of(frames, Region.PELVIS, ViewName.ANTERIOR)
        assert np.nanmax(look[10:38, 10:38]) < 1.1


def body(level: float, trunk: int, *, left: int = 0, arm: float = 0.5) -> NativeFrame:
    """Neck, pelvis and two femora, and beside them an arm of `arm` times the femur's level at 0.4 trunks."""
    values = np.zeros((3 * trunk, 2 * trunk), np.float32)
    regions = np.zeros(values.shape, np.uint8)
    middle = trunk + left
    for region, row, half, times in (
        (Region.CERVICAL_SPINE, trunk, 4, 3.0),
        (Region.PELVIS, 2 * trunk, 8, 2.0),
        (Region.FEMUR, 2 * trunk + trunk // 2, 10, 1.0),
    ):
        box = slice(row - half, row + half + 1), slice(middle - half, middle + half + 1)
        values[box], regions[box] = times * level, region
    values[:, middle + round(0.4 * trunk) - 4 : middle + round(0.4 * trunk) + 5] = arm * level
    return NativeFrame("R1", ViewName.ANTERIOR, values, regions, FrameFacts(1.0, 0.0, float(values.sum())), ())


def test_bodies_of_any_size_place_and_exposure_are_laid_on_each_other():
    look = body_average([body(5, 60), body(90, 100, left=-12), body(20, 80, left=7)], ViewName.ANTERIOR)
    assert look.shape == BODY
    middle, arm = (BODY[1] - 1) // 2, round((BODY[1] - 1) / 2 + 0.4 * 120)
    assert look[60, middle] == pytest.approx(3.0, rel=0.05)  # neck, half a trunk below the upper edge
    assert look[180, middle] == pytest.approx(2.0, rel=0.05)  # pelvis, a trunk below it
    assert look[120, arm] == pytest.approx(0.5, rel=0.05)
    assert look[120, middle] == 0
    assert body_average([frame(10, 40)], ViewName.ANTERIOR) is None


def test_a_region_that_is_not_there_has_no_average():
    assert average_of([frame(10, 40)], Region.SKULL, ViewName.ANTERIOR) is None
    assert average_of([frame(10, 40)], Region.PELVIS, ViewName.POSTERIOR) is None


def test_the_picture_says_where_real_ones_have_more_and_stays_out_of_repositories(tmp_path):
    path = tmp_path / "averages.png"
    write_averages(path, [frame(10, 48, edge=1.6)], [frame(10, 48)])
    with Image.open(path) as picture:
        red, green, blue = (np.asarray(band, int) for band in picture.convert("RGB").split())
    coloured = (red != green) | (blue != green)
    assert coloured.sum() > 500
    assert (red[coloured] >= blue[coloured]).mean() > 0.95
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    with pytest.raises(UsageError, match="repository"):
        write_averages(tmp_path / "checkout" / "averages.png", [frame(10, 48)], [frame(10, 48)])
