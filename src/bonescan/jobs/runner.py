"""The threads that do the work: one closes studies and analyses, one a destination sends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import perf_counter

from bonescan.core.errors import BonescanError, OutputError, PeerError, StoreError
from bonescan.core.node_settings import NodeSettings
from bonescan.core.peers import parse_destination
from bonescan.jobs import queue, sendings
from bonescan.jobs.analyse import analyse, dicom_files
from bonescan.jobs.send import send
from bonescan.jobs.states import Job, Sending
from bonescan.jobs.steer import find_job
from bonescan.store.store import Store
from bonescan.store.studies import close_quiet

log = logging.getLogger(__name__)
_LOOK_S = 0.5


class Runner:
    """Does what the queues hold until it is stopped.

    Args:
        store: The store, held for receiving.
        settings: How often what is tried, and where results go.
        model: Name or folder of the bundle; by default that of the settings.
    """

    def __init__(self, store: Store, settings: NodeSettings, *, model: str | None = None) -> None:
        self._store, self._settings, self._model = store, settings, model
        self._stop = threading.Event()
        self._began = False
        self._threads: list[threading.Thread] = []
        self._senders: dict[str, threading.Thread] = {}

    def start(self) -> None:
        """Begin."""
        for name, step in (("analyst", self._analyse_one), ("dispatcher", self._dispatch)):
            thread = threading.Thread(target=self._loop, args=(step,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, wait_s: float = 20) -> None:
        """Begin nothing new, and wait for what is running."""
        self._stop.set()
        for thread in [*self._threads, *self._senders.values()]:
            thread.join(wait_s)

    @property
    def alive(self) -> bool:
        """Whether all threads run that should."""
        return all(thread.is_alive() for thread in self._threads)

    def _loop(self, step: Callable[[], bool]) -> None:
        """Repeat a step; rest where it found nothing to do, or went wrong."""
        while not self._stop.is_set():
            try:
                busy = step()
            except BonescanError as error:  # the disk is full, the database is held: both pass
                log.error("%s", error.message)
                busy = False
            except Exception as error:  # noqa: BLE001 - a defect must not stop the node; the text may hold patient data
                log.error("internal error (%s) in the %s", type(error).__name__, threading.current_thread().name)
                busy = False
            if not busy:
                self._stop.wait(_LOOK_S)

    def _analyse_one(self) -> bool:
        # Nobody else analyses, so what is running now is what an earlier process left, or what the database could not
        # be told the end of. Here and not before the start, which a full disk must not keep the node from.
        again = queue.recover(self._store, crashed=not self._began)
        self._began = True
        if again:
            log.info("%d jobs go on that were not ended", again)
        closed = close_quiet(self._store, self._settings.quiet_s)
        if closed:
            log.info("%d studies are complete", closed)
        job = queue.claim(self._store)
        if job is None:
            return False
        self._analyse(job)
        return True

    def _analyse(self, job: Job) -> None:
        log.info("job %d: %s, attempt %d", job.id, job.name, job.attempts)
        began = perf_counter()
        try:
            outcome = analyse(self._store, job, self._settings, model=self._model)
        except OutputError:
            raise  # the database could not be told; the next step finds the job running
        except Exception as error:
            queue.fail(self._store, job, f"Internal error ({type(error).__name__}).", self._settings)
            raise
        log.info("job %d: %s after %.1f s. %s", job.id, outcome.state, perf_counter() - began, outcome.text)

    def _dispatch(self) -> bool:
        """One sender a destination, so that one that is down holds up no other."""
        living = [destination for destination, thread in self._senders.items() if thread.is_alive()]
        again = sendings.recover_sendings(self._store, living)
        if again:
            log.info("%d sendings go on that were not ended", again)
        for destination in sendings.due_destinations(self._store):
            if destination not in living:
                thread = threading.Thread(target=self._drain, args=(destination,), name="sender", daemon=True)
                self._senders[destination] = thread
                thread.start()
        return False

    def _drain(self, destination: str) -> None:
        """Send what is due for a destination, until nothing is."""

        def step() -> bool:
            sending = sendings.claim_sending(self._store, destination)
            if sending is not None:
                self._send(sending)
            return sending is not None

        try:
            while not self._stop.is_set() and step():
                pass
        except BonescanError as error:
            log.error("%s", error.message)

    def _send(self, sending: Sending) -> None:
        folder = self._store.results / find_job(self._store, sending.job).folder
        paths = dicom_files(folder)
        try:
            if not paths:
                hint = "Put their folder back, or call the sending off"
                raise StoreError(f"the results of job {sending.job} are not there", hint=hint)
            taken = send(paths, parse_destination(sending.destination), self._settings)
        except Exception as error:  # noqa: BLE001 - it waits or is dead, whatever it was; its text may hold patient data
            reason = error.message if isinstance(error, BonescanError) else f"{type(error).__name__}."
            taken = error.taken if isinstance(error, PeerError) else 0
            state = sendings.not_arrived(self._store, sending, reason, self._settings, objects=taken)
            log.warning("job %d to %s: %s. %s", sending.job, sending.destination, state, reason)
            return
        sendings.arrived(self._store, sending, taken)
        log.info("job %d to %s: sent, %d objects", sending.job, sending.destination, taken)
