"""What a hostile visitor does on its link, by name. Each is as much as `HOSTILE_TIMES` says.

A visitor of ours obeys the session; these write their frames past it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

from p2claw.errors import P2clawError
from p2claw.wire.frames.codec import CODEC
from p2claw.wire.frames.codes import FLAG_END, Code, FrameType
from p2claw.wire.frames.heads import RequestHead, encode_request
from p2claw.wire.frames.limits import DEFAULT_LIMITS
from p2claw.wire.frames.payloads import reset_payload
from tests.support.proxied import Proxied
from tests.support.upstreams import until

# `make hostile` sets more than one.
TIMES = int(os.environ.get("HOSTILE_TIMES", "1"))
# After so many messages everybody else gets a turn of the loop, as between packets.
_BATCH = 100
# The box has read so many frames of any of them, or it was no attack.
LEAST_FRAMES = 100
# An attacker sends as fast as its line carries, and keeps no more than this for later.
_AHEAD_BYTES = 65_536

GET = encode_request(RequestHead("GET", "/hang", ()), DEFAULT_LIMITS)
CANCEL = reset_payload(Code.CANCEL, "")

Attack = Callable[[Proxied], Awaitable[None]]


def send_raw(box: Proxied, message: bytes) -> None:
    """Send a message of which the visitor's own session knows nothing."""
    box.visitor.session._outbox.keep(message)
    box.path.send(message)


def open_and_cancel(box: Proxied, count: int) -> None:
    """Open a stream and cancel it at once, so many times."""
    for id in range(100_001, 100_001 + 2 * count, 2):
        message = CODEC.encode_frame(FrameType.REQUEST, FLAG_END, id, GET)
        message += CODEC.encode_frame(FrameType.RESET, 0, id, CANCEL)
        send_raw(box, message)


async def _flood(box: Proxied, frames: Callable[[int], bytes], count: int) -> None:
    for number in range(count * TIMES):
        if box.visitor.loss is not None:
            return
        send_raw(box, frames(number))
        if number % _BATCH == 0:
            await asyncio.sleep(0)
            await until(
                lambda: box.path.buffered_bytes < _AHEAD_BYTES or box.visitor.loss is not None
            )


async def opens_and_cancels(box: Proxied) -> None:
    """10,000 requests, each cancelled at once."""

    def both(number: int) -> bytes:
        id = 100_001 + 2 * number
        return CODEC.encode_frame(FrameType.REQUEST, FLAG_END, id, GET) + CODEC.encode_frame(
            FrameType.RESET, 0, id, CANCEL
        )

    await _flood(box, both, 10_000)


async def resets(box: Proxied) -> None:
    """RESET of a stream that is over, again and again."""
    stream = box.begin("GET", "/")
    await stream.response()
    reset = CODEC.encode_frame(FrameType.RESET, 0, stream.id, CANCEL)
    await _flood(box, lambda _: reset, 20_000)


async def pings(box: Proxied) -> None:
    """PING, each of which wants a reply."""
    await _flood(box, lambda n: CODEC.encode_frame(FrameType.PING, 0, 0, n.to_bytes(8)), 20_000)


async def credits(box: Proxied) -> None:
    """WINDOW of one byte each, for a response that has hardly begun."""
    stream = box.begin("GET", "/large")
    await stream.response()
    window = CODEC.encode_frame(FrameType.WINDOW, 0, stream.id, (1).to_bytes(4))
    await _flood(box, lambda _: window, 20_000)


async def single_bytes(box: Proxied) -> None:
    """A body of which every byte is a message."""
    stream = box.begin("POST", "/", (("content-length", "1000000"),), end=False)
    data = CODEC.encode_frame(FrameType.DATA, 0, stream.id, b"x")
    await asyncio.sleep(0)  # the head goes first: DATA before it would only break the protocol
    await _flood(box, lambda _: data, 30_000)


class _Forgotten(list[bytes]):
    """What a pipe has carried, which it would keep."""

    def append(self, _: bytes) -> None:
        pass


async def _unread(box: Proxied, target: str) -> None:
    """Ask a hundred times and read nothing. What comes is dropped: it is the attacker's memory."""
    box.path.far.sent = _Forgotten()
    for _ in range(100):
        if box.visitor.loss is not None:
            return
        del box.visitor._streams._by_id[box.begin("GET", target).id]
    await asyncio.sleep(0.5)


async def unread_downloads(box: Proxied) -> None:
    """A hundred large responses, and no credit is ever given."""
    await _unread(box, "/large")


async def unread_events(box: Proxied) -> None:
    """A hundred streams of events that nobody reads."""
    await _unread(box, "/events")


async def silent_uploads(box: Proxied) -> None:
    """A hundred bodies that are announced and never come."""
    for _ in range(100):
        box.begin("POST", "/", (("content-length", "5"),), end=False)
    await asyncio.sleep(0.2)


async def unsized_bodies(box: Proxied) -> None:
    """Bodies of unknown length that never end, as many as are taken."""

    async def one() -> None:
        stream = box.begin("POST", "/", end=False)
        try:
            while True:
                await stream.write(bytes(16_000))
        except P2clawError:
            pass

    await asyncio.wait([asyncio.create_task(one()) for _ in range(20)], timeout=3)


async def idle_events(box: Proxied) -> None:
    """As many streams of events as are taken, each of which is silent after its first."""
    for _ in range(120):
        box.begin("GET", "/idle")
    await asyncio.sleep(0.2)


async def hanging_requests(box: Proxied) -> None:
    """As many requests as are taken, and the app never responds: long polls of which none ends."""
    for _ in range(120):
        box.begin("GET", "/hang")
    await asyncio.sleep(0.2)


ATTACKS: dict[str, Attack] = {
    attack.__name__.replace("_", " "): attack
    for attack in (
        opens_and_cancels,
        resets,
        pings,
        credits,
        single_bytes,
        unread_downloads,
        unread_events,
        silent_uploads,
        unsized_bodies,
        idle_events,
        hanging_requests,
    )
}
