"""A node in a process of its own, that can be killed and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bonescan.core.node_settings import NodeSettings
from bonescan.store.store import Store

AET = "BONESCAN"
START_S = 60


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NodeProcess:
    """`bonescan listen` with settings of its own.

    Args:
        folder: For settings and log; the store is `store` in it unless `changes` say otherwise.
        model: Folder of a bundle, or None for the shipped one.
        **changes: Settings of the node.
    """

    def __init__(self, folder: Path, *, model: Path | None = None, **changes: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.log = free_port(), folder / "node.log"
        quick = {"quiet_s": 0.5, "retry_s": 0.5, "retry_longest_s": 5, "reserve_mb": 0, "idle_s": 10, "status_port": 0}
        values = {"store": str(folder / "store"), "aet": AET, "port": self.port, **quick, **changes}
        self.settings = NodeSettings(**values)
        self._config = folder / "bonescan.toml"
        lines = [f'model = "{model}"'] if model else []
        # TOML and JSON write numbers, texts and lists of texts alike.
        lines += ["threads = 2", "[node]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
        self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BONESCAN_")}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bonescan", "listen"],
                env={**environment, "BONESCAN_CONFIG": str(self._config)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        limit = time.monotonic() + START_S
        while time.monotonic() < limit:
            if self._process.poll() is not None:
                raise RuntimeError(f"the node ended: {self.log.read_text(encoding='utf-8')[-2000:]}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("the node does not listen")

    def kill(self) -> None:
        """Pull the plug (SIGKILL)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """End it as an operator would; return its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            code = self._process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            return -1
        self._process = None
        return code

    def store(self) -> Store:
        """The store, to look into; to be closed."""
        return Store(self.settings)

    def wait_for(self, query: str, wanted: int, timeout_s: float) -> int:
        """Wait until a query for one number gives at least so much; return what it gives in the end."""
        limit = time.monotonic() + timeout_s
        store = self.store()
        try:
            while True:
                row = store.database.row(query)
                found = int(row[0]) if row else 0
                if found >= wanted or time.monotonic() > limit:
                    return found
                time.sleep(0.2)
        finally:
            store.close()

    def counts(self) -> dict[str, int]:
        """Jobs by state."""
        store = self.store()
        try:
            rows = store.database.rows("SELECT state, count(*) AS n FROM jobs GROUP BY state")
            return {row["state"]: int(row["n"]) for row in rows}
        finally:
            store.close()
