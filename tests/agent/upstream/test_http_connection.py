"""One connection to an upstream: bounded in both directions, honest about how an exchange ended."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from unittest import mock

import pytest

from p2claw.agent.request_faults import (
    AppBrokenFault,
    AppTimeoutFault,
    BadRequestFault,
    BoxBusyFault,
    HeadTooLargeFault,
    RequestFault,
    UpstreamClosedFault,
)
from p2claw.agent.upstream import http_connection as limits_of
from p2claw.agent.upstream.address import parse_upstream
from p2claw.agent.upstream.http_connection import HttpConnection
from p2claw.agent.upstream.pool import Pool
from p2claw.agent.upstream.response import ResponseReader
from p2claw.config import UpstreamLimits
from p2claw.units import MIB
from tests.support.upstreams import OK, Handler, Talk, until, upstream_of

LIMITS = UpstreamLimits(head_s=5)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@asynccontextmanager
async def connected(
    handler: Handler, limits: UpstreamLimits = LIMITS
) -> AsyncIterator[HttpConnection]:
    async with upstream_of(handler) as upstream:
        pool = Pool(parse_upstream(upstream.url), limits)
        async with pool.lease(repeatable=True) as connection:
            yield connection
        pool.close()


def responding(*parts: bytes) -> Handler:
    """Sends parts to whoever asks, each in a segment of its own, and closes."""

    async def handler(talk: Talk) -> None:
        await talk.head()
        for part in parts:
            await talk.send(part)
            await asyncio.sleep(0.01)

    return handler


async def rest(connection: HttpConnection) -> bytes:
    body = b""
    while piece := await connection.read():
        body += piece
    return body


async def ask(connection: HttpConnection) -> bytes:
    connection.begin("GET", GET)
    connection.end_request()
    await connection.head()
    return await rest(connection)


async def fault_of(handler: Handler, limits: UpstreamLimits = LIMITS) -> type[RequestFault]:
    async with connected(handler, limits) as connection:
        with pytest.raises(RequestFault) as caught:
            await ask(connection)
        assert not connection.reusable
    return type(caught.value)


async def test_a_response_in_pieces_is_put_together() -> None:
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    async with connected(
        responding(chunked[:20], chunked[20:], b"5\r\nhel", b"lo\r\n0\r\nX-", b"Sum: 7\r\n\r\n")
    ) as connection:
        assert await ask(connection) == b"hello"
        assert connection.trailers == (("x-sum", "7"),)


async def test_a_response_without_a_length_ends_where_the_connection_does() -> None:
    async with connected(responding(OK + b"\r\nhel", b"lo")) as connection:
        assert await ask(connection) == b"hello"
        assert not connection.reusable


async def test_a_response_that_is_read_whole_leaves_a_reusable_connection() -> None:
    async def handler(talk: Talk) -> None:
        await talk.head()
        await talk.respond(b"hello")
        await talk.until_closed()

    async with connected(handler) as connection:
        await ask(connection)
        assert connection.reusable


async def test_a_response_that_is_not_read_whole_does_not() -> None:
    async def handler(talk: Talk) -> None:
        await talk.head()
        await talk.respond(b"hello")
        await talk.until_closed()

    async with connected(handler) as connection:
        connection.begin("GET", GET)
        connection.end_request()
        await connection.head()
        assert not connection.reusable


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ([], UpstreamClosedFault),
        ([b"HTTP/1.1 20"], AppBrokenFault),
        ([OK + b"Content-Length: 9\r\n\r\nhello"], AppBrokenFault),
        ([b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"], AppBrokenFault),
        ([OK + b"X: " + b"a" * 140_000, b"a" * 140_000], HeadTooLargeFault),
    ],
    ids=["nothing", "half a head", "half a body", "another protocol", "a huge head"],
)
async def test_a_response_that_is_none_is_a_fault(
    parts: list[bytes], fault: type[RequestFault]
) -> None:
    assert await fault_of(responding(*parts)) is fault


async def test_pieces_that_came_before_a_break_are_still_given() -> None:
    async with connected(responding(OK + b"Content-Length: 9\r\n\r\nhello")) as connection:
        connection.begin("GET", GET)
        await connection.head()
        assert await connection.read() == b"hello"
        with pytest.raises(AppBrokenFault):
            await connection.read()


async def test_a_head_that_does_not_come_is_a_timeout() -> None:
    async def silent(talk: Talk) -> None:
        await talk.until_closed()

    assert await fault_of(silent, replace(LIMITS, head_s=0.05)) is AppTimeoutFault


async def test_interim_responses_do_not_stop_the_clock() -> None:
    async def promising(talk: Talk) -> None:
        await talk.head()
        await talk.send(b"HTTP/1.1 102 Processing\r\n\r\n")
        await talk.until_closed()

    assert await fault_of(promising, replace(LIMITS, head_s=0.05)) is AppTimeoutFault


async def test_a_body_may_take_as_long_as_it_likes() -> None:
    async def slow(talk: Talk) -> None:
        await talk.head()
        await talk.send(OK + b"Content-Length: 5\r\n\r\n")
        await asyncio.sleep(0.2)
        await talk.send(b"hello")

    async with connected(slow, replace(LIMITS, head_s=0.1)) as connection:
        assert await ask(connection) == b"hello"


async def test_a_response_that_nobody_reads_stays_in_the_upstream() -> None:
    sent_bytes = 0

    async def flood(talk: Talk) -> None:
        nonlocal sent_bytes
        await talk.head()
        await talk.send(OK + b"Content-Length: %d\r\n\r\n" % (64 * MIB))
        for _ in range(1024):
            await talk.send(b"x" * 65_536)
            sent_bytes += 65_536

    most = 2 * limits_of.READ_BYTES
    async with connected(flood) as connection:
        connection.begin("GET", GET)
        connection.end_request()
        await connection.head()
        connection.read_less(less=False)
        taken_bytes, peak_bytes, ahead_bytes = 0, 0, 0
        while piece := await connection.read():
            taken_bytes += len(piece)
            peak_bytes = max(peak_bytes, connection.buffered_bytes)
            ahead_bytes = max(ahead_bytes, sent_bytes - taken_bytes)
            if taken_bytes % (4 * MIB) < 65_536:
                await asyncio.sleep(0.01)  # let the upstream run ahead as far as it can
        assert taken_bytes == 64 * MIB
        assert peak_bytes <= most
        # What the kernel holds of a loopback connection, with room to spare.
        assert ahead_bytes < most + 16 * MIB


async def test_above_its_share_a_response_is_read_in_frames_and_may_be_left_alone() -> None:
    async def flood(talk: Talk) -> None:
        await talk.head()
        await talk.send(OK + b"Content-Length: %d\r\n\r\n" % MIB)
        await talk.send(bytes(MIB))

    async with connected(flood) as connection:
        connection.begin("GET", GET)  # nobody has reported yet that there is room for more
        connection.end_request()
        await connection.head()
        got = []
        while piece := await connection.read():
            got.append(len(piece))
            assert connection.buffered_bytes <= limits_of.LEAST_READ_BYTES
            connection.pause()
            if len(got) < 4:
                await asyncio.sleep(0.01)
                assert connection.buffered_bytes <= limits_of.LEAST_READ_BYTES
        assert sum(got) == MIB
        assert max(got) <= limits_of.LEAST_READ_BYTES


@pytest.mark.parametrize("size", [40_000, 8 * MIB])
async def test_if_there_is_room_a_response_is_read_on_before_anybody_asks(size: int) -> None:
    async def large(talk: Talk) -> None:
        await talk.head()
        await talk.send(OK + b"Content-Length: %d\r\n\r\n" % size + bytes(size))

    async with connected(large) as connection:
        asked = []
        connection.may_read_on = lambda: asked.append(connection.buffered_bytes) is None
        connection.begin("GET", GET)
        connection.end_request()
        await connection.head()
        await until(lambda: connection.buffered_bytes >= min(size, limits_of.READ_BYTES))
        await asyncio.sleep(0.01)
        assert connection.buffered_bytes <= min(size, 2 * limits_of.READ_BYTES)
        assert len(asked) == 1 and asked[0] <= limits_of.LEAST_READ_BYTES
        got = 0
        while piece := await connection.read():
            got += len(piece)
        assert got == size


async def test_a_response_that_ends_within_the_next_read_is_whole_when_its_head_is_read() -> None:
    async def silent(talk: Talk) -> None:
        await talk.until_closed()

    wire = OK + b"Content-Length: 60000\r\n\r\n" + bytes(60_000)
    was_whole = []

    async def look(connection: HttpConnection) -> None:
        await connection.head()
        was_whole.append(connection.is_whole)

    def read_all(connection: HttpConnection) -> None:
        """As a loop does that finds all of it in the socket."""
        left = wire
        while left:
            buffer = connection.get_buffer(-1)
            size = min(len(buffer), len(left))
            buffer[:size], left = left[:size], left[size:]
            connection.buffer_updated(size)

    async with connected(silent) as connection:
        connection.may_read_on = lambda: True
        connection.begin("GET", GET)
        connection.end_request()
        looking = asyncio.create_task(look(connection))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(read_all, connection)
        await looking
        assert was_whole == [True]
        assert len(await rest(connection)) == 60_000


async def test_the_head_of_a_response_whose_rest_is_late_is_not_kept_waiting() -> None:
    size, go_on = 60_000, asyncio.Event()

    async def late(talk: Talk) -> None:
        await talk.head()
        head = OK + b"Content-Length: %d\r\n\r\n" % size
        # The first read is full, and nothing follows it for now.
        await talk.send(head + bytes(limits_of.LEAST_READ_BYTES - len(head)))
        await go_on.wait()
        await talk.send(bytes(size - limits_of.LEAST_READ_BYTES + len(head)))

    async with connected(late) as connection:
        connection.may_read_on = lambda: True
        connection.begin("GET", GET)
        connection.end_request()
        async with asyncio.timeout(LIMITS.head_s / 2):
            assert (await connection.head()).status == 200
        assert not connection.is_whole
        go_on.set()
        assert len(await rest(connection)) == size


async def test_a_request_that_the_upstream_does_not_read_waits() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(talk: Talk) -> None:
        await talk.head()
        begun.set()
        await go_on.wait()
        received = len(await talk.reader.readexactly(32 * MIB))
        await talk.respond(b"%d" % received)

    async with connected(slow) as connection:
        connection.begin("PUT", b"PUT / HTTP/1.1\r\n\r\n")
        written = 0

        async def upload() -> None:
            nonlocal written
            for _ in range(32):
                assert await connection.write(b"x" * MIB)
                written += 1
            connection.end_request()

        uploading = asyncio.create_task(upload())
        await begun.wait()
        await asyncio.sleep(0.1)
        assert written < 32
        go_on.set()
        await uploading
        await connection.head()
        assert await rest(connection) == b"%d" % (32 * MIB)


async def test_a_request_that_is_never_read_is_a_timeout() -> None:
    async def deaf(talk: Talk) -> None:
        await asyncio.sleep(30)

    async with connected(deaf, replace(LIMITS, head_s=0.1)) as connection:
        connection.begin("PUT", b"PUT / HTTP/1.1\r\n\r\n")
        with pytest.raises(AppTimeoutFault):
            while True:
                await connection.write(b"x" * MIB)


async def test_a_response_in_the_middle_of_a_request_is_read_at_once() -> None:
    async def early(talk: Talk) -> None:
        await talk.head()
        await talk.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
        await talk.until_closed()

    async with connected(early) as connection:
        connection.begin("PUT", b"PUT / HTTP/1.1\r\n\r\n")
        await connection.write(b"x" * 1000)
        assert (await connection.head()).status == 413
        assert await rest(connection) == b"big"
        assert not connection.reusable


async def test_a_write_after_the_response_is_not_wanted() -> None:
    async def early(talk: Talk) -> None:
        await talk.head()
        await talk.respond()
        await talk.until_closed()

    async with connected(early) as connection:
        connection.begin("PUT", b"PUT / HTTP/1.1\r\n\r\n")
        await connection.head()
        assert not await connection.write(b"more")


REFUSED = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig"


async def test_an_early_response_survives_that_the_app_slams_the_door() -> None:
    slammed = threading.Event()

    def slam(server: socket.socket) -> None:
        connection, _ = server.accept()
        connection.recv(5)
        connection.sendall(REFUSED)
        connection.close()  # with bytes that were not read: the kernel sends a RST
        slammed.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=slam, args=[server])
        thread.start()
        pool = Pool(parse_upstream(f"127.0.0.1:{server.getsockname()[1]}"), LIMITS)
        async with pool.lease(repeatable=False) as connection:
            connection.begin("PUT", b"PUT / HTTP/1.1\r\n\r\n")
            await connection.write(b"x" * 1000)
            hold_the_loop(slammed)
            # The response lies in the kernel, unread, and this is the write that fails.
            await connection.write(b"x" * 1000)
            assert (await connection.head()).status == 413
            assert await rest(connection) == b"big"
        thread.join()
        pool.close()


def hold_the_loop(event: threading.Event) -> None:
    assert event.wait(10)


async def test_a_failed_upload_shows_where_the_response_is_awaited() -> None:
    async def silent(talk: Talk) -> None:
        await talk.until_closed()

    async with connected(silent) as connection:
        connection.begin("PUT", b"PUT / HTTP/1.1\r\n\r\n")
        asyncio.get_running_loop().call_later(0.01, connection.fail, BadRequestFault("short"))
        with pytest.raises(BadRequestFault):
            await connection.head()


@pytest.mark.parametrize("head", [b"Content-Length: 30000\r\n\r\n", b"\r\n"])
async def test_a_piece_that_cannot_be_kept_fails_the_response_however_it_ends(head: bytes) -> None:
    """The piece is lost: what comes after it must not be put together with what came before."""
    received = ResponseReader.receive

    def receive(self: ResponseReader, data: bytes | memoryview) -> None:
        if bytes(data[:1]) == b"b":
            raise MemoryError
        received(self, data)

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    pieces = [piece * 10_000 for piece in (b"a", b"b", b"c")]
    with mock.patch.object(ResponseReader, "receive", receive):
        async with connected(responding(OK + head, *pieces)) as connection:
            with pytest.raises(BoxBusyFault):
                await ask(connection)
            assert not connection.reusable
