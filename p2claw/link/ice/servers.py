"""Reads the URLs of ICE servers: `stun:` (RFC 7064) and `turn:`, `turns:` (RFC 7065)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from p2claw.log import get_log
from p2claw.wire.signalling import IceServer

log = get_log("link")

# More cost sockets and packets, and never found a path that these had not.
STUN_SERVERS = 4
TURN_SERVERS = 4

_URL = re.compile(
    r"(?P<scheme>stun|turns?):(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?(?:\?transport=(?P<transport>udp|tcp))?"
)


@dataclass(frozen=True, slots=True)
class StunServer:
    """Asked for our address as the Internet sees it."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class TurnServer:
    """Asked for an address that relays to us. transport: between us and the server."""

    host: str
    port: int
    transport: str
    tls: bool
    username: str
    credential: str


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers that can be used, in the given order, up to a limit."""

    stun: tuple[StunServer, ...]
    turn: tuple[TurnServer, ...]


def read_servers(servers: Iterable[IceServer]) -> Servers:
    """Sort the servers by kind.

    One that cannot be used is logged and skipped: links may open without it.
    """
    stun: list[StunServer] = []
    turn: list[TurnServer] = []
    for server in servers:
        for url in server.urls:
            match = _URL.fullmatch(url)
            if match is None:
                log.warning("ice server ignored", url=url, reason="malformed")
                continue
            tls = match["scheme"] == "turns"
            host = match["host"].strip("[]")
            port = int(match["port"] or (5349 if tls else 3478))
            if match["scheme"] == "stun":
                stun.append(StunServer(host, port))
            elif server.username is None or server.credential is None:
                log.warning("ice server ignored", url=url, reason="no-credential")
            elif tls and match["transport"] == "udp":
                log.warning("ice server ignored", url=url, reason="dtls")
            else:
                transport = match["transport"] or ("tcp" if tls else "udp")
                turn.append(
                    TurnServer(host, port, transport, tls, server.username, server.credential)
                )
    return Servers(
        stun=tuple(dict.fromkeys(stun))[:STUN_SERVERS],
        turn=tuple(dict.fromkeys(turn))[:TURN_SERVERS],
    )
