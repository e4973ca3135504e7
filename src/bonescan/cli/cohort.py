"""`bonescan cohort`: from a folder of DICOM files to a cohort that can be trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bonescan.cli.cohort_check import TO_CHECK, Folder, JsonOption, check, sides
from bonescan.cli.failure import exit_code, explain, explain_error
from bonescan.cli.output import aligned, progress, remark, say, say_json
from bonescan.core.errors import InputError, ModelError

if TYPE_CHECKING:
    from bonescan.io.cohort_case import CohortCase
    from bonescan.io.cohort_fill import Filled, SitesOf
    from bonescan.io.cohort_new import Added

EPILOG = """\b
Examples:
  bonescan cohort new archive/ -o ours
  bonescan cohort fill ours
  bonescan cohort split ours
  bonescan cohort check ours

The whole way from DICOM to a model of your own is in docs/how-to/train-on-your-data.md.
"""


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=EPILOG)
    for command in (new, fill, split, check):
        group.command(epilog=EPILOG)(command)
    app.add_typer(
        group,
        name="cohort",
        help="Make a cohort from scans and LabelMe annotations, and check it.",
        short_help="Make and check a cohort.",
    )


def new(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT", help="DICOM files, or folders of them.")],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of the cohort, new or to be added to.")
    ],
    key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="File of the key, made where missing; by default DIR.key, beside the folder."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Begin a cohort, or add studies to one: scans without patients, and pictures to annotate in LabelMe.

    What is in the cohort already is not touched, so that an interrupted run goes on where it stopped.
    """
    from bonescan.cli.inputs import gather
    from bonescan.core.files import check_writable
    from bonescan.io.cohort_new import add_study, begin_cohort
    from bonescan.io.deidentify.keyed import Keyed, read_key
    from bonescan.io.inputs import StudyInput

    check_writable(out)
    keyed = Keyed(read_key(key_file or out.absolute().with_name(f"{out.absolute().name}.key")))
    begin_cohort(out, keyed)
    sources = gather(inputs)
    added: list[Added] = []
    failed = list(sources.failed)
    with progress("Adding", len(sources.found)) as report:
        for number, source in enumerate(sources.found, start=1):
            try:
                added.append(add_study(out, source.input or StudyInput(source.name, source.files), keyed))
                # At once: a run that goes on after this one was stopped finds the study there, and says no more of it.
                for warning in added[-1].warnings:
                    remark(f"bonescan: {out / added[-1].study_id} {warning}.")
            except InputError as error:
                failed.append((source.label, error))
            report(number, len(sources.found))
    if as_json:
        say_json(_joined(added, failed))
    else:
        fresh = sum(entry.new for entry in added)
        patients = len({entry.patient_id for entry in added})
        say(f"studies added: {fresh}, already there: {len(added) - fresh}, patients: {patients} -> {out}")
        say(f"next: labelme {out} --labels {out}/labels.txt --flags {out}/flags.txt --nodata --autosave")
    for label, reason in failed:
        explain_error(reason, label)
    if failed:
        explain(f"{len(failed)} of {len(added) + len(failed)} inputs could not be used.")
        raise typer.Exit(exit_code(failed[0][1]))


def fill(
    folder: Folder,
    *,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|DIR", help="Where no site was ticked, suggest sites by this model's map of regions."
        ),
    ] = None,
) -> None:
    """Give annotated studies their row in cohort.csv.

    Metastasis and benign uptake are what is outlined, sites what was ticked in LabelMe. Rows that are there stay.
    """
    from bonescan.io.cohort import TABLE, write_cohort
    from bonescan.io.cohort_fill import fill as rows
    from bonescan.io.cohort_fill import studies_of

    cases, names = studies_of(folder)
    done: list[Filled] = []
    waiting: list[Filled] = []
    with progress("Reading", len(names)) as report:
        for number, entry in enumerate(rows(folder, names, _by_regions(model) if model else None), start=1):
            (waiting if entry.case is None else done).append(entry)
            report(number, len(names))
    added = [entry.case for entry in done if entry.case is not None]
    if added:
        write_cohort(folder, [*cases, *added])
    for line in aligned((entry.study_id, entry.wants) for entry in waiting):
        remark(line)
    say(f"rows added: {len(added)}, studies that wait: {len(waiting)} -> {folder / TABLE}")
    suggested = [entry.case for entry in done if entry.case is not None and entry.suggested]
    if suggested:
        _note(folder, suggested)
        say(f"sites suggested by regions: {len(suggested)}; check them, they are listed in {folder / TO_CHECK}")


