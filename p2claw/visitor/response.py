"""The response to one request: status, fields, and a body that is read piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType

from p2claw.errors import StreamResetError, UsageError
from p2claw.link.stream import VisitorStream
from p2claw.units import MIB
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import ResponseHead


class Response:
    """One response.

    status, fields: as the app sent them. error: a code of docs/WIRE.md §9 if the box made the
    response itself, else "". Read the body to its end, or `close`.
    """

    def __init__(
        self, head: ResponseHead, stream: VisitorStream, sending: asyncio.Task[None] | None
    ) -> None:
        self.status = head.status
        self.fields = head.fields
        self.error = head.error
        self._stream = stream
        self._sending = sending
        self._ended = False

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
        try:
            while piece := await self._stream.read():
                yield piece
        except StreamResetError:
            self._raise_body_fault()
            raise
        self._ended = True
        self._raise_body_fault()

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
        """Stop: what is still on its way is no longer wanted. Nothing after the end."""
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
