"""A box and a visitor, pumped over a pipe: what the tests of pump, stream and handling share."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from p2claw.link.handling import Handler
from p2claw.link.keeping import KeptPlaces
from p2claw.link.pump import Pump
from p2claw.link.stream import BoxStream
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.frames.hello import Hello, Role
from p2claw.wire.frames.limits import Limits
from p2claw.wire.session.session import Session
from tests.support.pipe import PipeEnd, pipe

GET = RequestHead("GET", "/", ())
POST = RequestHead("POST", "/", ())
OK = ResponseHead(200, ())
DEADLINE_S = 10


@dataclass(frozen=True, slots=True)
class Link:
    box: Pump
    visitor: Pump
    box_end: PipeEnd
    visitor_end: PipeEnd


async def respond_nothing(stream: BoxStream) -> None:
    await stream.respond(OK, end=True)


async def echo(stream: BoxStream) -> None:
    await stream.respond(OK)
    while piece := await stream.read():
        await stream.write(piece)
    await stream.write(b"", end=True)


@contextlib.asynccontextmanager
async def linked(
    handler: Handler = respond_nothing,
    *,
    places: KeptPlaces | None = None,
    admit: Callable[[Hello], Code | None] = lambda hello: None,
    box_limits: Limits | None = None,
    visitor_limits: Limits | None = None,
    token: bytes = b"",
) -> AsyncIterator[Link]:
    """Both pumps, started and introduced; closed at the end."""
    box_end, visitor_end = pipe()
    session = Session(Role.BOX, limits=box_limits, token=token)
    box = Pump(session, box_end, handler=handler, places=places, admit=admit)
    visitor = Pump(Session(Role.VISITOR, app="dog", limits=visitor_limits), visitor_end)
    box.start()
    visitor.start()
    try:
        yield Link(box, visitor, box_end, visitor_end)
    finally:
        box_end.lose()
        await box.close()
        await visitor.close()


async def eventually(condition: Callable[[], bool]) -> None:
    """Let the loop run until a condition holds. Raises TimeoutError after DEADLINE_S."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.001)


async def body_of(stream: object) -> bytes:
    """Read a stream to its end."""
    pieces = []
    while piece := await stream.read():  # type: ignore[attr-defined]
        pieces.append(piece)
    return b"".join(pieces)
