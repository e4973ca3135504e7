"""Sendings: one a destination, tried again, dead, and brought back."""

import pytest

from bonescan.core.errors import UnknownJobError
from bonescan.jobs import queue, sendings, steer
from bonescan.jobs.states import SendingState
from tests.stores import complete, incoming

PACS, OTHER = "PACS@127.0.0.1:104", "OTHER@127.0.0.1:105"


@pytest.fixture
def done(node):
    """(store, settings) with one job done and waiting to be sent to two destinations."""
    store, settings = node
    complete(store, incoming())
    job = queue.claim(store)
    queue.finish(store, job, folder="f", fingerprint="p", note="", made=[], destinations=[PACS, OTHER])
    return store, settings


def test_each_destination_has_its_own_queue(done):
    store, _ = done
    assert sorted(sendings.due_destinations(store)) == [OTHER, PACS]
    sending = sendings.claim_sending(store, PACS)
    assert sendings.claim_sending(store, PACS) is None
    sendings.arrived(store, sending, 6)
    assert [(x.state, x.objects) for x in sendings.sendings_of(store, 1)] == [
        (SendingState.SENT, 6),
        (SendingState.WAITING, 0),
    ]


def test_what_does_not_arrive_is_a_dead_letter_in_the_end_and_can_be_sent_again(done):
    store, settings = done
    for attempt in range(1, settings.send_attempts + 1):
        sending = sendings.claim_sending(store, PACS, now=1e12)
        state = sendings.not_arrived(store, sending, "it is down.", settings, objects=attempt)
    assert state is SendingState.DEAD
    (letter,) = sendings.dead_letters(store)
    assert (letter.destination, letter.note, letter.objects) == (PACS, "it is down.", settings.send_attempts)
    assert [row["kind"] for row in store.database.rows("SELECT * FROM reports")] == ["dead_letter"]
    steer.resend(store, 1, [PACS])
    assert sendings.dead_letters(store) == []
    assert sendings.claim_sending(store, PACS).attempts == 1


def test_what_was_being_sent_when_the_process_ended_is_sent_again(done):
    store, _ = done
    sendings.claim_sending(store, PACS)
    assert sendings.recover_sendings(store, living=[PACS]) == 0
    assert sendings.recover_sendings(store) == 1
    assert sendings.claim_sending(store, PACS).attempts == 2


def test_results_can_be_sent_to_a_new_destination(done):
    store, _ = done
    assert steer.resend(store, 1, ["NEW@h:1"]) == ["NEW@h:1"]
    assert "NEW@h:1" in sendings.due_destinations(store)


def test_what_is_being_sent_is_not_queued_anew(done):
    store, _ = done
    sendings.claim_sending(store, PACS)
    assert steer.resend(store, 1, [PACS, OTHER]) == [OTHER]


def _revise(store, destinations):
    """Another revision of the study, done."""
    complete(store, incoming(number="1.2.3.2"), at=2000)
    job = queue.claim(store, now=1e12)
    queue.finish(store, job, folder="g", fingerprint="q", note="", made=[], destinations=destinations)


def _states(store, job):
    return {x.destination: (x.state, x.note) for x in sendings.sendings_of(store, job)}


SUPERSEDED = (SendingState.CANCELLED, "Superseded by revision 2.")


def test_an_older_revision_is_not_sent_after_a_newer(done):
    store, settings = done
    sendings.not_arrived(store, sendings.claim_sending(store, PACS), "it is down.", settings)
    store.database.execute("UPDATE sendings SET state = 'dead' WHERE destination = ?", [OTHER])
    _revise(store, [PACS, OTHER])
    assert _states(store, 1) == {PACS: SUPERSEDED, OTHER: SUPERSEDED}
    assert sendings.claim_sending(store, PACS, now=1e12).job == 2
    assert sendings.dead_letters(store) == []


def test_what_arrived_has_arrived(done):
    store, _ = done
    sendings.arrived(store, sendings.claim_sending(store, PACS), 6)
    _revise(store, [PACS])
    assert _states(store, 1)[PACS] == (SendingState.SENT, "")


def test_a_destination_that_the_newer_revision_does_not_go_to_gets_the_older(done):
    store, _ = done
    _revise(store, [PACS])
    assert _states(store, 1) == {PACS: SUPERSEDED, OTHER: (SendingState.WAITING, "")}


def test_an_older_revision_on_its_way_is_not_tried_again(done):
    store, settings = done
    going = sendings.claim_sending(store, PACS)
    _revise(store, [PACS])
    assert sendings.not_arrived(store, going, "it is down.", settings) is SendingState.CANCELLED
    assert _states(store, 1)[PACS] == SUPERSEDED
    sendings.arrived(store, going, 6)
    assert _states(store, 1)[PACS] == (SendingState.SENT, "")


def test_what_waits_can_be_called_off(done):
    store, _ = done
    steer.cancel(store, 1)
    assert {x.state for x in sendings.sendings_of(store, 1)} == {SendingState.CANCELLED}
    assert store.database.row("SELECT state FROM jobs")["state"] == "done"
    with pytest.raises(UnknownJobError, match="waits for something"):
        steer.cancel(store, 1)


def test_a_dead_letter_can_be_called_off(done):
    store, _ = done
    store.database.execute("UPDATE sendings SET state = 'dead'")
    steer.cancel(store, 1)
    assert sendings.dead_letters(store) == []


def test_a_dead_letter_goes_elsewhere_and_is_dead_no_more(done):
    store, _ = done
    store.database.execute("UPDATE sendings SET state = 'dead' WHERE destination = ?", [PACS])
    (letter,) = sendings.dead_letters(store)
    assert steer.resend_letter(store, letter, ["NEW@h:1"]) == ["NEW@h:1"]
    assert sendings.dead_letters(store) == []
    assert _states(store, 1) == {
        PACS: (SendingState.CANCELLED, "Sent to NEW@h:1 instead."),
        OTHER: (SendingState.WAITING, ""),
        "NEW@h:1": (SendingState.WAITING, ""),
    }


def test_a_dead_letter_may_go_where_it_went_before_too(done):
    store, _ = done
    store.database.execute("UPDATE sendings SET state = 'dead' WHERE destination = ?", [PACS])
    (letter,) = sendings.dead_letters(store)
    assert steer.resend_letter(store, letter, [PACS, "NEW@h:1"]) == [PACS, "NEW@h:1"]
    assert _states(store, 1)[PACS] == (SendingState.WAITING, "")


def test_only_what_is_over_is_retried(node):
    store, _ = node
    complete(store, incoming())
    with pytest.raises(UnknownJobError, match="is queued"):
        steer.retry(store, 1)
    steer.cancel(store, 1)
    assert queue.claim(store) is None
    steer.retry(store, 1)
    assert queue.claim(store).attempts == 1


@pytest.mark.parametrize("act", [steer.find_job, steer.retry, steer.cancel, lambda s, n: steer.resend(s, n, [PACS])])
def test_an_unknown_job_is_said_to_be(node, act):
    with pytest.raises(UnknownJobError, match="no job 7"):
        act(node[0], 7)


def test_results_that_are_not_there_cannot_be_sent(node):
    store, _ = node
    complete(store, incoming())
    with pytest.raises(UnknownJobError, match="one that is done"):
        steer.resend(store, 1, [PACS])