def split(
    folder: Folder,
    *,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Seed of the draw.")] = 0,
    everyone: Annotated[
        Literal["train", "val", "test"] | None,
        typer.Option("--all", help="Draw nobody: all patients to this side, e.g. simulated ones for training alone."),
    ] = None,
) -> None:
    """Draw who is for training, validation and test, and write it into cohort.csv.

    Patients are drawn, not studies: 64, 16 and 20 of a hundred of each class and size of lesions. Who has a side
    keeps it.
    """
    from bonescan.core.anatomy import MaskLabel
    from bonescan.core.study import labelled
    from bonescan.io.cohort import read_cohort, split_patients, write_cohort

    cohort = read_cohort(folder)
    if everyone:
        sides_of = {case.study_id: everyone for case in cohort}
    else:
        pixels = {}
        with progress("Reading", len(cohort)) as report:
            for number, case in enumerate(cohort, start=1):
                masks = case.read_labels().values()
                pixels[case.study_id] = sum(int(labelled(mask, MaskLabel.METASTASIS).sum()) for mask in masks)
                report(number, len(cohort))
        sides_of = split_patients(cohort, pixels, seed=seed)
    cases = cohort.with_splits(sides_of).cases
    write_cohort(folder, cases)
    for line in aligned(sides(cases), indent=""):
        say(line)


def _joined(added: list[Added], failed: list[tuple[str, InputError]]) -> dict[str, Any]:
    """What `new --json` prints; it joins originals and substitutes, so it stays where the originals are."""
    return {
        "studies": [
            {
                "files": [str(path) for path in entry.source.files],
                "study_id": entry.study_id,
                "patient_id": entry.patient_id,
                "new": entry.new,
                "warnings": entry.warnings,
            }
            for entry in added
        ],
        "failures": [
            {"input": label, "message": error.message, "exit_code": exit_code(error)} for label, error in failed
        ],
    }


def _by_regions(model: str) -> SitesOf:
    """Sites of outlined metastases by the regions that a model sees under them."""
    from collections.abc import Mapping

    import numpy as np

    from bonescan.burden.lesions import Segmented, find_lesions
    from bonescan.core.anatomy import Site
    from bonescan.core.study import Labels, Study, ViewName
    from bonescan.inference.pipelines import pipeline_for

    pipeline = pipeline_for(model)

    def sites(study: Study, labels: Mapping[ViewName, Labels]) -> frozenset[Site]:
        results = pipeline.run(study).views
        if all(result.regions is None for result in results):
            raise ModelError(f"the model {model} knows no regions", hint="Name another, or tick the sites in LabelMe")
        outlined = [
            Segmented(x.view, labels[x.view.name], np.ones(x.view.counts.shape, np.float32), x.regions) for x in results
        ]
        return frozenset(Site(x.site) for x in find_lesions(outlined) if x.class_ == "metastasis" and x.site)

    return sites


def _note(folder: Path, cases: list[CohortCase]) -> None:
    from bonescan.core.files import write_bytes

    path = folder / TO_CHECK
    before = path.read_bytes() if path.is_file() else b""
    lines = "".join(f"{case.study_id} {';'.join(case.sites)}\n" for case in cases)
    write_bytes(path, before + lines.encode("utf-8"))
