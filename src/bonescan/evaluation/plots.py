"""The pictures of an evaluation, each from its records; drawn with matplotlib, without a display."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import cycle, product
from typing import TYPE_CHECKING, Any

import numpy as np

from bonescan.evaluation import amount, outlines, patients
from bonescan.evaluation.columns import Columns
from bonescan.metrics.roc import curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, GRID = "#22303c", "#7b8794", "#e4e7eb"
RED, GREEN, BLUE = "#b3392f", "#2f7d5b", "#33658a"
SERIES = (BLUE, RED, GREEN, "#8d6a9f", "#c08a2d", SOFT)
_STYLES = ("-", "--", ":", "-.")
_DPI = 150
_LEVELS = {"patient": "-", "view": "--", "window": ":"}


def pictures(columns: Columns, document: dict[str, Any], simulated: Sequence[bool]) -> dict[str, bytes]:
    """Name → PNG of every picture that the records allow.

    Args:
        columns: The studies.
        document: Of `document_of`.
        simulated: Whether each cohort is simulated.
    """
    drawn: dict[str, Callable[[], Figure | None]] = {
        "roc": lambda: roc(columns, document),
        "calibration": lambda: calibration(document),
        "dice": lambda: dice_histogram(columns),
        "froc": lambda: froc_plot([(columns.method.name, columns)]),
        "bstbi": lambda: bstbi(columns),
        "alp": lambda: alp(columns, simulated),
        "strata": lambda: strata_plot(document),
    }
    figures = {name: make() for name, make in drawn.items()}
    return {name: png(figure) for name, figure in figures.items() if figure is not None}


def roc(columns: Columns, document: dict[str, Any]) -> Figure:
    """ROC curves of metastasis and bladder at each level."""
    figure, axes = canvas(2)
    for ax, name in zip(axes, ("metastasis", "bladder"), strict=True):
        ax.plot([0, 1], [0, 1], color=GRID, lw=1)
        colours = (RED if name == "metastasis" else GREEN, INK, SOFT)
        for (level, style), colour in zip(_LEVELS.items(), colours, strict=True):
            found, truth, _ = patients.scores(columns, name, level)
            area = document["auc"][name][level]
            if area["value"] is not None:
                false_rate, true_rate, _ = curve(found, truth)
                ax.plot(false_rate, true_rate, style, color=colour, label=f"{level}: {area['value']:.3f}")
        square(ax, f"ROC, {name}", "1 - specificity", "sensitivity")
        legend(ax, "area under the curve")
    return figure


def calibration(document: dict[str, Any]) -> Figure | None:
    """Reliability: mean probability of a group against its share of metastatic patients."""
    found = document["calibration"]
    if found is None:
        return None
    figure, (ax,) = canvas(1)
    ax.plot([0, 1], [0, 1], color=SOFT, lw=1, ls="--")
    bins = [b for b in found["bins"] if b["observed"]["value"] is not None]
    x, y = np.array([b["predicted"] for b in bins]), np.array([b["observed"]["value"] for b in bins])
    # Without an interval, of few patients, there is no bar.
    low = y - np.array([b["observed"]["low"] for b in bins], np.float64)
    high = np.array([b["observed"]["high"] for b in bins], np.float64) - y
    ax.errorbar(x, y, [np.maximum(low, 0), np.maximum(high, 0)], fmt="o", color=RED, ecolor=SOFT, ms=5, elinewidth=1)
    square(ax, f"Reliability; Brier score {found['brier']:.3f}", "mean probability", "share with metastases")
    return figure


def dice_histogram(columns: Columns) -> Figure | None:
    """Dice of each view that has the class: what an average hides."""
    names = [name for name in ("metastasis", "bladder") if columns.pixels(name).true.any()]
    if not names:
        return None
    figure, axes = canvas(len(names))
    for ax, name in zip(axes, names, strict=True):
        found = columns.pixels(name)
        bearing = found.true > 0
        each = 2 * found.both[bearing] / (found.drawn + found.true)[bearing]
        ax.hist(each, np.linspace(0, 1, 21).tolist(), color=RED if name == "metastasis" else GREEN, alpha=0.85)
        ax.axvline(float(np.median(each)), color=INK, lw=1, ls="--")
        title = f"Dice of {name} in views that hold it; median {np.median(each):.2f}"
        dress(ax, title, "Dice, as drawn", "views")
    return figure


def froc_plot(methods: Sequence[tuple[str, Columns]]) -> Figure | None:
    """Free-response curves: lesions hit against false alarms a study; None where there is no lesion."""
    # A method has the colour and line that it has in the other pictures, whoever is left out here.
    drawn = zip(methods, [(RED, "-")] if len(methods) == 1 else series(), strict=False)
    known = [(*method, *line) for method, line in drawn if any(v.lesions for _, v in method[1].views)]
    if not known:
        return None
    figure, (ax,) = canvas(1)
    for name, columns, colour, style in known:
        found = outlines.froc_of(columns)
        if len(found.threshold) > 2:  # masks alone, without scores, are a dot: no curve leads there
            ax.plot(found.alarms, found.sensitivity, style, drawstyle="steps-post", color=colour)
        # A lone point shows no line, but the legend does.
        ax.plot(found.alarms[-1], found.sensitivity[-1], style, marker="o", color=colour, ms=5, label=name)
    ax.set_ylim(0, 1)
    dress(ax, "Lesions: free-response ROC", "false alarms a study", "lesions hit")
    legend(ax, "dot: all that is drawn")
    return figure


def series() -> Iterator[tuple[str, str]]:
    """Colour and line of each method of a picture: as many as there are colours differ in these, more in the line."""
    return ((colour, style) for style, colour in cycle(product(_STYLES, SERIES)))


def bstbi(columns: Columns) -> Figure | None:
    """Reported against true BSTBI, and their difference against their mean."""
    true, found, _ = amount.pairs_with_truth(columns, metastatic=True)
    if len(true) < 2:
        return None
    figure, (left, right) = canvas(2)
    top = max(float(true.max()), float(found.max()), 0.01) * 1.08
    left.plot([0, top], [0, top], color=SOFT, lw=1, ls="--")
    left.plot(true, found, "o", color=RED, ms=4, alpha=0.6, mew=0)
    left.set_xlim(0, top)
    left.set_ylim(0, top)
    dress(left, "BSTBI of metastatic studies", "true", "reported")
    difference, mean = found - true, (found + true) / 2
    right.plot(mean, difference, "o", color=RED, ms=4, alpha=0.6, mew=0)
    bias, spread = float(difference.mean()), float(difference.std(ddof=1))
    for level, style in ((bias, "-"), (bias - 1.96 * spread, "--"), (bias + 1.96 * spread, "--")):
        right.axhline(level, color=INK, lw=1, ls=style)
    dress(right, "The same studies: mean difference and 95 % limits", "mean of both", "reported - true")
    return figure


def alp(columns: Columns, simulated: Sequence[bool]) -> Figure | None:
    """BSTBI against alkaline phosphatase, linear as in the paper's Figure 6B, and in logarithms."""
    pairs = amount.alp_pairs(columns, simulated)
    if len(pairs.first) < amount.LEAST_ALP:
        return None
    figure, (left, right) = canvas(2)
    left.plot(pairs.first, pairs.second, "o", color=BLUE, ms=4, alpha=0.7, mew=0)
    dress(left, f"BSTBI and alkaline phosphatase, {len(pairs.first)} studies", "BSTBI, as reported", "ALP (U/L)")
    above = amount.above_zero(pairs)
    right.loglog(above.first, above.second, "o", color=BLUE, ms=4, alpha=0.7, mew=0)
    dress(right, f"In logarithms, the {len(above.first)} above 0", "BSTBI, as reported", "ALP (U/L)")
    return figure


