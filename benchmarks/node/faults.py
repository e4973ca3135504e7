"""Faults one at a time: a full disk, peers that misbehave, an archive that is down, objects that are damaged."""

from __future__ import annotations

import random
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import UID, generate_uid
from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification
from pynetdicom.presentation import build_context

from benchmarks.node.peers import NM, RLE, Archive, copies, status_of_sending, storescu
from benchmarks.node.process import AET, NodeProcess, free_port

Facts = dict[str, Any]
_DONE = "SELECT count(*) FROM jobs WHERE state = 'done'"


@contextmanager
def running(folder: Path, *, model: Path | None, **changes: Any) -> Iterator[NodeProcess]:
    """A node for the time of one fault."""
    node = NodeProcess(folder, model=model, **changes)
    node.start()
    try:
        yield node
    finally:
        node.kill() if node.stop() else None


def full_disk(folder: Path, bases: list[Path], *, model: Path | None = None) -> Facts:
    """The disk fills up, and is emptied: a small tmpfs where one can be mounted, else what the settings allow."""
    disk = folder / "disk"
    disk.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    try:
        if mounted.returncode == 0:
            return {"disk": "tmpfs of 96 MB", **_fill_disk(folder, disk, bases, model)}
        return {"disk": "limit of the settings", **_fill_quota(folder, bases, model)}
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", str(disk)], check=False)


def _fill_disk(folder: Path, disk: Path, bases: list[Path], model: Path | None) -> Facts:
    paths = copies(bases, 4, folder / "sent")
    filler = disk / "filler"
    with running(folder, model=model, store=str(disk / "store"), quiet_s=5) as node:
        first = status_of_sending(paths[0], node.port)
        with filler.open("wb", buffering=0) as handle:
            try:
                while handle.write(b"\0" * 4096):
                    pass
            except OSError:
                pass  # full
        during = [status_of_sending(path, node.port) for path in paths[1:]]
        time.sleep(6)  # the first study is complete and cannot be written
        waiting = node.counts()
        filler.unlink()
        after = [status_of_sending(path, node.port) for path in paths[1:]]
        done = node.wait_for(_DONE, len(paths), 90)
    return _disk_facts(first, during, after, done, len(paths)) | {"jobs_while_full": waiting}


def _fill_quota(folder: Path, bases: list[Path], model: Path | None) -> Facts:
    paths = copies(bases, 4, folder / "sent")
    one = paths[0].stat().st_size / 1e6
    with running(folder, model=model, store_mb=1.5 * one) as node:
        first = status_of_sending(paths[0], node.port)
        during = [status_of_sending(path, node.port) for path in paths[1:]]
    with running(folder, model=model) as node:
        after = [status_of_sending(path, node.port) for path in paths[1:]]
        done = node.wait_for(_DONE, len(paths), 90)
    return _disk_facts(first, during, after, done, len(paths))


def _disk_facts(first: int | None, during: list[int | None], after: list[int | None], done: int, studies: int) -> Facts:
    return {
        "status_before": _hex(first),
        "statuses_while_full": sorted({_hex(status) for status in during}),
        "statuses_after": sorted({_hex(status) for status in after}),
        "studies": studies,
        "analysed": done,
    }


def vanishing_peer(folder: Path, bases: list[Path], *, model: Path | None = None) -> Facts:
    """Peers that are gone in the middle of an object: with a reset, and without a word."""
    paths = copies(bases, 2, folder / "sent")
    idle_s = 3.0
    with running(folder, model=model, idle_s=idle_s) as node:
        silent = []
        for reset in (True, False, True, False):
            connection = _half_object(paths[0], node.port)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            else:
                silent.append(connection)
        began = time.monotonic()
        ended = 0
        for connection in silent:
            connection.settimeout(3 * idle_s)
            ended += _ends(connection)
            connection.close()
        waited = time.monotonic() - began
        good = storescu(paths[1], node.port)
        done = node.wait_for(_DONE, 1, 60)
        files = len(list((node.settings.store / "objects").glob("??/*")))
    return {
        "peers": 4,
        "silent_ones_ended_by_the_node": ended,
        "seconds_until_then": round(waited, 1),
        "next_object_acknowledged": good,
        "analysed": done,
        "files_of_objects": files,
    }


