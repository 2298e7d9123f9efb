"""How an ICE server, STUN or TURN, is written in both signalling protocols."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from p2claw.wire.signalling.fields import ICE_SERVERS, ICE_TEXT_BYTES, ICE_URLS, Fields


@dataclass(frozen=True, slots=True)
class IceServer:
    """One server as RTCIceServer has it; username and credential are None for STUN."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


def ice_servers_to_list(servers: Iterable[IceServer]) -> list[dict[str, Any]]:
    """The form that goes into a message: absent keys rather than nil, as browsers want it."""
    listed: list[dict[str, Any]] = []
    for server in servers:
        entry: dict[str, Any] = {"urls": list(server.urls)}
        if server.username is not None:
            entry["username"] = server.username
        if server.credential is not None:
            entry["credential"] = server.credential
        listed.append(entry)
    return listed


def ice_servers_from(fields: Fields) -> tuple[IceServer, ...]:
    """Read `ice_servers`. Raises RemoteProtocolError."""
    return tuple(
        IceServer(
            urls=entry.texts("urls", ICE_URLS, ICE_TEXT_BYTES),
            username=entry.text("username", ICE_TEXT_BYTES) if entry.has("username") else None,
            credential=entry.text("credential", ICE_TEXT_BYTES)
            if entry.has("credential")
            else None,
        )
        for entry in fields.maps("ice_servers", ICE_SERVERS)
    )
