"""Progress by steps or by the clock, and the learning rate along it."""

import pytest

from bonescan.training.recipe import OptimizerRecipe, StageRecipe
from bonescan.training.schedule import learning_rate, progress

pytestmark = pytest.mark.train

OPTIMIZER = OptimizerRecipe(warmup=0.1, final=0.01)


def test_progress_is_the_larger_of_steps_and_minutes():
    stage = StageRecipe(steps=100, minutes=2)
    assert progress(stage, 50, 0) == 0.5
    assert progress(stage, 0, 60) == 0.5
    assert progress(stage, 20, 120) == 1
    assert progress(stage, 1000, 0) == 1


def test_without_minutes_the_clock_does_not_matter():
    assert progress(StageRecipe(steps=100), 10, 1e9) == 0.1


def test_the_rate_warms_up_peaks_and_ends_small():
    stage = StageRecipe(steps=100, lr=0.2)
    rates = [learning_rate(stage, OPTIMIZER, i / 100) for i in range(101)]
    assert rates[0] == pytest.approx(0.02)
    assert max(rates) == pytest.approx(0.2)
    assert rates.index(max(rates)) == 10
    assert rates[-1] == pytest.approx(0.002)
    assert rates[10:] == sorted(rates[10:], reverse=True)
