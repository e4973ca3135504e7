"""The queue of analyses: claimed by one worker, finished in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from bonescan.core.node_settings import NodeSettings
from bonescan.jobs.backoff import delay_s
from bonescan.jobs.states import Job, JobState
from bonescan.store.reports import report
from bonescan.store.store import Store

_CRASHES = 10
"""A study during whose analysis the process ended so often is not tried again by itself: it may be what ends it."""


def claim(store: Store, *, now: float | None = None) -> Job | None:
    """Take the job that is due longest, or None where none is; nobody else gets it."""
    at = time.time() if now is None else now
    with store.database.transaction() as database:
        row = database.row(
            "SELECT * FROM jobs WHERE state = 'queued' AND due_at <= ? ORDER BY due_at, id LIMIT 1", [at]
        )
        if row is None:
            return None
        database.execute(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, started_at = ? WHERE id = ?", [at, row["id"]]
        )
        claimed = database.row("SELECT * FROM jobs WHERE id = ?", [row["id"]])
    return Job.of(claimed) if claimed else None


def finish(
    store: Store,
    job: Job,
    *,
    folder: str,
    fingerprint: str,
    note: str,
    made: Iterable[str],
    destinations: Iterable[str],
) -> bool:
    """Say that a job is done, and that its results are to be sent, and those of earlier revisions not; all or nothing.

    Args:
        store: The store.
        job: The job, as claimed.
        folder: Name of the folder of its results.
        fingerprint: Hash of the objects that were analysed.
        note: What a reader should know, or empty.
        made: Instance numbers of the objects that were made, so that they are known when they come back.
        destinations: Where to send them.

    Returns:
        False where the job was cancelled meanwhile; then nothing has changed.
    """
    at = time.time()
    with store.database.transaction() as database:
        changed = database.execute(
            "UPDATE jobs SET state = 'done', finished_at = ?, folder = ?, fingerprint = ?, note = ?"
            " WHERE id = ? AND state = 'running'",
            [at, folder, fingerprint, note, job.id],
        )
        if not changed:
            return False
        for uid in made:
            database.execute("INSERT INTO made (sop_uid, job) VALUES (?, ?) ON CONFLICT DO NOTHING", [uid, job.id])
        for destination in destinations:
            # An archive must not get the older draft after the newer one.
            database.execute(
                "UPDATE sendings SET state = 'cancelled', finished_at = ?, note = ? WHERE destination = ?"
                " AND state IN ('waiting', 'sending', 'dead')"
                " AND job IN (SELECT id FROM jobs WHERE study = ? AND revision < ?)",
                [at, f"Superseded by revision {job.revision}.", destination, job.study, job.revision],
            )
            database.execute(
                "INSERT INTO sendings (job, destination, state, due_at) VALUES (?, ?, 'waiting', ?)"
                " ON CONFLICT DO NOTHING",
                [job.id, destination, at],
            )
    return True


def reject(store: Store, job: Job, reason: str) -> None:
    """Say that a study is no bone scan, or cannot be read: it is kept and reported, and not tried again."""
    with store.database.transaction() as database:
        if database.execute(
            "UPDATE jobs SET state = 'rejected', finished_at = ?, note = ? WHERE id = ? AND state = 'running'",
            [time.time(), reason, job.id],
        ):
            report(database, "not_analysed", f"{job.name} was not analysed: {reason}", study=job.study)


def fail(store: Store, job: Job, reason: str, settings: NodeSettings, *, lasting: bool = False) -> JobState:
    """Put a job that did not work back into the queue for later, or give it up.

    Args:
        store: The store.
        job: The job, as claimed.
        reason: Why, as a sentence without patient data.
        settings: How often and how soon it is tried again.
        lasting: It is tried again however often it failed, since the reason lies outside of the study.

    Returns:
        Where it stands now.
    """
    at = time.time()
    over = job.attempts >= settings.attempts and not lasting
    state = JobState.FAILED if over else JobState.QUEUED
    due = at + delay_s(job.attempts, settings.retry_s, settings.retry_longest_s)
    with store.database.transaction() as database:
        changed = database.execute(
            "UPDATE jobs SET state = ?, due_at = ?, finished_at = ?, note = ? WHERE id = ? AND state = 'running'",
            [state, due, at if over else None, reason, job.id],
        )
        if changed and over:
            report(database, "failed", f"{job.name} could not be analysed: {reason}", study=job.study)
    return state


def recover(store: Store, *, crashed: bool = True) -> int:
    """Queue again what is said to be running; to be called where it is sure that nobody runs it.

    Args:
        store: The store.
        crashed: The process ended meanwhile; False where its end could not be written down and nothing worse.

    Returns:
        Number of jobs queued again.
    """
    if not store.database.row("SELECT 1 FROM jobs WHERE state = 'running'"):
        return 0  # most calls end here, without taking the lock for writing
    with store.database.transaction() as database:
        # Apart from the attempts: many of those may have failed for want of room, which is not the study's doing.
        database.execute("UPDATE jobs SET crashes = crashes + ? WHERE state = 'running'", [int(crashed)])
        for row in database.rows("SELECT * FROM jobs WHERE state = 'running' AND crashes >= ?", [_CRASHES]):
            reason = f"The process ended {row['crashes']} times during its analysis."
            database.execute(
                "UPDATE jobs SET state = 'failed', finished_at = ?, note = ? WHERE id = ?",
                [time.time(), reason, row["id"]],
            )
            report(database, "failed", f"{Job.of(row).name} was given up. {reason}", study=row["study"])
        return database.execute("UPDATE jobs SET state = 'queued', due_at = ? WHERE state = 'running'", [time.time()])


def jobs(store: Store, states: Sequence[JobState] = (), *, limit: int = 1000) -> list[Job]:
    """Jobs in some states, or all, newest first."""
    chosen = list(states) or list(JobState)
    marks = ", ".join("?" * len(chosen))
    rows = store.database.rows(
        f"SELECT * FROM jobs WHERE state IN ({marks}) ORDER BY id DESC LIMIT ?", [*chosen, limit]
    )
    return [Job.of(row) for row in rows]
