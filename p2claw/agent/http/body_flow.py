"""The body of a response on its way from the app's connection to the visitor's stream.

Nothing of it is looked at any more. It moves in the callbacks of the connection, which has read a
piece, and of the stream, which has room again, so that no task wakes for a piece. If the app is
ahead of the visitor and much is still to come, it moves without any of them: the session reads the
connection's descriptor itself, into the messages that it sends, until there is nothing to read.
"""

from __future__ import annotations

from p2claw.agent.http.unread import HIGH_BYTES, LEAST_BYTES, LOW_BYTES, Held
from p2claw.agent.upstream.http_connection import HttpConnection
from p2claw.link.stream import BoxStream
from p2claw.wakeup import Wakeup


class BodyFlow:
    """What is left of one body. held: what waits of its response."""

    __slots__ = (
        *("_connection", "_end", "_error", "_held", "_is_over", "_is_tapped"),
        *("_last", "_stream"),
    )

    def __init__(self, connection: HttpConnection, stream: BoxStream, held: Held) -> None:
        self._connection = connection
        self._stream = stream
        self._held = held
        self._is_over = self._is_tapped = False
        self._last = b""
        self._error: Exception | None = None
        self._end = Wakeup()

    async def run(self) -> bytes:
        """Move all of it but its last piece, which is returned: the END goes with it.

        Raises RequestFault, or the errors of the stream.
        """
        connection, stream = self._connection, self._stream
        connection.on_news = stream.on_room = self._move
        try:
            self._move()
            if not self._is_over:
                await self._end.wait()
        finally:
            self._is_over = True
            connection.on_news = stream.on_room = None
            if self._is_tapped:
                self._untap()
        if self._error is not None:
            raise self._error
        return self._last

    def _move(self) -> None:
        """Move what has come, then read on or leave the rest with the app."""
        if self._is_over:
            return
        try:
            if self._is_tapped:
                self._untap()
            self._is_over = self._move_pieces()
            if not self._is_over:
                self._read_on()
        except Exception as error:  # the loop called: the task that waits is to get it
            self._error, self._is_over = error, True
        if self._is_over:
            self._end.wake()

    def _untap(self) -> None:
        self._is_tapped = False
        self._connection.untap()
        self._stream.draw_no_more()

    def _move_pieces(self) -> bool:
        """Whether the last one has come. Raises as `run`."""
        connection, stream = self._connection, self._stream
        stream.check()
        while (piece := connection.next()) is not None:
            if connection.finished:
                self._last = piece
                return True
            stream.put(piece)
        return False

    def _read_on(self) -> None:
        held, stream = self._held, self._stream
        queued = stream.queued
        within = held.is_within()
        if queued > (HIGH_BYTES if within else LEAST_BYTES):
            self._connection.pause()
            tap = self._connection.tap()
            if tap is None:
                stream.watch(LOW_BYTES if within else LEAST_BYTES)
            else:
                self._is_tapped = True
                stream.draw(tap)
            return
        held.expect(within=within)
        self._connection.read_less(less=not within)
        self._connection.read_on()
