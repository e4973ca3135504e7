"""The queue: claimed once, finished once, tried again, given up."""

import threading

import pytest

from bonescan.jobs import queue, steer
from bonescan.jobs.states import JobState
from tests.stores import complete, incoming


def _finish(store, job, **changes):
    facts = {"folder": "f", "fingerprint": "p", "note": "", "made": ["9.1"], "destinations": ["PACS@h:1"], **changes}
    return queue.finish(store, job, **facts)


def _state(store, number=1):
    return store.database.row("SELECT state FROM jobs WHERE id = ?", [number])["state"]


def test_a_job_is_claimed_by_one_of_many(node):
    store, _ = node
    complete(store, *[incoming(f"1.2.{n}", f"1.2.{n}.1") for n in range(3, 9)])
    claimed = []
    barrier = threading.Barrier(4)

    def work():
        barrier.wait()
        while (job := queue.claim(store)) is not None:
            claimed.append(job.id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [1, 2, 3, 4, 5, 6]


def test_a_finished_job_and_its_sendings_are_one_thing(node):
    store, _ = node
    complete(store, incoming())
    job = queue.claim(store)
    assert (job.state, job.attempts, job.name) == (JobState.RUNNING, 1, "study-000001")
    assert _finish(store, job)
    assert _state(store) == "done"
    assert [row["destination"] for row in store.database.rows("SELECT * FROM sendings")] == ["PACS@h:1"]
    assert [row["sop_uid"] for row in store.database.rows("SELECT * FROM made")] == ["9.1"]


def test_nothing_is_half_finished_when_the_process_ends_in_the_middle(node):
    store, _ = node
    complete(store, incoming())
    job = queue.claim(store)

    def destinations():
        yield "PACS@h:1"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _finish(store, job, destinations=destinations())
    assert _state(store) == "running"
    assert store.database.rows("SELECT * FROM sendings") == []


def test_a_cancelled_job_cannot_be_finished(node):
    store, _ = node
    complete(store, incoming())
    job = queue.claim(store)
    store.database.execute("UPDATE jobs SET state = 'cancelled'")
    assert not _finish(store, job)
    assert store.database.rows("SELECT * FROM sendings") == []


def test_a_failure_waits_longer_each_time_and_is_given_up(node):
    store, settings = node
    complete(store, incoming())
    waits = []
    for _ in range(settings.attempts - 1):
        job = queue.claim(store, now=1e12)
        assert queue.fail(store, job, "no reason", settings) is JobState.QUEUED
        assert queue.claim(store) is None, "not yet"
        row = store.database.row("SELECT due_at, started_at FROM jobs")
        waits.append(row["due_at"])
    job = queue.claim(store, now=1e12)
    assert queue.fail(store, job, "no reason", settings) is JobState.FAILED
    assert waits == sorted(waits)
    assert [row["kind"] for row in store.database.rows("SELECT * FROM reports")] == ["failed"]


def test_a_reason_outside_of_the_study_is_tried_for_ever(node):
    store, settings = node
    complete(store, incoming())
    for _ in range(3 * settings.attempts):
        job = queue.claim(store, now=1e12)
        assert queue.fail(store, job, "the disk is full", settings, lasting=True) is JobState.QUEUED


def test_what_ran_when_the_process_ended_is_queued_again(node):
    store, _ = node
    complete(store, incoming())
    queue.claim(store)
    assert queue.recover(store) == 1
    assert queue.claim(store).attempts == 2


def test_a_study_that_ends_the_process_every_time_is_given_up(node):
    store, _ = node
    complete(store, incoming())
    for _ in range(30):
        if queue.claim(store) is None:
            break
        queue.recover(store)
    assert _state(store) == "failed"
    (told,) = store.database.rows("SELECT * FROM reports")
    assert "times during its analysis" in told["text"]


def test_attempts_that_failed_do_not_count_as_crashes(node):
    store, settings = node
    complete(store, incoming())
    for _ in range(30):
        queue.fail(store, queue.claim(store, now=1e12), "the disk is full", settings, lasting=True)
    queue.claim(store, now=1e12)
    assert queue.recover(store) == 1
    assert _state(store) == "queued"


def test_a_job_that_is_retried_by_hand_has_never_crashed(node):
    store, _ = node
    complete(store, incoming())
    for _ in range(2):
        while queue.claim(store) is not None:
            queue.recover(store)
        assert _state(store) == "failed"
        steer.retry(store, 1)
    assert _state(store) == "queued"


def test_a_rejected_study_is_reported(node):
    store, _ = node
    complete(store, incoming())
    queue.reject(store, queue.claim(store), "it is a CT.")
    assert _state(store) == "rejected"
    (told,) = store.database.rows("SELECT * FROM reports")
    assert (told["kind"], told["study"]) == ("not_analysed", 1)


def test_jobs_are_listed_newest_first(node):
    store, _ = node
    complete(store, *[incoming(f"1.2.{n}", f"1.2.{n}.1") for n in (3, 4, 5)])
    queue.claim(store)
    assert [job.id for job in queue.jobs(store)] == [3, 2, 1]
    assert [job.id for job in queue.jobs(store, [JobState.RUNNING])] == [1]
    assert len(queue.jobs(store, limit=2)) == 2
