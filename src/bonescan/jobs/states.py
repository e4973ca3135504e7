"""Jobs and sendings as records, and the states that they go through.

::

    job       queued → running → done | rejected (no bone scan) | failed (given up);  queued, running → cancelled
    sending   waiting → sending → sent | dead (given up);  waiting, dead → cancelled

A job that failed, was rejected or cancelled can be queued again; a sending that is over can wait again. Where a newer
revision goes to the same destination, what of the older ones waits, is on its way or dead is cancelled; what was on its
way may still become sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bonescan.store.database import Row


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SendingState(StrEnum):
    """Where a sending stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Job:
    """The analysis of one revision of a study.

    Attributes:
        id: Its number.
        study: Number of the study in the store; no number of a patient.
        revision: 1 for a study's first set of objects, 2 where more came later, and so on.
        state: Where it stands.
        attempts: How often it was begun.
        due_at: When it may be begun, in seconds since 1970.
        created_at: When the study was complete.
        started_at: When it was last begun, or None.
        finished_at: When it was over, or None.
        fingerprint: Hash of the objects that were analysed.
        folder: Name of the folder of its results, or empty.
        note: Why it stands where it stands.
    """

    id: int
    study: int
    revision: int
    state: JobState
    attempts: int
    due_at: float
    created_at: float
    started_at: float | None
    finished_at: float | None
    fingerprint: str
    folder: str
    note: str

    @classmethod
    def of(cls, row: Row) -> Job:
        """From a row of the database."""
        return cls(**{**{key: row[key] for key in cls.__dataclass_fields__}, "state": JobState(row["state"])})

    @property
    def name(self) -> str:
        """What its study is called everywhere: in folders, logs, and on reports."""
        return study_name(self.study)


@dataclass(frozen=True)
class Sending:
    """The results of a job on their way to one destination.

    Attributes:
        id: Its number.
        job: Number of the job.
        destination: `AET@HOST:PORT`.
        state: Where it stands.
        attempts: How often it was tried.
        due_at: When it may be tried, in seconds since 1970.
        finished_at: When it was over, or None.
        objects: How many objects the destination took.
        note: Why it stands where it stands.
    """

    id: int
    job: int
    destination: str
    state: SendingState
    attempts: int
    due_at: float
    finished_at: float | None
    objects: int
    note: str

    @classmethod
    def of(cls, row: Row) -> Sending:
        """From a row of the database."""
        return cls(**{**{key: row[key] for key in cls.__dataclass_fields__}, "state": SendingState(row["state"])})


def study_name(study: int) -> str:
    """Name of a study by its number in the store.

    Example:
        >>> study_name(7)
        'study-000007'
    """
    return f"study-{study:06d}"
