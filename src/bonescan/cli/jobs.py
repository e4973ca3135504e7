"""`bonescan jobs`: what the node has done, is doing and has given up; and steering it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bonescan.cli.listen import node_settings
from bonescan.cli.output import aligned, say, say_json
from bonescan.core.errors import UsageError

if TYPE_CHECKING:
    from bonescan.jobs.states import Job, Sending
    from bonescan.store.store import Store

EPILOG = """\b
Examples:
  bonescan jobs list
  bonescan jobs list --state failed --state rejected --json
  bonescan jobs show 12
  bonescan jobs retry 12
  bonescan jobs resend --dead
  bonescan jobs resend --dead --to PACS@10.1.0.3:104
  bonescan jobs cancel 12

Works whether the node runs or not. Studies have numbers of their own here; no name or id of a patient is shown.
"""
STATES = ("queued", "running", "done", "rejected", "failed", "cancelled")

StoreOption = Annotated[
    Path | None, typer.Option("--store", metavar="DIR", help="Folder of the store; by default that of the settings.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Numbers = Annotated[list[int] | None, typer.Argument(metavar="JOB", help="Numbers of jobs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=EPILOG)
    for command in (list_jobs, show, retry, resend, cancel):
        group.command("list" if command is list_jobs else None, epilog=EPILOG)(command)
    app.add_typer(
        group, name="jobs", help="List and steer the jobs of the node.", short_help="List and steer the node's jobs."
    )


def list_jobs(
    state: Annotated[
        list[str] | None,
        typer.Option(metavar="STATE", help=f"Only these; one of {', '.join(STATES)}. May be repeated."),
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Most that are listed, newest first.")] = 50,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List jobs, newest first, and dead letters."""
    from bonescan.jobs.queue import jobs
    from bonescan.jobs.sendings import dead_letters, sendings_of
    from bonescan.jobs.states import JobState

    wrong = [word for word in state or [] if word not in STATES]
    if wrong:
        raise UsageError(f"unknown state {wrong[0]!r}", expected=f"one of {', '.join(STATES)}")
    with _store(store) as opened:
        found = jobs(opened, [JobState(word) for word in state or []], limit=limit)
        sent = {job.id: sendings_of(opened, job.id) for job in found}
        dead = dead_letters(opened)
        if as_json:
            say_json(
                {"jobs": [_document(job, sent[job.id]) for job in found], "dead_letters": [asdict(x) for x in dead]}
            )
            return
        if not found:
            say("No jobs.")
        for line in aligned(_row(job, sent[job.id]) for job in found):
            say(line)
        if dead:
            say(f"Dead letters: {len(dead)}; after mending the cause: bonescan jobs resend --dead")
        for line in aligned((f"job {x.job}", x.destination, x.note) for x in dead):
            say(line)


