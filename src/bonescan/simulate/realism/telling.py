"""Can simulated patches be told from real ones? A logistic regression tries, on patients that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from bonescan.core.anatomy import Region
from bonescan.simulate.realism.patches import SCALES, Patches, describe_patches
from bonescan.simulate.realism.storage import NativeFrame

Flags = npt.NDArray[np.bool_]
Matrix = npt.NDArray[np.float64]
FOLDS = 4
_PENALTY = 0.01
_LEAST_OF_REGION = 30
"""Real or simulated patches of a region below which its accuracy is not given."""


@dataclass(frozen=True)
class Telling:
    """How well patches were told apart; 0.5 is chance, and the aim.

    Attributes:
        accuracy: Share of patches told right.
        low, high: 95 % interval, by drawing patients anew.
        by_scale: Accuracy from one scale alone: "grain", "detail", "structure".
        by_region: Accuracy for the patches that a region fills most, real and simulated ones counting alike.
    """

    accuracy: float
    low: float
    high: float
    by_scale: dict[str, float]
    by_region: dict[str, float]


def tell_apart(
    real: Sequence[NativeFrame], simulated: Sequence[NativeFrame], *, per_frame: int = 48, seed: int = 0
) -> Telling:
    """Fit on three quarters of the patients, judge the rest, four times over.

    Args:
        real: Real frames.
        simulated: Simulated frames, each named after the real patient with whose exposure it was stored; the pair is
            always on the same side.
        per_frame: Patches of each frame.
        seed: Seed of places and folds.
    """
    frames = [*real, *simulated]
    codes, patient = np.unique([frame.patient for frame in frames], return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(codes)) % min(FOLDS, len(codes))
    patches = describe_patches(frames, per_frame, np.random.default_rng([seed, 1]))
    kind = (np.arange(len(frames)) >= len(real))[patches.frame]
    owner = patient[patches.frame]
    right = _judge(np.concatenate(list(patches.features.values()), 1), kind, fold[owner])
    low, high = _interval(right, owner, seed)
    by_scale = {name: float(_judge(patches.features[name], kind, fold[owner]).mean()) for name in SCALES}
    return Telling(float(right.mean()), low, high, by_scale, _by_region(right, patches, kind))


def _judge(features: npt.NDArray[np.float32], kind: Flags, fold: npt.NDArray[np.intp]) -> Flags:
    """(n,) whether each patch is told right by a fit that did not see its patient."""
    right = np.zeros(len(kind), bool)
    for held_out in np.unique(fold):
        test = fold == held_out
        train = features[~test].astype(np.float64)
        mean, spread = train.mean(0), train.std(0) + 1e-6
        weights = _fit(np.clip((train - mean) / spread, -4, 4), kind[~test].astype(np.float64))
        seen = np.clip((features[test] - mean) / spread, -4, 4)
        right[test] = (seen @ weights[:-1] + weights[-1] > 0) == kind[test]
    return right


def _fit(x: Matrix, y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weights and offset of a logistic regression with a quadratic penalty."""

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        logit = x @ weights[:-1] + weights[-1]
        value = np.logaddexp(0, logit).mean() - (y * logit).mean() + _PENALTY / 2 * (weights[:-1] ** 2).sum()
        slope = (expit(logit) - y) / len(y)
        return float(value), np.append(x.T @ slope + _PENALTY * weights[:-1], slope.sum())

    return np.asarray(minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x, np.float64)


def _by_region(right: Flags, patches: Patches, kind: Flags) -> dict[str, float]:
    found = {}
    for value in np.unique(patches.region):
        kinds = [right[(patches.region == value) & (kind == one)] for one in (False, True)]
        if min(len(one) for one in kinds) >= _LEAST_OF_REGION:
            found[Region(int(value)).label] = float(np.mean([one.mean() for one in kinds]))
    return found


def _interval(right: Flags, owner: npt.NDArray[np.intp], seed: int) -> tuple[float, float]:
    """2.5th and 97.5th percentile of the accuracy over draws of patients with replacement."""
    means = np.array([right[owner == one].mean() for one in np.unique(owner)])
    draws = np.random.default_rng([seed, 2]).integers(len(means), size=(1000, len(means)))
    low, high = np.percentile(means[draws].mean(1), [2.5, 97.5])
    return float(low), float(high)
