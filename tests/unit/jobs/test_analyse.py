"""One job: a folder that appears as a whole, once, whatever happens around it."""

import errno
import json

import pytest

from bonescan.core.errors import BonescanError, ModelError, NoRoomError, OutputError
from bonescan.jobs import analyse as module
from bonescan.jobs import queue
from bonescan.jobs.analyse import RECORD, analyse, dicom_files
from bonescan.jobs.states import JobState
from bonescan.store.inbox import receive
from bonescan.store.studies import objects_of
from tests.stores import complete, incoming


def _run(node, model):
    store, settings = node
    job = queue.claim(store, now=1e12)
    return analyse(store, job, settings, model=model)


def _row(store, number=1):
    return store.database.row("SELECT * FROM jobs WHERE id = ?", [number])


@pytest.fixture
def counted(monkeypatch):
    """How often a study was really analysed."""
    import bonescan as bs

    calls = []
    real = bs.analyze
    monkeypatch.setattr(bs, "analyze", lambda study, **words: calls.append(study.name) or real(study, **words))
    return calls


def test_a_study_becomes_a_folder_and_its_objects_are_queued(node, model):
    store, _ = node
    complete(store, incoming())
    assert _run(node, model).state is JobState.DONE
    folder = store.results / "study-000001.1"
    assert json.loads((folder / RECORD).read_text())["job"] == 1
    document = json.loads((folder / "scan-1" / "analysis.json").read_text())
    assert document["study"]["study_instance_uid"] == "1.2.3"
    made = {row["sop_uid"] for row in store.database.rows("SELECT sop_uid FROM made")}
    assert len(made) == len(dicom_files(folder)) > 0
    assert [row["state"] for row in store.database.rows("SELECT * FROM sendings")] == ["waiting"]
    assert list(store.work.iterdir()) == []


def test_killed_after_the_folder_has_its_name_nothing_is_done_twice(node, model, counted, monkeypatch):
    store, _ = node
    complete(store, incoming())
    with monkeypatch.context() as patch:
        patch.setattr(queue, "finish", _die)
        with pytest.raises(KeyboardInterrupt):
            _run(node, model)
    queue.recover(store)
    assert _run(node, model).state is JobState.DONE
    assert counted == ["study-000001"]
    assert (_row(store)["state"], _row(store)["attempts"]) == ("done", 2)


def test_killed_before_it_nothing_is_there(node, model, counted, monkeypatch):
    store, _ = node
    complete(store, incoming())
    with monkeypatch.context() as patch:
        patch.setattr(module, "sync_tree", _die)
        with pytest.raises(KeyboardInterrupt):
            _run(node, model)
    assert list(store.results.iterdir()) == []
    queue.recover(store)
    assert _run(node, model).state is JobState.DONE
    assert len(counted) == 2


def test_killed_with_a_folder_and_more_objects_come_all_are_analysed(node, model, counted, monkeypatch):
    store, _ = node
    complete(store, incoming(views=("anterior",)))
    with monkeypatch.context() as patch:
        patch.setattr(queue, "finish", _die)
        with pytest.raises(KeyboardInterrupt):
            _run(node, model)
    queue.recover(store)
    complete(store, incoming(number="1.2.3.2", views=("posterior",)), at=2000)
    assert _run(node, model).state is JobState.DONE
    document = json.loads((store.results / "study-000001.1" / "scan-1" / "analysis.json").read_text())
    assert [view["view"] for view in document["study"]["views"]] == ["anterior", "posterior"]


def test_one_object_a_view_is_one_scan(node, model):
    store, _ = node
    pair = [incoming(number=f"1.2.3.{n}", views=(view,)) for n, view in enumerate(("posterior", "anterior"), start=1)]
    complete(store, *pair)
    _run(node, model)
    assert [path.name for path in sorted((store.results / "study-000001.1").glob("scan-*"))] == ["scan-1"]


def test_views_are_paired_as_they_came_whatever_their_numbers(node):
    store, _ = node
    complete(store, *(incoming(study="1.2.4", number=f"1.2.4.{n}") for n in range(8)))
    views = ("anterior", "posterior", "anterior", "posterior")
    for n, view in enumerate(views):
        receive(store, incoming(number=f"1.2.3.{n}", views=(view,)))
    inputs = module._lay_out(objects_of(store, 2), store.work / "objects")
    assert [[file.stem for file in entry.files] for entry in inputs] == [
        ["object-09", "object-10"],
        ["object-11", "object-12"],
    ]


def test_views_of_one_series_are_a_pair_in_whatever_order_they_come(node):
    store, _ = node
    sent = [("anterior", "1"), ("posterior", "2"), ("anterior", "2"), ("posterior", "1")]
    for n, (view, series) in enumerate(sent):
        receive(store, incoming(number=f"1.2.3.{n}", views=(view,), SeriesInstanceUID=f"1.2.3.{series}"))
    inputs = module._lay_out(objects_of(store, 1), store.work / "objects")
    assert [[file.stem for file in entry.files] for entry in inputs] == [
        ["object-1", "object-4"],
        ["object-3", "object-2"],
    ]


