"""How a figure stands in ``evaluation.json``: value, interval, number of cases; null where it is not defined."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bonescan.metrics.bootstrap import interval
from bonescan.metrics.proportions import Share

Number = dict[str, Any]
"""``value``, ``low`` and ``high`` (95 %), ``n``, and what else belongs to it."""


def number(value: float, bounds: tuple[float, float] | None = None, n: int | None = None, **more: Any) -> Number:
    """A figure; intervals and what is not finite become null."""
    low, high = bounds or (math.nan, math.nan)
    return {"value": finite(value), "low": finite(low), "high": finite(high), "n": n} | more


def share(found: Share) -> Number:
    """A proportion with its Wilson interval; null of no case."""
    return number(found.value, found.interval if found.n else None, found.n, good=found.good)


def of_draws(value: float, draws: Any, n: int) -> Number:
    """A figure with the percentile interval of its bootstrap draws."""
    return number(value, interval(draws), n)


def finite(value: float) -> float | None:
    """Rounded to six digits; None where it is not finite."""
    return float(f"{float(value):.6g}") if math.isfinite(value) else None


def text(figure: Mapping[str, Any] | None, digits: int = 3) -> str:
    """A figure for people: value, and its interval in brackets.

    Example:
        >>> text({"value": 0.8862, "low": 0.8181, "high": 0.931, "n": 123}), text(None)
        ('0.886 (0.818–0.931)', '–')
        >>> text({"value": -0.1, "low": -0.2, "high": 0.05, "n": 123}, digits=2)
        '-0.10 (-0.20 to 0.05)'
    """
    if figure is None or figure.get("value") is None:
        return "–"
    shown = f"{figure['value']:.{digits}f}"
    if figure.get("low") is None or figure.get("high") is None:
        return shown
    between = "–" if figure["low"] >= 0 else " to "
    return f"{shown} ({figure['low']:.{digits}f}{between}{figure['high']:.{digits}f})"


def p_text(p: float | None) -> str:
    """A P as tables print it.

    Example:
        >>> p_text(0.0492), p_text(0.00004), p_text(None)
        ('0.049', '<0.001', '–')
    """
    if p is None or not math.isfinite(p):
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"