def show(
    job: Annotated[int, typer.Argument(metavar="JOB", help="Number of the job.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show all about one job."""
    from bonescan.jobs.sendings import sendings_of
    from bonescan.jobs.steer import find_job

    with _store(store) as opened:
        found = find_job(opened, job)
        sent = sendings_of(opened, job)
        rows = opened.database.rows(
            "SELECT id, standing, modality, bytes, peer, received_at, sop_uid FROM objects WHERE study = ? ORDER BY id",
            [found.study],
        )
        objects = [dict(row) for row in rows]
        folder = str(opened.results / found.folder) if found.folder else None
        if as_json:
            say_json({**_document(found, sent), "folder": folder, "objects": objects})
            return
        for line in _lines(found, sent, folder, objects):
            say(line)


def retry(
    jobs: Numbers = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.")] = False,
    store: StoreOption = None,
) -> None:
    """Queue jobs again that failed, were rejected or cancelled."""
    from bonescan.jobs import queue, steer
    from bonescan.jobs.states import JobState

    with _store(store) as opened:
        more = [job.id for job in queue.jobs(opened, [JobState.FAILED], limit=100_000)] if failed else None
        for number in _wanted(jobs, "--failed", more):
            steer.retry(opened, number)
            say(f"job {number}: queued")


def resend(
    jobs: Numbers = None,
    dead: Annotated[bool, typer.Option("--dead", help="Dead letters, of these jobs or all; with --to, there.")] = False,
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="AET@HOST:PORT", help="Where to; by default where they went, and what the settings say."),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Send results again, or dead letters."""
    from bonescan.jobs import sendings, steer

    settings = node_settings({"destinations": to} if to else {})
    with _store(store) as opened:
        if dead:
            for number in jobs or []:
                steer.find_job(opened, number)
            letters = [letter for letter in sendings.dead_letters(opened) if not jobs or letter.job in jobs]
            for letter in letters:
                targets = [str(x) for x in settings.destinations] if to else [letter.destination]
                _say_sent(letter.job, targets, steer.resend_letter(opened, letter, targets))
            if not letters:
                say("No dead letters.")
            return
        for number in _wanted(jobs, "--dead"):
            old = [] if to else [entry.destination for entry in sendings.sendings_of(opened, number)]
            targets = list(dict.fromkeys([*old, *map(str, settings.destinations)]))
            if not targets:
                raise UsageError("there is no destination", hint="Name one with --to, or in the settings")
            _say_sent(number, targets, steer.resend(opened, number, targets))


def cancel(
    jobs: Annotated[list[int], typer.Argument(metavar="JOB", help="Numbers of jobs.")],
    store: StoreOption = None,
) -> None:
    """Call jobs off, and what of them waits to be sent or is dead."""
    from bonescan.jobs import steer

    with _store(store) as opened:
        for number in jobs:
            steer.cancel(opened, number)
            say(f"job {number}: cancelled")


@contextmanager
def _store(folder: Path | None) -> Iterator[Store]:
    from bonescan.store.store import Store

    opened = Store(node_settings({"store": folder} if folder else {}))
    try:
        yield opened
    finally:
        opened.close()


def _wanted(given: list[int] | None, option: str, more: list[int] | None = None) -> list[int]:
    """Numbers that were given, and those that the option names where it was; one of the two has to be there."""
    if not given and more is None:
        raise UsageError("no job is named", expected=f"numbers, or {option}")
    return list(dict.fromkeys([*(given or []), *(more or [])]))


def _say_sent(number: int, targets: list[str], waiting: list[str]) -> None:
    if waiting:
        say(f"job {number}: to {', '.join(waiting)}")
    for destination in targets:
        if destination not in waiting:
            say(f"job {number}: is being sent to {destination} already")


def _document(job: Job, sent: list[Sending]) -> dict[str, Any]:
    return {**asdict(job), "name": f"{job.name}.{job.revision}", "sendings": [asdict(entry) for entry in sent]}


def _row(job: Job, sent: list[Sending]) -> tuple[str, ...]:
    ways = ", ".join(f"{entry.destination.partition('@')[0]} {entry.state}" for entry in sent)
    return (str(job.id), f"{job.name}.{job.revision}", job.state, _when(job.created_at), ways or "-", job.note)


def _lines(job: Job, sent: list[Sending], folder: str | None, objects: list[dict[str, Any]]) -> Iterator[str]:
    yield f"job {job.id}: {job.name}.{job.revision}, {job.state}"
    facts = [("complete", _when(job.created_at)), ("attempts", str(job.attempts))]
    facts += [("finished", _when(job.finished_at))] if job.finished_at else []
    facts += [("results", folder)] if folder else []
    facts += [("note", job.note)] if job.note else []
    yield from aligned(facts)
    yield "objects"
    yield from aligned(
        (str(x["id"]), x["standing"], x["modality"], f"{x['bytes'] / 1e6:.2f} MB", x["peer"], _when(x["received_at"]))
        for x in objects
    )
    yield "sendings"
    rows = [(x.destination, x.state, f"{x.objects} objects, attempt {x.attempts}", x.note) for x in sent]
    yield from aligned(rows or [("none",)])


def _when(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"
