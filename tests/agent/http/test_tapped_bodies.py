"""Bodies that go from the app's descriptor into frames: the bytes of the other way, and no others.

The app is the other end of a pair of sockets. No descriptor is left, however a body ends.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from p2claw.agent.http import body_flow
from p2claw.agent.request_faults import AppBrokenFault
from p2claw.agent.upstream import http_connection
from p2claw.agent.upstream.http_connection import READ_BYTES
from p2claw.errors import LinkError, StreamResetError
from p2claw.units import MIB
from p2claw.wire.frames.codes import Code
from tests.agent.http.flow_scene import Scene, reference

OK = b"HTTP/1.1 200 OK\r\n"
DATA = bytes(range(251)) * 6_000
SIZED = OK + b"Content-Length: %d\r\n\r\n" % len(DATA) + DATA
# In which a body is carried, and two turns of the loop.
MANY = 2_000


class SocketScene(Scene):
    """The same, but the app is behind a pair of sockets. app: its end of them."""

    def __init__(self, unread_bytes: int = 64 * MIB) -> None:
        super().__init__(unread_bytes, connected=False)
        self.app: socket.socket

    async def connect(self) -> SocketScene:
        ours, self.app = socket.socketpair()
        for end in (ours, self.app):
            end.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: self.connection, sock=ours)
        self.ask()
        return self

    def write(self, data: bytes) -> int:
        """Let the app send as much as its socket takes; how much that is."""
        try:
            return self.app.send(data)
        except BlockingIOError:
            return 0

    async def disconnect(self) -> None:
        self.app.close()
        self.connection.abort()
        await turns(10)


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def carried(wire: bytes, is_end: bool, writes: list[int], steps: list[int]) -> SocketScene:
    """Let an app send wire in such pieces, and a visitor read so many messages in between.

    is_end: the app closes the connection then.
    """
    scene = await SocketScene().connect()
    flow = asyncio.create_task(scene.flow())
    sent = 0
    for count in range(MANY):
        if sent < len(wire):
            sent += scene.write(wire[sent : sent + writes[count % len(writes)]])
        elif is_end:
            scene.app.shutdown(socket.SHUT_WR)
            is_end = False
        await turns(2)
        scene.carry(messages=steps[count % len(steps)])
        if flow.done():
            break
    scene.carry()
    if not flow.done():
        flow.cancel()
    await asyncio.wait({flow})
    if not flow.cancelled() and (error := flow.exception()) is not None:
        assert isinstance(error, AppBrokenFault)
    await scene.disconnect()
    return scene


def wires() -> st.SearchStrategy[tuple[bytes, bool]]:
    """Responses of each framing, whole, broken off, and with what belongs to none behind them."""

    def wire(size: int, framing: str, cut: int) -> tuple[bytes, bool]:
        body = DATA[:size]
        match framing:
            case "length":
                return OK + b"Content-Length: %d\r\n\r\n" % size + body, False
            case "surplus":
                return OK + b"Content-Length: %d\r\n\r\n" % size + body + DATA[:cut], True
            case "cut off":
                return (OK + b"Content-Length: %d\r\n\r\n" % size + body)[: size - cut], True
            case "end":
                return OK + b"\r\n" + body, True
        chunk = b"%x\r\n" % size + body + b"\r\n"
        return OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 2 + b"0\r\n\r\n", False

    sizes = st.integers(1, len(DATA) // 2)
    framings = st.sampled_from(("length", "surplus", "cut off", "end", "chunked"))
    return st.builds(wire, sizes, framings, st.integers(0, 200_000))


@given(
    wires(),
    st.lists(st.sampled_from((1, 4_000, 70_000, 300_000)), min_size=1, max_size=5),
    st.lists(st.integers(0, 12), max_size=3).map(lambda steps: [1, *steps]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_tapped_body_is_the_body_that_python_reads(
    sent: tuple[bytes, bool], writes: list[int], steps: list[int]
) -> None:
    wire, is_end = sent
    writes = [max(size, len(wire) // 200) for size in writes]
    body, _, is_whole = reference(wire, is_end)
    before = sockets()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(body_flow, "HIGH_BYTES", 40_000)
        patched.setattr(body_flow, "LOW_BYTES", 20_000)
        for least in (1, 2**63):  # tapped, and not
            patched.setattr(http_connection, "LEAST_TAPPED_BYTES", least)
            scene = uvloop.run(carried(wire, is_end, writes, steps))
            assert bytes(scene.body) == body, least
            assert scene.ended == is_whole, least
    assert sockets() == before


def sockets() -> int:
    """How many this process has open."""
    count = 0
    for descriptor in Path("/dev/fd").iterdir():
        with suppress(FileNotFoundError):  # the folder's own
            count += str(descriptor.readlink()).startswith("socket:")
    return count


class TappedScene(SocketScene):
    """A body of which so much has come that it is tapped. flow: carries it. sent: by the app."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self.flow_: asyncio.Task[None]

    async def begin(self) -> TappedScene:
        await self.connect()
        self.flow_ = asyncio.create_task(self.flow())
        for _ in range(MANY):
            if self.is_tapped:
                return self
            await self.send_on()
        raise AssertionError("it is not tapped")

    @property
    def is_tapped(self) -> bool:
        return self.connection._tap is not None

    async def send_on(self) -> None:
        self.sent += self.write(SIZED[self.sent :])
        await turns()

    async def carry_all(self) -> None:
        for _ in range(MANY):
            await self.send_on()
            self.carry(messages=4)
            if self.flow_.done():
                break
        self.carry()

    async def ended_by(self) -> BaseException | None:
        """How the flow ended; nothing is left of its connection then."""
        await asyncio.wait({self.flow_})
        assert not self.is_tapped
        await self.disconnect()
        return None if self.flow_.cancelled() else self.flow_.exception()


