"""Errors on stderr: one clear sentence each, a traceback only where asked for, never patient data."""

from __future__ import annotations

import os
from pathlib import Path
from traceback import extract_tb, print_exception
from types import TracebackType

import typer

from bonescan.core.errors import BonescanError, status_of

DEBUG_VARIABLE = "BONESCAN_DEBUG"


def explain(sentence: str) -> None:
    """Write one sentence to stderr."""
    typer.echo(f"bonescan: {sentence}", err=True)


def exit_code(error: BaseException) -> int:
    """Exit code of an error by the table in `bonescan.core.errors`."""
    return status_of(error).exit_code


def debugging() -> bool:
    """Whether tracebacks are asked for; not one of the settings, since these may be what is wrong."""
    return os.environ.get(DEBUG_VARIABLE, "").strip().lower() in {"1", "true", "yes", "on"}


def explain_error(error: BonescanError, label: str = "") -> None:
    """Write an error's sentence to stderr, after its traceback where that is asked for.

    Args:
        error: What went wrong.
        label: Which of several inputs it is about.
    """
    if debugging():
        print_exception(error)
    explain(f"{label}: {error.message}" if label else error.message)


def explain_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Exception hook for defects: kind and place only, since the text of a foreign error may quote a header."""
    ours = [frame for frame in extract_tb(trace) if "bonescan" in Path(frame.filename).parts]
    place = f" in {Path(ours[-1].filename).name}, line {ours[-1].lineno}" if ours else ""
    explain(f"internal error ({kind.__name__}{place}), a defect of the program. Run it with --debug and report it.")
