"""`bonescan predict`: what a trained baseline says of a cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bonescan.cli.extras import need_torch
from bonescan.cli.output import remark, say

EPILOG = """\b
Examples:
  bonescan train recipes/unet.toml --cohort cohort -o unet
  bonescan predict unet --cohort cohort -o predictions
  bonescan predict unet --cohort cohort --gate stepwise -o predictions-gated
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(predict)


def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `bonescan train` wrote, of a baseline.")],
    *,
    cohort: Annotated[Path, typer.Option(metavar="DIR", help="Cohort folder with cohort.csv.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="PRED", help="Folder of predictions to write.")],
    split: Annotated[
        Literal["train", "val", "test", "all"], typer.Option(help="Which studies of the cohort.")
    ] = "test",
    gate: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Stepwise model whose classifier decides first about windows and patient."),
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the first N studies.")] = None,
) -> None:
    """Let a trained baseline answer on a cohort.

    U-Net, nnU-Net or ResNet34. Writes a folder that `bonescan evaluate --predictions` judges; bundles need none.
    """
    need_torch("predict")
    from bonescan.core.files import check_writable
    from bonescan.training.baselines.predict import predict_cohort

    check_writable(out)
    count = predict_cohort(run, cohort, out, split=split, gate=gate, limit=limit, progress=remark)
    say(f"{count} studies predicted -> {out}; drafts for review by a physician, not a medical device")
