"""`bonescan doctor`: what works on this machine, what is missing, and how to get it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from bonescan.cli.failure import explain
from bonescan.cli.output import aligned, say, say_json

EPILOG = """\b
Exit code 0 where everything needed works, 4 where something needed is broken. A missing extra is no fault.
"""
EXIT_BROKEN = 4


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Check this installation.

    Versions, runtimes, processor, models and folders; what is missing and how to get it.
    """
    from bonescan.cli.checks import run_checks

    checks = run_checks()
    broken = [check for check in checks if check.state == "broken"]
    if as_json:
        say_json({"healthy": not broken, "checks": [asdict(check) for check in checks]})
    else:
        for line in aligned((check.state, check.name, check.detail) for check in checks):
            say(line)
        hints = [check for check in checks if check.hint]
        for check in hints:
            say(f"  {check.name}: {check.hint}")
    if broken:
        explain(f"{', '.join(check.name for check in broken)}: broken; see above.")
        raise typer.Exit(EXIT_BROKEN)
