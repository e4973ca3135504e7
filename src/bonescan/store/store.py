"""The store as a whole: opening it, and that one process alone receives into it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bonescan.core.errors import OutputError, StoreError
from bonescan.core.files import check_writable
from bonescan.core.node_settings import NodeSettings
from bonescan.store.database import Database
from bonescan.store.objects import ObjectFiles

DATABASE = "store.sqlite3"


class Store:
    """A store on the disk; see the package for what lies where.

    Args:
        settings: Its folder and the limits of what it takes.
        make: Make it where it is missing.

    Raises:
        StoreError: There is none and it is not to be made, or it cannot be used.
        OutputError: It cannot be written.
    """

    def __init__(self, settings: NodeSettings, *, make: bool = False) -> None:
        self.root = Path(settings.store).expanduser().absolute()
        if not make and not (self.root / DATABASE).is_file():
            raise StoreError(
                f"there is no store in {self.root}",
                hint="Start the node once (bonescan listen), or name another folder with --store",
            )
        if make and not self.root.exists():
            check_writable(self.root)
        try:
            for folder in (self.results, self.work):
                folder.mkdir(parents=True, exist_ok=True)
            # What lies here are patients' scans: nobody but the node's own user has a look.
            self.root.chmod(0o700)
            self.files = ObjectFiles(self.root / "objects", settings.store_mb, settings.reserve_mb)
        except OSError as error:
            raise OutputError(f"the store {self.root} cannot be made: {error.strerror}") from error
        self.database = Database(self.root / DATABASE)

    @property
    def results(self) -> Path:
        """Folder of the results, one a study and revision."""
        return self.root / "results"

    @property
    def work(self) -> Path:
        """Folder of what is being made."""
        return self.root / "work"

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Be the one process that receives; what an earlier one left half-done is cleared away first.

        Raises:
            StoreError: Another process is receiving into this store.
        """
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StoreError(
                    f"the store {self.root} is used by another node", hint="Stop that one, or name another folder"
                ) from error
            shutil.rmtree(self.work, ignore_errors=True)
            self.work.mkdir(exist_ok=True)
            self.files.sweep()
            yield
        finally:
            os.close(descriptor)
