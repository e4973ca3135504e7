"""Settings of the DICOM node (`[node]` in `bonescan.toml`): who may send, where results go, how much of anything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    model_validator,
)

from bonescan.core.peers import Destination, PeerRule, parse_destination, parse_rule


def _default_store() -> Path:
    home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(home).expanduser() / "bonescan" / "store"


def _check_aet(title: str) -> str:
    title = title.strip()
    if not title or not title.isascii() or not title.isprintable() or "\\" in title:
        raise ValueError("an AE title has 1 to 16 printable ASCII characters and no backslash")
    return title


_Rule = Annotated[InstanceOf[PeerRule], BeforeValidator(parse_rule), PlainSerializer(str)]
_Destination = Annotated[InstanceOf[Destination], BeforeValidator(parse_destination), PlainSerializer(str)]
AeTitle = Annotated[str, Field(min_length=1, max_length=16), AfterValidator(_check_aet)]


class NodeSettings(BaseModel):
    """Settings of `bonescan listen` and `bonescan jobs`.

    Example:
        >>> NodeSettings(destinations=["PACS@10.0.0.2:104"]).destinations[0].port
        104
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: Path = Field(
        default_factory=_default_store,
        description="Folder of received objects, queue and results; by default in the user's data folder.",
    )
    aet: AeTitle = Field(default="BONESCAN", description="AE title of the node; peers that call another are refused.")
    host: str = Field(default="127.0.0.1", description="Address to listen on; `0.0.0.0` for all of the machine.")
    port: int = Field(default=11112, ge=1, le=65535, description="Port to listen on.")
    peers: tuple[_Rule, ...] = Field(
        default=(),
        description="Who may send, each `AET`, `AET@HOST` or `AET@NETWORK`, `*` for any; "
        "without one only this machine itself.",
    )
    destinations: tuple[_Destination, ...] = Field(
        default=(), description="Where results are sent, each `AET@HOST:PORT`, or `AET@HOST:PORT+tls`."
    )
    tls_certificate: Path | None = Field(
        default=None, description="Certificate of the node (PEM); with it the node speaks TLS alone."
    )
    tls_key: Path | None = Field(default=None, description="Key of that certificate (PEM, without a passphrase).")
    tls_ca: Path | None = Field(
        default=None, description="Authorities (PEM) that peers' certificates must come from; asked for where set."
    )
    associations: int = Field(default=16, ge=1, le=256, description="Associations at a time; more are refused.")
    idle_s: float = Field(
        default=30, gt=0, le=3600, description="Seconds of silence after which an association is ended."
    )
    object_mb: float = Field(default=64, gt=0, le=2048, description="Largest object that is taken, in MB.")
    store_mb: float | None = Field(
        default=None, gt=0, description="Most that received objects may take of the disk, in MB; by default no limit."
    )
    reserve_mb: float = Field(default=512, ge=0, description="Free disk, in MB, below which no object is taken.")
    quiet_s: float = Field(
        default=60, ge=0, le=86400, description="Seconds without a new object after which a study is taken as complete."
    )
    attempts: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Attempts at an analysis before it is given up; "
        "one that the disk, the store or the model stops is tried without end.",
    )
    send_attempts: int = Field(
        default=12, ge=1, le=1000, description="Attempts at a sending before it is a dead letter."
    )
    retry_s: float = Field(
        default=10, gt=0, le=3600, description="Seconds before the second attempt; doubled before each further one."
    )
    retry_longest_s: float = Field(
        default=3600, gt=0, le=86400, description="Longest wait between two attempts, in seconds."
    )
    status_host: str = Field(default="127.0.0.1", description="Address of the status page.")
    status_port: int = Field(
        default=8043, ge=0, le=65535, description="Port of the status page and /metrics; 0 for none."
    )

    @model_validator(mode="after")
    def _check_tls(self) -> NodeSettings:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        if self.tls_ca is not None and self.tls_certificate is None:
            raise ValueError("tls_ca needs tls_certificate and tls_key")
        return self
