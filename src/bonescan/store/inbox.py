"""Taking an object in: bytes first, then what it is, then the row; only after that is anybody told."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bonescan.core.errors import InputError, MismatchedObjectError, OutputError, UnreadableInputError
from bonescan.io.decoding import decoding, refused_by_system
from bonescan.io.dicom import read_header, read_object
from bonescan.io.dicom_complete import check_complete
from bonescan.io.dicom_header import Header
from bonescan.store.objects import announced_hash, hash_of
from bonescan.store.reports import report
from bonescan.store.store import Store

log = logging.getLogger(__name__)
_PREAMBLE, _GROUP_LENGTH = 132, 12
"""Bytes before the file meta information (PS3.10 Table 7.1-1), and of its first element, which tells its length."""


@dataclass(frozen=True)
class Incoming:
    """An object as a peer sent it.

    Attributes:
        sop_class: Class that the peer announced.
        sop_uid: Instance number that the peer announced.
        transfer_syntax: Encoding of the data set.
        data: The data set as it came.
        file: The whole file: preamble, file meta information, data set.
        peer: AE title of the sender.
    """

    sop_class: str
    sop_uid: str
    transfer_syntax: str
    data: bytes
    file: bytes
    peer: str

    @property
    def announced(self) -> tuple[str, str, str]:
        """What the sender said about it: class, number, transfer syntax."""
        return self.sop_class, self.sop_uid, self.transfer_syntax


class Standing(StrEnum):
    """What became of an object."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    """The same bytes as one that is there, announced as that was."""
    CONFLICT = "conflict"
    """The number of one that is there, with other bytes: kept beside it, reported, and not analysed. Where only the new
    one can be read, it is kept in the other's place."""
    OWN = "own"
    """One of our own results that came back: kept, not analysed."""
    REFUSED = "refused"
    """Damaged, or not what the sender said: kept, reported, and the sender is told so."""


def receive(store: Store, incoming: Incoming, *, now: float | None = None) -> Standing:
    """Take in an object; when this returns it is on the disk, and so is the row that tells of it.

    Args:
        store: Where to.
        incoming: The object.
        now: Seconds since 1970; by default the clock's.

    Returns:
        What became of it.

    Raises:
        NoRoomError: There is no room for it; it is not kept.
        UnreadableInputError: It is no DICOM data set, names no study, or ends before its pixels do. It is kept and
            reported.
        MismatchedObjectError: Its number or class is not the announced one. It is kept and reported.
    """
    at = time.time() if now is None else now
    return _take(store, incoming, _hash(store, incoming), at)


def _hash(store: Store, incoming: Incoming) -> str:
    """What names the object; one that came to an older version keeps the name that it has."""
    data = hash_of(incoming.data)
    query = "SELECT 1 FROM objects WHERE sha256 = ? AND sop_class = ? AND sop_uid = ? AND transfer_syntax = ?"
    if store.database.row(query, [data, *incoming.announced]):
        return data
    return announced_hash(data, incoming.announced)


def _take(store: Store, incoming: Incoming, sha256: str, at: float) -> Standing:
    path = store.files.keep(incoming.file, sha256)
    try:
        header = _parse(path, incoming)
    except InputError as error:
        with store.database.transaction() as database:
            if _insert(store, incoming, sha256, at, None, None, Standing.REFUSED):
                report(database, "refused", f"An object from {incoming.peer} was refused: {error.message}", at=at)
        raise
    unreadable = _unreadable(store, incoming.sop_uid, sha256)  # before the transaction: decoding takes its time
    with store.database.transaction():
        if unreadable is not None:
            _make_way(store, incoming, sha256, unreadable, at)
        return _enter(store, incoming, sha256, at, header)


def readmit(store: Store) -> int:
    """Take in again the files that no row tells of, as if they came anew.

    A process that was ended between file and row leaves one, of which nobody was told. But so does a database that was
    lost, or put back from a copy: what it told of was acknowledged, and its sender may have deleted it since.

    Args:
        store: The store, held for receiving.

    Returns:
        Number of files that have a row now; one that is not what it was when it came is left alone.
    """
    known = {row["sha256"] for row in store.database.rows("SELECT sha256 FROM objects")}
    entered = 0
    for path in store.files.orphans(known):
        try:
            incoming = as_it_came(path)
        except InputError as error:
            log.warning("a file of the store that no record tells of is left alone: %s", error.message)
            continue
        try:
            _take(store, incoming, path.stem, time.time())
        except InputError as error:
            log.warning("an object of the store was entered again, as one that is refused: %s", error.message)
        except OutputError as error:  # a full disk must not keep the node from starting; the next start goes on
            log.error("objects of the store wait to be entered again: %s", error.message)
            break
        entered += 1
    return entered


