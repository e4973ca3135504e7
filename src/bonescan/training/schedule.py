"""How far a stage is, and what its learning rate is there."""

from __future__ import annotations

import math

from bonescan.training.recipe import OptimizerRecipe, StageRecipe


def progress(stage: StageRecipe, step: int, seconds: float) -> float:
    """Fraction of the stage done: the larger of steps and minutes, at most 1.

    Example:
        >>> progress(StageRecipe(steps=100, minutes=1), step=10, seconds=30)
        0.5
    """
    by_steps = step / stage.steps
    by_time = seconds / (60 * stage.minutes) if stage.minutes else 0.0
    return min(1.0, max(by_steps, by_time))


def learning_rate(stage: StageRecipe, optimizer: OptimizerRecipe, done: float) -> float:
    """Linear warm-up, then a cosine from `lr` down to `lr * final`.

    Args:
        stage: Gives the peak.
        optimizer: Gives the warm-up and the end.
        done: Progress in [0, 1].
    """
    if done < optimizer.warmup:
        return stage.lr * (0.1 + 0.9 * done / optimizer.warmup)
    after = (done - optimizer.warmup) / (1 - optimizer.warmup)
    cosine = 0.5 * (1 + math.cos(math.pi * after))
    return stage.lr * (optimizer.final + (1 - optimizer.final) * cosine)
