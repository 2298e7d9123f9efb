"""Bodies on their way from an app's connection to a stream, without a network and without a clock.

What arrives is compared with what the reader of responses makes of the same bytes by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from unittest import mock

import pytest

from p2claw.agent.http.unread import HIGH_BYTES, Held
from p2claw.agent.request_faults import AppBrokenFault
from p2claw.agent.upstream.http_connection import READ_BYTES
from p2claw.errors import LinkError, StreamResetError
from p2claw.link.stream import BoxStream
from p2claw.units import KIB
from p2claw.wire.frames.codes import Code
from tests.agent.http.flow_scene import Scene, reference

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

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
