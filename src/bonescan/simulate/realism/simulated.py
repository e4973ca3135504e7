"""Simulated frames in the form of the real ones: same crop, exposure, rounding and losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from bonescan.core.anatomy import Region
from bonescan.core.study import Labels, ViewName
from bonescan.simulate.patient import SimulatedStudy
from bonescan.simulate.realism.hot_spots import boxes_of
from bonescan.simulate.realism.storage import FrameFacts, NativeFrame, body_box, store_like

_NOT_IN_REAL = (Region.FOREARM_HAND, Region.LOWER_LEG_FOOT)
_FEMUR_TO_CONDYLES, _SKULL_TO_BASE = 0.82, 0.76
"""Share of the rows of our regions that the real maps have too."""


def frames_like(
    studies: Iterator[SimulatedStudy] | Sequence[SimulatedStudy],
    real: Sequence[NativeFrame],
    *,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> list[NativeFrame]:
    """Store simulated studies as the real frames were, each with the exposure of one real patient.

    Args:
        studies: The studies; their noiseless images are used, with noise of their own.
        real: Real frames; the n-th study is paired with the n-th patient, beginning again after the last.
        seed: Seed of the noise.
        progress: Told the number of studies done.

    Returns:
        One frame a view and study, named after the paired patient, so that pairs can be kept together.
    """
    facts: dict[str, dict[ViewName, FrameFacts]] = {}
    for frame in real:
        facts.setdefault(frame.patient, {})[frame.view] = frame.facts
    codes = [code for code, views in facts.items() if len(views) == len(ViewName)]
    frames = []
    for i, study in enumerate(studies):
        code = codes[i % len(codes)]
        for view, expected in study.expected.items():
            box = body_box(expected, study.regions[view])
            rng = np.random.default_rng([seed, i, list(ViewName).index(view)])
            values = store_like(expected[box], facts[code][view], rng)
            regions = _as_real(study.regions[view][box], view)
            spots = boxes_of(study.labels[view][box])
            frames.append(NativeFrame(code, view, values, regions, facts[code][view], spots))
        if progress:
            progress(i + 1)
    return frames


def _as_real(regions: Labels, view: ViewName) -> Labels:
    """Regions as the real maps draw them.

    They have no forearms, no lower legs and no sternum from behind. Their femora end above the condyles (there they are
    16 pixels wide, where ours widen to 38), their skulls from behind at the base (0.13 of the way from crown to knee,
    ours with the jaw 0.17), and from the front the spine behind the sternum counts as sternum.
    """
    gone = (*_NOT_IN_REAL, Region.STERNUM) if view == ViewName.POSTERIOR else _NOT_IN_REAL
    out = np.where(np.isin(regions, gone), 0, regions).astype(np.uint8)
    _cut_below(out, Region.FEMUR, _FEMUR_TO_CONDYLES)
    if view == ViewName.POSTERIOR:
        _cut_below(out, Region.SKULL, _SKULL_TO_BASE)
    else:
        beside = (out == Region.STERNUM).any(1)[:, None] & (out == Region.THORACIC_SPINE)
        out[beside] = Region.STERNUM
    return out


def _cut_below(regions: Labels, region: Region, share: float) -> None:
    """Remove a region below a share of its rows, in place."""
    rows = np.flatnonzero((regions == region).any(1))
    if len(rows):
        last = rows[0] + round(share * (rows[-1] - rows[0]))
        below = regions[last + 1 :]
        below[below == region] = 0
