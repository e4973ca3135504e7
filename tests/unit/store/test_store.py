"""Opening a store: one receiver, nothing half-done left, older and newer ones."""

import sqlite3

import pytest

from bonescan.core.errors import NoRoomError, StoreError
from bonescan.core.node_settings import NodeSettings
from bonescan.store.inbox import receive
from bonescan.store.store import Store
from tests.stores import complete, incoming, open_store


def test_a_store_that_is_not_there_is_made_only_where_asked(tmp_path):
    settings = NodeSettings(store=tmp_path / "store")
    with pytest.raises(StoreError, match="no store"):
        Store(settings)
    assert list(tmp_path.iterdir()) == []
    Store(settings, make=True).close()
    Store(settings).close()


def test_only_its_owner_may_look(store):
    assert store.root.stat().st_mode & 0o077 == 0


def test_one_process_receives(tmp_path):
    first, _ = open_store(tmp_path)
    second, _ = open_store(tmp_path)
    with first.receiving(), pytest.raises(StoreError, match="another node"), second.receiving():
        pass
    with second.receiving():
        pass
    first.close()
    second.close()


def test_what_a_killed_process_left_is_cleared_away(store):
    receive(store, incoming())
    (whole,) = store.files.root.glob("??/*.dcm")
    (whole.parent / ".abcd.dcm.x.part").write_bytes(b"half")
    (store.work / "job-1").mkdir()
    with store.receiving():
        assert [path for path in store.files.root.rglob("*") if path.is_file()] == [whole]
        assert list(store.work.iterdir()) == []


def test_a_transaction_that_fails_changes_nothing(store):
    def half():
        with store.database.transaction() as database:
            database.execute("INSERT INTO studies (uid, state, first_at, last_at) VALUES ('1', 'open', 0, 0)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert store.database.rows("SELECT * FROM studies") == []


def test_a_newer_store_is_refused(tmp_path):
    store, settings = open_store(tmp_path)
    store.close()
    connection = sqlite3.connect(store.root / "store.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="version 99"):
        Store(settings)


def test_a_store_of_an_older_version_becomes_one_of_this(tmp_path):
    store, settings = open_store(tmp_path)
    complete(store, incoming())
    wanted = store.database.rows("SELECT * FROM jobs")[0]
    store.database.execute("ALTER TABLE jobs DROP COLUMN crashes")
    store.database.execute("PRAGMA user_version = 1")
    store.close()
    again = Store(settings)
    assert dict(again.database.rows("SELECT * FROM jobs")[0]) == dict(wanted)
    again.close()


def test_a_damaged_store_is_said_to_be(tmp_path):
    store, settings = open_store(tmp_path)
    store.close()
    (store.root / "store.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot be used"):
        Store(settings)


def test_a_full_disk_is_told_apart(store):
    def fill():
        with store.database.transaction() as database:
            for number in range(2000):
                database.insert("INSERT INTO reports (at, kind, text) VALUES (0, 'x', ?)", [str(number) * 100])

    store.database.execute("PRAGMA max_page_count = 1")
    with pytest.raises(NoRoomError):
        fill()
    assert store.database.rows("SELECT * FROM reports") == []


def test_reports_do_not_grow_without_end(store, monkeypatch):
    from bonescan.store import reports

    monkeypatch.setattr(reports, "MOST", 3)
    with store.database.transaction() as database:
        for number in range(10):
            reports.report(database, "x", str(number))
    assert [row["text"] for row in reports.latest(store.database)] == ["9", "8", "7"]
