"""Takes objects (C-STORE as SCP) and answers echoes; who may, and what, is decided here."""

from __future__ import annotations

import logging
import ssl
import threading
import weakref
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from pydicom.dataset import Dataset
from pynetdicom import _config, evt
from pynetdicom.ae import ApplicationEntity

from bonescan.core.errors import BonescanError, NoRoomError, PeerError, UsageError, status_of
from bonescan.core.node_settings import NodeSettings
from bonescan.core.peers import PeerRule, plain_address
from bonescan.export.identity import IMPLEMENTATION_UID
from bonescan.io.dicom_header import READABLE_CLASSES
from bonescan.node.limits import BoundedServer
from bonescan.store.inbox import Incoming, receive
from bonescan.store.store import Store

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.dimse_primitives import C_STORE
    from pynetdicom.events import Event

log = logging.getLogger(__name__)

VERIFICATION = "1.2.840.10008.1.1"
TRANSFER_SYNTAXES = (
    "1.2.840.10008.1.2.1",  # Explicit VR Little Endian
    "1.2.840.10008.1.2",  # Implicit VR Little Endian
    "1.2.840.10008.1.2.2",  # Explicit VR Big Endian, retired
    "1.2.840.10008.1.2.5",  # RLE
    "1.2.840.10008.1.2.4.70",  # JPEG lossless, first-order prediction
    "1.2.840.10008.1.2.4.57",  # JPEG lossless
    "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.4.91",  # JPEG 2000
    "1.2.840.10008.1.2.4.50",  # JPEG baseline
    "1.2.840.10008.1.2.4.51",  # JPEG extended
)
"""What the reader reads. Deflated is not offered: inflating it is unbounded."""
_NO_RIGHT = (0x01, 0x01, 0x03)
"""A-ASSOCIATE-RJ: permanent, by the service user, calling AE title not recognised (PS3.8 Table 9-21)."""


