"""`bonescan simulate`: a cohort of simulated patients, one study made anew, or a comparison with real scans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bonescan.cli.output import progress, say, say_json
from bonescan.core.errors import UsageError

if TYPE_CHECKING:
    from bonescan.simulate.study_files import Extras

EPILOG = """\b
Examples:
  bonescan simulate -n 20 --seed 1 -o cohort
  bonescan simulate --recipe paper-621 --seed 1 -o cohort --processes 4
  bonescan simulate -n 50 --serial 3 --annotations masks,labelme -o follow-up
  bonescan simulate --rebuild cohort/S001-00003 --noiseless -o anew
  bonescan simulate --realism ../shared/real -n 32 --json

Recipes: default, paper-621, hard, or a TOML file, which may begin with base = "hard".
The same seed gives the same patients, whatever the number of processes; an interrupted run goes on where it stopped.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(simulate)


def simulate(
    *,
    number: Annotated[
        int | None, typer.Option("--number", "-n", metavar="N", min=1, help="Number of patients.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder of the cohort.")] = None,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Seed of the cohort.")] = 0,
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="What the cohort is made of: a name, or a TOML file.")
    ] = None,
    phantoms: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of voxel phantoms, for all or some bodies as the recipe says."),
    ] = None,
    processes: Annotated[int, typer.Option(metavar="P", min=1, help="Worker processes.")] = 1,
    serial: Annotated[
        int, typer.Option(metavar="VISITS", min=1, help="Scans of each patient; lesions follow a course between them.")
    ] = 1,
    annotations: Annotated[str, typer.Option(metavar="KINDS", help="masks, labelme, or both with a comma.")] = "masks",
    noiseless: Annotated[bool, typer.Option("--noiseless", help="Write the noiseless images too.")] = False,
    rebuild: Annotated[
        Path | None, typer.Option(metavar="STUDY", help="Make one study anew from the record in its folder, into DIR.")
    ] = None,
    realism: Annotated[
        Path | None, typer.Option(metavar="REAL", help="Compare simulated scans with the real ones in this folder.")
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="With --realism: real and simulated scans mixed; not in a repository."),
    ] = None,
    averages: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG", help="With --realism: how the body and each region look on average; not in a repository."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result for programs.")] = False,
) -> None:
    """Simulate patients with annotations.

    Each study is a DICOM file of two views, label masks, region maps, the record that it was made from and the truth.
    """
    from bonescan.simulate.recipe import read_recipe
    from bonescan.simulate.study_files import Extras

    make_up = read_recipe(recipe)
    extras = Extras.of([kind.strip() for kind in annotations.split(",") if kind.strip()], noiseless=noiseless)
    for name, picture in (("--sheet", sheet), ("--averages", averages)):
        if picture and not realism:
            raise UsageError(f"{name} without --realism", hint="Name the folder of real scans with --realism")
    if realism:
        from bonescan.cli.realism import compare_with_real

        compare_with_real(
            realism,
            number,
            seed=seed,
            recipe=make_up,
            phantoms=phantoms,
            processes=processes,
            sheet=sheet,
            averages=averages,
            as_json=as_json,
        )
        return
    if out is None:
        raise UsageError("no folder to write to", hint="Name it with --out")
    if rebuild:
        _rebuild(rebuild, out, phantoms, extras, as_json=as_json)
        return
    number = make_up.whole if number is None else number
    if number is None:
        raise UsageError("no number of patients", hint="Say how many are wanted with --number")
    from bonescan.core.files import check_writable
    from bonescan.simulate.cohort import simulate_cohort

    check_writable(out)
    with progress("Simulating", number) as report:
        cohort = simulate_cohort(
            out,
            number,
            seed=seed,
            recipe=make_up,
            phantoms=phantoms,
            processes=processes,
            visits=serial,
            extras=extras,
            progress=report,
        )
    patients = len({case.patient_id for case in cohort})
    metastatic = len({case.patient_id for case in cohort if case.metastasis})
    if as_json:
        facts = {"studies": len(cohort), "patients": patients, "metastatic": metastatic}
        say_json({"folder": str(out), **facts, "fingerprint": cohort.fingerprint})
        return
    studies = f"{len(cohort)} studies of " if serial > 1 else ""
    say(f"{studies}{patients} simulated patients, {metastatic} with metastases -> {out}")


def _rebuild(study: Path, out: Path, phantoms: Path | None, extras: Extras, *, as_json: bool) -> None:
    from bonescan.core.files import check_writable
    from bonescan.simulate.study_files import rebuild, write_study

    check_writable(out)
    if (out / study.name).resolve() == study.resolve():
        raise UsageError(f"{study.name} would be written over itself", hint="Name another folder with --out")
    simulated, visit = rebuild(study.parent, study.name, phantoms=phantoms)
    write_study(out, simulated, extras=extras, visit=visit)
    if as_json:
        say_json({"study": str(out / study.name)})
    else:
        say(f"{study.name} made anew -> {out / study.name}")
