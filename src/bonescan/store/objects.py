"""Received bytes as files: on the disk before anybody is told so, named by what they are."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from pathlib import Path

from bonescan.core.errors import NoRoomError
from bonescan.core.files import sync_folder, write_bytes

_MB = 10**6


class ObjectFiles:
    """The folder `objects/` of a store.

    Args:
        root: The folder; made where missing.
        store_mb: Most that its files may take together, in MB (10^6 bytes), or None.
        reserve_mb: Free disk in MB that is left alone.
    """

    def __init__(self, root: Path, store_mb: float | None, reserve_mb: float) -> None:
        self.root = root
        self._limit = None if store_mb is None else store_mb * _MB
        self._reserve = reserve_mb * _MB
        self._lock = threading.Lock()
        root.mkdir(parents=True, exist_ok=True)
        self.bytes_used = sum(path.stat().st_size for path in root.glob("??/*.dcm"))

    def path(self, sha256: str) -> Path:
        """Where the object of that hash lies."""
        return self.root / sha256[:2] / f"{sha256}.dcm"

    def keep(self, file: bytes, sha256: str) -> Path:
        """Put an object on the disk; when this returns, a power cut does not lose it.

        Args:
            file: The whole file.
            sha256: Its `announced_hash`, or `hash_of` its data set.

        Returns:
            Its path. The same hash again is the same file.

        Raises:
            NoRoomError: A limit is reached, or the disk is full; nothing is left behind.
            OutputError: It cannot be written for another reason.
        """
        path = self.path(sha256)
        there = path.stat().st_size if path.exists() else 0
        if there == len(file):
            sync_folder(path.parent)  # another association may have renamed it this very moment
            return path
        self._reserve_room(len(file))  # where it is there, the disk has cut it off since: it is written anew
        try:
            folder = path.parent
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                sync_folder(self.root)
            write_bytes(path, file)
            sync_folder(folder)
            with self._lock:
                self.bytes_used -= there
        except OSError as error:
            with self._lock:
                self.bytes_used -= len(file)
            cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
            if cause.errno in (28, 122):  # ENOSPC, EDQUOT
                raise NoRoomError("the disk of the store is full", hint="Make room on it") from error
            raise
        return path

    def sweep(self) -> int:
        """Remove the parts of files that a process left which ended while it wrote; return their number."""
        parts = list(self.root.glob("??/.*.part"))
        for path in parts:
            path.unlink(missing_ok=True)
        return len(parts)

    def orphans(self, known: set[str]) -> list[Path]:
        """Files that no row tells of, the oldest first.

        Args:
            known: Hashes of all objects of the database.
        """
        found = [path for path in self.root.glob("??/*.dcm") if path.stem not in known]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def check_room(self, size: int) -> None:
        """Ask whether an object would be taken.

        Args:
            size: Its size in bytes.

        Raises:
            NoRoomError: It would not: a limit is reached.
        """
        free = shutil.disk_usage(self.root).free
        if free - size < self._reserve:
            raise NoRoomError(
                f"the disk of the store has {free / _MB:.0f} MB free",
                expected=f"{self._reserve / _MB:.0f} MB besides the object",
                hint="Make room on it, or lower reserve_mb",
            )
        if self._limit is not None and self.bytes_used + size > self._limit:
            raise NoRoomError(
                f"the store holds {self.bytes_used / _MB:.0f} MB of objects",
                expected=f"at most {self._limit / _MB:.0f} MB",
                hint="Raise store_mb",
            )

    def _reserve_room(self, size: int) -> None:
        with self._lock:
            self.check_room(size)
            self.bytes_used += size


def hash_of(data: bytes) -> str:
    """SHA-256 in hexadecimal of a data set: the name that files had which came to older versions.

    Example:
        >>> hash_of(b"")[:8]
        'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def announced_hash(data: str, announced: tuple[str, str, str]) -> str:
    """SHA-256 in hexadecimal of a data set and of what its sender announced, which its file says too: a file's name.

    Args:
        data: `hash_of` the data set.
        announced: Class, number and transfer syntax.

    Example:
        >>> announced_hash(hash_of(b""), ("1.2", "1.2.3", "1.2.840.10008.1.2"))[:8]
        '77fc3cbf'
    """
    return hash_of("\n".join((data, *announced)).encode())


def sync_tree(folder: Path) -> None:
    """Put the names of everything below a folder on the disk; the files themselves are, by `write_bytes`."""
    for here, _, _ in os.walk(folder, topdown=False):
        sync_folder(Path(here))
