"""A bundle's networks, loaded in the background while a study is still being read."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from bonescan.inference import runtime

if TYPE_CHECKING:
    from bonescan.models.bundle import Bundle

_SIDE_BY_SIDE = 2


class Loading:
    """Networks of a bundle by file name.

    Args:
        bundle: Whose they are.
        names: Files, in the order in which they are needed.
        backend: See `runtime.load`.
        threads: See `runtime.load`.
        precision: See `runtime.load`.
    """

    def __init__(
        self,
        bundle: Bundle,
        names: Sequence[str],
        *,
        backend: runtime.Backend,
        threads: int | None,
        precision: runtime.Precision | None,
    ) -> None:
        self._bundle, self._names = bundle, names
        self._options = (backend, threads, precision)
        self._networks: dict[str, Future[runtime.Network]] = {}
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Begin to load, side by side, and return at once; a second call does nothing.

        Raises:
            ModelError: The bundle lacks one of the files.
        """
        backend, threads, precision = self._options
        with self._lock:
            if self._networks:
                return
            pool = ThreadPoolExecutor(min(_SIDE_BY_SIDE, len(self._names)), thread_name_prefix="bonescan-load")
            for name in self._names:
                self._networks[name] = pool.submit(
                    runtime.load, self._bundle.path(name), backend=backend, threads=threads, precision=precision
                )
            pool.shutdown(wait=False)

    def network(self, name: str) -> runtime.Network:
        """Wait for a network.

        Raises:
            ModelError: It cannot be loaded.
        """
        self.begin()
        return self._networks[name].result()
