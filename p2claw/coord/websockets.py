"""What the WebSockets of agents and visitors share: limits, and the address of the client."""

from __future__ import annotations

import math
from collections.abc import Sequence

from aiohttp import WSMessage, WSMsgType, web

from p2claw.config import Network, ServerLimits
from p2claw.coord.client_address import Address, client_address, parsed_address
from p2claw.wire.signalling import MESSAGE_BYTES

# How long the other end may take to agree to a close.
_CLOSE_S = 3.0


def new_socket(limits: ServerLimits, *, shows_pongs: bool = False) -> web.WebSocketResponse:
    """A WebSocket that is not open yet, with pings, and without compression.

    shows_pongs: whoever reads it gets pings and pongs too, and responds to the pings.

    Messages up to twice the limit are let in, so that one above it gets the error of the protocol.
    Compression would cost 64 KiB of memory for each agent, and spare a few hundred bytes a visit.
    """
    return web.WebSocketResponse(
        heartbeat=limits.keepalive_s,
        max_msg_size=2 * MESSAGE_BYTES,
        compress=False,
        timeout=_CLOSE_S,
        autoping=not shows_pongs,
    )


async def is_keepalive(ws: web.WebSocketResponse, message: WSMessage) -> bool:
    """Whether it is a ping, to which this responds, or a pong: of a socket that shows them."""
    if message.type is WSMsgType.PING:
        await ws.pong(message.data)
    return message.type in (WSMsgType.PING, WSMsgType.PONG)


def freed(ws: web.WebSocketResponse) -> None:
    """Let a socket that is over free itself: the error by which it ended has the frames in which it
    was raised, and they have the socket. Python would look at every box there is to find these.
    """
    error: BaseException | None = ws.exception()
    while error is not None:
        error.__traceback__ = None
        error = error.__context__


def too_many(message: str, wait_s: float) -> web.Response:
    """The refusal of a connection that is no WebSocket yet: 429, and when to come again.

    An upgrade, a message and a close cost many times what this does.
    """
    return web.json_response(
        {"code": "rate-limited", "message": message},
        status=429,
        headers={"Retry-After": str(math.ceil(wait_s)), "Cache-Control": "no-store"},
    )


def drained() -> web.Response:
    """The refusal of an agent by a server that goes down and lets others have its boxes."""
    return web.json_response(
        {"code": "going-down", "message": "This server goes down; another has your place"},
        status=503,
        headers={"Retry-After": "1", "Cache-Control": "no-store"},
    )


def client_of(request: web.Request, trusted: Sequence[Network]) -> Address:
    """The address that asks, seen through the proxies that are trusted."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    forwarded = request.headers.getall("X-Forwarded-For", ())
    return client_address(peer[0] if peer else "", forwarded, trusted)


def reached_address(request: web.Request) -> tuple[str, int] | None:
    """The local address and port of the TCP connection, which no header can forge."""
    local = request.transport.get_extra_info("sockname") if request.transport else None
    if not local:
        return None
    address = parsed_address(local[0])
    return (str(address), int(local[1])) if address is not None else None
