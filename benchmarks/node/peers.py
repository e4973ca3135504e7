"""The other ends: senders with storescu, a sender that can misbehave, and an archive that counts what it gets."""

from __future__ import annotations

import hashlib
import subprocess
import threading
import time
from collections import defaultdict
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import generate_uid
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.dimse_primitives import C_STORE

from benchmarks.node.process import AET

NM = "1.2.840.10008.5.1.4.1.1.20"
RLE = "1.2.840.10008.1.2.5"


def copies(bases: list[Path], number: int, folder: Path) -> list[Path]:
    """Studies of their own made from a few files: the same pixels under new numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for index in range(number):
        dataset = pydicom.dcmread(bases[index % len(bases)])
        dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study", str(index)])
        dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", str(index)])
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=["object", str(index)])
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        path = folder / f"study-{index:04d}.dcm"
        dataset.save_as(path)
        made.append(path)
    return made


def storescu(path: Path, port: int, *, timeout_s: int = 30) -> bool:
    """Send a file with DCMTK; whether its receipt was acknowledged."""
    words = ["storescu", "-xr", "-R", "-to", "5", "-ta", "5", "-td", str(timeout_s), "-aec", AET, "127.0.0.1"]
    done = subprocess.run([*words, str(port), str(path)], capture_output=True, check=False, timeout=2 * timeout_s)
    return done.returncode == 0


def status_of_sending(path: Path, port: int, *, data: bytes | None = None) -> int | None:
    """Send a file, or other bytes in its name, and return the status of the answer; None where there was none."""
    dataset = pydicom.dcmread(path)
    entity = ApplicationEntity(ae_title="SENDER")
    entity.dimse_timeout = entity.acse_timeout = 20
    entity.add_requested_context(NM, dataset.file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", port, ae_title=AET)
    if not association.is_established:
        return None
    try:
        if data is None:
            answer = association.send_c_store(dataset)
            return int(answer.Status) if "Status" in answer else None
        request = C_STORE()
        request.MessageID, request.Priority = 1, 2
        request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
        request.DataSet = BytesIO(data)
        association._reactor_checkpoint.clear()  # else the association itself reads the answer
        while not association._is_paused:
            time.sleep(0.01)
        context_id = association.accepted_contexts[0].context_id
        assert context_id is not None, "an accepted context has a number"
        association.dimse.send_msg(request, context_id)
        _, reply = association.dimse.get_msg(block=True)
        association._reactor_checkpoint.set()
        status = getattr(reply, "Status", None)
        return None if status is None else int(status)
    finally:
        association.release()


class Archive:
    """Takes everything and remembers what it took.

    Attributes:
        got: Instance number → hashes of what came under it, one an arrival.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.got: dict[str, list[str]] = defaultdict(list)
        self._lock = threading.Lock()
        self._server: Any = None

    @property
    def name(self) -> str:
        """As the node's settings name it."""
        return f"ARCHIVE@127.0.0.1:{self.port}"

    def open(self) -> None:
        """Take objects from now on."""
        from pynetdicom.presentation import AllStoragePresentationContexts

        entity = ApplicationEntity(ae_title="ARCHIVE")
        entity.supported_contexts = AllStoragePresentationContexts
        entity.maximum_associations = 32
        handlers: list[Any] = [(evt.EVT_C_STORE, self._take)]
        self._server = entity.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)

    def close(self) -> None:
        """Be down."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    def _take(self, event: Any) -> int:
        digest = hashlib.sha256(event.encoded_dataset(include_meta=False)).hexdigest()
        with self._lock:
            self.got[str(event.request.AffectedSOPInstanceUID)].append(digest)
        return 0x0000
