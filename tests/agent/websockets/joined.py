"""A visitor's WebSocket through the proxy, without a network between visitor and box."""

from __future__ import annotations

from p2claw.link.stream import VisitorStream
from p2claw.visitor.app_socket import AppSocket
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from tests.support.proxied import Fields, Proxied

DEFLATE = ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits")


async def handshake(
    box: Proxied, target: str = "/", fields: Fields = ()
) -> tuple[ResponseHead, VisitorStream]:
    """What the box responds, whatever it is."""
    head = RequestHead("CONNECT", target, fields, protocol="websocket")
    stream = box.visitor.open(head, end=False)
    return await stream.response(), stream


async def joined(box: Proxied, target: str = "/", fields: Fields = ()) -> AppSocket:
    """A WebSocket that is open."""
    head, stream = await handshake(box, target, fields)
    assert head.status == 200, head
    return AppSocket(head, stream)
