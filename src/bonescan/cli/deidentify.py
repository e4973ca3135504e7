"""`bonescan deidentify`: scans that may leave the hospital."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bonescan.cli.failure import exit_code, explain, explain_error
from bonescan.cli.output import progress, remark, say, say_json
from bonescan.core.errors import InputError, OutputError

if TYPE_CHECKING:
    from bonescan.io.deidentify.files import Written

EPILOG = """\b
Examples:
  bonescan deidentify study.dcm -o clean
  bonescan deidentify archive/ -o clean --key-file key.bin

By the Basic Application Level Confidentiality Profile of DICOM PS3.15: only what a bone scan needs is kept (views,
spacing, counts, duration, radiopharmaceutical, sex, age); names and numbers become substitutes, dates are moved by the
same time for all scans of a patient. With the same key the same patient becomes the same substitute again; keep the key
in the hospital. Pixels are not changed: captures of screens are warned about and have to be looked at.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(deidentify)


def deidentify(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT", help="DICOM files, or folders of them.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="Folder for the results.")],
    key_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File of the key, made where missing; by default a key that nobody keeps."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Take the patient out of scans.

    Writes new files; the originals are not touched.
    """
    from bonescan.core.files import check_writable
    from bonescan.io.deidentify.files import deidentify as take_out
    from bonescan.io.deidentify.files import find_objects
    from bonescan.io.deidentify.keyed import Keyed, random_key, read_key

    check_writable(out)
    keyed = Keyed(read_key(key_file) if key_file else random_key())
    done: list[Written] = []
    written: dict[Path, bytes] = {}
    failed: list[tuple[Path, InputError | OutputError]] = []
    paths: list[Path] = []
    for given in inputs:
        try:
            paths += find_objects(given)
        except InputError as error:
            failed.append((given, error))
    with progress("Cleaning", len(paths)) as report:
        for number, path in enumerate(paths, start=1):
            try:
                done.append(take_out(path, out, keyed, written))
            except (InputError, OutputError) as error:
                failed.append((path, error))
            else:
                for warning in done[-1].warnings:
                    remark(f"bonescan: {done[-1].target} {warning}.")
            report(number, len(paths))
    if as_json:
        say_json(_document(done, failed))
    else:
        patients = len({entry.patient for entry in done})
        say(f"{len(written)} objects of {patients} patient{'' if patients == 1 else 's'} -> {out}")
    _finish(failed, len(done) + len(failed))


def _document(done: list[Written], failed: list[tuple[Path, InputError | OutputError]]) -> dict[str, Any]:
    """What `--json` prints; it joins originals and substitutes, so it stays where the originals are."""
    return {
        "objects": [
            {
                "input": str(entry.source),
                "file": str(entry.target),
                "patient": entry.patient,
                "warnings": entry.warnings,
            }
            for entry in done
        ],
        "failures": [
            {"input": str(path), "message": error.message, "exit_code": exit_code(error)} for path, error in failed
        ],
    }


def _finish(failed: list[tuple[Path, InputError | OutputError]], total: int) -> None:
    """List what was not done, and leave with its exit code: 5 where a result could not be written, else 3."""
    for path, error in failed:
        explain_error(error, str(path) if total > 1 else "")
    unused = sum(isinstance(error, InputError) for _, error in failed)
    if unused and total > 1:
        explain(f"{unused} of {total} inputs could not be used.")
    if (unwritten := len(failed) - unused) and total > 1:
        explain(f"{unwritten} of {total} results could not be written.")
    if failed:
        raise typer.Exit(max(exit_code(error) for _, error in failed))
