"""Reads the response of an upstream, HTTP/1.1 (RFC 9112), from bytes. It does no IO.

`heads.py` reads the head and `body.py` the body. Here is their order. What nearly all responses
begin with, a plain head and a body of known length, is read by the codec in one step.
"""

from __future__ import annotations

import re

from p2claw._codec import chosen
from p2claw.agent.request_faults import AppBrokenFault, UpstreamClosedFault
from p2claw.agent.upstream.body import Body, SizedBody, UnendedBody, body_of
from p2claw.agent.upstream.heads import Heads
from p2claw.agent.upstream.lenient import Fields, LenientHead
from p2claw.config import UpstreamLimits
from p2claw.value_class import value_class
from p2claw.wire.frames.limits import REASON_CHARS

# RFC 9112 §4.
_ENDLESS = 2**62

_REASON = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@value_class(frozen=True, slots=True)
class UpstreamHead:
    """Status and fields as the upstream sent them: lower-case names, ISO-8859-1 values.

    reason: the phrase behind the status, "" if it has a character that no browser shows.
    """

    status: int
    fields: Fields
    reason: str = ""


class ResponseReader:
    """Reads one response: call `receive`, then look at `head`, `pieces` and `complete`.

    method: of the request, because a response to HEAD has no body whatever its fields declare.
    pieces: body bytes; the reader removes them, and keeps `buffered_bytes` right.
    complete: the whole response has been read; what is in `pieces` is the last of it.
    keep_alive: whether the connection may serve another request: known once complete.
    trailers: fields after the body: known once complete.
    """

    __slots__ = (
        "_body",
        "_closes",
        "_heads",
        "_limits",
        "_method",
        "_received",
        "buffered_bytes",
        "complete",
        "head",
        "keep_alive",
        "pieces",
        "trailers",
    )

    def __init__(self, method: str, limits: UpstreamLimits) -> None:
        self.head: UpstreamHead | None = None
        self.pieces: list[bytes] = []  # a few: reading pauses above one
        self.buffered_bytes = 0
        self.complete = self.keep_alive = False
        self.trailers: Fields = ()
        self._method = method
        self._limits = limits
        self._received = False
        self._heads: Heads | None = None  # of an unusual head
        self._body: Body | None = None  # once the head has been read
        self._closes = False

    def ends_within(self, most_bytes: int) -> bool:
        """Whether it is known that no more than so many bytes are still to come."""
        body = self._body
        return type(body) is SizedBody and body.left <= most_bytes

    def unlooked_bytes(self) -> int:
        """How much is still to come that is body and nothing else: what it ends with is known
        without looking at it."""
        body = self._body
        if type(body) is SizedBody:
            return body.left
        return _ENDLESS if type(body) is UnendedBody else 0

    def passed_by(self, count: int) -> None:
        """So much of it has come, and went another way."""
        if type(self._body) is SizedBody:
            self._body.left -= count

    def receive(self, data: bytes | memoryview) -> None:
        """Read what came.

        Raises AppBrokenFault or HeadTooLargeFault; the connection is of no use then.
        """
        if not len(data):
            return
        if not self._received:
            self._received = True
            if self._method != "HEAD":
                limits = self._limits
                usual = chosen.read_response(data, limits.head_bytes, limits.head_fields)
                if usual is not None:
                    status, fields, reason, piece, left = usual
                    self.head = UpstreamHead(status, fields, reason)
                    if left:
                        self._body = SizedBody(left)
                    if piece:
                        self.pieces.append(piece)
                        self.buffered_bytes = len(piece)
                    self.complete = self.keep_alive = not left
                    return
        body = self._body
        if body is None and self.complete:
            body = self._body = SizedBody(0)  # nothing of it is left, and more comes
        if body is None:
            heads = self._heads = self._heads or Heads(self._limits)
            found = heads.receive(data)
            if found is None:
                return
            head, data = found
            body = self._begin(head)
        if data:
            piece = body.receive(data)
            if piece:
                self.pieces.append(piece)
                self.buffered_bytes += len(piece)
            if body.fault is not None:
                raise body.fault
        if body.complete:
            self.complete = True
            self.trailers = body.trailers
            self.keep_alive = not (self._closes or body.has_surplus)

    def receive_eof(self) -> None:
        """The upstream closes.

        Raises UpstreamClosedFault or AppBrokenFault if that cuts the response off.
        """
        if self.complete:
            return
        if isinstance(self._body, UnendedBody):
            self.complete = True
        elif not self._received:
            raise UpstreamClosedFault("The app closed the connection without a response")
        elif self._body is None:
            # The head is not finished. Browsers show what there is of it, without a body.
            assert self._heads is not None  # something came, and was no usual head
            self._begin(self._heads.receive_eof())
            self._closes = True
            self.complete = True
        else:
            raise AppBrokenFault("The app closed the connection in the middle of its response")

    def _begin(self, head: LenientHead) -> Body:
        self.head = UpstreamHead(head.status, head.fields, _readable(head.reason))
        bodiless = self._method == "HEAD" or head.status in (204, 304)
        self._body = SizedBody(0) if bodiless else body_of(head, self._limits)
        self._closes = head.doubtful or isinstance(self._body, UnendedBody) or not _stays(head)
        return self._body


def _stays(head: LenientHead) -> bool:
    """Whether the connection is to last, as the fields have it (RFC 9112 §9.3)."""
    is_kept = not head.old
    for name, value in head.fields:
        if name == "connection" and value != "keep-alive":
            tokens = {token.strip().lower() for token in value.split(",")}
            if "close" in tokens:
                return False
            is_kept = is_kept or "keep-alive" in tokens
        elif name == "connection":
            is_kept = True
    return is_kept


def _readable(reason: str) -> str:
    if reason == "OK":
        return reason
    text = reason[:REASON_CHARS]
    return text if _REASON.fullmatch(text) else ""
