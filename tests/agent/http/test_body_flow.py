"""Bodies on their way from an app's connection to a stream, without a network and without a clock.

What arrives is compared with what the reader of responses makes of the same bytes by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from unittest import mock

import pytest

from p2claw.agent.http.body_flow import BodyFlow
from p2claw.agent.http.unread import HIGH_BYTES, Held, Unread
from p2claw.agent.request_faults import AppBrokenFault, RequestFault
from p2claw.agent.upstream.http_connection import READ_BYTES, HttpConnection
from p2claw.agent.upstream.response import ResponseReader
from p2claw.config import UpstreamLimits
from p2claw.errors import LinkError, StreamResetError
from p2claw.link.stream import BoxStream
from p2claw.units import KIB, MIB
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.frames.hello import Role
from p2claw.wire.session import events as ev
from p2claw.wire.session.session import Session

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LIMITS = UpstreamLimits()

# Each with whether the connection ends behind it.
WIRES = {
    "of a length": (OK + b"Content-Length: 11\r\n\r\nhello claws", False),
    "until the end": (OK + b"\r\nhello claws", True),
    "chunks": (CHUNKED + b"5\r\nhello\r\n6\r\n claws\r\n0\r\n\r\n", False),
    "chunks with extensions": (CHUNKED + b'5;a=b;c="d"\r\nhello\r\n0;x\r\n\r\n', False),
    "chunks of a byte": (CHUNKED + b"1\r\nh\r\n1\r\ni\r\n01\r\n!\r\n000\r\n\r\n", False),
    "trailers": (CHUNKED + b"2\r\nhi\r\n0\r\nX-Sum: 7\r\nX-Cat: a b\r\n\r\n", False),
    "cut off": (OK + b"Content-Length: 20\r\n\r\nhello", True),
    "chunks cut off": (CHUNKED + b"5\r\nhello\r\n6\r\n cl", True),
    "chunks that are none": (CHUNKED + b"5\r\nhello\r\nclaws\r\n", False),
}


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

    body, ended, trailers: what the visitor has got. reset: how its stream was reset.
    """

    def __init__(self, unread_bytes: int = 64 * MIB) -> None:
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
        self.connection.connection_made(self.wire)
        self.connection.begin("GET", b"")
        self.connection.end_request()
        self.held: Held = Unread(unread_bytes).hold("one", "net", self.held_bytes)

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


async def carried(parts: Iterable[bytes], is_end: bool) -> Scene:
    scene = Scene()
    flow = asyncio.create_task(scene.flow())
    for part in parts:
        assert scene.feed(part) == len(part) or scene.wire.is_aborted
        await turn()
        scene.carry()
    if is_end:
        scene.connection.eof_received()
    for _ in range(3):
        await turn()
    scene.carry()
    if not flow.done():
        flow.cancel()
    await asyncio.wait({flow})
    if not flow.cancelled() and (error := flow.exception()) is not None:
        assert isinstance(error, AppBrokenFault)
    return scene


async def turn() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def splits(data: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and in two at every byte."""
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]


@pytest.mark.parametrize("name", WIRES)
async def test_a_body_arrives_as_it_was_sent_however_it_is_split(name: str) -> None:
    data, is_end = WIRES[name]
    body, trailers, is_whole = reference(data, is_end)
    for parts in splits(data):
        scene = await carried(parts, is_end)
        got = bytes(scene.body), scene.trailers, scene.ended
        assert got == (body, trailers if is_whole else (), is_whole), parts


@pytest.mark.parametrize("head", [OK + b"Content-Length: 3000000\r\n\r\n", OK + b"\r\n"])
async def test_a_body_that_nobody_reads_stays_in_the_app(head: bytes) -> None:
    scene = Scene()
    flow = asyncio.create_task(scene.flow())
    scene.feed(head)
    await turn()
    data, fed = bytes(range(250)) * 12_000, 0
    fed += scene.feed(data)
    assert HIGH_BYTES < fed <= HIGH_BYTES + READ_BYTES
    assert scene.held_bytes() == fed
    while fed < len(data):
        scene.carry(messages=2)  # it reads a little, again and again
        fed += scene.feed(data[fed:])
        assert scene.held_bytes() <= HIGH_BYTES + READ_BYTES
    if not scene.connection.finished:
        scene.connection.eof_received()
    await turn()
    scene.carry()
    await flow
    scene.carry()
    assert (bytes(scene.body), scene.ended) == (data, True)


async def test_above_its_share_no_more_of_a_body_is_read_than_at_once() -> None:
    scene = Scene(unread_bytes=16 * KIB)
    flow = asyncio.create_task(scene.flow())
    scene.feed(OK + b"Content-Length: 300000\r\n\r\n")
    await turn()
    data, fed = bytes(300_000), 0
    while fed < len(data):
        fed += scene.feed(data[fed:])
        assert scene.held_bytes() <= 2 * READ_BYTES < HIGH_BYTES
        scene.carry(messages=1)
    await turn()
    scene.carry()
    await flow
    scene.carry()
    assert (bytes(scene.body), scene.ended) == (data, True)


async def test_a_visitor_that_resets_ends_the_flow() -> None:
    scene = Scene()
    flow = asyncio.create_task(scene.flow())
    scene.feed(OK + b"Content-Length: 3000000\r\n\r\n" + bytes(400_000))
    await turn()
    scene.visitor.streams.reset(scene.id, Code.CANCEL)
    scene.carry()
    with pytest.raises(StreamResetError):
        await flow
    assert scene.connection.on_news is None
    assert scene.stream.on_room is None


async def test_a_lost_link_ends_a_flow_that_waits_for_the_app() -> None:
    scene = Scene()
    flow = asyncio.create_task(scene.flow())
    scene.feed(OK + b"Content-Length: 3000000\r\n\r\n")
    await turn()
    scene.stream.on_failure(LinkError("lost"))
    with pytest.raises(LinkError):
        await flow


async def test_a_flow_that_is_cancelled_hears_of_nothing_any_more() -> None:
    scene = Scene()
    flow = asyncio.create_task(scene.flow())
    scene.feed(OK + b"Content-Length: 3000000\r\n\r\nclaws")
    await turn()
    flow.cancel()
    await asyncio.wait({flow})
    before = scene.stream.queued
    scene.connection.eof_received()
    scene.stream.on_writable()
    assert flow.cancelled()
    assert scene.stream.queued == before


@pytest.mark.parametrize("what", [(BoxStream, "put"), (Held, "expect")])
async def test_a_fault_on_the_way_ends_the_flow_and_not_the_connection_alone(
    what: tuple[type, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the connection alone ended, a body without a length would seem to be whole."""
    scene = Scene()
    flow = asyncio.create_task(scene.flow())
    scene.feed(OK + b"\r\nclaws")
    await turn()
    monkeypatch.setattr(*what, mock.Mock(side_effect=MemoryError))
    scene.feed(b"more")
    with pytest.raises(MemoryError):
        await flow
    scene.carry()
    assert not scene.ended


async def test_what_came_before_the_app_broke_off_is_sent() -> None:
    scene = Scene()
    flow = asyncio.create_task(scene.flow())
    scene.feed(OK + b"Content-Length: 3000000\r\n\r\n" + bytes(400_000))
    await turn()
    held = scene.stream.queued
    scene.connection.eof_received()
    with pytest.raises(AppBrokenFault):
        await flow
    scene.carry()
    assert len(scene.body) == held
    assert not scene.ended
