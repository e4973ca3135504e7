"""The SQLite database: one connection a process, whole transactions, on the disk when they are over."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bonescan.core.errors import NoRoomError, StoreError
from bonescan.store.schema import MIGRATIONS, TABLES, VERSION

Row = sqlite3.Row
_BUSY_S = 20


class Database:
    """A connection that threads share by turns.

    `bonescan jobs` opens the same file from another process; SQLite's own locks keep the two apart.

    Args:
        path: The file; made where missing.

    Raises:
        StoreError: It is no database, damaged, or of a newer version.
        NoRoomError: The disk is full.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        with _errors():
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        self._connection.row_factory = sqlite3.Row
        try:
            with _errors():
                # WAL: readers do not stop writers. FULL: a commit is on the disk when it returns, which is what an
                # acknowledgement promises.
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA foreign_keys = ON")
            self._bring_up_to_date()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """All that is done within happens as a whole or not at all, and is on the disk afterwards.

        Raises:
            NoRoomError: The disk is full.
            StoreError: The database is damaged, or another process holds it for too long.
        """
        with self._lock, _errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self
                self._connection.execute("COMMIT")
            except BaseException:
                # A commit that failed for want of room has ended the transaction in some cases.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def execute(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> int:
        """Run a statement; return the number of rows changed."""
        with self._lock, _errors():
            return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> int:
        """Run an INSERT; return the id of the new row."""
        with self._lock, _errors():
            return int(self._connection.execute(sql, values).lastrowid or 0)

    def rows(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """All rows of a query."""
        with self._lock, _errors():
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def _bring_up_to_date(self) -> None:
        if self._version() == VERSION:
            return  # a full disk must not keep anybody from looking
        with self.transaction():
            version = self._version()
            if version > VERSION:
                raise StoreError(
                    f"the store is of version {version}", expected=f"at most {VERSION}", hint="Update bonescan"
                )
            if version == 0:
                self._script(TABLES)
            for number in range(max(version, 1), VERSION):
                self._script(MIGRATIONS[number])
            self.execute(f"PRAGMA user_version = {VERSION}")

    def _version(self) -> int:
        found = self.row("PRAGMA user_version")
        return int(found[0]) if found else 0

    def _script(self, text: str) -> None:
        # Not `executescript`, which would commit the transaction that it stands in.
        for statement in text.split(";"):
            if statement.strip():
                self._connection.execute(statement)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise NoRoomError("the disk of the store is full", hint="Make room on it") from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError("the store is held by another process", hint="Try again") from error
        raise StoreError(
            f"the store's database cannot be used ({getattr(error, 'sqlite_errorname', type(error).__name__)})",
            hint="Check the disk; a node without its database takes in again what lies in objects/ of the store",
        ) from error
