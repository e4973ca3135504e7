"""`bonescan listen`: the DICOM node."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bonescan.cli.output import remark

if TYPE_CHECKING:
    from bonescan.core.node_settings import NodeSettings

EPILOG = """\b
Examples:
  bonescan listen
  bonescan listen --host 0.0.0.0 --peer "GAMMA1@10.1.0.5" --send-to PACS@10.1.0.2:104
  bonescan jobs list

What it takes is on the disk before the sender is told so. A study that got no object for a while (--quiet) is analysed
once, and its results go to every destination until they have arrived. Everything else is a setting of the node: see
docs/usage/settings.md. Ctrl-C or SIGTERM ends it; what was begun goes on at the next start.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EPILOG)(listen)


def listen(
    aet: Annotated[str | None, typer.Option("--aet", metavar="TITLE", help="AE title of the node.")] = None,
    host: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", help="Port to listen on.")] = None,
    store: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the store.")] = None,
    peer: Annotated[list[str] | None, typer.Option(metavar="AET[@HOST]", help="Who may send; may be repeated.")] = None,
    send_to: Annotated[
        list[str] | None, typer.Option(metavar="AET@HOST:PORT", help="Where results go; may be repeated.")
    ] = None,
    quiet: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Silence after which a study is complete.")
    ] = None,
    status_port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Port of the status page; 0 for none.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="Model bundle; by default that of the settings.")
    ] = None,
) -> None:
    """Be a DICOM node that loses nothing.

    Takes studies from cameras and archives, analyses each once, and sends the results on.
    """
    given = {
        "aet": aet,
        "host": host,
        "port": port,
        "store": store,
        "peers": peer,
        "destinations": send_to,
        "quiet_s": quiet,
        "status_port": status_port,
    }
    chosen = node_settings({name: value for name, value in given.items() if value is not None and value != []})
    _run(chosen, model)


def node_settings(changes: dict[str, Any]) -> NodeSettings:
    """The settings of the node, with what the command line says instead.

    Raises:
        UsageError: A value makes no sense.
    """
    from pydantic import ValidationError

    from bonescan.core.errors import UsageError
    from bonescan.core.node_settings import NodeSettings
    from bonescan.core.settings import settings

    try:
        return NodeSettings(**{**settings().node.model_dump(), **changes})
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UsageError(f"this makes no sense: {problems}", hint="bonescan listen -h explains each word") from error


def _run(settings: NodeSettings, model: str | None) -> None:
    import logging
    import signal
    import threading

    from bonescan.node.service import running

    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("bonescan").setLevel(logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with running(settings, model=model) as node:
        remark(f"{settings.aet} takes objects on {settings.host} port {node.port}; store {node.store.root}")
        if node.status_port:
            remark(f"Status: http://{settings.status_host}:{node.status_port}/")
        if not settings.peers:
            remark("No peers are set: only this machine may send.")
        remark("Research software: every result is a draft for review by a physician; not a medical device.")
        stop.wait()
