"""`bonescan fetch`: a study from an archive, over DICOMweb."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bonescan.cli.archive import Authority, Certificate, HeaderFile, Headers, Key, Url, archive
from bonescan.cli.output import progress, say, say_json

EPILOG = """\b
Examples:
  bonescan fetch --url https://pacs.example/dicom-web --study 1.2.840.99.1 -o scans --header-file token.txt
  bonescan analyze scans/1.2.840.99.1 -o out --formats json,pdf,seg,sr,sc
  bonescan send out --url https://pacs.example/dicom-web --header-file token.txt

The study's folder appears below DIR when all its objects are there. One that holds anything else, such as annotations
or another modality, is left alone: give another DIR.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(fetch)


def fetch(
    *,
    url: Url,
    study: Annotated[str, typer.Option(metavar="UID", help="Study Instance UID.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the study's folder.")],
    modality: Annotated[str, typer.Option(metavar="NAME", help="Series of this modality alone; 'all' for all.")] = "NM",
    header: Headers = None,
    header_file: HeaderFile = None,
    ca: Authority = None,
    cert: Certificate = None,
    key: Key = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Fetch a study from an archive (DICOMweb)."""
    from bonescan.core.files import check_writable
    from bonescan.io.dicomweb import fetch_study

    source = archive(url, header, header_file, ca, cert, key)
    check_writable(out)
    wanted = "" if modality.lower() == "all" else modality.upper()
    with progress("Fetching", 2) as report:
        files = fetch_study(source, study, out, modality=wanted, progress=report)
    if as_json:
        say_json({"study": study, "folder": str(out / study), "files": [str(file) for file in files]})
    else:
        say(f"{len(files)} object{'' if len(files) == 1 else 's'} -> {out / study}")
