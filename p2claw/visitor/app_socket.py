"""A WebSocket of an app, as a program in Python uses it."""

from __future__ import annotations

from types import TracebackType

from p2claw.errors import LinkError, RemoteProtocolError, StreamResetError, UsageError
from p2claw.link.stream import VisitorStream
from p2claw.units import MIB
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import ResponseHead
from p2claw.wire.frames.websocket_records import (
    RECORD_BYTES,
    Close,
    Kind,
    Part,
    RecordReader,
    encode_close,
    encode_part,
)

MESSAGE_BYTES = 64 * MIB


class AppSocket:
    """One open WebSocket. Made by `Visitor.socket`; close it, best by `async with`.

    fields: of the response to the handshake. closed: the Close of the app, None before that.
    """

    def __init__(self, head: ResponseHead, stream: VisitorStream) -> None:
        self.fields = head.fields
        self.closed: Close | None = None
        self._stream = stream
        self._reader = RecordReader()
        self._parts: list[Part | Close] = []  # that our user has not read; latest first
        self._close_sent = False

    @property
    def protocol(self) -> str:
        """The subprotocol that the app chose, "" for none."""
        return dict(self.fields).get("sec-websocket-protocol", "")

    async def send(self, message: str | bytes) -> None:
        """Send one message; waits while the app does not read.

        Raises StreamResetError or LinkError.
        """
        kind = Kind.TEXT if isinstance(message, str) else Kind.BINARY
        data = message.encode() if isinstance(message, str) else message
        for start in range(0, max(len(data), 1), RECORD_BYTES):
            piece = data[start : start + RECORD_BYTES]
            last = start + RECORD_BYTES >= len(data)
            await self._stream.write(encode_part(kind, piece, final=last))

    async def receive(self, limit_bytes: int = MESSAGE_BYTES) -> str | bytes | None:
        """The next message, None after the app's Close.

        Raises StreamResetError if the app broke off, LinkError if the link was lost,
        UsageError `message-too-large`, RemoteProtocolError.
        """
        data = bytearray()
        while (part := await self._part()) is not None:
            data += part.data
            if len(data) > limit_bytes:
                self._stream.reset(Code.CANCEL)
                raise UsageError(
                    f"the message has more than {limit_bytes} bytes", code="message-too-large"
                )
            if part.final:
                return _text(data) if part.kind is Kind.TEXT else bytes(data)
        return None

    async def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Send Close, and wait for the app's; does nothing after the end."""
        try:
            if not self._close_sent:
                self._close_sent = True
                await self._stream.write(encode_close(code, reason), end=True)
            while await self._part() is not None:
                pass
        except (StreamResetError, LinkError, RemoteProtocolError):
            return

    async def __aenter__(self) -> AppSocket:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            await self.close()
        else:
            self._stream.reset(Code.CANCEL)

    async def _part(self) -> Part | None:
        while self.closed is None:
            while not self._parts:
                piece = await self._stream.read()
                if not piece:
                    raise RemoteProtocolError("a WebSocket that ended without a Close")
                self._parts = [*self._reader.feed(piece)][::-1]
            part = self._parts.pop()
            if isinstance(part, Part):
                return part
            self.closed = part
            if not self._close_sent:
                self._close_sent = True
                await self._stream.write(encode_close(part.code), end=True)
        return None


def _text(data: bytearray) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise RemoteProtocolError("a text that is not UTF-8") from None
