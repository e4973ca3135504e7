"""What the node tells of itself, from a store without a node."""

import time

import pytest

from bonescan.jobs import queue, steer
from bonescan.node.facts import gather
from tests.stores import complete, incoming, open_store


@pytest.fixture
def node(tmp_path):
    """(store, settings)."""
    store, settings = open_store(tmp_path, attempts=3)
    yield store, settings
    store.close()


def _waits_s(node):
    return gather(*node, alive=True, started_at=0, associations=0, answers={}).oldest_queued_s


def test_a_job_that_fails_again_and_again_has_waited_since_its_study_was_complete(node):
    store, settings = node
    assert _waits_s(node) == 0
    complete(store, incoming(), at=time.time() - 1010)
    assert _waits_s(node) == pytest.approx(1000, abs=5)
    queue.fail(store, queue.claim(store), "the model is gone.", settings, lasting=True)
    assert _waits_s(node) == pytest.approx(1000, abs=5)


def test_a_job_that_is_retried_by_hand_waits_since_then(node):
    store, settings = node
    complete(store, incoming(), at=time.time() - 1010)
    for _ in range(3):
        queue.fail(store, queue.claim(store, now=1e12), "it does not work.", settings)
    assert _waits_s(node) == 0
    steer.retry(store, 1)
    assert _waits_s(node) == pytest.approx(0, abs=5)
