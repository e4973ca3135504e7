"""Taking objects in: what is kept, what is the same, what is odd."""

import errno
from dataclasses import replace
from io import BytesIO

import pydicom
import pytest
from pydicom.filewriter import write_file_meta_info

from bonescan.core.errors import InputError, MismatchedObjectError, NoRoomError, UnreadableInputError
from bonescan.io.decoding import decoding
from bonescan.store.inbox import Incoming, Standing, readmit, receive
from bonescan.store.objects import hash_of
from tests.stores import EXPLICIT, NM, incoming, open_store


def _rows(store, table):
    return store.database.rows(f"SELECT * FROM {table} ORDER BY id")


def test_an_object_is_kept_byte_for_byte(store):
    sent = incoming()
    assert receive(store, sent, now=5) is Standing.KEPT
    (row,) = _rows(store, "objects")
    assert store.files.path(row["sha256"]).read_bytes() == sent.file
    assert (row["standing"], row["modality"], row["peer"], row["bytes"]) == ("kept", "NM", "GAMMA", len(sent.file))
    (study,) = _rows(store, "studies")
    assert (study["uid"], study["state"], study["last_at"]) == ("1.2.3", "open", 5)


def test_the_same_object_again_is_one(store):
    for at in (1, 2, 3):
        standing = receive(store, incoming(), now=at)
    assert standing is Standing.DUPLICATE
    assert len(_rows(store, "objects")) == 1
    assert _rows(store, "studies")[0]["last_at"] == 1, "nothing new came, so the study is no longer waited for"


def test_other_content_under_a_known_number_is_kept_and_reported(store):
    receive(store, incoming())
    other = incoming(SeriesDescription="other")
    assert receive(store, other) is Standing.CONFLICT
    assert receive(store, other) is Standing.DUPLICATE
    assert [row["standing"] for row in _rows(store, "objects")] == ["kept", "conflict"]
    assert len(list(store.files.root.glob("??/*.dcm"))) == 2
    (told,) = _rows(store, "reports")
    assert (told["kind"], told["study"]) == ("conflict", 1)


def test_our_own_result_that_comes_back_opens_nothing(store):
    receive(store, incoming(), now=1)
    store.database.execute("UPDATE studies SET state = 'closed'")
    job = store.database.insert(
        "INSERT INTO jobs (study, revision, state, due_at, created_at) VALUES (1, 1, 'done', 0, 0)"
    )
    store.database.insert("INSERT INTO made (sop_uid, job) VALUES ('1.2.3.77', ?)", [job])
    assert receive(store, incoming(number="1.2.3.77"), now=2) is Standing.OWN
    assert _rows(store, "studies")[0]["state"] == "closed"


@pytest.mark.parametrize("data", [b"", b"Dear colleague", bytes(range(256)) * 20])
def test_what_is_no_data_set_is_kept_reported_and_refused(store, data):
    sent = Incoming(NM, "1.2.9", EXPLICIT, data, b"\0" * 128 + b"DICM" + data, "ODD")
    for _ in range(2):
        with pytest.raises(UnreadableInputError):
            receive(store, sent)
    (row,) = _rows(store, "objects")
    assert (row["standing"], row["study"]) == ("refused", None)
    assert store.files.path(row["sha256"]).is_file()
    assert [told["kind"] for told in _rows(store, "reports")] == ["refused"], "told once, however often it comes"
    assert _rows(store, "studies") == []


def test_an_object_without_a_study_is_refused(store):
    with pytest.raises(UnreadableInputError, match="no study"):
        receive(store, incoming(StudyInstanceUID=None))


def test_a_truncated_object_is_refused_and_does_not_stand_in_the_way_of_the_whole_one(store):
    whole = incoming()
    cut = replace(whole, data=whole.data[:-20_000], file=whole.file[:-20_000])
    with pytest.raises(UnreadableInputError, match="bytes"):
        receive(store, cut)
    assert receive(store, whole) is Standing.KEPT
    assert [row["standing"] for row in _rows(store, "objects")] == ["refused", "kept"]
    assert [told["kind"] for told in _rows(store, "reports")] == ["refused"]


UNREADABLE = {"BitsAllocated": 12}
"""Enough bytes, but of a kind that nobody can read."""