async def test_a_long_body_is_tapped_to_its_last_read() -> None:
    before = sockets()
    scene = await TappedScene().begin()
    queued, in_python = scene.held_bytes(), 0
    receive = scene.connection._receive

    def counted(nbytes: int) -> bool:
        nonlocal in_python
        in_python += nbytes
        return receive(nbytes)

    scene.connection._receive = counted  # type: ignore[method-assign]
    # The app is ahead of the visitor, so that it never runs dry.
    while not scene.flow_.done():
        await scene.send_on()
        scene.carry(messages=1)
    await scene.carry_all()
    assert (bytes(scene.body), scene.ended) == (DATA, True)
    assert in_python == READ_BYTES < queued
    assert scene.connection.reusable
    assert await scene.ended_by() is None
    assert sockets() == before


async def test_of_a_tapped_body_nothing_is_read_that_cannot_leave() -> None:
    scene = await TappedScene().begin()
    queued = scene.held_bytes()
    while scene.sent < (sent := scene.sent + scene.write(SIZED[scene.sent :])):
        scene.sent = sent
        await turns()
    assert scene.held_bytes() == queued <= body_flow.HIGH_BYTES + READ_BYTES
    scene.flow_.cancel()
    await scene.ended_by()


async def test_a_tapped_body_goes_on_when_the_app_does() -> None:
    scene = await TappedScene().begin()
    for _ in range(20):
        scene.carry()  # until it is dry
        assert not scene.is_tapped
        for _ in range(4):
            await scene.send_on()
    await scene.carry_all()
    assert (bytes(scene.body), scene.ended) == (DATA, True)
    assert await scene.ended_by() is None


async def test_an_app_that_closes_in_the_middle_of_a_tapped_body_has_broken_off() -> None:
    before = sockets()
    scene = await TappedScene().begin()
    scene.app.close()
    for _ in range(MANY):
        scene.carry(messages=4)
        await turns()
    assert isinstance(await scene.ended_by(), AppBrokenFault)
    length = scene.sent - SIZED.index(DATA)
    assert (bytes(scene.body), scene.ended) == (DATA[:length], False)
    assert sockets() == before


def visitor_resets(scene: TappedScene) -> None:
    scene.visitor.streams.reset(scene.id, Code.CANCEL)
    scene.carry()


def link_is_lost(scene: TappedScene) -> None:
    scene.stream.on_failure(LinkError("lost"))


def box_resets(scene: TappedScene) -> None:
    scene.stream.reset(Code.INTERNAL)


def task_is_cancelled(scene: TappedScene) -> None:
    scene.flow_.cancel()


def connection_is_aborted(scene: TappedScene) -> None:
    scene.connection.abort()


ENDS: Mapping[Callable[[TappedScene], None], type[BaseException] | None] = {
    visitor_resets: StreamResetError,
    link_is_lost: LinkError,
    box_resets: StreamResetError,
    task_is_cancelled: None,
    connection_is_aborted: AppBrokenFault,
}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
async def test_however_a_tapped_body_ends_no_descriptor_is_left(
    end: Callable[[TappedScene], None],
) -> None:
    before = sockets()
    scene = await TappedScene().begin()
    scene.carry(messages=2)
    end(scene)
    error = await scene.ended_by()
    assert type(error) is (ENDS[end] or type(None))
    left = bytes(scene.body)
    scene.carry()
    assert DATA.startswith(left)
    assert DATA.startswith(bytes(scene.body))
    assert not scene.ended
    assert sockets() == before


async def test_without_a_descriptor_to_spare_a_body_goes_the_other_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(descriptor: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "dup", none_left)
    scene = await SocketScene().connect()
    flow, sent = asyncio.create_task(scene.flow()), 0
    for _ in range(MANY):
        sent += scene.write(SIZED[sent:])
        await turns()
        scene.carry(messages=4)
    await flow
    scene.carry()
    assert (bytes(scene.body), scene.ended) == (DATA, True)
    await scene.disconnect()
