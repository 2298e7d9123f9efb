"""One connection to an upstream: one request at a time, bytes bounded in both directions.

`response.py` knows what the bytes mean; `pool.py` makes, keeps and reuses connections.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from p2claw._codec import chosen
from p2claw.agent.request_faults import (
    AppBrokenFault,
    AppTimeoutFault,
    BoxBusyFault,
    RequestFault,
    UpstreamClosedFault,
)
from p2claw.agent.upstream.lenient import Fields
from p2claw.agent.upstream.response import ResponseReader, UpstreamHead
from p2claw.config import UpstreamLimits
from p2claw.link.moving_timer import MovingTimer
from p2claw.units import KIB
from p2claw.wakeup import PromptWakeup, Wakeup

if TYPE_CHECKING:
    from p2claw._pyframe import Tap

# One read. The loop may read several times before the task of the exchange has its turn, so reading
# from the socket stops above one, and goes on when the exchange wants more: two are in memory.
LEAST_READ_BYTES = 16_376
READ_BYTES = 4 * LEAST_READ_BYTES  # whole frames (docs/WIRE.md §2): no piece leaves a crumb over

# To make and end a tap is worth so much of a body.
LEAST_TAPPED_BYTES = 2 * READ_BYTES

# The same for a request that the upstream does not read.
WRITE_HIGH_BYTES = 256 * KIB
WRITE_LOW_BYTES = 64 * KIB


class HttpConnection(asyncio.BufferedProtocol):
    """One connection, made by the pool. Call `begin`, `write`, `end_request`, then `head` and
    `read`.

    on_news: called when something of the response has come, or it has broken off, instead of waking
    whoever waits in `read`. It calls `next`, and then `pause` or `read_on`.

    may_read_on: called when a response is longer than a frame and nobody has asked for more of it:
    whether it may be read as if `read_less` had shown that there is room.

    buffer: where the loop puts what it reads. Its bytes are copied before the next read, so one
    buffer serves all connections of a loop.
    """

    def __init__(self, limits: UpstreamLimits, buffer: memoryview) -> None:
        self.idle_since_s = 0.0
        self.requests = 0
        self.on_idle_closed: Callable[[HttpConnection], None] | None = None
        self.on_head: Callable[[], None] | None = None
        self.on_news: Callable[[], None] | None = None
        self.may_read_on: Callable[[], bool] = _never
        self._limits = limits
        self._buffer = self._whole_buffer = buffer
        self._frame_buffer = buffer[:LEAST_READ_BYTES]
        self._read_high_bytes = READ_BYTES
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader: ResponseReader | None = None
        self._fault: RequestFault | None = None
        self._request_ended = False
        self._closed = False
        self._reading_paused = False
        self._writing_paused = False
        self._tap: Tap | None = None
        self._readable = PromptWakeup(self._loop)
        self._writable = Wakeup()
        # Of one that is kept, the timer is set once in many requests.
        self._head_timer = MovingTimer(self._look_at_head)
        self._head_due_s = 0.0  # 0: nothing is awaited

    @property
    def reusable(self) -> bool:
        """Whether the exchange is over on both sides, so that another may follow."""
        if self._closed or self._fault is not None:
            return False
        if self._reader is None:
            return True
        return self._request_ended and self._reader.keep_alive and not self._reader.pieces

    @property
    def buffered_bytes(self) -> int:
        """Bytes of the response that were read from the socket, but not by `read`."""
        return 0 if self._reader is None else self._reader.buffered_bytes

    @property
    def is_whole(self) -> bool:
        """Whether the response has come whole, whatever of it has been read."""
        return self._reader is not None and self._reader.complete

    @property
    def finished(self) -> bool:
        """Whether the response is complete and all of it has been read."""
        reader = self._reader
        return reader is not None and reader.complete and not reader.pieces

    @property
    def trailers(self) -> Fields:
        """Fields after the body of the response; known once `finished`."""
        return () if self._reader is None else self._reader.trailers

    def begin(self, method: str, head: bytes) -> None:
        """Send the head of a request, and perhaps the first of its body with it.

        The response is read in single frames until `read_less` shows that there is room for more.
        """
        self._read_high_bytes, self._buffer = 0, self._frame_buffer
        self._reader = ResponseReader(method, self._limits)
        self._request_ended = False
        self.requests += 1
        if self._transport is None or self._closed:
            self._fault = self._fault or UpstreamClosedFault("The app had closed the connection")
        else:
            self._transport.write(head)

    async def write(self, data: bytes) -> bool:
        """Send a piece of the body; waits while the upstream does not read.

        Returns False once the upstream has closed or its response is complete: it does not want the
        rest. Raises AppTimeoutFault after a long stall.
        """
        if self._writing_paused and not self._unwanted:
            try:
                async with asyncio.timeout(self._limits.head_s):
                    await self._writable.wait()
            except TimeoutError:
                raise AppTimeoutFault("The app stopped reading the request") from None
        if self._unwanted or self._transport is None:
            return False
        self._transport.write(data)
        return True

    def end_request(self) -> None:
        """The request has been sent whole. From now the head of the response must come in time."""
        self._request_ended = True
        if self._reader is not None and self._reader.head is None and self._fault is None:
            due_s = self._head_due_s = self._loop.time() + self._limits.head_s
            if due_s < self._head_timer.fires_at:
                self._head_timer.set(due_s)

    async def head(self) -> UpstreamHead:
        """The head of the final response. Raises RequestFault."""
        reader = self._reader or self._begun()
        while reader.head is None:
            if self._fault is not None:
                raise self._fault
            await self._readable.wait()
        return reader.head

    async def read(self) -> bytes:
        """The next piece of the response, b"" at its end. Raises RequestFault."""
        reader = self._begun()
        while not reader.pieces:
            if reader.complete:
                return b""
            if self._fault is not None:
                raise self._fault
            self._resume()
            await self._readable.wait()
        return self.take()

    def take(self) -> bytes:
        """The same, if something has come; b"" if nothing has."""
        reader = self._reader or self._begun()
        if not reader.pieces:
            return b""
        piece = reader.pieces.pop(0)
        reader.buffered_bytes -= len(piece)
        if self._reading_paused and reader.buffered_bytes <= self._read_high_bytes // 2:
            self._resume()
        return piece

    def take_whole(self) -> list[bytes]:
        """All pieces of a response that has come whole, with a body and no trailers; else none.

        Of a response of which nothing has been read.
        """
        reader = self._reader
        if reader is None or not reader.complete or reader.trailers:
            return []
        pieces, reader.pieces, reader.buffered_bytes = reader.pieces, [], 0
        if self._reading_paused:
            self._resume()
        return pieces

    def next(self) -> bytes | None:
        """What `read` returns, if it would return at once; None if nothing has come. Raises as it.

        It does not read on by itself.
        """
        reader = self._reader or self._begun()
        if reader.pieces:
            piece = reader.pieces.pop(0)
            reader.buffered_bytes -= len(piece)
            return piece
        if reader.complete:
            return b""
        if self._fault is not None:
            raise self._fault
        return None

    def read_less(self, *, less: bool) -> None:
        """Whether to read the response in single frames; else as much at once as there is room."""
        self._read_high_bytes = 0 if less else READ_BYTES
        self._buffer = self._frame_buffer if less else self._whole_buffer

    def pause(self) -> None:
        """Leave the rest of the response with the upstream until `read` or `read_on` is called."""
        if not self._closed:
            self._pause_reading()

    def read_on(self) -> None:
        """Read more of the response from the upstream."""
        self._resume()

    def tap(self) -> Tap | None:
        """Another way for what is to come of the body, if it is long and nobody need look at it.

        Nothing is read here until `untap`. The end of the body always comes here.
        """
        reader, transport = self._reader, self._transport
        if self._closed or reader is None or transport is None or self._encrypted:
            return None
        most_bytes = reader.unlooked_bytes() - READ_BYTES
        if most_bytes < LEAST_TAPPED_BYTES or reader.pieces:
            return None
        upstream = transport.get_extra_info("socket")
        if upstream is None:
            return None
        self._pause_reading()
        try:
            # Of our own: the loop closes the transport's whenever it likes.
            self._tap = chosen.Tap(os.dup(upstream.fileno()), most_bytes)
        except OSError:
            return None
        return self._tap

    def untap(self) -> None:
        """Go on here; nothing if it does already."""
        tap, self._tap = self._tap, None
        if tap is not None:
            tap.close()
            if self._reader is not None:
                self._reader.passed_by(tap.drawn)

    def fail(self, fault: RequestFault) -> None:
        """End the exchange: `head` and `read` raise fault. The first one stays."""
        if self._fault is None:
            self._fault = fault
        self.abort()

    def abort(self) -> None:
        """Close at once; the upstream sees it, and nothing more is sent to it."""
        self._fault = self._fault or AppBrokenFault("The connection was closed here")
        self.untap()
        self._end_wait()
        self._closed = True
        if self._transport is not None:
            self._transport.abort()
        self._news()
        self._writable.wake()

    def end_exchange(self, now_s: float) -> bool:
        """The exchange is over: call nobody any more. Returns whether another may follow."""
        self.on_head = None
        self.may_read_on = _never
        if not self.reusable:
            return False
        self._reader = None
        self.idle_since_s = now_s
        return True

    # Called by the loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES, low=WRITE_LOW_BYTES)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._receive(nbytes):
            self._readable.wake_now()

    def eof_received(self) -> bool:
        self._on_eof()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        if isinstance(error, OSError) and not self._closed and self._reader is not None:
            self._salvage()
        self._on_eof()

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        self._writable.wake()

    def _receive(self, nbytes: int) -> bool:
        """Whether whoever waits in `head` or `read` is to be woken for it."""
        if self._reader is None:
            self._close_idle()  # no request is open: a late message of a time-out, or nonsense
            return False
        try:
            self._reader.receive(self._buffer[:nbytes])
        except RequestFault as fault:
            self.fail(fault)
            return False
        except Exception:
            # Without a part of it the rest is not a response, however it ends.
            self._closed = True
            self.fail(BoxBusyFault("The box could not keep what the app sent"))
            raise
        if self._reader.head is not None:
            self._head_due_s = 0.0
            if self.on_head is not None:
                self.on_head()
                self.on_head = None
        if self.on_news is not None:
            if self._reader.complete:
                self._writable.wake()
            self.on_news()
            return False
        # After the end of a response nothing comes, and to pause and resume are system calls.
        reader = self._reader
        more = not reader.keep_alive
        if more and reader.buffered_bytes > self._read_high_bytes:
            # What has come already is read in this wake of the loop, if it may be.
            if self._read_high_bytes == 0 and reader.head is not None and self.may_read_on():
                is_full = nbytes == len(self._buffer)
                self.read_less(less=False)
                if is_full and reader.ends_within(READ_BYTES):
                    # The loop reads on at once, so it probably comes whole. If not, then in a turn.
                    self._loop.call_soon(self._readable.wake_now)
                    return False
            else:
                self._pause_reading()
        if reader.complete and self._writing_paused:
            self._writable.wake()
        return True

    def _pause_reading(self) -> None:
        if not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            if not self._transport.is_closing():
                self._transport.pause_reading()

    def _resume(self) -> None:
        if self._reading_paused:
            self._reading_paused = False
            if self._transport is not None and not self._closed:
                self._transport.resume_reading()

    def _news(self) -> None:
        if self.on_news is not None:
            self.on_news()
        else:
            self._readable.wake()

    @property
    def _unwanted(self) -> bool:
        return self._closed or self._reader is None or self._reader.complete

    def _on_eof(self) -> None:
        if self._closed:
            return
        self._closed = True
        self.untap()
        self._end_wait()
        if self._reader is None:
            self._close_idle()
            return
        try:
            self._reader.receive_eof()
        except RequestFault as fault:
            self._fault = self._fault or fault
        self._news()
        self._writable.wake()

    def _salvage(self) -> None:
        """Read what the kernel still has after a write failed.

        An upstream that refuses an upload may respond and close at once. Its response has arrived,
        but the loop gives up a connection at the first write that fails.
        """
        transport_socket = self._transport and self._transport.get_extra_info("socket")
        if not transport_socket or self._encrypted:
            return
        with suppress(OSError), socket.socket(fileno=os.dup(transport_socket.fileno())) as left:
            left.setblocking(False)
            while self._fault is None and self._reader is not None:
                if self._reading_paused or self._reader.buffered_bytes > self._read_high_bytes:
                    return
                size = left.recv_into(self._buffer)
                if not size:
                    return
                if self._receive(size):
                    self._readable.wake()

    @property
    def _encrypted(self) -> bool:
        transport = self._transport
        return transport is not None and transport.get_extra_info("ssl_object") is not None

    def _close_idle(self) -> None:
        self.abort()
        if self.on_idle_closed is not None:
            self.on_idle_closed(self)

    def _look_at_head(self) -> None:
        if not self._head_due_s:
            return
        if self._loop.time() < self._head_due_s:
            self._head_timer.set(self._head_due_s)
            return
        self.fail(AppTimeoutFault(f"The app did not respond within {self._limits.head_s:g} s"))

    def _end_wait(self) -> None:
        self._head_due_s = 0.0
        self._head_timer.cancel()

    def _begun(self) -> ResponseReader:
        if self._reader is None:
            raise AppBrokenFault("No request is under way on this connection")
        return self._reader


def _never() -> bool:
    return False
