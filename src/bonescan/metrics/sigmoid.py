"""From a score to a probability that means what it says."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


def logit(probabilities: Floats | float) -> npt.NDArray[np.float64]:
    """Logarithm of the odds, finite for 0 and 1 too: odds end at a million to one."""
    limited = np.clip(np.asarray(probabilities, np.float64), 1e-6, 1 - 1e-6)
    result: npt.NDArray[np.float64] = np.log(limited / (1 - limited))
    return result


def fit_sigmoid(logits: Floats, truth: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of sigmoid(slope * logit + offset) with the greatest likelihood.

    The two targets are drawn in a little from 0 and 1, so that classes which do not overlap give finite numbers.

    Args:
        logits: Any shape.
        truth: The same shape.

    Source: Platt 1999, "Probabilistic outputs for support vector machines".
    """
    from scipy.optimize import minimize

    x, y = logits.reshape(-1).astype(np.float64), truth.reshape(-1)
    positives, negatives = int(y.sum()), int((~y).sum())
    if not positives or not negatives:
        return 1.0, 0.0
    target = np.where(y, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        z = parameters[0] * x + parameters[1]
        error = 1 / (1 + np.exp(-np.clip(z, -500, 500))) - target
        return float((np.logaddexp(0, z) - target * z).mean()), np.array([(error * x).mean(), error.mean()])

    slope, offset = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B").x
    return float(slope), float(offset)
