"""One exchange, a request and its response, for the task that handles it: reads and writes to
await.

The rules of an exchange are in `wire.session`. The pump calls the `on_…` methods.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from p2claw.errors import LocalProtocolError, P2clawError, StreamResetError
from p2claw.wakeup import Wakeup
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.session.streams import Streams

if TYPE_CHECKING:
    from p2claw._pyframe import Tap

# How long the last bytes of a broken response may wait for credit, and how often to check.
_CUT_OFF_S = 2.0
_LOOK_S = 0.01

# A response of which so much is queued gains nothing if it leaves together with others: it fills a
# burst of packets by itself. At once, its task has no need to wait until it has left.
MANY_BYTES = 16_384

# Pieces that wait are read together, up to so many bytes: four whole frames (docs/WIRE.md §2).
JOINED_BYTES = 4 * 16_376


class Stream:
    """What the streams of both roles share. One task reads and one writes; it may be the same one.

    id: of the stream in its session.
    on_room: called when less is queued, or the stream has failed, instead of waking whoever writes.
    trailers: fields after the body, once `read` has returned b"".
    """

    __slots__ = (
        "_ended",
        "_failure",
        "_pieces",
        "_readable",
        "_send_soon",
        "_sent_end",
        "_streams",
        "_writable",
        "id",
        "on_room",
        "trailers",
    )

    def __init__(self, stream_id: int, streams: Streams, send_soon: Callable[[], None]) -> None:
        self.id = stream_id
        self.on_room: Callable[[], None] | None = None
        self.trailers: tuple[tuple[str, str], ...] = ()
        self._streams = streams
        self._send_soon = send_soon
        # Bounded by the window that our HELLO granted: credit is given back only as `read` returns.
        # Made for the first: an empty deque takes 760 bytes, and most requests have no body.
        self._pieces: deque[bytes] | None = None
        self._ended = False
        self._sent_end = False
        self._failure: P2clawError | None = None
        self._readable: Wakeup | None = None  # made at the first wait: most streams never wait
        self._writable: Wakeup | None = None

    async def read(self, *, joined: bool = False) -> bytes:
        """The next piece of the body, b"" at its end. Reading grants credit to the peer.

        joined: small pieces that have come are one, so that a peer that sends single bytes costs no
        turn of a task for each.

        Raises StreamResetError or LinkError, after the pieces that came before the failure.
        """
        while not self._has_news():
            await self._wait_readable()
        return self._next(JOINED_BYTES if joined else 0)

    def read_now(self) -> bytes | None:
        """The same with small pieces joined, if it would return at once; None if nothing has come.

        Raises as it.
        """
        return self._next(JOINED_BYTES) if self._has_news() else None

    def _has_news(self) -> bool:
        """Whether `_next` has something to return. Raises the failure, after the last piece."""
        if self._pieces or self._ended:
            return True
        if self._failure is not None:
            raise self._failure
        return False

    def _next(self, most_bytes: int) -> bytes:
        pieces = self._pieces
        if not pieces:
            return b""
        piece = pieces.popleft()
        if pieces and len(piece) + len(pieces[0]) <= most_bytes:
            piece = _joined(piece, pieces)
        self._streams.consumed(self.id, len(piece), time.monotonic())
        self._send_soon()
        return piece

    async def write(self, data: bytes, *, end: bool = False) -> None:
        """Send a piece of the body; waits while this stream has more than high water queued.

        Raises StreamResetError or LinkError.
        """
        self.put(data, end=end)
        if self.queued > self._streams.limits.high_water_bytes:
            await self._wait_writable()

    def put(self, data: bytes, *, end: bool = False) -> None:
        """Send a piece of the body without a wait: who writes sees to it how much is queued.

        Raises StreamResetError or LinkError.
        """
        if self._failure is not None:
            raise self._failure
        # If something waits already, a send is due, or it waits for credit or for room in the
        # channel: both send as soon as they come.
        waits = not end and self.queued > 0
        self._streams.send_data(self.id, data, end=end)
        self._sent_end = end
        if not waits:
            self._send_soon()

    def draw(self, tap: Tap) -> None:
        """Let what a tap has of the body follow what is queued; `on_room` once it is dry.

        Raises StreamResetError or LinkError.
        """
        if self._failure is not None:
            raise self._failure
        self._streams.draw(self.id, tap)
        if not self.queued:
            self._send_soon()

    def draw_no_more(self) -> None:
        """Read the tap no more."""
        self._streams.draw_no_more(self.id)

    @property
    def queued(self) -> int:
        """Body bytes that were written and have not left the session."""
        return self._streams.queued(self.id)

    def check(self) -> None:
        """Raises StreamResetError or LinkError if nothing can be sent any more."""
        if self._failure is not None:
            raise self._failure

    def watch(self, most_bytes: int) -> None:
        """Call `on_room` once no more than so many bytes are queued."""
        self._streams.watch(self.id, most_bytes)

    async def drained(self, most_bytes: int) -> None:
        """Wait until no more than so many bytes are queued. Raises StreamResetError or LinkError.

        At once if the stream is over.
        """
        while self.queued > most_bytes:
            self._streams.watch(self.id, most_bytes)
            await self._wait_writable()

    async def write_trailers(self, fields: tuple[tuple[str, str], ...]) -> None:
        """Send fields after the body, which ends it. Raises StreamResetError or LinkError."""
        if self._failure is not None:
            raise self._failure
        self._streams.send_trailers(self.id, fields)
        self._sent_end = True
        self._send_soon()

    def reset(self, code: Code, reason: str = "") -> None:
        """End the exchange early in both directions; nothing if it is over already.

        A task of ours that still reads or writes gets StreamResetError.
        """
        self._streams.reset(self.id, code, reason)
        self._send_soon()
        self.on_failure(StreamResetError("this side ended it", reset_code=code))

    # Called by the pump.

    def on_data(self, data: bytes, end: bool) -> None:
        if data:
            if self._pieces is None:
                self._pieces = deque()
            self._pieces.append(data)
        self._ended = self._ended or end
        self._wake(self._readable)

    def on_trailers(self, fields: tuple[tuple[str, str], ...]) -> None:
        self.trailers = fields
        self._ended = True
        self._wake(self._readable)

    def on_writable(self) -> None:
        if self.on_room is not None:
            self.on_room()
        elif self._writable is not None:
            self._writable.wake()

    def on_failure(self, failure: P2clawError) -> None:
        """The peer reset the stream, or the link is lost. The first failure stays."""
        if self._failure is None:
            self._failure = failure
        self._wake(self._readable)
        self.on_writable()

    async def _wait_readable(self) -> None:
        if self._readable is None:
            self._readable = Wakeup()
        if self._readable.is_awaited:
            raise LocalProtocolError(f"two tasks read stream {self.id}")
        await self._readable.wait()

    async def _wait_writable(self) -> None:
        if self._writable is None:
            self._writable = Wakeup()
        if self._writable.is_awaited:
            raise LocalProtocolError(f"two tasks write to stream {self.id}")
        await self._writable.wait()
        if self._failure is not None:
            raise self._failure

    @staticmethod
    def _wake(waiting: Wakeup | None) -> None:
        if waiting is not None:
            waiting.wake()


class BoxStream(Stream):
    """A request that a box has to respond to.

    request: its head. request_ended: it has no body. app: what the visitor asked for in its HELLO.
    send_now: called with the last of a response, by its task, and whether that is much.
    """

    __slots__ = ("_head", "_send_now", "app", "request", "request_ended")

    def __init__(
        self,
        stream_id: int,
        streams: Streams,
        send_soon: Callable[[], None],
        *,
        request: RequestHead,
        ended: bool,
        app: str,
        send_now: Callable[[bool], None] | None = None,
    ) -> None:
        super().__init__(stream_id, streams, send_soon)
        self._send_now = send_now or (lambda is_much: send_soon())
        self.request = request
        self.request_ended = ended
        self.app = app
        self._ended = ended
        self._head: ResponseHead | None = None

    @property
    def is_endless(self) -> bool:
        """Whether it ends only if somebody ends it: an event stream of a GET, or a WebSocket."""
        if self._head is None:
            return False
        if self.request.method == "CONNECT":
            return True
        return self.request.method == "GET" and any(
            name == "content-type" and value.lower().startswith("text/event-stream")
            for name, value in self._head.fields
        )

    async def respond(self, head: ResponseHead, *, end: bool = False) -> None:
        """Send the response head, once. Raises StreamResetError or LinkError."""
        self.put_head(head, end=end)

    def put_head(self, head: ResponseHead, *, end: bool = False) -> None:
        """The same, without a wait: a head waits for nothing."""
        if self._failure is not None:
            raise self._failure
        self._streams.send_response(self.id, head, end=end)
        self._head = head
        self._sent_end = end
        self._send_soon()

    def put_whole(self, head: ResponseHead, pieces: list[bytes]) -> None:
        """Send a whole response, whose pieces are not empty; it leaves in this call if nothing can
        leave with it, or if it fills packets by itself.

        Raises StreamResetError or LinkError.
        """
        if self._failure is not None:
            raise self._failure
        body_bytes = self._streams.send_whole(self.id, head, pieces)
        self._head = head
        self._sent_end = True
        self._send_now(body_bytes >= MANY_BYTES)

    async def cut_off(self, code: Code, reason: str) -> None:
        """Reset the stream, but only once what was written has been sent.

        Raises StreamResetError or LinkError. Does not wait longer if the visitor reads nothing.
        """
        deadline = asyncio.get_running_loop().time() + _CUT_OFF_S
        while self._failure is None:
            await asyncio.sleep(_LOOK_S)
            if not self._streams.queued(self.id) or asyncio.get_running_loop().time() > deadline:
                self.reset(code, reason)
                return
        raise self._failure

    def finish(self) -> None:
        """The handler has returned: close what it left open (docs/WIRE.md §4)."""
        if not self._sent_end:
            self.reset(Code.INTERNAL, "the response was not finished")
        elif not self._ended:
            self.reset(Code.NO_ERROR)


class VisitorStream(Stream):
    """A request that was sent, and the response to come."""

    __slots__ = ("_response",)

    def __init__(self, stream_id: int, streams: Streams, send_soon: Callable[[], None]) -> None:
        super().__init__(stream_id, streams, send_soon)
        self._response: ResponseHead | None = None

    async def response(self) -> ResponseHead:
        """The response head, once it is there. Raises StreamResetError or LinkError."""
        while self._response is None:
            if self._failure is not None:
                raise self._failure
            await self._wait_readable()
        return self._response

    def on_response(self, head: ResponseHead, end: bool) -> None:
        self._response = head
        self._ended = end
        self._wake(self._readable)


def _joined(first: bytes, pieces: deque[bytes]) -> bytes:
    """The first of them, which is no more among the pieces, and what may be read with it."""
    joined, size = [first], len(first)
    while pieces and size + len(pieces[0]) <= JOINED_BYTES:
        joined.append(pieces.popleft())
        size += len(joined[-1])
    return b"".join(joined)
