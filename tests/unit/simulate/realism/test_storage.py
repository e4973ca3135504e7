"""Storing simulated frames as the real ones were."""

import numpy as np
import pytest

from bonescan.core.anatomy import Region
from bonescan.simulate.realism.storage import FrameFacts, body_box, native_grid, store_like


def test_the_native_grid_undoes_repeated_rows_and_columns():
    rng = np.random.default_rng(0)
    native = rng.integers(0, 50, (40, 30)).astype(np.uint8)
    repeats = [np.sort(np.r_[np.arange(n), rng.integers(0, n, n // 2)]) for n in native.shape]
    stretched = native[np.ix_(*repeats)]
    keep = np.ix_(*native_grid(stretched))
    np.testing.assert_array_equal(stretched[keep], native)


@pytest.mark.parametrize(("step", "lowest"), [(1.08, 8), (2.25, 4)])
def test_exposure_step_and_losses_are_copied(step, lowest):
    expected = np.full((300, 200), 4.0, np.float32)
    expected[100:120] = 400
    facts = FrameFacts(step, lowest, counts=500_000)
    values = store_like(expected, facts, np.random.default_rng(0))
    assert values.sum() / step == pytest.approx(facts.counts, rel=0.1)
    assert values.max() <= 255
    assert not ((values > 1) & (values < lowest - 1)).any()
    assert 0 < (values == 1).mean() < 0.05


def test_the_box_holds_the_body_and_no_spot_beside_it():
    expected = np.zeros((200, 100), np.float32)
    expected[20:180, 30:70] = 10
    expected[5:8, 90:95] = 1000
    regions = np.where(expected == 10, Region.FEMUR, 0).astype(np.uint8)
    rows, columns = body_box(expected, regions)
    assert (rows.start, rows.stop) == (pytest.approx(20, abs=4), pytest.approx(180, abs=4))
    assert (columns.start, columns.stop) == (pytest.approx(30, abs=4), pytest.approx(70, abs=4))
