"""How the node is doing, in numbers: one picture of it, which the page and the metrics show each in their way."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field

from bonescan.core.errors import NoRoomError
from bonescan.core.node_settings import NodeSettings
from bonescan.jobs.queue import jobs
from bonescan.jobs.states import Job, JobState, SendingState
from bonescan.store.database import Row
from bonescan.store.reports import latest
from bonescan.store.store import Store


@dataclass(frozen=True)
class Facts:
    """The node at one moment; no patient data.

    Attributes:
        aet: AE title.
        address: Where it listens.
        trouble: Why it does not receive or work, as a sentence, or empty.
        up_s: Seconds since the start.
        associations: Open associations.
        answers: Answers to peers since the start, by kind.
        studies: Number of studies by state.
        objects: Number of objects by standing.
        jobs: Number of jobs by state.
        sendings: Number of sendings by destination and state.
        store_bytes: What the objects take of the disk.
        free_bytes: What is free on it.
        last_received_at: When the last object came, in seconds since 1970, or None.
        oldest_queued_s: How long the oldest job has waited, in seconds; the waits between attempts count.
        analysis_seconds: Seconds of all analyses that are done, together.
        latest_jobs: The newest jobs.
        reports: The newest reports.
    """

    aet: str
    address: str
    trouble: str
    up_s: float
    associations: int
    answers: dict[str, int]
    studies: dict[str, int]
    objects: dict[str, int]
    jobs: dict[str, int]
    sendings: dict[tuple[str, str], int]
    store_bytes: int
    free_bytes: int
    last_received_at: float | None
    oldest_queued_s: float
    analysis_seconds: float
    latest_jobs: list[Job] = field(default_factory=list)
    reports: list[Row] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """Whether it receives and works."""
        return not self.trouble


def gather(
    store: Store,
    settings: NodeSettings,
    *,
    alive: bool,
    started_at: float,
    associations: int,
    answers: dict[str, int],
) -> Facts:
    """Look at the store and the process.

    Args:
        store: The store.
        settings: What the node was started with.
        alive: Whether all parts of the process run.
        started_at: When it was started, in seconds since 1970.
        associations: Open associations.
        answers: Answers to peers since the start, by kind.

    Raises:
        StoreError: The database cannot be read.
    """
    database, now = store.database, time.time()
    sendings = {
        (row["destination"], row["state"]): int(row["n"])
        for row in database.rows("SELECT destination, state, count(*) AS n FROM sendings GROUP BY 1, 2")
    }
    for destination in settings.destinations:
        for state in SendingState:
            sendings.setdefault((str(destination), state.value), 0)
    totals = database.row(
        "SELECT (SELECT max(received_at) FROM objects) AS received,"
        " (SELECT max(bytes) FROM objects) AS largest,"
        " (SELECT min(CASE attempts WHEN 0 THEN due_at ELSE created_at END) FROM jobs WHERE state = 'queued') AS since,"
        " (SELECT sum(finished_at - started_at) FROM jobs WHERE state = 'done') AS seconds"
    )
    since = totals["since"] if totals else None
    return Facts(
        aet=settings.aet,
        address=f"{settings.host}:{settings.port}",
        trouble=_trouble(store, alive, int(totals["largest"] or 0) if totals else 0),
        up_s=now - started_at,
        associations=associations,
        answers=answers,
        studies=_counts(store, "studies", "state", ("open", "closed")),
        objects=_counts(store, "objects", "standing", ("kept", "conflict", "refused", "own")),
        jobs=_counts(store, "jobs", "state", tuple(JobState)),
        sendings=sendings,
        store_bytes=store.files.bytes_used,
        free_bytes=shutil.disk_usage(store.root).free,
        last_received_at=totals["received"] if totals else None,
        oldest_queued_s=max(0.0, now - since) if since is not None else 0.0,
        analysis_seconds=float(totals["seconds"] or 0) if totals else 0.0,
        latest_jobs=jobs(store, limit=25),
        reports=latest(database, 15),
    )


def _trouble(store: Store, alive: bool, size: int) -> str:
    """Why nothing is received or worked at; an object of the size of the largest so far must find room."""
    if not alive:
        return "A part of the node has ended. Start the node anew."
    try:
        store.files.check_room(size)
    except NoRoomError as error:
        return f"Objects are refused: {error.message}"
    return ""


def _counts(store: Store, table: str, column: str, words: tuple[str, ...]) -> dict[str, int]:
    """Rows by the word in a column; 0 where there is none, so that a metric never vanishes."""
    rows = store.database.rows(f"SELECT {column} AS word, count(*) AS n FROM {table} GROUP BY 1")
    return {**{str(word): 0 for word in words}, **{row["word"]: int(row["n"]) for row in rows}}
