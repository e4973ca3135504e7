"""Simulated against real figures: one row each, with the spread over patients of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bonescan.core.study import ViewName
from bonescan.simulate.realism.figures import frame_figures
from bonescan.simulate.realism.storage import NativeFrame

Spread = tuple[float, float, float]
"""10th, 50th and 90th percentile over patients."""
_FEWEST = 3
"""A figure of fewer patients is not compared."""


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        view: View, or None where it is of both.
        name: Figure, a path as in ``statistics.json``.
        real, simulated: Spread over patients.
    """

    view: ViewName | None
    name: str
    real: Spread
    simulated: Spread

    @property
    def verdict(self) -> str:
        """Empty where the simulated median lies within the real 10th to 90th percentile, else "low" or "high"."""
        if self.simulated[1] < self.real[0]:
            return "low"
        return "high" if self.simulated[1] > self.real[2] else ""


def compare(frames: Sequence[NativeFrame], statistics: dict[str, Any]) -> list[Row]:
    """Measure simulated frames and put every figure beside the real one.

    Args:
        frames: Simulated frames, stored as the real ones.
        statistics: ``statistics.json`` of the real folder.

    Returns:
        Rows in the order of the statistics, of the figures that both have.
    """
    measured = measure(frames)
    rows = []
    for view, name, real in _flat(statistics):
        values = measured.get((view, name), [])
        if len(values) >= _FEWEST:
            rows.append(Row(view, name, real, spread(values)))
    return rows


def measure(frames: Iterable[NativeFrame]) -> dict[tuple[ViewName | None, str], list[float]]:
    """(view, figure) → values of the frames; figures of both views have no view."""
    measured: dict[tuple[ViewName | None, str], list[float]] = {}
    anterior: dict[str, float] = {}
    for frame in frames:
        figures = frame_figures(frame)
        for name, value in figures.items():
            measured.setdefault((frame.view, name), []).append(value)
        measured.setdefault((None, "native_size/rows"), []).append(float(frame.values.shape[0]))
        measured.setdefault((None, "native_size/columns"), []).append(float(frame.values.shape[1]))
        levels = {n.removeprefix("level/"): v / frame.facts.step for n, v in figures.items() if n.startswith("level/")}
        if frame.view == ViewName.ANTERIOR:
            anterior = levels
            continue
        # The frames of a patient follow each other, anterior first.
        for name in anterior.keys() & levels.keys():
            if levels[name] > 0:
                key = (None, f"anterior_over_posterior_in_counts/{name}")
                measured.setdefault(key, []).append(anterior[name] / levels[name])
        anterior = {}
    return measured


def spread(values: Sequence[float]) -> Spread:
    """10th, 50th and 90th percentile."""
    p10, p50, p90 = np.percentile(values, [10, 50, 90])
    return float(p10), float(p50), float(p90)


def _flat(statistics: dict[str, Any], path: str = "") -> Iterator[tuple[ViewName | None, str, Spread]]:
    for key, value in statistics.items():
        if not isinstance(value, dict) or key == "explanation":
            continue
        here = f"{path}/{key}" if path else key
        if all(isinstance(value.get(p), (int, float)) for p in ("p10", "p50", "p90")):
            first, _, rest = here.partition("/")
            view = ViewName(first) if first in set(ViewName) else None
            yield view, rest if view else here, (float(value["p10"]), float(value["p50"]), float(value["p90"]))
        else:
            yield from _flat(value, here)


def off(rows: Iterable[Row]) -> list[Row]:
    """The rows whose simulated median lies outside of the real spread."""
    return [row for row in rows if row.verdict]
