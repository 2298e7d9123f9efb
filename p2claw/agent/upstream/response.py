"""Reads the answer of an upstream, HTTP/1.1 (RFC 9112), from bytes. It does no IO.

httptools (llhttp) knows the syntax; here is where a body ends, what may follow, and the limits.
"""

from __future__ import annotations

import enum
import re
from collections import deque
from dataclasses import dataclass

import httptools

from p2claw.agent.faults import AppBrokenFault, HeadTooLargeFault, UpstreamClosedFault
from p2claw.config import UpstreamLimits
from p2claw.wire.limits import REASON_CHARS

Fields = tuple[tuple[str, str], ...]

# One name, one value, and what msgpack puts around them: at most 1 + 3 + 3 bytes.
FIELD_OVERHEAD_BYTES = 7

_LENIENCIES = {
    "lenient_headers": True,
    "lenient_chunked_length": True,
    "lenient_transfer_encoding": True,
    "lenient_version": True,
    "lenient_optional_lf_after_cr": True,
    "lenient_optional_cr_before_lf": True,
    "lenient_spaces_after_chunk_size": True,
}

# RFC 9112 §4.
_REASON = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class UpstreamHead:
    """Status and fields as the upstream sent them: lower-case names, ISO-8859-1 values.

    reason: the phrase behind the status, "" where it has a character that no browser shows.
    """

    status: int
    fields: Fields
    reason: str = ""


class _State(enum.Enum):
    HEAD = enum.auto()
    BODY = enum.auto()
    COMPLETE = enum.auto()


class ResponseReader:
    """One answer. Feed it, then look at `head`, `pieces` and `complete`.

    method: of the request, because an answer to HEAD has no body whatever its fields say.
    pieces: body bytes that nobody has taken yet; whoever takes them keeps `buffered_bytes`.
    keep_alive: once complete: the connection may serve another request.
    """

    __slots__ = (
        "_closes",
        "_ends_at_eof",
        "_fields",
        "_fields_bytes",
        "_limits",
        "_method",
        "_parser",
        "_reason",
        "_received",
        "_state",
        "_surplus",
        "_taken",
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
        self._fields: list[tuple[str, str]] = []
        self._fields_bytes = 0
        self._reason = b""
        self._closes = False
        self._ends_at_eof = False
        self._surplus = False
        self._taken: list[bytes] = []
        # It refers back to this object: dropped once complete, so that no cycle is left to collect.
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        # As forgiving as browsers are. Nothing is smuggled past the box: it writes the head anew.
        self._parser.set_dangerous_leniencies(**_LENIENCIES)

    @property
    def complete(self) -> bool:
        """The whole answer has been read; what is in `pieces` is the last of it."""
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
        if self._parser is None:
            self._surplus = True
            return
        self._received = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._gather()
            self._failed(error)
        if self._state is _State.COMPLETE:
            self._parser = None
        elif not self._taken:
            # The parser keeps what it cannot tell us yet: half a head, or a trailer without end.
            self._unread_bytes += len(data)
            if self._unread_bytes > self._limits.head_bytes:
                raise HeadTooLargeFault("The head of the app's answer has no end")
        if self._taken:
            self._unread_bytes = 0
            self._gather()

    def receive_eof(self) -> None:
        """The upstream closes.

        Raises UpstreamClosedFault or AppBrokenFault where that cuts the answer off.
        """
        if self.complete:
            return
        if self._state is _State.BODY and self._ends_at_eof:
            self._state = _State.COMPLETE
        elif not self._received:
            raise UpstreamClosedFault("The app closed the connection without an answer")
        elif self._state is _State.HEAD:
            raise AppBrokenFault("The app closed the connection in the head of its answer")
        else:
            raise AppBrokenFault("The app closed the connection in the middle of its answer")

    def _gather(self) -> None:
        # An upstream may send a body in chunks of one byte; nobody should see them as pieces.
        piece = self._taken[0] if len(self._taken) == 1 else b"".join(self._taken)
        self._taken.clear()
        if piece:
            self.pieces.append(piece)
            self.buffered_bytes += len(piece)

    # Called by httptools.

    def on_message_begin(self) -> None:
        if self._state is _State.COMPLETE:
            raise _SurplusError

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._state is _State.COMPLETE:
            raise _SurplusError
        if b"\0" in value:
            raise AppBrokenFault("A field of the app's answer has a NUL")
        self._fields_bytes += len(name) + len(value) + FIELD_OVERHEAD_BYTES
        self._fields.append((name.decode("latin-1").lower(), value.strip(b" \t").decode("latin-1")))
        if (
            self._fields_bytes > self._limits.head_bytes
            or len(self._fields) > self._limits.head_fields
        ):
            raise HeadTooLargeFault("The app's answer has too many fields, or too large ones")

    def on_headers_complete(self) -> None:
        if self._parser is None or self._state is _State.COMPLETE:
            raise _SurplusError
        status = self._parser.get_status_code()
        version = self._parser.get_http_version()
        if version == "0.9":
            raise AppBrokenFault("The app does not speak HTTP/1.1")
        if status == 101:
            raise AppBrokenFault("The app switched to another protocol without being asked")
        if not 100 <= status <= 599:
            raise AppBrokenFault(f"The app answered with the status {status}")
        if status < 200:
            return  # on_message_complete comes at once, and another head after it
        self._frame(status, old=version == "1.0")
        self.head = UpstreamHead(status, tuple(self._fields), _readable(self._reason))
        self._fields = []
        self._fields_bytes = 0

    def on_body(self, body: bytes) -> None:
        if self._state is _State.COMPLETE:
            raise _SurplusError
        self._taken.append(body)

    def on_message_complete(self) -> None:
        if self._state is _State.COMPLETE:
            return
        if self.head is None:
            self._reason = b""  # of an interim response: it ends here
            self._fields = []
            self._fields_bytes = 0
            return
        self.trailers = tuple(self._fields)
        self._state = _State.COMPLETE

    def _frame(self, status: int, *, old: bool) -> None:
        """Decide where the body ends. Source: RFC 9112 §6.3."""
        fields = dict(self._fields)
        tokens = {
            token.strip().lower()
            for name, value in self._fields
            if name == "connection"
            for token in value.split(",")
        }
        self._closes = "close" in tokens or (old and "keep-alive" not in tokens)
        if self._method == "HEAD" or status in (204, 304):
            self._state = _State.COMPLETE
            return
        coding = fields.get("transfer-encoding")
        if coding is not None and old:
            raise AppBrokenFault(f"The app answered in the transfer coding {coding!r}")
        if coding is not None:
            # Other codings mean nothing to browsers; Content-Length beside one does not count.
            self._ends_at_eof = coding.rpartition(",")[2].strip().lower() != "chunked"
            self._closes |= coding.lower() != "chunked" or "content-length" in fields
            self._fields = [item for item in self._fields if item[0] != "content-length"]
        else:
            self._ends_at_eof = "content-length" not in fields
        self._state = _State.BODY

    def _failed(self, error: httptools.HttpParserError) -> None:
        cause = error.__context__
        if isinstance(cause, (AppBrokenFault, HeadTooLargeFault)):
            raise cause from None
        if self.complete:
            # The answer is whole; what follows it is nobody's. The connection is not used again.
            self._surplus = True
            return
        raise AppBrokenFault(f"The app does not speak HTTP/1.1: {error}") from None


def _readable(reason: bytes) -> str:
    text = reason[:REASON_CHARS].decode("latin-1")
    return text if _REASON.fullmatch(text) else ""


class _SurplusError(Exception):
    """Bytes after the end of an answer."""
