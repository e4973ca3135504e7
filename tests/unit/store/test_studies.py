"""When a study is complete, and what happens when more comes."""

from bonescan.store.inbox import receive
from bonescan.store.studies import close_quiet, objects_of
from tests.stores import complete, incoming


def _jobs(store):
    return [(row["study"], row["revision"], row["state"]) for row in store.database.rows("SELECT * FROM jobs")]


def test_a_study_is_complete_when_it_was_quiet(store):
    receive(store, incoming(), now=100)
    receive(store, incoming(number="1.2.3.2"), now=105)
    assert close_quiet(store, 10, now=114) == 0
    assert close_quiet(store, 10, now=115) == 1
    assert close_quiet(store, 10, now=200) == 0
    assert _jobs(store) == [(1, 1, "queued")]
    assert [entry.id for entry in objects_of(store, 1)] == [1, 2]


def test_more_objects_before_the_analysis_need_no_second_job(store):
    complete(store, incoming())
    complete(store, incoming(number="1.2.3.2"), at=2000)
    assert _jobs(store) == [(1, 1, "queued")]
    assert len(objects_of(store, 1)) == 2


def test_more_objects_after_it_make_a_revision(store):
    complete(store, incoming())
    store.database.execute("UPDATE jobs SET state = 'done'")
    complete(store, incoming(), at=2000)
    assert _jobs(store) == [(1, 1, "done")], "the same object again is nothing new"
    complete(store, incoming(number="1.2.3.2"), at=3000)
    assert _jobs(store) == [(1, 1, "done"), (1, 2, "queued")]


def test_conflicting_objects_do_not_count(store):
    complete(store, incoming(), incoming(SeriesDescription="other"))
    assert len(objects_of(store, 1)) == 1
