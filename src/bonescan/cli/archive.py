"""The options by which a command reaches an archive over DICOMweb."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bonescan.core.errors import UsageError

if TYPE_CHECKING:
    from bonescan.io.dicomweb import Archive

Url = Annotated[
    str, typer.Option(metavar="DICOMWEB", help="Root of the DICOMweb service, such as https://HOST/dicom-web.")
]
Headers = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="'NAME: VALUE'", help="HTTP header to send; may be repeated. Others can see it."),
]
HeaderFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="HTTP headers, one a line: the place for an Authorization.")
]
Authority = Annotated[
    Path | None, typer.Option("--ca", metavar="FILE", help="Authorities (PEM) to trust in place of the usual ones.")
]
Certificate = Annotated[
    Path | None, typer.Option("--cert", metavar="FILE", help="Our certificate (PEM), where the archive asks for one.")
]
Key = Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Key (PEM) of that certificate.")]


def archive(
    url: str,
    headers: list[str] | None,
    header_file: Path | None,
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
) -> Archive:
    """The archive that the options mean.

    Raises:
        UsageError: The URL or a header is none, or a file is missing or cannot be read.
    """
    from bonescan.io.dicomweb import Archive, parse_headers

    for file in (header_file, ca, certificate, key):
        if file is not None and not file.is_file():
            raise UsageError(f"{file} is no file")
    lines = [*(headers or []), *(_lines(header_file) if header_file else [])]
    return Archive(url, parse_headers(lines), ca, certificate, key)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read as UTF-8 text", expected="HTTP headers, one a line") from error
