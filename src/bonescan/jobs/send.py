"""Sends DICOM files to a peer (C-STORE as SCU)."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bonescan.core.errors import PeerError
from bonescan.core.node_settings import NodeSettings
from bonescan.core.peers import Destination
from bonescan.export.identity import IMPLEMENTATION_UID

if TYPE_CHECKING:
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.association import Association

_CONNECT_S = 10
_ANSWER_S = 60


def send(paths: Sequence[Path], destination: Destination, settings: NodeSettings) -> int:
    """Send files in one association.

    Args:
        paths: DICOM files, of at most 128 classes and encodings together.
        destination: Where to.
        settings: Our AE title, and what we speak TLS with.

    Returns:
        Number of objects that the peer took; all of them.

    Raises:
        PeerError: The peer does not answer, refuses, or did not take all; `taken` of it says how many it took.
    """
    entity = _entity(settings)
    for sop_class, syntax in sorted({_kind(path) for path in paths}):
        entity.add_requested_context(sop_class, syntax)
    tls = (_tls(settings), destination.host) if destination.tls else None
    association = entity.associate(destination.host, destination.port, ae_title=destination.aet, tls_args=tls)
    if not association.is_established:
        raise _refused(association, destination)
    taken = 0
    problems: list[str] = []
    try:
        for path in paths:
            problem = _store(association, path)
            if problem:
                problems.append(problem)
            else:
                taken += 1
            if not association.is_established:
                problems.append("the association was ended")
                break
    finally:
        if association.is_established:
            association.release()
    if taken < len(paths):
        error = PeerError(f"{destination.aet} took {taken} of {len(paths)} objects: {problems[0]}")
        error.taken = taken
        raise error
    return taken


def _entity(settings: NodeSettings) -> ApplicationEntity:
    from pynetdicom.ae import ApplicationEntity

    entity = ApplicationEntity(ae_title=settings.aet)
    entity.implementation_class_uid = IMPLEMENTATION_UID
    entity.connection_timeout = entity.acse_timeout = _CONNECT_S
    entity.dimse_timeout = entity.network_timeout = _ANSWER_S
    return entity


def _kind(path: Path) -> tuple[str, str]:
    from pydicom.filereader import read_file_meta_info

    meta = read_file_meta_info(path)
    return str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID)


def _store(association: Association, path: Path) -> str:
    """Send one file; return what was wrong, or empty."""
    try:
        answer = association.send_c_store(path)
    except ValueError as error:  # no accepted context for the class or the encoding
        return f"it does not take such an object ({type(error).__name__})"
    except RuntimeError:
        return "the association was ended"
    status = answer.get("Status")
    if status is None:
        return "it did not answer"
    # 0xBxxx is a warning: stored, with something adapted. 0x0111 is a duplicate: ours of an earlier attempt, since a
    # number of ours always names the same bytes (PS3.7 Annex C).
    stored = status in (0x0000, 0x0111) or status & 0xF000 == 0xB000
    return "" if stored else f"status 0x{status:04X}"


def _refused(association: Association, destination: Destination) -> PeerError:
    if association.is_rejected:
        return PeerError(f"{destination.aet} refused the association", hint="Does it know our AE title and address")
    if association.is_aborted:
        return PeerError(f"{destination.aet} does not answer, or ended the association")
    return PeerError(f"{destination.aet} takes none of our kinds of objects")


def _tls(settings: NodeSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(settings.tls_ca) if settings.tls_ca else None)
    if settings.tls_certificate and settings.tls_key:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    return context
