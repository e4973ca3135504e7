"""What commands write to stdout, and progress on stderr when a person is looking."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

Report = Callable[[int, int], None]
"""Called with (items done, items in all)."""


def say(line: str = "") -> None:
    """One line of result on stdout."""
    typer.echo(line)


def remark(line: str) -> None:
    """One line about the work on stderr, out of the way of results."""
    typer.echo(line, err=True)


def say_json(document: Any) -> None:
    """A document for programs on stdout."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


@contextmanager
def progress(what: str, total: int) -> Iterator[Report]:
    """Yield a function that moves a progress bar on stderr, where that is a terminal and there is more than one item.

    Example:
        >>> with progress("Counting", 1) as report:
        ...     report(1, 1)
    """
    if total < 2 or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Lines of result go round the bar only where both are on the screen; a piped stdout must stay stdout.
    both = sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=both) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def aligned(rows: Iterable[Sequence[str]], indent: str = "  ") -> Iterator[str]:
    """Rows of cells as lines with aligned columns; the last column is not padded.

    Example:
        >>> list(aligned([("a", "1"), ("bcd", "22")], indent=""))
        ['a    1', 'bcd  22']
    """
    table = [tuple(row) for row in rows]
    if not table:
        return
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]) - 1)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield (indent + "  ".join([*cells, row[-1]])).rstrip()
