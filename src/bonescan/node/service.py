"""The node as one process: store, receiver, workers and status, started and stopped in order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bonescan.core.node_settings import NodeSettings
from bonescan.jobs.runner import Runner
from bonescan.node.facts import Facts, gather
from bonescan.node.scp import Receiver
from bonescan.node.status import StatusServer
from bonescan.store.inbox import readmit
from bonescan.store.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Node:
    """A running node.

    Attributes:
        store: Its store.
        settings: What it was started with.
        port: Where it listens.
        status_port: Where it shows how it is doing, or None.
    """

    store: Store
    settings: NodeSettings
    port: int
    status_port: int | None


@contextmanager
def running(settings: NodeSettings, *, model: str | None = None) -> Iterator[Node]:
    """A node that runs as long as the block does.

    Args:
        settings: All about it.
        model: Name or folder of the bundle; by default that of the settings.

    Raises:
        StoreError: The store is used by another node, or damaged.
        ModelError: The model is missing or altered.
        PeerError: A port is taken.
        UsageError: The certificate cannot be used.
    """
    from bonescan.analysis import prepare

    with ExitStack() as stack:
        store = Store(settings, make=True)
        stack.callback(store.close)
        stack.enter_context(store.receiving())
        if entered := readmit(store):
            log.warning("%d objects that no record told of are entered again", entered)
        prepare(model)  # a node without a model would take studies and fail each of them
        runner, receiver = Runner(store, settings, model=model), Receiver(store, settings)
        runner.start()
        stack.callback(runner.stop)
        port = receiver.start()
        stack.callback(receiver.stop)
        began = time.time()

        def look() -> Facts:
            return gather(
                store,
                settings,
                alive=runner.alive and receiver.alive,
                started_at=began,
                associations=receiver.open_associations,
                answers=dict(receiver.answers),
            )

        status_port = None
        if settings.status_port:
            status = StatusServer(settings.status_host, settings.status_port, look)
            status.start()
            stack.callback(status.stop)
            status_port = status.port
        log.info("%s listens on %s port %d", settings.aet, settings.host, port)
        yield Node(store, settings, port, status_port)
        log.info("%s stops", settings.aet)


def run_until(stop: threading.Event, settings: NodeSettings, *, model: str | None = None) -> None:
    """Run a node until an event is set.

    Raises:
        BonescanError: As `running`.
    """
    with running(settings, model=model):
        stop.wait()