def _half_object(path: Path, port: int) -> socket.socket:
    """Begin an association by hand and send half of an object."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(_request())
    kind, _, length = struct.unpack(">BBI", connection.recv(6, socket.MSG_WAITALL))
    connection.recv(length, socket.MSG_WAITALL)
    if kind != 0x02:
        raise RuntimeError("the node does not accept the association")
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    command = _unit(1, 0x03, _command(str(dataset.SOPInstanceUID)))
    connection.sendall(command + _unit(1, 0x00, path.read_bytes()[400:9000]))
    return connection


def _request() -> bytes:
    """An A-ASSOCIATE request for NM images."""
    request = A_ASSOCIATE()
    request.application_context_name = "1.2.840.10008.3.1.1.1"
    request.calling_ae_title, request.called_ae_title = "VANISHING", AET
    length, maker = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received, maker.implementation_class_uid = 16382, UID("1.2.3")
    request.user_information = [length, maker]
    context = build_context(NM, RLE)
    context.context_id = 1
    request.presentation_context_definition_list = [context]
    unit = A_ASSOCIATE_RQ()
    unit.from_primitive(request)
    return bytes(unit.encode())


def _command(sop_uid: str) -> bytes:
    """A C-STORE request in implicit little endian."""

    def element(number: int, value: bytes) -> bytes:
        value += b"\0" * (len(value) % 2)
        return struct.pack("<HHI", 0, number, len(value)) + value

    body = element(0x0002, NM.encode()) + element(0x0100, b"\x01\0") + element(0x0110, b"\x01\0")
    body += element(0x0700, b"\x02\0") + element(0x0800, b"\x01\0") + element(0x1000, sop_uid.encode())
    return element(0x0000, struct.pack("<I", len(body))) + body


def _unit(context: int, header: int, data: bytes) -> bytes:
    value = struct.pack(">IBB", len(data) + 2, context, header) + data
    return struct.pack(">BBI", 4, 0, len(value)) + value


def _ends(connection: socket.socket) -> bool:
    """Whether the other end closes, or aborts, before the time is over."""
    try:
        while connection.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def garbage(
    folder: Path, bases: list[Path], *, model: Path | None = None, connections: int = 60, seed: int = 1
) -> Facts:
    """Bytes that are no DICOM."""
    chance = random.Random(seed)
    paths = copies(bases, 1, folder / "sent")
    texts = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"\x01\x00\xff\xff\xff\xff" + b"A" * 5000,
    ]
    texts += [b"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x04\x01\x03AA", b""]
    with running(folder, model=model, idle_s=5) as node:
        for number in range(connections):
            data = texts[number] if number < len(texts) else chance.randbytes(chance.randrange(1, 20_000))
            connection = socket.create_connection(("127.0.0.1", node.port), timeout=5)
            with connection, suppress(OSError):  # the node has hung up, as it may
                connection.sendall(data)
        good = storescu(paths[0], node.port)
        done = node.wait_for(_DONE, 1, 60)
        log = node.log.read_text(encoding="utf-8")
    return {
        "connections": connections,
        "next_object_acknowledged": good,
        "analysed": done,
        "tracebacks_in_the_log": log.count("Traceback"),
    }


def idle_associations(folder: Path, bases: list[Path], *, model: Path | None = None, number: int = 64) -> Facts:
    """More associations than are taken, none of which says a word; and one that has something to send."""
    paths = copies(bases, 1, folder / "sent")
    most, idle_s = 16, 6.0
    opened = []
    with running(folder, model=model, idle_s=idle_s, associations=most) as node:
        for _ in range(number):
            entity = ApplicationEntity(ae_title="IDLE")
            entity.add_requested_context(NM, RLE)
            entity.network_timeout = None
            opened.append(entity.associate("127.0.0.1", node.port, ae_title=AET))
        accepted = sum(association.is_established for association in opened)
        rejected = sum(association.is_rejected for association in opened)
        began = time.monotonic()
        tries = 1
        while not storescu(paths[0], node.port) and time.monotonic() - began < 60:
            tries += 1
            time.sleep(0.5)
        waited = time.monotonic() - began
        done = node.wait_for(_DONE, 1, 60)
        for association in opened:
            if association.is_established:
                association.abort()
    return {
        "associations": number,
        "most_that_are_taken": most,
        "accepted": accepted,
        "told_to_come_later": rejected,
        "idle_limit_s": idle_s,
        "object_acknowledged_after_s": round(waited, 1),
        "tries": tries,
        "analysed": done,
    }


def archive_down(folder: Path, bases: list[Path], *, model: Path | None = None) -> Facts:
    """The destination is down for a while; another stays down, and its letters are dead until sent again."""
    paths = copies(bases, 3, folder / "sent")
    archive, dead = Archive(free_port()), Archive(free_port())
    names = [archive.name, dead.name]
    sent_query = "SELECT count(*) FROM sendings WHERE state = 'sent'"
    with running(folder, model=model, destinations=names, send_attempts=1000, retry_longest_s=1) as node:
        acknowledged = sum(storescu(path, node.port) for path in paths)
        done = node.wait_for(_DONE, len(paths), 120)
        failed = node.wait_for("SELECT count(*) FROM sendings WHERE attempts >= 2", 2 * len(paths), 60)
        archive.open()
        sent = node.wait_for(sent_query, len(paths), 60)
    with running(folder, model=model, destinations=names, send_attempts=2, retry_longest_s=1) as node:
        letters = node.wait_for("SELECT count(*) FROM sendings WHERE state = 'dead'", len(paths), 60)
        dead.open()
        again = subprocess.run(
            [sys.executable, "-m", "bonescan", "jobs", "resend", "--dead", "--store", str(node.settings.store)],
            capture_output=True,
            check=False,
        )
        resent = node.wait_for(sent_query, 2 * len(paths), 60)
    archive.close()
    dead.close()
    return {
        "studies": len(paths),
        "acknowledged": acknowledged,
        "analysed": done,
        "sendings_that_waited": failed,
        "sent_once_it_was_up": sent,
        "dead_letters": letters,
        "exit_code_of_resend": again.returncode,
        "sent_in_the_end": resent,
        "both_got_the_same": set(archive.got) == set(dead.got) and len(archive.got) > 0,
    }


def corrupt_object(folder: Path, bases: list[Path], *, model: Path | None = None) -> Facts:
    """Damaged objects, other content under a known number, and the same object again, among good ones."""
    paths = copies(bases, 5, folder / "sent")
    good, last, odd = paths[:3], paths[3], paths[4]
    statuses: Counter[str] = Counter()
    with running(folder, model=model, quiet_s=2) as node:
        for path in good[:2]:
            statuses[f"good: {_hex(status_of_sending(path, node.port))}"] += 1
        noise = random.Random(1).randbytes(3000)
        statuses[f"noise: {_hex(status_of_sending(odd, node.port, data=noise))}"] += 1
        statuses[f"good: {_hex(status_of_sending(good[2], node.port))}"] += 1
        statuses[f"again: {_hex(status_of_sending(good[2], node.port))}"] += 1
        statuses[f"other content: {_hex(status_of_sending(_altered(good[2], folder), node.port))}"] += 1
        statuses[f"pixels cut off: {_hex(status_of_sending(_cut_off(last, folder), node.port))}"] += 1
        statuses[f"whole again: {_hex(status_of_sending(last, node.port))}"] += 1
        node.wait_for("SELECT count(*) FROM jobs WHERE state IN ('done', 'rejected')", 4, 60)
        jobs = node.counts()
        store = node.store()
        reports = Counter(row["kind"] for row in store.database.rows("SELECT kind FROM reports"))
        standing = Counter(row["standing"] for row in store.database.rows("SELECT standing FROM objects"))
        store.close()
    return {"statuses": dict(statuses), "jobs": jobs, "objects": dict(standing), "reports": dict(reports)}


def _cut_off(path: Path, folder: Path) -> Path:
    dataset = pydicom.dcmread(path)
    dataset.PixelData = dataset.PixelData[: len(dataset.PixelData) // 4 * 2]
    target = folder / "cut.dcm"
    dataset.save_as(target)
    return target


def _altered(path: Path, folder: Path) -> Path:
    dataset = pydicom.dcmread(path)
    dataset.SeriesDescription = "other"
    dataset.SeriesInstanceUID = generate_uid()
    target = folder / "altered.dcm"
    dataset.save_as(target)
    return target


def _hex(status: int | None) -> str:
    return "none" if status is None else f"0x{status:04X}"


FAULTS = {
    "full_disk": full_disk,
    "vanishing_peer": vanishing_peer,
    "garbage": garbage,
    "idle_associations": idle_associations,
    "archive_down": archive_down,
    "corrupt_object": corrupt_object,
}


def clear(folder: Path) -> None:
    """Remove what a fault left."""
    shutil.rmtree(folder, ignore_errors=True)
