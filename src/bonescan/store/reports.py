"""What somebody should know of and no exception tells: conflicts, refusals, studies that are no bone scan."""

from __future__ import annotations

import time

from bonescan.store.database import Database, Row

MOST = 5000
"""Older ones are dropped, so that a peer that sends rubbish does not fill the disk with its story."""


def report(database: Database, kind: str, text: str, *, study: int | None = None, at: float | None = None) -> None:
    """Write a report, within the transaction that it is about.

    Args:
        database: Where to.
        kind: One word: "conflict", "replaced", "refused", "not_analysed", "failed", "dead_letter".
        text: A sentence without any patient data.
        study: Number of the study.
        at: Seconds since 1970; by default the clock's.
    """
    number = database.insert(
        "INSERT INTO reports (at, kind, study, text) VALUES (?, ?, ?, ?)",
        [time.time() if at is None else at, kind, study, text],
    )
    database.execute("DELETE FROM reports WHERE id <= ?", [number - MOST])


def latest(database: Database, number: int = 20) -> list[Row]:
    """The latest reports, newest first."""
    return database.rows("SELECT * FROM reports ORDER BY id DESC LIMIT ?", [number])