def test_a_new_copy_takes_the_place_of_one_that_cannot_be_read(store):
    receive(store, incoming(**UNREADABLE), now=1)
    store.database.execute("UPDATE studies SET state = 'closed'")
    assert receive(store, incoming(), now=2) is Standing.KEPT
    assert [row["standing"] for row in _rows(store, "objects")] == ["refused", "kept"]
    assert [(row["state"], row["last_at"]) for row in _rows(store, "studies")] == [("open", 2)], "and is analysed"
    assert [told["kind"] for told in _rows(store, "reports")] == ["replaced"]
    assert receive(store, incoming()) is Standing.DUPLICATE
    assert receive(store, incoming(SeriesDescription="other")) is Standing.CONFLICT
    with pytest.raises(UnreadableInputError):
        receive(store, incoming(PixelData=b"12"))


def test_so_does_a_copy_that_was_put_beside_it_by_an_older_version(store):
    receive(store, incoming())
    receive(store, incoming(**UNREADABLE))
    store.database.execute("UPDATE objects SET standing = CASE id WHEN 1 THEN 'conflict' ELSE 'kept' END")
    assert receive(store, incoming()) is Standing.KEPT
    assert sorted(row["standing"] for row in _rows(store, "objects")) == ["kept", "refused"]


def test_of_two_that_cannot_be_read_the_first_counts(store):
    receive(store, incoming(**UNREADABLE))
    assert receive(store, incoming(**UNREADABLE, SeriesDescription="other")) is Standing.CONFLICT


def test_an_object_that_the_disk_does_not_give_is_not_taken_for_damaged(store, monkeypatch):
    receive(store, incoming())
    (first,) = store.files.root.glob("??/*.dcm")

    def fails(path):
        with decoding(path, "DICOM object"):
            if path == first:
                raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("bonescan.store.inbox.read_object", fails)
    assert receive(store, incoming(SeriesDescription="other")) is Standing.CONFLICT


def test_a_file_that_the_disk_has_cut_off_is_written_anew_when_it_comes_again(store):
    sent = incoming()
    receive(store, sent)
    (path,) = store.files.root.glob("??/*.dcm")
    path.write_bytes(sent.file[:4096])
    store.files.bytes_used = 4096
    assert receive(store, sent) is Standing.DUPLICATE
    assert path.read_bytes() == sent.file
    assert store.files.bytes_used == len(sent.file)


def test_an_object_that_is_not_the_announced_one_is_refused_and_later_taken(store):
    right = incoming()
    wrong = Incoming("1.2.840.10008.5.1.4.1.1.7", right.sop_uid, EXPLICIT, right.data, right.file, "GAMMA")
    with pytest.raises(MismatchedObjectError):
        receive(store, wrong)
    assert receive(store, right) is Standing.KEPT
    assert [row["standing"] for row in _rows(store, "objects")] == ["refused", "kept"]


def _announced(entry, **words):
    """The same data set, announced otherwise; its file says so."""
    dataset = pydicom.dcmread(BytesIO(entry.file))
    meta = dataset.file_meta
    meta.MediaStorageSOPInstanceUID = words.get("sop_uid", entry.sop_uid)
    meta.TransferSyntaxUID = words.get("transfer_syntax", entry.transfer_syntax)
    head = BytesIO()
    head.write(b"\0" * 128 + b"DICM")
    write_file_meta_info(head, meta)
    return replace(entry, file=head.getvalue() + entry.data, **words)


@pytest.mark.parametrize("words", [{"sop_uid": "1.2.3.99"}, {"transfer_syntax": "1.2.840.10008.1.2.5"}])
def test_a_wrong_announcement_does_not_stay_in_the_file_of_the_right_one(store, words):
    right = incoming()
    with pytest.raises(InputError):
        receive(store, _announced(right, **words))
    assert receive(store, right) is Standing.KEPT
    (row,) = store.database.rows("SELECT sha256 FROM objects WHERE standing = 'kept'")
    meta = pydicom.dcmread(store.files.path(row["sha256"])).file_meta
    assert (meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID) == (right.sop_uid, right.transfer_syntax)


def test_an_object_that_came_to_an_older_version_is_still_the_same(tmp_path):
    """Files were named by the hash of the data set alone."""
    store, _ = open_store(tmp_path)
    receive(store, incoming())
    (new,) = store.files.root.glob("??/*.dcm")
    old = hash_of(incoming().data)
    store.files.path(old).parent.mkdir(exist_ok=True)
    new.rename(store.files.path(old))
    store.database.execute("UPDATE objects SET sha256 = ?", [old])
    assert receive(store, incoming()) is Standing.DUPLICATE
    store = _without_database(tmp_path, store)
    assert readmit(store) == 1
    assert receive(store, incoming()) is Standing.DUPLICATE
    assert [path.stem for path in store.files.root.glob("??/*.dcm")] == [old]
    assert readmit(store) == 0
    store.close()


