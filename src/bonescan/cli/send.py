"""`bonescan send`: results to an archive, over DICOMweb."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bonescan.cli.archive import Authority, Certificate, HeaderFile, Headers, Key, Url, archive
from bonescan.cli.failure import exit_code, explain, explain_error
from bonescan.cli.output import progress, say, say_json
from bonescan.core.errors import BonescanError, UsageError

EPILOG = """\b
Examples:
  bonescan send out/study --url https://pacs.example/dicom-web --header-file token.txt
  bonescan send out/study/dicom/sr.dcm --url http://127.0.0.1:8042/dicom-web

Of a folder all files below it that are called *.dcm are sent. A file that the archive refuses is listed on stderr, the
others are sent all the same, and the exit code is 6. Sending again does no harm: results keep their identifiers.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(send)


def send(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT", help="DICOM files, or folders that hold them.")],
    *,
    url: Url,
    header: Headers = None,
    header_file: HeaderFile = None,
    ca: Authority = None,
    cert: Certificate = None,
    key: Key = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Store results in an archive (DICOMweb)."""
    from bonescan.io.dicomweb import store_file

    target = archive(url, header, header_file, ca, cert, key)
    files = _files(inputs)
    sent: list[dict[str, str]] = []
    failed: list[tuple[Path, BonescanError]] = []
    with progress("Sending", len(files)) as report:
        for number, file in enumerate(files, start=1):
            try:
                sent.append({"file": str(file), "sop_instance_uid": store_file(target, file)})
            except BonescanError as error:
                failed.append((file, error))
            report(number, len(files))
    if as_json:
        failures = [{"file": str(f), "message": e.message, "exit_code": exit_code(e)} for f, e in failed]
        say_json({"sent": sent, "failures": failures})
    else:
        say(f"{len(sent)} of {len(files)} object{'' if len(files) == 1 else 's'} -> {target.host}")
    for file, problem in failed:
        explain_error(problem, str(file) if len(files) > 1 else "")
    if failed and len(files) > 1:
        explain(f"{len(failed)} of {len(files)} objects were not stored.")
    if failed:
        raise typer.Exit(max(exit_code(problem) for _, problem in failed))


def _files(inputs: list[Path]) -> list[Path]:
    files: list[Path] = []
    for path in inputs:
        found = sorted(path.rglob("*.dcm")) if path.is_dir() else [path]
        if not found:
            raise UsageError(
                f"{path} holds no *.dcm", hint="Analyse with --formats seg,sr,sc,pdf to have objects to send"
            )
        files += [file for file in found if file not in files]
    return files
