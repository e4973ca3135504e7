"""What a person does to jobs: look one up, try it again, send it again, call it off."""

from __future__ import annotations

import time
from collections.abc import Iterable

from bonescan.core.errors import UnknownJobError
from bonescan.jobs.states import Job, JobState, Sending
from bonescan.store.database import Database
from bonescan.store.store import Store

_OVER = (JobState.FAILED, JobState.REJECTED, JobState.CANCELLED)


def find_job(store: Store, number: int) -> Job:
    """The job of a number.

    Raises:
        UnknownJobError: There is none.
    """
    row = store.database.row("SELECT * FROM jobs WHERE id = ?", [number])
    if row is None:
        raise UnknownJobError(f"there is no job {number}", hint="'bonescan jobs list' shows them")
    return Job.of(row)


def retry(store: Store, number: int) -> None:
    """Queue a job again that failed, was rejected or cancelled.

    Raises:
        UnknownJobError: There is none, or it is queued, running or done.
    """
    with store.database.transaction() as database:
        job = find_job(store, number)
        if job.state not in _OVER:
            raise UnknownJobError(
                f"job {number} is {job.state}",
                expected="one that failed, was rejected or cancelled",
                hint="To send results again: bonescan jobs resend" if job.state is JobState.DONE else "",
            )
        database.execute(
            "UPDATE jobs SET state = 'queued', attempts = 0, crashes = 0, due_at = ?, finished_at = NULL, note = ''"
            " WHERE id = ?",
            [time.time(), number],
        )


def resend(store: Store, number: int, destinations: Iterable[str]) -> list[str]:
    """Send the results of a job again, and to destinations that are new.

    Args:
        store: The store.
        number: Number of the job.
        destinations: Where to.

    Returns:
        Destinations that the results wait for now; one that they are being sent to just then is left alone.

    Raises:
        UnknownJobError: There is no such job, or it has no results.
    """
    with store.database.transaction() as database:
        job = find_job(store, number)
        if job.state is not JobState.DONE:
            raise UnknownJobError(f"job {number} is {job.state}", expected="one that is done")
        return [destination for destination in destinations if _wait(database, number, destination)]


def resend_letter(store: Store, letter: Sending, destinations: Iterable[str]) -> list[str]:
    """Send a dead letter again, or elsewhere; where it was to go it is then dead no more.

    Args:
        store: The store.
        letter: The dead letter.
        destinations: Where to.

    Returns:
        Destinations that it waits for now; one that it is being sent to just then is left alone.
    """
    chosen = list(destinations)
    with store.database.transaction() as database:
        waiting = [destination for destination in chosen if _wait(database, letter.job, destination)]
        database.execute(
            "UPDATE sendings SET state = 'cancelled', finished_at = ?, note = ? WHERE id = ? AND state = 'dead'",
            [time.time(), f"Sent to {', '.join(chosen)} instead.", letter.id],
        )
    return waiting


def cancel(store: Store, number: int) -> None:
    """Call a job off: it is not begun, or its result is thrown away, or what waits to be sent, or is dead, is not sent.

    Raises:
        UnknownJobError: There is none, or there is nothing left to call off.
    """
    at = time.time()
    note = "Cancelled by hand."
    with store.database.transaction() as database:
        job = find_job(store, number)
        changed = database.execute(
            "UPDATE jobs SET state = 'cancelled', finished_at = ?, note = ?"
            " WHERE id = ? AND state IN ('queued', 'running')",
            [at, note, number],
        )
        changed += database.execute(
            "UPDATE sendings SET state = 'cancelled', finished_at = ?, note = ?"
            " WHERE job = ? AND state IN ('waiting', 'dead')",
            [at, note, number],
        )
        if not changed:
            raise UnknownJobError(f"job {number} is {job.state}", expected="one that waits for something")


def _wait(database: Database, number: int, destination: str) -> bool:
    """Let the results of a job wait for a destination; False where they are being sent there just now."""
    return bool(
        database.execute(
            "INSERT INTO sendings (job, destination, state, due_at) VALUES (?, ?, 'waiting', ?)"
            " ON CONFLICT (job, destination) DO UPDATE"
            " SET state = 'waiting', attempts = 0, due_at = excluded.due_at, finished_at = NULL, note = ''"
            " WHERE state != 'sending'",
            [number, destination, time.time()],
        )
    )