STRATA = {
    "lesion_area_cm2": ("area of a lesion (cm²)", "sensitivity", "lesions hit"),
    "lesion_contrast_seen": ("contrast to its surroundings", "sensitivity", "lesions hit"),
    "lesion_visibility": ("standard deviations over noise", "sensitivity", "lesions hit"),
    "lesion_uptake_simulated": ("simulated uptake over bone", "sensitivity", "lesions hit"),
    "lesion_site": ("site", "sensitivity", "lesions hit"),
    "counts_of_a_view_million": ("counts of a view (million)", "dice_pooled", "Dice, pooled"),
    "true_bstbi": ("true BSTBI", "sensitivity", "studies found"),
    "kind_of_patient": ("kind of patient", "accuracy", "right calls"),
}


def strata_plot(document: dict[str, Any]) -> Figure | None:
    """Where it fails: one panel a stratum, each class with its interval and its number."""
    known = [(name, *words) for name, words in STRATA.items() if name in document["strata"]]
    if not known:
        return None
    columns = min(len(known), 3)
    rows = -(-len(known) // columns)
    figure, axes = canvas(columns, rows, width=4.9, height=3.0)
    for ax, (name, axis, key, what) in zip(axes, known, strict=False):
        _classes(ax, [row for row in document["strata"][name] if row.get(key)], key, what, axis)
    for ax in axes[len(known) :]:
        ax.set_visible(False)
    return figure


def _classes(ax: Axes, rows: Sequence[dict[str, Any]], key: str, what: str, axis: str) -> None:
    values = [row[key] for row in rows]
    at = np.arange(len(rows))
    y = np.array([np.nan if v["value"] is None else v["value"] for v in values])
    bounds = [
        [np.nan if v[side] is None else abs(v["value"] - v[side]) for v in values if v["value"] is not None]
        for side in ("low", "high")
    ]
    known = np.isfinite(y)
    ax.errorbar(y[known], at[known], xerr=np.nan_to_num(bounds), fmt="o", color=RED, ecolor=SOFT, ms=5, elinewidth=1.2)
    ax.set_yticks(at, [f"{row['class']}  (n={row['n']})" for row in rows])
    ax.set_xlim(0, 1.02)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    dress(ax, f"{what.capitalize()}, by {axis}", what, "")


def canvas(columns: int, rows: int = 1, *, width: float = 4.6, height: float = 4.0) -> tuple[Figure, list[Axes]]:
    """An empty figure and its axes, row by row."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), layout="constrained", facecolor="white")
    return figure, list(np.ravel(figure.subplots(rows, columns, squeeze=False)))


def dress(ax: Axes, title: str, x: str, y: str) -> None:
    """Titles, a quiet grid, and no frame."""
    ax.set_title(title, loc="left", fontsize=10, color=INK)
    ax.set_xlabel(x, fontsize=9, color=INK)
    ax.set_ylabel(y, fontsize=9, color=INK)
    ax.tick_params(which="both", labelsize=8, colors=INK, length=0)
    ax.grid(color=GRID, lw=0.8)
    ax.set_axisbelow(True)
    for side in ax.spines.values():
        side.set_visible(False)


def square(ax: Axes, title: str, x: str, y: str) -> None:
    """`dress` for two shares against each other."""
    dress(ax, title, x, y)
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.01)
    ax.set_aspect("equal")


def legend(ax: Axes, title: str) -> None:
    """A legend without a frame below the curves, where something has a label."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(title=title, loc="lower right", frameon=False, fontsize=8, title_fontsize=8, labelcolor=INK)


def png(figure: Figure) -> bytes:
    """The picture; the same figure gives the same bytes with the same matplotlib."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()
