"""Simulated frames in the form of the real ones: same crop, exposure, rounding and losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from bonescan.core.anatomy import Region
from bonescan.core.study import Labels, ViewName
from bonescan.simulate.patient import SimulatedStudy
from bonescan.simulate.realism.storage import FrameFacts, NativeFrame, body_box, store_like

_NOT_IN_REAL = (Region.FOREARM_HAND, Region.LOWER_LEG_FOOT)


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
            frames.append(NativeFrame(code, view, values, regions, facts[code][view]))
        if progress:
            progress(i + 1)
    return frames


def _as_real(regions: Labels, view: ViewName) -> Labels:
    """Regions that the real maps know: no forearms, no lower legs, no sternum from behind."""
    gone = (*_NOT_IN_REAL, Region.STERNUM) if view == ViewName.POSTERIOR else _NOT_IN_REAL
    return np.where(np.isin(regions, gone), 0, regions).astype(np.uint8)
