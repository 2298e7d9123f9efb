"""A body on its way from an app's connection to a visitor, with two sessions and no network."""

from __future__ import annotations

import asyncio

from p2claw.agent.http.body_flow import BodyFlow
from p2claw.agent.http.unread import Held, Unread
from p2claw.agent.request_faults import RequestFault
from p2claw.agent.upstream.http_connection import READ_BYTES, HttpConnection
from p2claw.agent.upstream.response import ResponseReader
from p2claw.config import UpstreamLimits
from p2claw.errors import StreamResetError
from p2claw.link.stream import BoxStream
from p2claw.units import MIB
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.frames.hello import Role
from p2claw.wire.session import events as ev
from p2claw.wire.session.session import Session

LIMITS = UpstreamLimits()


class Wire(asyncio.Transport):
    """A connection whose other end is the test."""

    def __init__(self) -> None:
        super().__init__()
        self.is_reading_ = True
        self.is_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def pause_reading(self) -> None:
        self.is_reading_ = False

    def resume_reading(self) -> None:
        self.is_reading_ = True

    def is_closing(self) -> bool:
        return self.is_aborted

    def abort(self) -> None:
        self.is_aborted = True


class Scene:
    """A box's session with a visitor's, a request on it, and a connection to the app.

    body, ended, trailers: what the visitor has got. reset: how its stream was reset. connected:
    whether the connection is; else something else than `wire` is to make it.
    """

    def __init__(self, unread_bytes: int = 64 * MIB, *, connected: bool = True) -> None:
        self.box, self.visitor = Session(Role.BOX), Session(Role.VISITOR, app="dog")
        self.body, self.ended = bytearray(), False
        self.trailers: tuple[tuple[str, str], ...] = ()
        self.reset: Code | None = None
        self.carry()
        self.id = self.visitor.streams.open_request(RequestHead("GET", "/", ()), end=True)
        self.stream: BoxStream
        self.carry()
        self.wire = Wire()
        self.connection = HttpConnection(LIMITS, memoryview(bytearray(READ_BYTES)))
        if connected:
            self.connection.connection_made(self.wire)
            self.ask()
        self.held: Held = Unread(unread_bytes).hold("one", "net", self.held_bytes)

    def ask(self) -> None:
        """Begin the request to the app."""
        self.connection.begin("GET", b"")
        self.connection.end_request()

    def held_bytes(self) -> int:
        return self.stream.queued + self.connection.buffered_bytes

    def feed(self, data: bytes) -> int:
        """Let the app's bytes come for as long as they are read; how many were."""
        fed = 0
        while fed < len(data) and self.wire.is_reading_ and not self.wire.is_aborted:
            room = self.connection.get_buffer(-1)
            part = data[fed : fed + len(room)]
            room[: len(part)] = part
            self.connection.buffer_updated(len(part))
            fed += len(part)
        return fed

    def carry(self, messages: int = 10**6) -> None:
        """Carry messages between the sessions, and events to the stream and into what was got."""
        while messages and (message := self.visitor.to_send(0.0)):
            self.box.receive(message, 0.0)
        while messages and (message := self.box.to_send(0.0)):
            messages -= 1
            self.visitor.receive(message, 0.0)
            while (sent := self.visitor.to_send(0.0)) is not None:
                self.box.receive(sent, 0.0)
            self._read_events()
        self._read_events()

    def _read_events(self) -> None:
        while (event := self.box.next_event()) is not None:
            if isinstance(event, ev.RequestReceived):
                head, streams = event.head, self.box.streams
                self.stream = BoxStream(
                    event.stream, streams, lambda: None, request=head, ended=True, app="dog"
                )
            elif isinstance(event, ev.StreamWritable):
                self.stream.on_writable()
            elif isinstance(event, ev.StreamReset):
                self.stream.on_failure(StreamResetError("gone", reset_code=event.code))
        while (event := self.visitor.next_event()) is not None:
            if isinstance(event, ev.DataReceived):
                self.body += event.data
                self.visitor.streams.consumed(event.stream, len(event.data))
                self.ended |= event.end
            elif isinstance(event, ev.TrailersReceived):
                self.ended, self.trailers = True, event.fields
            elif isinstance(event, ev.StreamReset):
                self.reset = event.code

    async def flow(self) -> None:
        """All of a response, as an exchange carries it."""
        with self.held:
            await self.connection.head()
            self.stream.put_head(ResponseHead(200, ()))
            last = await BodyFlow(self.connection, self.stream, self.held).run()
            if self.connection.trailers:
                self.stream.put(last)
                await self.stream.write_trailers(self.connection.trailers)
            else:
                self.stream.put(last, end=True)


def reference(data: bytes, is_end: bool) -> tuple[bytes, tuple[tuple[str, str], ...], bool]:
    """Body, trailers, and whether the response is whole, as the reader alone has them."""
    reader = ResponseReader("GET", LIMITS)
    try:
        reader.receive(data)
        if is_end:
            reader.receive_eof()
    except RequestFault:
        pass
    return b"".join(reader.pieces), reader.trailers, reader.complete
