"""Reads the response of an upstream, HTTP/1.1 (RFC 9112), from bytes. It does no IO.

`lenient.py` reads the head and httptools (llhttp) the body. Here are the order and the limits.
"""

from __future__ import annotations

import enum
import re
from collections import deque
from dataclasses import dataclass

import httptools

from p2claw.agent.request_faults import AppBrokenFault, HeadTooLargeFault, UpstreamClosedFault
from p2claw.agent.upstream.lenient import (
    HEAD_END,
    Fields,
    LenientHead,
    may_begin_head,
    read_head,
)
from p2claw.config import UpstreamLimits
from p2claw.wire.frames.limits import REASON_CHARS

# One name, one value, and what msgpack puts around them: at most 1 + 3 + 3 bytes.
FIELD_OVERHEAD_BYTES = 7

# RFC 9112 §4.
_REASON = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class UpstreamHead:
    """Status and fields as the upstream sent them: lower-case names, ISO-8859-1 values.

    reason: the phrase behind the status, "" if it has a character that no browser shows.
    """

    status: int
    fields: Fields
    reason: str = ""


class _State(enum.Enum):
    HEAD = enum.auto()
    BODY = enum.auto()
    COMPLETE = enum.auto()


class ResponseReader:
    """Reads one response: call `receive`, then look at `head`, `pieces` and `complete`.

    method: of the request, because a response to HEAD has no body whatever its fields declare.
    pieces: body bytes; the reader removes them, and keeps `buffered_bytes` right.
    keep_alive: once complete: the connection may serve another request.
    """

    __slots__ = (
        "_closes",
        "_ends_at_eof",
        "_head_bytes",
        "_limits",
        "_method",
        "_parsed",
        "_parser",
        "_received",
        "_state",
        "_surplus",
        "_trailers",
        "_unread_bytes",
        "buffered_bytes",
        "head",
        "pieces",
        "trailers",
    )

    def __init__(self, method: str, limits: UpstreamLimits) -> None:
        self.head: UpstreamHead | None = None
        self.pieces: deque[bytes] = deque()
        self.buffered_bytes = 0
        self.trailers: Fields = ()
        self._method = method
        self._limits = limits
        self._state = _State.HEAD
        self._received = False
        self._unread_bytes = 0
        self._head_bytes = bytearray()
        self._trailers: list[tuple[str, str]] = []
        self._closes = False
        self._ends_at_eof = False
        self._surplus = False
        self._parsed: list[bytes] = []
        # It refers back to this object: dropped once complete, so that no cycle is left to collect.
        self._parser: httptools.HttpResponseParser | None = _body_parser(self)

    @property
    def complete(self) -> bool:
        """The whole response has been read; what is in `pieces` is the last of it."""
        return self._state is _State.COMPLETE

    @property
    def keep_alive(self) -> bool:
        return self.complete and not (self._closes or self._ends_at_eof or self._surplus)

    def receive(self, data: bytes | memoryview) -> None:
        """Read what came.

        Raises AppBrokenFault or HeadTooLargeFault; the connection is of no use then.
        """
        if not len(data):
            return
        self._received = True
        rest: bytes | memoryview = data
        if self.head is None:
            rest = self._read_heads(data)
            if self.complete:
                self._parser = None
            if not rest:
                return
        if self._parser is None:
            self._surplus = True
            return
        try:
            self._parser.feed_data(rest)
        except httptools.HttpParserError as error:
            self._gather()
            self._failed(error)
        if self._state is _State.COMPLETE:
            self._parser = None
        elif not self._parsed:
            # The parser keeps bytes that it cannot hand on yet: a trailer without end.
            self._unread_bytes += len(data)
            if self._unread_bytes > self._limits.head_bytes:
                raise HeadTooLargeFault("The app's response has trailers without end")
        if self._parsed:
            self._unread_bytes = 0
            self._gather()

    def receive_eof(self) -> None:
        """The upstream closes.

        Raises UpstreamClosedFault or AppBrokenFault if that cuts the response off.
        """
        if self.complete:
            return
        if self._state is _State.BODY and self._ends_at_eof:
            self._state = _State.COMPLETE
        elif not self._received:
            raise UpstreamClosedFault("The app closed the connection without a response")
        elif self._state is _State.HEAD:
            # The head is not finished. Browsers show what there is of it, without a body.
            self._begin(read_head(bytes(self._head_bytes)))
            self._closes = True
            self._state = _State.COMPLETE
            self._parser = None
        else:
            raise AppBrokenFault("The app closed the connection in the middle of its response")

    def _gather(self) -> None:
        # An upstream may send a body in chunks of one byte; they are joined to one piece.
        piece = self._parsed[0] if len(self._parsed) == 1 else b"".join(self._parsed)
        self._parsed.clear()
        if piece:
            self.pieces.append(piece)
            self.buffered_bytes += len(piece)

    def _read_heads(self, data: bytes | memoryview) -> bytes:
        """Read as far as there are whole heads; returns what follows the last of them."""
        kept = self._head_bytes
        searched = max(0, len(kept) - 2)  # the empty line may have begun in what came before
        kept += data
        while self._state is _State.HEAD:
            blank = len(kept) - len(kept.lstrip(b"\r\n"))
            end = HEAD_END.search(kept, max(searched, blank))
            if end is None:
                self._check_unfinished()
                return b""
            whole = bytes(kept[: end.end()])
            del kept[: end.end()]
            self._unread_bytes += len(whole)
            searched = 0
            self._begin(read_head(whole))
        self._unread_bytes = 0
        rest = bytes(kept)
        kept.clear()
        return rest

    def _check_unfinished(self) -> None:
        """Checks an incomplete head: it must look like HTTP, and must not grow without end."""
        if not may_begin_head(self._head_bytes):
            raise AppBrokenFault("The app does not speak HTTP/1.1")
        if self._unread_bytes + len(self._head_bytes) > self._limits.head_bytes:
            raise HeadTooLargeFault("The head of the app's response has no end")

    def _begin(self, head: LenientHead) -> None:
        """Use a head, unless it is an interim one that another follows."""
        size = sum(len(name) + len(value) + FIELD_OVERHEAD_BYTES for name, value in head.fields)
        if size > self._limits.head_bytes or len(head.fields) > self._limits.head_fields:
            raise HeadTooLargeFault("The app's response has too many fields, or too large ones")
        if head.status == 101:
            raise AppBrokenFault("The app switched to another protocol without being asked")
        if not 100 <= head.status <= 599:
            raise AppBrokenFault(f"The app responded with the status {head.status}")
        if head.status < 200:
            return
        self.head = UpstreamHead(head.status, head.fields, _readable(head.reason))
        tokens = {
            token.strip().lower()
            for name, value in head.fields
            if name == "connection"
            for token in value.split(",")
        }
        stays = "close" not in tokens and (not head.old or "keep-alive" in tokens)
        self._closes = not stays or head.doubtful
        if self._method == "HEAD" or head.status in (204, 304):
            self._state = _State.COMPLETE
            return
        self._ends_at_eof = head.length is None and not head.chunked
        self._state = _State.BODY
        assert self._parser is not None
        self._parser.feed_data(head.framing())

    # Called by httptools.

    def on_message_begin(self) -> None:
        if self._state is _State.COMPLETE:
            raise _SurplusError

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the framing that we gave to the parser ourselves, or a trailer."""
        if self._state is _State.COMPLETE:
            raise _SurplusError
        self._trailers.append(
            (name.decode("latin-1").lower(), value.strip(b" \t").decode("latin-1"))
        )
        size = sum(len(name) + len(value) + FIELD_OVERHEAD_BYTES for name, value in self._trailers)
        if size > self._limits.head_bytes or len(self._trailers) > self._limits.head_fields:
            raise HeadTooLargeFault("The app's response has too many fields, or too large ones")

    def on_headers_complete(self) -> None:
        if self._parser is None or self._state is _State.COMPLETE:
            raise _SurplusError
        self._trailers.clear()

    def on_body(self, body: bytes) -> None:
        if self._state is _State.COMPLETE:
            raise _SurplusError
        self._parsed.append(body)

    def on_message_complete(self) -> None:
        if self._state is _State.BODY:
            self.trailers = tuple(self._trailers)
            self._state = _State.COMPLETE

    def _failed(self, error: httptools.HttpParserError) -> None:
        cause = error.__context__
        if isinstance(cause, (AppBrokenFault, HeadTooLargeFault)):
            raise cause from None
        if self.complete:
            # The response is whole, and bytes follow that belong to none. The connection is not
            # used again.
            self._surplus = True
            return
        raise AppBrokenFault(f"The app does not speak HTTP/1.1: {error}") from None


def _body_parser(reader: ResponseReader) -> httptools.HttpResponseParser:
    """A parser of bodies, as lenient with chunks as browsers are."""
    parser = httptools.HttpResponseParser(reader)
    parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True)
    return parser


def _readable(reason: str) -> str:
    text = reason[:REASON_CHARS]
    return text if _REASON.fullmatch(text) else ""


class _SurplusError(Exception):
    """Bytes after the end of a response."""
