"""The tables of the store, and how a store of an older version becomes one of this."""

from __future__ import annotations

VERSION = 2

TABLES = """
CREATE TABLE studies (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    revision INTEGER NOT NULL DEFAULT 0,
    first_at REAL NOT NULL,
    last_at REAL NOT NULL
) STRICT;

CREATE TABLE objects (
    id INTEGER PRIMARY KEY,
    study INTEGER REFERENCES studies (id),
    sop_uid TEXT NOT NULL,
    sop_class TEXT NOT NULL,
    series_uid TEXT NOT NULL,
    modality TEXT NOT NULL,
    transfer_syntax TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    peer TEXT NOT NULL,
    received_at REAL NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('kept', 'conflict', 'refused', 'own')),
    UNIQUE (sop_uid, sha256)
) STRICT;
CREATE INDEX objects_of_study ON objects (study);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    study INTEGER NOT NULL REFERENCES studies (id),
    revision INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'rejected', 'failed', 'cancelled')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL,
    finished_at REAL,
    fingerprint TEXT NOT NULL DEFAULT '',
    folder TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    UNIQUE (study, revision)
) STRICT;
CREATE INDEX jobs_due ON jobs (state, due_at);

CREATE TABLE made (
    sop_uid TEXT PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES jobs (id)
) STRICT;

CREATE TABLE sendings (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES jobs (id),
    destination TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'dead', 'cancelled')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL,
    finished_at REAL,
    objects INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    UNIQUE (job, destination)
) STRICT;
CREATE INDEX sendings_due ON sendings (state, due_at);

CREATE TABLE reports (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    study INTEGER REFERENCES studies (id),
    text TEXT NOT NULL
) STRICT;
"""
"""Those of version 1. Times are seconds since 1970 (UTC). `jobs` has one row a study and revision, `sendings` one a job
and destination: the constraints, not the code, are what makes doing anything twice impossible."""

MIGRATIONS = {1: "ALTER TABLE jobs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0"}
"""Version → statements that make it the next one; a new store goes through all of them, too."""
