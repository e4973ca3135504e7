"""Studies: which are complete, and which objects they are made of."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bonescan.core.errors import StoreError
from bonescan.store.store import Store


@dataclass(frozen=True)
class StoredObject:
    """An object of a study.

    Attributes:
        id: Its number in the store.
        path: The file.
        sha256: Its hash, which names the file.
        sop_class: Its class.
    """

    id: int
    path: Path
    sha256: str
    sop_class: str


def close_quiet(store: Store, quiet_s: float, *, now: float | None = None) -> int:
    """Take studies as complete that got no object for a while, and queue each for analysis.

    Args:
        store: The store.
        quiet_s: How long a study has been quiet.
        now: Seconds since 1970; by default the clock's.

    Returns:
        Number of studies closed.
    """
    at = time.time() if now is None else now
    query = "SELECT id, revision FROM studies WHERE state = 'open' AND last_at <= ?"
    if not store.database.rows(query, [at - quiet_s]):
        return 0  # most calls end here, without taking the lock for writing
    with store.database.transaction() as database:
        quiet = database.rows(query, [at - quiet_s])
        for row in quiet:
            database.execute("UPDATE studies SET state = 'closed' WHERE id = ?", [row["id"]])
            # A job that nobody has begun finds the new objects when it begins.
            if not database.row("SELECT 1 FROM jobs WHERE study = ? AND state = 'queued'", [row["id"]]):
                revision = row["revision"] + 1
                database.execute("UPDATE studies SET revision = ? WHERE id = ?", [revision, row["id"]])
                database.insert(
                    "INSERT INTO jobs (study, revision, state, due_at, created_at) VALUES (?, ?, 'queued', ?, ?)",
                    [row["id"], revision, at, at],
                )
    return len(quiet)


def objects_of(store: Store, study: int) -> list[StoredObject]:
    """The objects of a study that count, in the order in which they came; conflicting ones and our own do not."""
    rows = store.database.rows(
        "SELECT id, sha256, sop_class FROM objects WHERE study = ? AND standing = 'kept' ORDER BY id", [study]
    )
    return [StoredObject(row["id"], store.files.path(row["sha256"]), row["sha256"], row["sop_class"]) for row in rows]


def check_there(objects: Iterable[StoredObject]) -> None:
    """Open each object: one that the disk does not give would be passed over, and a study analysed without it.

    Raises:
        StoreError: One is missing, or may not be read.
    """
    for entry in objects:
        try:
            with entry.path.open("rb") as handle:
                handle.read(1)
        except OSError as error:
            raise StoreError(
                f"object {entry.id} of the store cannot be read: {error.strerror}",
                hint="Check the disk; an object that is lost is there again once it is sent again",
            ) from error