def test_beyond_the_limit_nothing_is_kept_and_below_it_is_again(tmp_path):
    sent = incoming()
    store, _ = open_store(tmp_path, store_mb=1.5 * len(sent.file) / 1e6)
    receive(store, sent)
    with pytest.raises(NoRoomError, match="at most"):
        receive(store, incoming(number="1.2.3.2"))
    assert len(list(store.files.root.glob("??/*"))) == len(_rows(store, "objects")) == 1
    store.close()
    store, _ = open_store(tmp_path)
    assert receive(store, incoming(number="1.2.3.2")) is Standing.KEPT
    store.close()


def test_with_too_little_free_disk_nothing_is_kept(tmp_path):
    store, _ = open_store(tmp_path, reserve_mb=1e9)
    with pytest.raises(NoRoomError, match="free"):
        receive(store, incoming())
    assert _rows(store, "objects") == []
    store.close()


def test_a_disk_that_fills_up_in_the_middle_leaves_nothing(store, monkeypatch):
    import os

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("bonescan.core.files.os.fsync", full)
    with pytest.raises(NoRoomError):
        receive(store, incoming())
    monkeypatch.undo()
    assert [path for path in store.files.root.rglob("*") if path.is_file()] == []
    assert store.files.bytes_used == 0
    assert receive(store, incoming()) is Standing.KEPT


def test_no_message_or_row_holds_the_patient(store):
    sent = incoming(PatientName="DOE^JOHN", PatientID="ID-4711", StudyInstanceUID="1.2.3")
    receive(store, sent)
    receive(store, incoming(PatientName="DOE^JANE", PatientID="ID-4711"))
    told = "\n".join(str(tuple(row)) for table in ("objects", "studies", "reports") for row in _rows(store, table))
    assert "DOE" not in told
    assert "4711" not in told


def _without_database(tmp_path, store):
    """The same store after somebody moved its database away."""
    store.close()
    for path in store.root.glob("store.sqlite3*"):
        path.rename(tmp_path / path.name)
    return open_store(tmp_path)[0]


def test_what_was_acknowledged_outlives_its_database(tmp_path):
    store, _ = open_store(tmp_path)
    sent = [incoming(), incoming(number="1.2.3.2"), incoming(study="1.2.4", number="1.2.4.1")]
    for entry in sent:
        receive(store, entry)
    before = {path: path.read_bytes() for path in store.files.root.glob("??/*.dcm")}
    store = _without_database(tmp_path, store)
    with store.receiving():
        assert readmit(store) == 3
        assert readmit(store) == 0
    assert {path: path.read_bytes() for path in store.files.root.glob("??/*.dcm")} == before
    told = [(row["sop_uid"], row["standing"], row["transfer_syntax"]) for row in _rows(store, "objects")]
    assert told == [(entry.sop_uid, "kept", EXPLICIT) for entry in sent]
    assert [(row["uid"], row["state"]) for row in _rows(store, "studies")] == [("1.2.3", "open"), ("1.2.4", "open")]
    assert receive(store, sent[0]) is Standing.DUPLICATE
    store.close()


def test_what_was_refused_is_refused_again(tmp_path, caplog):
    store, _ = open_store(tmp_path)
    sent = incoming(PatientName="DOE^JOHN", StudyInstanceUID=None)
    with pytest.raises(UnreadableInputError):
        receive(store, sent)
    store = _without_database(tmp_path, store)
    assert readmit(store) == 1
    assert [row["standing"] for row in _rows(store, "objects")] == ["refused"]
    assert "DOE" not in caplog.text
    store.close()


@pytest.mark.parametrize("spoil", [lambda data: data[:200], lambda data: data[:-1] + b"?", lambda _: b"no DICOM"])
def test_a_file_that_is_not_what_came_is_left_alone(tmp_path, spoil, caplog):
    store, _ = open_store(tmp_path)
    receive(store, incoming())
    (path,) = store.files.root.glob("??/*.dcm")
    path.write_bytes(spoil(path.read_bytes()))
    store = _without_database(tmp_path, store)
    assert readmit(store) == 0
    assert path.is_file()
    assert _rows(store, "objects") == []
    assert "left alone" in caplog.text
    store.close()


def test_without_room_for_rows_the_files_wait(tmp_path, monkeypatch):
    store, _ = open_store(tmp_path)
    receive(store, incoming())
    store = _without_database(tmp_path, store)
    with monkeypatch.context() as patch:
        patch.setattr("bonescan.store.inbox._enter", _full)
        assert readmit(store) == 0
    assert readmit(store) == 1
    store.close()


def _full(*_):
    raise NoRoomError("the disk of the store is full")
