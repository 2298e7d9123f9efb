"""Request bodies on their way to the upstream, as pieces: sized, streamed or spooled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from p2claw.agent.http.spool import Spool
from p2claw.agent.request_faults import BadRequestFault, VisitorSilentFault
from p2claw.link.stream import BoxStream


async def sized_body(stream: BoxStream, length: int, idle_s: float) -> AsyncGenerator[bytes, None]:
    """The pieces of a body that must have exactly length bytes.

    Raises BadRequestFault at the first byte too many, or at an end too soon; VisitorSilentFault.
    """
    left = length
    async with aclosing(streamed_body(stream, idle_s)) as pieces:
        async for piece in pieces:
            left -= len(piece)
            if left < 0:
                raise BadRequestFault("A request has more body than its Content-Length")
            yield piece
    if left:
        raise BadRequestFault("A request has less body than its Content-Length")


async def streamed_body(stream: BoxStream, idle_s: float) -> AsyncGenerator[bytes, None]:
    """The pieces as the visitor sends them. Raises VisitorSilentFault after idle_s of nothing."""
    while True:
        piece = stream.read_now()
        if piece is None:
            try:
                async with asyncio.timeout(idle_s):
                    piece = await stream.read(joined=True)
            except TimeoutError:
                raise VisitorSilentFault("A visitor stopped in the middle of a request") from None
        if not piece:
            return
        yield piece


async def spooled_body(spool: Spool) -> AsyncGenerator[bytes, None]:
    """The pieces of a body that the spool holds completely. Raises BoxBusyFault."""
    await spool.rewind()
    while piece := await spool.read():
        yield piece


async def begun(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same pieces. It returns when the first has come, or it is known that none will.

    Raises what the pieces raise.
    """
    first = await anext(pieces, b"")

    async def whole() -> AsyncGenerator[bytes, None]:
        async with aclosing(pieces):
            if first:
                yield first
            async for piece in pieces:
                yield piece

    return whole()


async def fill(spool: Spool, stream: BoxStream, idle_s: float) -> None:
    """Write a whole body into the spool. Raises RequestFault."""
    async with aclosing(streamed_body(stream, idle_s)) as pieces:
        async for piece in pieces:
            await spool.write(piece)
