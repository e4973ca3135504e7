"""The queue of sendings: one a job and destination, tried until the destination has all objects, or given up."""

from __future__ import annotations

import time
from collections.abc import Collection

from bonescan.core.node_settings import NodeSettings
from bonescan.jobs.backoff import delay_s
from bonescan.jobs.states import Sending, SendingState
from bonescan.store.reports import report
from bonescan.store.store import Store


def due_destinations(store: Store, *, now: float | None = None) -> list[str]:
    """Destinations that something is due for."""
    rows = store.database.rows(
        "SELECT DISTINCT destination FROM sendings WHERE state = 'waiting' AND due_at <= ?",
        [time.time() if now is None else now],
    )
    return [row["destination"] for row in rows]


def claim_sending(store: Store, destination: str, *, now: float | None = None) -> Sending | None:
    """Take what is due longest for a destination, or None; nobody else gets it."""
    at = time.time() if now is None else now
    with store.database.transaction() as database:
        row = database.row(
            "SELECT * FROM sendings WHERE state = 'waiting' AND destination = ? AND due_at <= ?"
            " ORDER BY due_at, id LIMIT 1",
            [destination, at],
        )
        if row is None:
            return None
        database.execute("UPDATE sendings SET state = 'sending', attempts = attempts + 1 WHERE id = ?", [row["id"]])
        claimed = database.row("SELECT * FROM sendings WHERE id = ?", [row["id"]])
    return Sending.of(claimed) if claimed else None


def arrived(store: Store, sending: Sending, objects: int) -> None:
    """Say that a destination has taken everything."""
    with store.database.transaction() as database:
        database.execute(
            "UPDATE sendings SET state = 'sent', finished_at = ?, objects = ?, note = '' WHERE id = ?",
            [time.time(), objects, sending.id],
        )


def not_arrived(
    store: Store, sending: Sending, reason: str, settings: NodeSettings, *, objects: int = 0
) -> SendingState:
    """Let a sending that did not work wait, or make it a dead letter.

    Args:
        store: The store.
        sending: The sending, as claimed.
        reason: Why, as a sentence.
        settings: How often and how soon it is tried again.
        objects: How many objects were taken all the same.

    Returns:
        Where it stands now.
    """
    at = time.time()
    over = sending.attempts >= settings.send_attempts
    state = SendingState.DEAD if over else SendingState.WAITING
    due = at + delay_s(sending.attempts, settings.retry_s, settings.retry_longest_s)
    with store.database.transaction() as database:
        if not database.execute(
            "UPDATE sendings SET state = ?, due_at = ?, finished_at = ?, objects = ?, note = ?"
            " WHERE id = ? AND state = 'sending'",
            [state, due, at if over else None, objects, reason, sending.id],
        ):
            return SendingState.CANCELLED  # a newer revision was done meanwhile
        if over:
            report(database, "dead_letter", f"Job {sending.job} could not be sent to {sending.destination}: {reason}")
    return state


def recover_sendings(store: Store, living: Collection[str] = ()) -> int:
    """Let what is said to be on its way be sent again; a destination knows objects by their numbers.

    Args:
        store: The store.
        living: Destinations that somebody is sending to; what is on its way to them is left alone.

    Returns:
        Number of sendings that wait again.
    """
    marks = ", ".join("?" * len(living))
    lost = f"state = 'sending' AND destination NOT IN ({marks})"
    if not store.database.row(f"SELECT 1 FROM sendings WHERE {lost}", [*living]):
        return 0  # most calls end here, without taking the lock for writing
    with store.database.transaction() as database:
        return database.execute(
            f"UPDATE sendings SET state = 'waiting', due_at = ? WHERE {lost}", [time.time(), *living]
        )


def sendings_of(store: Store, job: int) -> list[Sending]:
    """The sendings of a job."""
    rows = store.database.rows("SELECT * FROM sendings WHERE job = ? ORDER BY id", [job])
    return [Sending.of(row) for row in rows]


def dead_letters(store: Store) -> list[Sending]:
    """Sendings that were given up, oldest first."""
    return [Sending.of(row) for row in store.database.rows("SELECT * FROM sendings WHERE state = 'dead' ORDER BY id")]
