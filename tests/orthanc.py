"""Debian's Orthanc with its DICOMweb plug-in on loopback: started for the tests, killed at their end."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PLUGINS = (
    "/usr/share/orthanc/plugins/libOrthancDicomWeb.so",
    "/usr/local/share/orthanc/plugins/libOrthancDicomWeb.so",
)
START_S = 30


@dataclass(frozen=True)
class Orthanc:
    """A running server.

    Attributes:
        aet: AE title.
        dicom_port: Port of the DICOM node.
        http_port: Port of the web services.
    """

    aet: str
    dicom_port: int
    http_port: int

    @property
    def dicomweb(self) -> str:
        """Root of its DICOMweb service."""
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    def get(self, path: str) -> bytes:
        """GET below its root, as the user of the tests."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", headers=AUTHORIZATION)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()


AUTHORIZATION = {"Authorization": "Basic dGVzdDp0ZXN0"}
"""test:test."""


def program() -> str:
    """Path of Orthanc; absent it skips the test, but not in CI."""
    found = shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    plugin = next((path for path in PLUGINS if Path(path).exists()), None)
    if (found is None or plugin is None) and os.environ.get("CI", "").lower() != "true":
        pytest.skip("orthanc and orthanc-dicomweb are not installed")
    assert found, "orthanc is not installed"
    assert plugin, "orthanc-dicomweb is not installed"
    return found


@contextmanager
def running(folder: Path):
    """Start a server with an empty store in `folder`, on free ports, and end it."""
    binary = program()
    dicom_port, http_port = free_port(), free_port()
    server = Orthanc("ORTHANC", dicom_port, http_port)
    settings = {
        "Name": "bonescan-tests",
        "StorageDirectory": str(folder / "store"),
        "IndexDirectory": str(folder / "store"),
        "Plugins": [path for path in PLUGINS if Path(path).exists()][:1],
        "DicomAet": server.aet,
        "DicomPort": dicom_port,
        "HttpPort": http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {"test": "test"},
        "DicomAlwaysAllowStore": True,
        "OverwriteInstances": True,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen(
            [binary, str(folder / "orthanc.json")], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            _wait(server, process, folder / "orthanc.log")
            yield server
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(server: Orthanc, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            server.get("/dicom-web/studies")
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
            continue
        return
    raise AssertionError(f"Orthanc did not start: {log.read_text(errors='replace')[-2000:]}")
