"""Errors on stderr: one clear sentence each, a traceback only where asked for, never patient data."""

from __future__ import annotations

import os
from pathlib import Path
from traceback import extract_tb
from types import TracebackType

import typer

from bonescan.core.errors import status_of


def explain(sentence: str) -> None:
    """Write one sentence to stderr."""
    typer.echo(f"bonescan: {sentence}", err=True)


def exit_code(error: BaseException) -> int:
    """Exit code of an error by the table in `bonescan.core.errors`."""
    return status_of(error).exit_code


def debug_by_setting() -> bool:
    """Whether `BONESCAN_DEBUG` asks for tracebacks; read alone, since the settings as a whole may be what is wrong."""
    return os.environ.get("BONESCAN_DEBUG", "").strip().lower() in {"1", "true", "yes", "on"}


def explain_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Exception hook for defects: kind and place only, since the text of a foreign error may quote a header."""
    ours = [frame for frame in extract_tb(trace) if "bonescan" in Path(frame.filename).parts]
    place = f" in {Path(ours[-1].filename).name}, line {ours[-1].lineno}" if ours else ""
    explain(f"internal error ({kind.__name__}{place}), a defect of the program. Run it with --debug and report it.")
