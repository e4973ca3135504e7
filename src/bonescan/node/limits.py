"""Sockets that end: a bound on how large a unit may be, and on how long a peer may take over it.

pynetdicom reads as many bytes as a peer announces, for as long as the peer takes. Either would let one broken sender
hold memory or an association for ever.
"""

from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, cast

from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

if TYPE_CHECKING:
    from pynetdicom.association import Association

LARGEST_UNIT = 2**20
"""Bytes of a protocol data unit. We announce 16 KiB; an association request with 128 contexts takes some 30 KiB."""
_CHUNK = 65536
_HEAD = 6
_REQUEST = b"\x01"
"""Length of a unit's head, and the type with which a peer must begin (PS3.8 section 9.3.2)."""


class GuardedSocket(AssociationSocket):
    """A socket whose reads have a size and a deadline."""

    def recv(self, nr_bytes: int) -> bytearray:
        """Read so many bytes, or raise `OSError`, which ends the association."""
        if nr_bytes > LARGEST_UNIT:
            self._give_up()
            raise OSError("the unit is larger than any that is taken")
        connection = cast("socket.socket", self.socket)
        patience = self.assoc.network_timeout
        deadline = None if patience is None else time.monotonic() + patience
        received = bytearray()
        while len(received) < nr_bytes:
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    self._give_up()
                    raise TimeoutError("the peer took too long over one unit")
                connection.settimeout(left)
            try:
                part = connection.recv(min(_CHUNK, nr_bytes - len(received)))
            except OSError:
                self._give_up()
                raise
            if not part:
                self._give_up()
                break
            received += part
        if self.assoc.requestor.primitive is None and nr_bytes == _HEAD and received[:1] not in (b"", _REQUEST):
            # pynetdicom would answer, and go through the rest six bytes at a time.
            self._give_up()
            raise OSError("the peer does not begin with a request for an association")
        if patience is not None:
            connection.settimeout(patience)  # for what is sent
        return received

    def close(self) -> None:
        """Close the connection."""
        self._give_up()
        super().close()

    def _give_up(self) -> None:
        """Free the place of a connection that ends before it asked for an association.

        pynetdicom would hold it until the time for asking is over: sixty wrong connections, and nobody else gets in.
        """
        if self.assoc.requestor.primitive is None:
            self.assoc.dul.to_user_queue.put(None)


class _Handler(RequestHandler):
    def handle(self) -> None:
        """Shake hands where TLS is spoken, in this connection's own thread: a silent peer keeps nobody waiting."""
        connection = self.request
        connection.settimeout(self.ae.network_timeout)
        if isinstance(connection, ssl.SSLSocket):
            try:
                connection.do_handshake()
            except OSError:
                connection.close()
                return
        super().handle()

    def _create_association(self) -> Association:
        association = super()._create_association()
        # Making a second socket would tell the state machine twice that somebody connected.
        association.dul.socket.__class__ = GuardedSocket
        return association


class BoundedServer(ThreadedAssociationServer):
    """A server of which each connection is bounded, and their number.

    Args:
        *args: As of pynetdicom's server.
        **kwargs: As of pynetdicom's server.
    """

    request_queue_size = 64

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "request_handler": _Handler})

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, without shaking hands yet."""
        client, address = cast("socket.socket", self.socket).accept()
        if self.ssl_context:
            client = self.ssl_context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
        return client, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room for one more connection; twice the associations, so that the rest can be told no."""
        return len(self.active_associations) < 2 * self.ae.maximum_associations + 8

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke off is no news, and its bytes are nobody's business."""
