"""`bonescan simulate`: a cohort of simulated patients with annotations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bonescan.cli.output import progress, say

EPILOG = """\b
Examples:
  bonescan simulate -n 20 --seed 1 -o cohort
  bonescan simulate -n 1000 --seed 1 -o cohort --recipe recipes/cohort.toml --processes 4

The same seed gives the same patients, whatever the number of processes; an interrupted run goes on where it stopped.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(simulate)


def simulate(
    *,
    number: Annotated[int, typer.Option("--number", "-n", metavar="N", min=1, help="Number of patients.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of the cohort.")],
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Seed of the cohort.")] = 0,
    recipe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file that says what the cohort is made of.")
    ] = None,
    phantoms: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of voxel phantoms, instead of the built-in body.")
    ] = None,
    processes: Annotated[int, typer.Option(metavar="P", min=1, help="Worker processes.")] = 1,
) -> None:
    """Simulate patients with annotations.

    Each patient is a DICOM file of two views, label masks, region maps and the truth.
    """
    from bonescan.core.files import check_writable
    from bonescan.simulate.cohort import simulate_cohort
    from bonescan.simulate.recipe import read_recipe

    make_up = read_recipe(recipe)
    check_writable(out)
    with progress("Simulating", number) as report:
        cohort = simulate_cohort(
            out, number, seed=seed, recipe=make_up, phantoms=phantoms, processes=processes, progress=report
        )
    metastatic = sum(case.metastasis for case in cohort)
    say(f"{len(cohort)} simulated patients, {metastatic} with metastases -> {out}")
