"""`bonescan export`: from a training run to a model bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bonescan.cli.extras import need_torch
from bonescan.cli.output import remark, say

EPILOG = """\b
Example:
  bonescan export run -o bundle && bonescan analyze study.dcm --model bundle -o out
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(export)


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `bonescan train` wrote.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="BUNDLE", help="Folder of the bundle to write.")],
) -> None:
    """Export a training run as a model bundle.

    A bundle holds ONNX files, a manifest with the SHA-256 of each, and a model card.
    """
    need_torch("export")
    from bonescan.core.files import check_writable
    from bonescan.training.export_onnx import export_bundle

    check_writable(out)
    export_bundle(run, out, progress=remark)
    say(f"bundle -> {out}; use it with: bonescan analyze INPUT --model {out} -o OUT")
