"""The `bonescan` command: its subcommands, and how errors become one sentence and an exit code."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from bonescan.cli import (
    analyze,
    calibrate,
    cohort,
    deidentify,
    doctor,
    evaluate,
    export,
    fetch,
    info,
    jobs,
    listen,
    models,
    predict,
    send,
    simulate,
    train,
)
from bonescan.cli.failure import DEBUG_VARIABLE, debugging, exit_code, explain_error, explain_unexpected
from bonescan.core.errors import BonescanError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done; 2 usage; 3 input unreadable or not a bone scan; 4 model problem; "
    "5 output could not be written; 6 network peer refused.",
)


# On its way out Python looks for garbage in all that libraries hold, which takes a seventh of a short command's time.
atexit.register(gc.freeze)


def _show_version(wanted: bool) -> None:
    if wanted:
        from bonescan import __version__

        typer.echo(f"bonescan {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (or set BONESCAN_DEBUG=1).")
    ] = False,
) -> None:
    """From a raw whole-body bone scan to outlined lesions, tumour burden and a draft report.

    Research software: every result is a draft for review by a physician; not a medical device.
    """


for module in (
    analyze,
    info,
    fetch,
    send,
    listen,
    jobs,
    deidentify,
    cohort,
    simulate,
    train,
    predict,
    export,
    calibrate,
    evaluate,
    models,
    doctor,
):
    module.register(app)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with the code of the contract.

    Args:
        arguments: Words after `bonescan`; by default those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    _take_debug(words)
    if not debugging():
        _keep_quiet()
    try:
        get_command(app).main(words, prog_name="bonescan")
    except BonescanError as error:
        explain_error(error)
        sys.exit(exit_code(error))
    sys.exit(0)


def _keep_quiet() -> None:
    """Leave stderr to our own sentences: warnings of libraries quote headers, and so may the text of their errors."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    for library in ("pydicom", "PIL"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    sys.excepthook = explain_unexpected


def _take_debug(words: list[str]) -> None:
    """Take `--debug` from wherever it stands among the options: who meets an error adds it at the end."""
    options = words[: words.index("--")] if "--" in words else words
    if "--debug" in options:
        words.remove("--debug")
        os.environ[DEBUG_VARIABLE] = "1"