def as_it_came(path: Path) -> Incoming:
    """What a peer sent, from the file that was made of it; who sent it stands in the row alone.

    Raises:
        UnreadableInputError: The file is not what it was when it came.
    """
    with decoding(path, "DICOM file"):
        from pydicom.filereader import read_file_meta_info

        meta, file = read_file_meta_info(path), path.read_bytes()
        data = file[_PREAMBLE + _GROUP_LENGTH + meta.FileMetaInformationGroupLength :]
        sop_class, sop_uid = str(meta.MediaStorageSOPClassUID), str(meta.MediaStorageSOPInstanceUID)
        syntax = str(meta.TransferSyntaxUID)
    incoming = Incoming(sop_class, sop_uid, syntax, data, file, "unknown")
    old = hash_of(data)
    if path.stem not in (announced_hash(old, incoming.announced), old):
        raise UnreadableInputError(f"{path.name} is damaged", expected="the bytes whose hash is its name")
    return incoming


def _parse(path: Path, incoming: Incoming) -> Header:
    header = read_header(path, stop_before_pixels=True)
    if not header.text("StudyInstanceUID"):
        raise UnreadableInputError("the object names no study")
    if header.text("SOPInstanceUID") != incoming.sop_uid or header.text("SOPClassUID") != incoming.sop_class:
        raise MismatchedObjectError("the object is not the one that was announced")
    check_complete(path)
    return header


def _enter(store: Store, incoming: Incoming, sha256: str, at: float, header: Header) -> Standing:
    database = store.database
    before = database.rows("SELECT sha256, standing FROM objects WHERE sop_uid = ?", [incoming.sop_uid])
    if any(row["sha256"] == sha256 and row["standing"] != Standing.REFUSED for row in before):
        return Standing.DUPLICATE
    # Refused when the disk failed, or by a version that did not know better.
    database.execute("DELETE FROM objects WHERE sop_uid = ? AND sha256 = ?", [incoming.sop_uid, sha256])
    own = database.row("SELECT 1 FROM made WHERE sop_uid = ?", [incoming.sop_uid]) is not None
    conflict = any(row["standing"] == Standing.KEPT for row in before)
    standing = Standing.OWN if own else Standing.CONFLICT if conflict else Standing.KEPT
    study = _study(store, header.text("StudyInstanceUID"), at, opens=standing is Standing.KEPT)
    _insert(store, incoming, sha256, at, study, header, standing)
    if standing is Standing.CONFLICT:
        report(
            database,
            "conflict",
            f"{incoming.peer} sent an object that is there already, with other content; the first one counts.",
            study=study,
            at=at,
        )
    return standing


def _unreadable(store: Store, sop_uid: str, sha256: str) -> str | None:
    """Hash of the object of that number that counts, where its pixels cannot be read and those of the new one can."""
    query = "SELECT sha256 FROM objects WHERE sop_uid = ? AND sha256 != ? AND standing = 'kept'"
    row = store.database.row(query, [sop_uid, sha256])
    if row is None or not _is_damaged(store.files.path(row["sha256"])) or _is_damaged(store.files.path(sha256)):
        return None
    return str(row["sha256"])


def _is_damaged(path: Path) -> bool:
    try:
        read_object(path)
    except UnreadableInputError as error:
        return refused_by_system(error) is None
    except InputError:
        pass  # something else than a bone scan, but whole
    return False


def _make_way(store: Store, incoming: Incoming, sha256: str, unreadable: str, at: float) -> None:
    """Let a new object take the place of one that cannot be read, even if it was put beside that one before."""
    database = store.database
    counts = "sop_uid = ? AND sha256 = ? AND standing = 'kept'"
    if database.execute(f"UPDATE objects SET standing = 'refused' WHERE {counts}", [incoming.sop_uid, unreadable]):
        database.execute("DELETE FROM objects WHERE sop_uid = ? AND sha256 = ?", [incoming.sop_uid, sha256])
        text = f"{incoming.peer} sent an object again that could not be read; the new one counts."
        report(database, "replaced", text, at=at)


def _study(store: Store, uid: str, at: float, *, opens: bool) -> int:
    """The study's number; a new object opens it, or opens it again."""
    database = store.database
    found = database.row("SELECT id FROM studies WHERE uid = ?", [uid])
    if found is None:
        state = "open" if opens else "closed"
        return database.insert(
            "INSERT INTO studies (uid, state, first_at, last_at) VALUES (?, ?, ?, ?)", [uid, state, at, at]
        )
    if opens:
        database.execute("UPDATE studies SET state = 'open', last_at = ? WHERE id = ?", [at, found["id"]])
    return int(found["id"])


def _insert(
    store: Store,
    incoming: Incoming,
    sha256: str,
    at: float,
    study: int | None,
    header: Header | None,
    standing: Standing,
) -> bool:
    """Write the row; False where it is there."""
    return bool(
        store.database.execute(
            "INSERT INTO objects (study, sop_uid, sop_class, series_uid, modality, transfer_syntax, sha256, bytes,"
            " peer, received_at, standing) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [
                study,
                incoming.sop_uid,
                incoming.sop_class,
                header.text("SeriesInstanceUID") if header else "",
                header.text("Modality") if header else "",
                incoming.transfer_syntax,
                sha256,
                len(incoming.file),
                incoming.peer,
                at,
                standing,
            ],
        )
    )
