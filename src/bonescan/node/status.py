"""The status page, the metrics and a health check by HTTP, on this machine alone unless told otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bonescan.core.errors import BonescanError, PeerError
from bonescan.node import metrics, page
from bonescan.node.facts import Facts

_PATIENCE_S = 10


class StatusServer:
    """Serves `/`, `/metrics` and `/health`.

    Args:
        host: Address to listen on.
        port: Port; 0 for any that is free.
        look: Gives the facts of the moment.

    Raises:
        PeerError: The port is taken.
    """

    def __init__(self, host: str, port: int, look: Callable[[], Facts]) -> None:
        class Handler(_Handler):
            facts = staticmethod(look)

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise PeerError(
                f"cannot show the status on {host} port {port}: {error.strerror or error}",
                hint="Choose another port with --status-port, or 0 for none",
            ) from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to serve."""
        threading.Thread(target=self._server.serve_forever, args=(0.2,), name="status", daemon=True).start()

    def stop(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE_S
    facts: Callable[[], Facts]

    def do_GET(self) -> None:
        """Answer one of the three paths."""
        path = self.path.partition("?")[0]
        if path not in {"/", "/metrics", "/health"}:
            self._say(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", "There is /, /metrics and /health.\n")
            return
        try:
            facts = type(self).facts()
        except BonescanError as error:
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", error.message + "\n")
            return
        if path == "/":
            self._say(HTTPStatus.OK, "text/html; charset=utf-8", page.render(facts))
        elif path == "/metrics":
            self._say(HTTPStatus.OK, metrics.CONTENT_TYPE, metrics.render(facts))
        else:
            status = HTTPStatus.OK if facts.healthy else HTTPStatus.SERVICE_UNAVAILABLE
            told = {"healthy": facts.healthy, **({"trouble": facts.trouble} if facts.trouble else {})}
            self._say(status, "application/json", json.dumps(told) + "\n")

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def _say(self, status: HTTPStatus, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        """What the server calls itself, without versions."""
        return "bonescan"

    def log_message(self, format: str, *args: object) -> None:
        """Keep the log to what matters."""
