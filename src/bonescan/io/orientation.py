"""Do the anterior and the posterior view look swapped, or a view upside down?

What lies near the camera is brighter: the spine from behind, the face and the knees from the front. The score adds up
four such differences between the views, each as the difference of logarithms of mean levels. Each counts up to a limit,
so that one alone, as over a hot lesion of one view, never decides.

Upside down is told by the gap between the legs: the middle is bright in the upper half of a body, dark in the lower.
"""

from __future__ import annotations

import numpy as np

from bonescan.io.thumbnail import COLUMNS, ROWS, Looked, Thumbnail

SWAPPED_BELOW = -0.5
"""Of 32 real scans the lowest score is 0.7 as named and so the highest -0.7 when swapped; the median is 1.4."""
CUE_LIMIT = 0.5
"""No more than `SWAPPED_BELOW`: one difference alone never reaches it."""
MIN_BODY_ASPECT = 2.6
MAX_BOTTOM = 0.2
"""The cues are looked for at heights of a whole body: a body cut off above the knees would be misjudged."""
UPSIDE_DOWN_BELOW = -1.2
"""Of 64 real views the lowest score is -0.1, and 60 have more than 1.2, so less than -1.2 when upside down. Of their
lower halves alone the lowest is -1.0."""
_HALVES = ((0.05, 0.40), (0.60, 0.95))


def upright_score(body: Thumbnail) -> float:
    """Return how much brighter the middle of the upper half of a body is than that of the lower one; turned, negated.

    Args:
        body: `Looked.small_body` of a view.
    """
    levels = body + 1e-9  # a half without counts is even, not 0 / 0
    upper, lower = ((_mean(levels, *rows, 0.44, 0.56), _mean(levels, *rows, 0, 1)) for rows in _HALVES)
    return float(np.log((upper[0] / upper[1] + 0.05) / (lower[0] / lower[1] + 0.05)))


def looks_upside_down(looked: Looked) -> bool:
    """Whether the feet look to be at the top of a view."""
    return upright_score(looked.small_body) < UPSIDE_DOWN_BELOW


def orientation_score(anterior: Thumbnail, posterior: Thumbnail) -> float:
    """Return how well the views fit their names, -2 to 2: about 1.5 if they do, -1.5 if swapped.

    Args:
        anterior: `Looked.small_body` of the view named anterior.
        posterior: The same of the one named posterior.
    """
    differences = np.subtract(_cues(anterior), _cues(posterior))
    return float(differences.clip(-CUE_LIMIT, CUE_LIMIT).sum())


def looks_swapped(anterior: Looked, posterior: Looked) -> bool:
    """Whether two views of a whole body fit their names better when swapped."""
    if not all(map(_is_whole, (anterior, posterior))):
        return False
    return orientation_score(anterior.small_body, posterior.small_body) < SWAPPED_BELOW


def _is_whole(looked: Looked) -> bool:
    body = looked.body
    vertical, horizontal = looked.view.pixel_spacing_mm or (1.0, 1.0)
    profile = body.sum(axis=1, dtype=np.float64)
    feet = profile[-max(1, len(profile) // 128) :].mean() / profile.mean()
    aspect = body.shape[0] * vertical / (body.shape[1] * horizontal)
    return bool(aspect >= MIN_BODY_ASPECT and feet <= MAX_BOTTOM)


def _cues(body: Thumbnail) -> tuple[float, float, float, float]:
    """Levels that are higher from the front, as logarithms: knees, face over skull, and the spine's, negated."""
    levels = (body + body[:, ::-1]) / (2 * body.mean())
    levels = np.log(levels + 0.15)  # the offset keeps noise in empty parts from counting
    return (
        _mean(levels, 0.66, 0.74, 0.30, 0.42),
        _mean(levels, 0.06, 0.11, 0.45, 0.55) - _mean(levels, 0.01, 0.05, 0.45, 0.55),
        -_mean(levels, 0.30, 0.40, 0.44, 0.56),
        -_mean(levels, 0.20, 0.30, 0.44, 0.56),
    )


def _mean(levels: Thumbnail, top: float, bottom: float, left: float, right: float) -> float:
    return float(
        levels[int(top * ROWS) : int(bottom * ROWS), int(left * COLUMNS) : int(right * COLUMNS)].mean(dtype=np.float64)
    )
