"""The response to one request: status, fields, and a body that is read piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType

from p2claw.errors import LinkError, StreamResetError, UsageError
from p2claw.link.stream import VisitorStream
from p2claw.units import MIB
from p2claw.visitor.rest import Rest
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import Fields, RequestHead, ResponseHead

# Sends a request again with these fields. Raises as Visitor.request.
Again = Callable[[Fields], Awaitable[tuple[ResponseHead, VisitorStream]]]


class Response:
    """One response.

    status, fields: as the app sent them. error: a code of docs/WIRE.md §9 if the box made the
    response itself, else "". Read the body to its end, or `close`.

    A body whose session is lost goes on with the rest of it, where that can be asked for.
    """

    def __init__(
        self,
        request: RequestHead,
        head: ResponseHead,
        stream: VisitorStream,
        sending: asyncio.Task[None] | None,
        again: Again,
    ) -> None:
        self.status = head.status
        self.fields = head.fields
        self.error = head.error
        self._stream = stream
        self._sending = sending
        self._ended = False
        self._request = request
        self._again = again
        self._rest = Rest.of(request, head)

    @property
    def trailers(self) -> tuple[tuple[str, str], ...]:
        """Fields after the body, once it has been read."""
        return self._stream.trailers

    def field(self, name: str) -> str | None:
        """The first field of a name, or None."""
        name = name.lower()
        return next((value for key, value in self.fields if key == name), None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces of the body, as they come. The box sends no faster than they are read.

        Raises StreamResetError if the app broke off, LinkError if the link was lost.
        """
        skip = 0
        while True:
            try:
                while piece := await self._stream.read():
                    fresh = piece[skip:]
                    skip -= len(piece) - len(fresh)
                    if self._rest is not None:
                        self._rest.came += len(fresh)
                    if fresh:
                        yield fresh
                break
            except StreamResetError:
                self._raise_body_fault()
                raise
            except LinkError:
                if self._rest is None:
                    raise
                if self._rest.is_whole:
                    break
                skip = await self._go_on(self._rest)
        self._ended = True
        self._raise_body_fault()

    async def _go_on(self, rest: Rest) -> int:
        """Ask for the rest of the body; how many of its bytes have come before.

        Raises LinkError `response-changed` if there is another version of it now.
        """
        head, self._stream = await self._again(rest.fields(self._request.fields))
        skip = rest.skipped(head)
        if skip is None:
            self._stream.reset(Code.CANCEL)
            raise LinkError(
                "the link was lost, and what the app has now is not the rest of it",
                code="response-changed",
                hint="Ask for it again",
            )
        return skip

    async def body(self, limit_bytes: int = 64 * MIB) -> bytes:
        """The whole body. Raises UsageError `body-too-large` above the limit."""
        pieces: list[bytes] = []
        size_bytes = 0
        async for piece in self:
            size_bytes += len(piece)
            if size_bytes > limit_bytes:
                await self.close()
                raise UsageError(
                    f"the body has more than {limit_bytes} bytes",
                    code="body-too-large",
                    hint="Read it piece by piece, or raise the limit",
                )
            pieces.append(piece)
        return b"".join(pieces)

    async def close(self) -> None:
        """Stop reading: the rest of the response is dropped. Does nothing after the end."""
        if not self._ended:
            self._ended = True
            self._stream.reset(Code.CANCEL)
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])

    async def __aenter__(self) -> Response:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _raise_body_fault(self) -> None:
        """What the caller's own iterator of body pieces raised, if it did."""
        if self._sending is not None and self._sending.done() and not self._sending.cancelled():
            fault = self._sending.exception()
            if fault is not None:
                raise fault
