"""Free-response ROC: lesions found against false alarms, by the score of what was drawn."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


class Froc(NamedTuple):
    """The curve, from the surest marks to all of them; all (points,).

    Attributes:
        alarms: False alarms an image at and above the threshold.
        sensitivity: Share of lesions hit; NaN where there is no lesion.
        threshold: Score at and above which a mark counts.
    """

    alarms: Floats
    sensitivity: Floats
    threshold: Floats

    def at(self, alarms: float) -> float:
        """Largest sensitivity with at most so many false alarms an image; 0 where even the surest marks are too many.

        NaN where there is no lesion, and where all marks have one score and are too many: no threshold parts those of a
        method that only draws, and that it could be silent is no figure of it.
        """
        within = self.sensitivity[self.alarms <= alarms]
        if len(self.threshold) == 2 and len(within) == 1:
            return math.nan
        return float(within.max())


def froc(lesions: Floats, alarms: Floats, images: int) -> Froc:
    """Free-response ROC.

    Args:
        lesions: (true lesions,) score of the surest mark that hits each; -inf where none does.
        alarms: (marks that hit nothing,) their scores.
        images: Images, with and without lesions.

    Returns:
        One point a distinct score, beginning at (0, 0).

    Example:
        >>> found = froc(np.array([0.9, 0.4, -np.inf]), np.array([0.6]), images=2)
        >>> found.alarms.tolist(), found.at(0.4), round(found.at(0.5), 3)
        ([0.0, 0.0, 0.5, 0.5], 0.3333333333333333, 0.667)
    """
    scores = np.unique(np.concatenate([lesions[np.isfinite(lesions)], alarms]))[::-1]
    hit = np.sort(lesions)[::-1]
    false = np.sort(alarms)[::-1]
    # Of scores in falling order, how many are at or above each threshold.
    hits = np.searchsorted(-hit, -scores, side="right")
    falses = np.searchsorted(-false, -scores, side="right")
    return Froc(
        np.append(0.0, falses / max(images, 1)),
        np.append(0.0, hits) / len(lesions) if len(lesions) else np.full(len(scores) + 1, math.nan),
        np.append(np.inf, scores),
    )
