"""The threads: nothing stays in a state that nobody is going to end."""

import contextlib
import logging
import shutil
import threading
import time

import pytest

from bonescan.core.errors import NoRoomError, PeerError
from bonescan.jobs import queue, sendings
from bonescan.jobs import runner as module
from bonescan.jobs.analyse import Outcome
from bonescan.jobs.runner import Runner
from bonescan.jobs.states import JobState
from tests.stores import complete, incoming

PACS = "PACS@127.0.0.1:104"


@pytest.fixture
def run(node):
    """Run the threads for the time of a block."""

    @contextlib.contextmanager
    def running():
        runner = Runner(*node)
        runner.start()
        try:
            yield runner
        finally:
            runner.stop(5)

    return running


def _full(*_, **__):
    raise NoRoomError("the disk is full")


def _until(store, query, wanted, timeout_s=20):
    limit = time.monotonic() + timeout_s
    while (found := store.database.row(query)) is None or found[0] != wanted:
        if time.monotonic() > limit:
            return found and found[0]
        time.sleep(0.02)
    return wanted


def test_a_job_whose_end_could_not_be_written_down_goes_on_in_the_same_process(node, run, monkeypatch, caplog):
    store, _ = node
    tries = []

    def analyse(store, job, *_, **__):
        tries.append(job.attempts)
        if len(tries) < 3:
            _full()
        queue.finish(store, job, folder="f", fingerprint="p", note="", made=[], destinations=[])
        return Outcome(JobState.DONE, "")

    monkeypatch.setattr(module, "analyse", analyse)
    complete(store, incoming())
    with caplog.at_level(logging.ERROR), run():
        assert _until(store, "SELECT state FROM jobs", "done") == "done"
    assert tries == [1, 2, 3]
    assert store.database.row("SELECT crashes FROM jobs")[0] == 0, "the process never ended"
    assert "the disk is full" in caplog.text


def test_a_defect_of_the_analysis_is_a_failure(node, run, monkeypatch, caplog):
    store, _ = node

    def analyse(*_, **__):
        raise RuntimeError("DOE^JOHN")

    monkeypatch.setattr(module, "analyse", analyse)
    complete(store, incoming())
    with caplog.at_level(logging.ERROR), run() as runner:
        assert _until(store, "SELECT note FROM jobs", "Internal error (RuntimeError).")
        assert runner.alive
    assert store.database.row("SELECT state FROM jobs")[0] == "queued"
    assert "DOE" not in caplog.text


@pytest.fixture
def done(node):
    """(store, settings) with one job done, its results there, and waiting to be sent."""
    store, _ = node
    complete(store, incoming())
    queue.finish(store, queue.claim(store), folder="f", fingerprint="p", note="", made=[], destinations=[PACS])
    (store.results / "f" / "scan-1" / "dicom").mkdir(parents=True)
    (store.results / "f" / "scan-1" / "dicom" / "a.dcm").write_bytes(b"any")
    return node


@pytest.mark.parametrize("name", ["arrived", "not_arrived"])
def test_a_sending_whose_end_could_not_be_written_down_goes_on_in_the_same_process(done, run, monkeypatch, name):
    store, _ = done
    real, tries = getattr(sendings, name), []

    def once_full(*words, **more):
        tries.append(1)
        return _full() if len(tries) == 1 else real(*words, **more)

    def send(*_):
        if name == "not_arrived" and len(tries) == 0:
            raise PeerError("it is down")
        return 1

    monkeypatch.setattr(sendings, name, once_full)
    monkeypatch.setattr(module, "send", send)
    with run():
        assert _until(store, "SELECT state FROM sendings", "sent") == "sent"
    assert store.database.row("SELECT attempts FROM sendings")[0] == 2


def test_whatever_goes_wrong_with_a_sending_is_written_down(done, run, monkeypatch, caplog):
    store, _ = done

    def send(*_):
        raise RuntimeError("DOE^JOHN")

    monkeypatch.setattr(module, "send", send)
    with caplog.at_level(logging.WARNING), run():
        assert _until(store, "SELECT note FROM sendings", "RuntimeError.") == "RuntimeError."
    assert store.database.row("SELECT state FROM sendings")[0] == "waiting"
    assert "DOE" not in caplog.text


def test_results_that_are_gone_have_not_been_sent(done, run):
    store, _ = done
    shutil.rmtree(store.results / "f")
    with run():
        assert _until(store, "SELECT state FROM sendings WHERE attempts > 0", "waiting") == "waiting"
    assert "the results of job 1 are not there" in store.database.row("SELECT note FROM sendings")[0]


def test_what_is_being_sent_is_left_alone(done, run, monkeypatch):
    store, _ = done
    begun, end = [], threading.Event()

    def send(*_):
        begun.append(1)
        end.wait(10)
        return 1

    monkeypatch.setattr(module, "send", send)
    monkeypatch.setattr(module, "_LOOK_S", 0.01)
    with run():
        assert _until(store, "SELECT state FROM sendings", "sending") == "sending"
        time.sleep(0.3)
        end.set()
        assert _until(store, "SELECT state FROM sendings", "sent") == "sent"
    assert begun == [1]


def test_what_an_earlier_process_left_is_counted_as_a_crash(node, run, monkeypatch):
    store, _ = node
    complete(store, incoming())
    queue.claim(store)
    monkeypatch.setattr(queue, "claim", lambda _: None)
    with run():
        assert _until(store, "SELECT state FROM jobs", "queued") == "queued"
    assert store.database.row("SELECT crashes FROM jobs")[0] == 1