def test_what_is_no_bone_scan_is_kept_and_not_analysed(node, model, counted):
    store, _ = node
    complete(store, incoming(ImageType=["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]))
    outcome = _run(node, model)
    assert outcome.state is JobState.REJECTED
    assert (_row(store)["state"], counted) == ("rejected", [])
    assert len(list(store.files.root.glob("??/*.dcm"))) == 1
    assert list(store.results.iterdir()) == []


def test_an_unreadable_object_does_not_hold_up_a_good_one(node, model):
    store, _ = node
    complete(store, incoming(), incoming(number="1.2.3.2", BitsAllocated=12))
    assert _run(node, model).state is JobState.DONE
    assert "object-2" in _row(store)["note"]


def test_a_capture_is_left_alone_where_there_is_an_image(node, model):
    store, _ = node
    capture = "1.2.840.10008.5.1.4.1.1.7"
    complete(store, incoming(), incoming(number="1.2.3.2", sop_class=capture, SOPClassUID=capture))
    _run(node, model)
    assert [path.name for path in (store.results / "study-000001.1").glob("scan-*")] == ["scan-1"]


def test_a_revision_without_anything_new_keeps_the_result(node, model, counted):
    store, _ = node
    complete(store, incoming())
    _run(node, model)
    capture = "1.2.840.10008.5.1.4.1.1.7"
    complete(store, incoming(number="1.2.3.2", sop_class=capture, SOPClassUID=capture), at=2000)
    assert _run(node, model).state is JobState.DONE
    assert len(counted) == 1
    assert _row(store, 2)["folder"] == "study-000001.1"
    assert len(store.database.rows("SELECT * FROM sendings")) == 1, "and sends nothing again"


def test_a_result_that_cannot_be_entered_is_entered_later(node, model, counted, monkeypatch):
    store, _ = node
    complete(store, incoming())
    with monkeypatch.context() as patch:
        patch.setattr(queue, "finish", _full)
        outcomes = [_run(node, model) for _ in range(9)]
    assert {(outcome.state, outcome.text) for outcome in outcomes} == {(JobState.QUEUED, "the disk is full.")}
    assert _run(node, model).state is JobState.DONE
    assert counted == ["study-000001"]


def test_a_job_cancelled_while_it_runs_leaves_no_result(node, model):
    store, settings = node
    complete(store, incoming())
    job = queue.claim(store)
    store.database.execute("UPDATE jobs SET state = 'cancelled'")
    assert analyse(store, job, settings, model=model).state is JobState.CANCELLED
    assert list(store.results.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "tries", "state"),
    [
        (BonescanError("it does not work"), 3, "failed"),
        (OutputError("the disk is full"), 9, "queued"),
        (ModelError("the model is gone"), 9, "queued"),
    ],
)
def test_a_failure_is_tried_again(node, model, monkeypatch, error, tries, state):
    import bonescan as bs

    def fails(*_, **__):
        raise error

    store, _ = node
    complete(store, incoming())
    monkeypatch.setattr(bs, "analyze", fails)
    for _ in range(tries):
        _run(node, model)
    assert _row(store)["state"] == state
    assert _row(store)["note"] == error.message


def _views(store):
    document = json.loads((store.results / "study-000001.1" / "scan-1" / "analysis.json").read_text())
    return [view["view"] for view in document["study"]["views"]]


def test_a_study_of_which_the_disk_gives_half_waits_for_the_other(node, model):
    store, _ = node
    pair = [incoming(number=f"1.2.3.{n}", views=(view,)) for n, view in enumerate(("anterior", "posterior"))]
    complete(store, *pair)
    objects_of(store, 1)[0].path.unlink()
    for _ in range(4):
        assert _run(node, model).state is JobState.QUEUED, "however often: the reason lies outside of the study"
    assert "object 1 of the store cannot be read" in _row(store)["note"]
    receive(store, pair[0])
    assert _run(node, model).state is JobState.DONE
    assert _views(store) == ["anterior", "posterior"]


@pytest.mark.parametrize(
    ("cause", "state"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "queued"),
        (MemoryError(), "failed"),
        (OSError("image file is truncated"), "done"),
    ],
)
def test_what_the_system_refuses_is_tried_again_and_not_left_out(node, model, monkeypatch, cause, state):
    from bonescan.io import dicom

    real = dicom.decode_frames
    store, _ = node
    complete(store, incoming(), incoming(number="1.2.3.2"))

    def fails(header, path):
        if header.text("SOPInstanceUID") == "1.2.3.2":
            raise cause
        return real(header, path)

    monkeypatch.setattr(dicom, "decode_frames", fails)
    for _ in range(1 if state == "done" else 3):
        _run(node, model)
    assert _row(store)["state"] == state
    monkeypatch.undo()
    if state == "queued":
        assert _run(node, model).state is JobState.DONE
        assert len(list((store.results / "study-000001.1").glob("scan-*"))) == 2


def test_objects_keep_their_number_between_revisions(node, model):
    store, _ = node
    receive(store, incoming(), now=1)
    complete(store, incoming(number="1.2.3.2", views=("anterior",)))
    _run(node, model)
    assert {path.name for path in store.results.iterdir()} == {"study-000001.1"}


def _full(*_, **__):
    raise NoRoomError("the disk is full")


def _die(*_, **__):
    raise KeyboardInterrupt
