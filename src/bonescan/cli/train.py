"""`bonescan train`: fit the networks of a recipe to a cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bonescan.cli.extras import need_torch
from bonescan.cli.output import remark, say

EPILOG = """\b
Examples:
  bonescan simulate -n 1000 --seed 1 -o cohort
  bonescan train recipes/joint.toml --cohort cohort -o run
  bonescan train recipes/joint.toml --cohort cohort -o run --resume
  bonescan train recipes/joint-refine.toml --cohort ours -o tuned --start joint
  bonescan train recipes/joint.toml --cohort cohort -o run --devices 4
  bonescan export run -o bundle
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(train)


def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="TOML file that says all of the science.")],
    *,
    cohort: Annotated[
        list[Path], typer.Option(metavar="DIR", help="Cohort folder with cohort.csv and annotations; may be repeated.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="RUN", help="Folder of the run: checkpoints and log.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint of RUN.")] = False,
    init: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Checkpoint in torchvision's format to start ResNet34 from.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="RUN|MODEL", help="Finished run, or model, to start from, e.g. joint.")
    ] = None,
    devices: Annotated[int, typer.Option(min=1, help="GPUs, or processes on a CPU, that train together.")] = 1,
    accelerator: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option(help="auto: CUDA where there is one.")
    ] = "auto",
) -> None:
    """Train the networks of a recipe on a cohort.

    Can be interrupted and resumed.
    """
    need_torch("train")
    from bonescan.core.files import check_writable
    from bonescan.training.loop import train as fit
    from bonescan.training.recipe import BASELINES, read_recipe

    check_writable(out)
    fit(
        recipe,
        cohort,
        out,
        resume=resume,
        init=init,
        start=start,
        progress=remark,
        devices=devices,
        accelerator=accelerator,
    )
    if read_recipe(recipe)[0].pipeline in BASELINES:
        say(f"trained -> {out}; next: bonescan predict {out} --cohort DIR -o PRED")
    else:
        say(f"trained -> {out}; next: bonescan export {out} -o BUNDLE")