class Receiver:
    """The listening end.

    Args:
        store: Where objects go, held for receiving.
        settings: Address, AE title, peers and limits.
    """

    def __init__(self, store: Store, settings: NodeSettings) -> None:
        self._store, self._settings = store, settings
        self._limit = settings.object_mb * 1e6
        self._too_large: weakref.WeakSet[Association] = weakref.WeakSet()
        self._lock = threading.Lock()
        self.answers: dict[str, int] = {}
        """Number of answers of each kind since the start."""
        _config.LOG_HANDLER_LEVEL = "none"  # its own log quotes what peers send
        logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
        self._entity = ApplicationEntity(ae_title=settings.aet)
        self._entity.implementation_class_uid = IMPLEMENTATION_UID
        self._entity.require_called_aet = True
        self._entity.maximum_associations = settings.associations
        self._entity.acse_timeout = self._entity.dimse_timeout = self._entity.network_timeout = settings.idle_s
        self._entity.add_supported_context(VERIFICATION)
        for sop_class in READABLE_CLASSES:
            self._entity.add_supported_context(sop_class, list(TRANSFER_SYNTAXES))
        self._server: BoundedServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Begin to listen; return the port.

        Raises:
            PeerError: The port is taken, or the address is none of this machine.
            UsageError: The certificate or its key cannot be used.
        """
        settings = self._settings
        handlers: list[Any] = [
            (evt.EVT_REQUESTED, self._on_request),
            (evt.EVT_PDU_RECV, self._on_unit),
            (evt.EVT_C_STORE, self._on_store),
            (evt.EVT_C_ECHO, self._on_echo),
            (evt.EVT_REJECTED, self._on_rejected),
        ]
        try:
            self._server = BoundedServer(
                self._entity,
                (settings.host, settings.port),
                settings.aet,
                self._entity.supported_contexts,
                ssl_context=_tls(settings),
                evt_handlers=handlers,
            )
        except OSError as error:
            if isinstance(error, BonescanError):
                raise
            raise PeerError(
                f"cannot listen on {settings.host} port {settings.port}: {error.strerror or error}",
                hint="Is another node running? Choose another port with --port",
            ) from error
        self._entity._servers.append(self._server)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="receiver", daemon=True)
        self._thread.start()
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Take no more associations, and end those that are open."""
        if self._server is not None:
            self._server.shutdown()
            self._entity.shutdown()
        if self._thread is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether it listens."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def open_associations(self) -> int:
        """Number of associations."""
        return len(self._server.active_associations) if self._server else 0

    def _count(self, answer: str) -> None:
        with self._lock:
            self.answers[answer] = self.answers.get(answer, 0) + 1

    def _on_request(self, event: Event) -> None:
        """Refuse peers that are not on the list."""
        requestor = event.assoc.requestor
        asked = requestor.primitive
        title, address = asked.calling_ae_title.strip() if asked else "", requestor.address
        if not allowed(self._settings.peers, title, address):
            log.warning("refused %r from %s: not among the peers", title, address)
            event.assoc.acse.send_reject(*_NO_RIGHT)
            event.assoc.kill()
            self._count("peer_refused")

    def _on_rejected(self, event: Event) -> None:
        log.warning("refused an association of %r", event.assoc.requestor.ae_title)
        self._count("association_refused")

    def _on_unit(self, event: Event) -> None:
        """Forget the bytes of an object that is too large while they come, so that they never take memory."""
        message = event.assoc.dimse.message
        if message is not None and message.data_set is not None and message.data_set.tell() > self._limit:
            message.data_set = BytesIO()
            self._too_large.add(event.assoc)

    def _on_echo(self, event: Event) -> int:
        self._count("echo")
        return 0x0000

    def _on_store(self, event: Event) -> Dataset:
        """Answer success only when the object and its row are on the disk."""
        peer = _printable(event.assoc.requestor.ae_title)
        try:
            if event.assoc in self._too_large:
                self._too_large.discard(event.assoc)
                raise NoRoomError("the object is too large", expected=f"at most {self._settings.object_mb:g} MB")
            standing = receive(self._store, _incoming(event, peer))
        except BonescanError as error:
            status = status_of(error).dicom
            log.warning("object from %s: 0x%04X, %s", peer, status, error.message)
            self._count(f"0x{status:04X}")
            return _answer(status, error.found)
        except Exception as error:  # noqa: BLE001 - a defect must not end the node; its text may hold patient data
            log.error("internal error (%s) while an object was taken", type(error).__name__)
            self._count("0x0110")
            return _answer(0x0110, "internal error")
        log.debug("object from %s: %s", peer, standing)
        self._count(str(standing))
        return _answer(0x0000)


def allowed(rules: tuple[PeerRule, ...], title: str, address: str) -> bool:
    """Whether a peer may send; without rules, whether it is this machine.

    Example:
        >>> allowed((), "ANY", "127.0.0.1"), allowed((), "ANY", "10.0.0.1")
        (True, False)
    """
    if rules:
        return any(rule.allows(title, address) for rule in rules)
    return plain_address(address) == "::1" or plain_address(address).startswith("127.")


def _printable(title: str) -> str:
    """An AE title as it may be shown on a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in title.strip())


def _incoming(event: Event, peer: str) -> Incoming:
    request = cast("C_STORE", event.request)
    return Incoming(
        sop_class=str(request.AffectedSOPClassUID),
        sop_uid=str(request.AffectedSOPInstanceUID),
        transfer_syntax=str(event.context.transfer_syntax),
        data=event.encoded_dataset(include_meta=False),
        file=event.encoded_dataset(),
        peer=peer,
    )


def _answer(status: int, comment: str = "") -> Dataset:
    answer = Dataset()
    answer.Status = status
    if comment:
        answer.ErrorComment = comment[:64]
    return answer


def _tls(settings: NodeSettings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
        if settings.tls_ca is not None:
            context.load_verify_locations(settings.tls_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:  # SSLError is one
        raise UsageError(
            f"the certificate, its key or the authorities cannot be used: {error.strerror or 'not PEM'}",
            hint="Check tls_certificate, tls_key and tls_ca in the settings",
        ) from error
    return context
