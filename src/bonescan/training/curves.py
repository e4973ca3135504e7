"""The training curves as a picture."""

from __future__ import annotations

import io
from pathlib import Path

from bonescan.core.files import write_bytes
from bonescan.training.log import read_log

_NOT_FIGURES = ("stage", "step", "seconds", "progress", "loss")


def draw_curves(run: Path) -> None:
    """Draw ``metrics.jsonl`` as ``curves.png``: a column a stage, loss above, validation figures below."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = read_log(run)
    if not lines:
        return
    stages = list(dict.fromkeys(line["stage"] for line in lines))
    figure = Figure(figsize=(4 * len(stages), 6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(stages), squeeze=False, sharex="col")
    for column, stage in enumerate(stages):
        own = [line for line in lines if line["stage"] == stage]
        steps = [line["step"] for line in own]
        axes[0, column].plot(steps, [line["loss"] for line in own], color="black", marker=".")
        axes[0, column].set(title=stage, ylabel="loss" if column == 0 else "")
        for name in dict.fromkeys(key for line in own for key in line if key not in _NOT_FIGURES):
            # What a validation lacks was not defined for it.
            values = [line.get(name, float("nan")) for line in own]
            axes[1, column].plot(steps, values, marker=".", label=name)
        axes[1, column].set(xlabel="step", ylim=(0, 1))
        if axes[1, column].get_lines():
            axes[1, column].legend(loc="lower right")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    write_bytes(run / "curves.png", buffer.getvalue())
