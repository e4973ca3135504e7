"""How the other ends of DICOM associations are written: who may send, and where results go."""

from __future__ import annotations

import ipaddress
import re
from fnmatch import fnmatchcase
from typing import NamedTuple

_AET = r"[^@\\\s][^@\\]{0,15}"
_RULE = re.compile(rf"(?P<aet>{_AET})(?:@(?P<host>\S+))?")
_DESTINATION = re.compile(rf"(?P<aet>{_AET})@(?P<host>\[[^\]]+\]|[^\s:@+]+):(?P<port>\d{{1,5}})(?P<tls>\+tls)?")


class PeerRule(NamedTuple):
    """Who may send: a pattern of AE titles, and an address, a network, or `*`."""

    aet: str
    host: str

    def allows(self, aet: str, address: str) -> bool:
        """Whether a peer that calls itself `aet` and comes from `address` is meant."""
        if not fnmatchcase(aet.strip(), self.aet):
            return False
        if self.host == "*":
            return True
        return ipaddress.ip_address(plain_address(address)) in ipaddress.ip_network(self.host, strict=False)

    def __str__(self) -> str:
        return self.aet if self.host == "*" else f"{self.aet}@{self.host}"


class Destination(NamedTuple):
    """Where results go."""

    aet: str
    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.aet}@{host}:{self.port}{'+tls' if self.tls else ''}"


def parse_rule(text: str | PeerRule) -> PeerRule:
    """Read who may send.

    Args:
        text: `AET`, `AET@ADDRESS` or `AET@NETWORK`; `*` in the AE title stands for any characters.

    Raises:
        ValueError: It is none of them.

    Example:
        >>> parse_rule("GAMMA*@10.1.0.0/16").allows("GAMMA2", "10.1.9.9")
        True
        >>> parse_rule("GAMMA1").allows("CT1", "10.1.9.9")
        False
    """
    if isinstance(text, PeerRule):
        return text
    match = _RULE.fullmatch(str(text).strip())
    if not match:
        raise ValueError(f"{str(text)[:60]!r} is no peer; expected AET, AET@ADDRESS or AET@NETWORK")
    host = match["host"] or "*"
    if host != "*":
        try:
            ipaddress.ip_network(host, strict=False)
        except ValueError as error:
            raise ValueError(f"{host[:60]!r} is no IP address or network such as 10.1.0.0/16") from error
    return PeerRule(match["aet"].strip(), host)


def parse_destination(text: str | Destination) -> Destination:
    """Read where results go.

    Args:
        text: `AET@HOST:PORT`, with `+tls` behind it where the peer speaks TLS.

    Raises:
        ValueError: It is no such thing.

    Example:
        >>> parse_destination("PACS@pacs.local:104")
        Destination(aet='PACS', host='pacs.local', port=104, tls=False)
        >>> str(parse_destination("PACS@[::1]:2762+tls"))
        'PACS@[::1]:2762+tls'
    """
    if isinstance(text, Destination):
        return text
    match = _DESTINATION.fullmatch(str(text).strip())
    if not match or not 1 <= int(match["port"]) <= 65535:
        raise ValueError(f"{str(text)[:60]!r} is no destination; expected AET@HOST:PORT or AET@HOST:PORT+tls")
    return Destination(match["aet"].strip(), match["host"].strip("[]"), int(match["port"]), bool(match["tls"]))


def plain_address(address: str) -> str:
    """An IPv4 address that came in an IPv6 one, as itself.

    Example:
        >>> plain_address("::ffff:10.0.0.1"), plain_address("fe80::1%eth0")
        ('10.0.0.1', 'fe80::1')
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
