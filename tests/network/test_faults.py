"""The node broken on purpose, by the code that `python -m benchmarks.node_faults` runs at full size."""

import pytest

from benchmarks.node import faults
from benchmarks.node.kills import killed_again_and_again
from tests.conformance.tools import tool

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _needs_storescu():
    tool("storescu")


def test_killed_again_and_again_it_loses_nothing_and_does_nothing_twice(tmp_path, scans, model):
    found = killed_again_and_again(
        tmp_path, scans, studies=20, senders=4, kills=3, every_s=(0.2, 1.5), model=model, finish_s=240
    )
    assert found["acknowledged"] == found["analysed"] == 20
    assert (found["lost"], found["twice"], found["half"], found["problems"]) == (0, 0, 0, [])
    assert found["sendings"] == {"sent": 20}
    assert found["exit_code_at_the_end"] == 0


def test_a_full_disk_is_told_and_passes(tmp_path, scans, model):
    found = faults.full_disk(tmp_path, scans, model=model)
    assert found["status_before"] == "0x0000"
    assert found["statuses_while_full"] == ["0xA700"]
    assert found["statuses_after"] == ["0x0000"]
    assert found["analysed"] == found["studies"]


def test_a_peer_that_vanishes_leaves_nothing_and_holds_nothing(tmp_path, scans, model):
    found = faults.vanishing_peer(tmp_path, scans, model=model)
    assert found["silent_ones_ended_by_the_node"] == 2
    assert found["next_object_acknowledged"]
    assert (found["analysed"], found["files_of_objects"]) == (1, 1)


def test_garbage_holds_up_nobody(tmp_path, scans, model):
    found = faults.garbage(tmp_path, scans, model=model)
    assert found["next_object_acknowledged"]
    assert (found["analysed"], found["tracebacks_in_the_log"]) == (1, 0)


def test_idle_associations_make_room(tmp_path, scans, model):
    found = faults.idle_associations(tmp_path, scans, model=model)
    assert found["accepted"] <= found["most_that_are_taken"] < found["told_to_come_later"]
    assert found["analysed"] == 1
    assert found["object_acknowledged_after_s"] < 4 * found["idle_limit_s"]


def test_an_archive_that_is_down_gets_its_results_later(tmp_path, scans, model):
    found = faults.archive_down(tmp_path, scans, model=model)
    assert found["acknowledged"] == found["analysed"] == found["sent_once_it_was_up"] == found["dead_letters"] == 3
    assert (found["exit_code_of_resend"], found["sent_in_the_end"]) == (0, 6)
    assert found["both_got_the_same"]


def test_a_corrupt_object_is_reported_and_the_good_ones_go_on(tmp_path, scans, model):
    found = faults.corrupt_object(tmp_path, scans, model=model)
    assert found["statuses"] == {
        "good: 0x0000": 3,
        "noise: 0xC000": 1,
        "again: 0x0000": 1,
        "other content: 0x0000": 1,
        "pixels cut off: 0xC000": 1,
        "whole again: 0x0000": 1,
    }
    assert found["jobs"] == {"done": 4}
    assert found["objects"] == {"kept": 4, "refused": 2, "conflict": 1}
    assert found["reports"] == {"refused": 2, "conflict": 1}
