"""Where the body of a response ends (RFC 9112 §6): each class reads bodies of one framing.

`receive` returns the bytes of the body among those that came.
"""

from __future__ import annotations

from typing import Protocol

import httptools

from p2claw.agent.request_faults import AppBrokenFault, HeadTooLargeFault, RequestFault
from p2claw.agent.upstream.heads import check_size
from p2claw.agent.upstream.lenient import Fields, LenientHead
from p2claw.config import UpstreamLimits

# A strict head, after which the parser reads chunks.
_CHUNKS_FOLLOW = b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"


class Body(Protocol):
    """A body while it is read.

    complete: all of it has been. has_surplus: bytes came after its end that belong to no response.
    trailers: known once it is complete. fault: why what came is no body, beside the bytes before.
    """

    complete: bool
    has_surplus: bool
    trailers: Fields
    fault: RequestFault | None

    def receive(self, data: bytes | memoryview) -> bytes: ...


def body_of(head: LenientHead, limits: UpstreamLimits) -> Body:
    """The body that follows a head which has one."""
    if head.chunked:
        return ChunkedBody(limits)
    return UnendedBody() if head.length is None else SizedBody(head.length)


class SizedBody:
    """A body of so many bytes, perhaps none. left: how many of them are still to come."""

    __slots__ = ("complete", "fault", "has_surplus", "left", "trailers")

    def __init__(self, length: int) -> None:
        self.left = length
        self.complete = not length
        self.has_surplus = False
        self.trailers: Fields = ()
        self.fault: RequestFault | None = None

    def receive(self, data: bytes | memoryview) -> bytes:
        piece = bytes(data[: self.left])
        self.left -= len(piece)
        self.complete = not self.left
        if len(piece) < len(data):
            # An empty line belongs to the head of the next response (RFC 9112 §2.2).
            self.has_surplus = bool(bytes(data[len(piece) :]).strip(b"\r\n"))
        return piece


class UnendedBody:
    """A body that ends with the connection."""

    __slots__ = ("complete", "fault", "has_surplus", "trailers")

    def __init__(self) -> None:
        self.complete = self.has_surplus = False
        self.trailers: Fields = ()
        self.fault: RequestFault | None = None

    def receive(self, data: bytes | memoryview) -> bytes:
        return bytes(data)


class ChunkedBody:
    """A body in chunks, read by httptools (llhttp) as leniently as browsers read them."""

    __slots__ = (
        "_has_begun",
        "_limits",
        "_parsed",
        "_parser",
        "_trailers",
        "_unread_bytes",
        "complete",
        "fault",
        "has_surplus",
        "trailers",
    )

    def __init__(self, limits: UpstreamLimits) -> None:
        self.complete = self.has_surplus = False
        self.trailers: Fields = ()
        self.fault: RequestFault | None = None
        self._limits = limits
        self._parsed: list[bytes] = []
        self._trailers: list[tuple[str, str]] = []
        self._unread_bytes = 0
        self._has_begun = False
        # It refers back to this object: dropped once complete, so that no cycle is left to collect.
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True)
        self._parser.feed_data(_CHUNKS_FOLLOW)

    def receive(self, data: bytes | memoryview) -> bytes:
        if self._parser is None:
            self.has_surplus = True
            return b""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._failed(error)
        if self.complete:
            self._parser = None
        elif not self._parsed:
            # The parser keeps bytes that it cannot hand on yet: a trailer without end.
            self._unread_bytes += len(data)
            if self._unread_bytes > self._limits.head_bytes and self.fault is None:
                self.fault = HeadTooLargeFault("The app's response has trailers without end")
        else:
            self._unread_bytes = 0
        # An upstream may send a body in chunks of one byte; they are joined to one piece.
        piece = self._parsed[0] if len(self._parsed) == 1 else b"".join(self._parsed)
        self._parsed.clear()
        return piece

    # Called by httptools.

    def on_message_begin(self) -> None:
        if self._has_begun:
            raise _SurplusError
        self._has_begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the framing that we gave to the parser ourselves, or a trailer."""
        if self.complete:
            raise _SurplusError
        text = value.strip(b" \t").decode("latin-1")
        self._trailers.append((name.decode("latin-1").lower(), text))
        check_size(tuple(self._trailers), self._limits)

    def on_headers_complete(self) -> None:
        if self.complete:
            raise _SurplusError
        self._trailers.clear()

    def on_body(self, body: bytes) -> None:
        if self.complete:
            raise _SurplusError
        self._parsed.append(body)

    def on_message_complete(self) -> None:
        if not self.complete:
            self.trailers = tuple(self._trailers)
            self.complete = True

    def _failed(self, error: httptools.HttpParserError) -> None:
        cause = error.__context__
        if isinstance(cause, HeadTooLargeFault):
            self.fault = cause
        elif self.complete:
            # The response is whole, and bytes follow that belong to none.
            self.has_surplus = True
        else:
            self.fault = AppBrokenFault(f"The app does not speak HTTP/1.1: {error}")


class _SurplusError(Exception):
    """Bytes after the end of a response."""
