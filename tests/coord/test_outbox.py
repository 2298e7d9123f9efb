"""p2claw.coord.outbox, on a real WebSocket whose other end reads, or does not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
from aiohttp import web

from p2claw.config import ServerLimits
from p2claw.coord.outbox import Outbox

WAIT_S = 10.0
# Of the client, for the close of a connection that is dead already.
_TIMEOUT = aiohttp.ClientWSTimeout(ws_close=0.2)

Work = Callable[[Outbox], Awaitable[None]]


@contextlib.asynccontextmanager
async def _connected(
    work: Work, limits: ServerLimits
) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, asyncio.Event]]:
    """A client of a server that does `work` with an outbox; the event is its connection's end."""
    ended = asyncio.Event()

    async def handle(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(timeout=0.5)
        await ws.prepare(request)
        async with Outbox(ws, request.transport, limits) as outbox:
            await work(outbox)
            async for _ in ws:
                pass
        ended.set()
        return ws

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0]
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"http://{host}:{port}/", timeout=_TIMEOUT) as ws,
        ):
            yield ws, ended
    finally:
        await runner.cleanup()


def _stop_reading(ws: aiohttp.ClientWebSocketResponse) -> None:
    connection = ws._response.connection
    assert connection is not None and connection.transport is not None
    connection.transport.pause_reading()


async def test_messages_arrive_in_order_and_in_kind() -> None:
    async def work(outbox: Outbox) -> None:
        outbox.send(b"one")
        outbox.send("two")

    async with _connected(work, ServerLimits()) as (ws, _):
        got = [(await ws.receive(WAIT_S)).data for _ in range(2)]
    assert got == [b"one", "two"]


async def test_a_close_comes_after_what_was_queued() -> None:
    async def work(outbox: Outbox) -> None:
        outbox.send("one")
        outbox.close(4009, "replaced")

    async with _connected(work, ServerLimits()) as (ws, _):
        got = [(await ws.receive(WAIT_S)) for _ in range(2)]
    assert [(m.data, m.extra) for m in got] == [("one", ""), (4009, "replaced")]


async def test_nothing_is_sent_after_a_close() -> None:
    async def work(outbox: Outbox) -> None:
        outbox.close(1000, "")
        outbox.send("late")

    async with _connected(work, ServerLimits()) as (ws, _):
        assert (await ws.receive(WAIT_S)).type is aiohttp.WSMsgType.CLOSE


async def test_more_messages_than_may_wait_cut_the_connection() -> None:
    async def work(outbox: Outbox) -> None:
        for _ in range(9):
            outbox.send("flood")

    async with _connected(work, ServerLimits(outbox_messages=8)) as (_, ended):
        await asyncio.wait_for(ended.wait(), WAIT_S)


async def test_an_end_that_does_not_read_is_cut_off_at_the_deadline_of_a_write() -> None:
    start = asyncio.Event()

    async def work(outbox: Outbox) -> None:
        await start.wait()
        for _ in range(400):  # 25 MB, more than the kernel takes for a loopback socket
            outbox.send(bytes(65_536))

    async with _connected(work, ServerLimits(write_s=0.2)) as (ws, ended):
        _stop_reading(ws)
        start.set()
        await asyncio.wait_for(ended.wait(), WAIT_S)


async def test_while_nothing_waits_nothing_is_kept_and_what_comes_later_is_sent() -> None:
    seen: list[object] = []

    async def work(outbox: Outbox) -> None:
        for message in ("one", "two"):
            outbox.send(message)
            assert outbox._task is not None
            await asyncio.wait_for(outbox._task, WAIT_S)
            seen.append((outbox._task, outbox._queue))

    async with _connected(work, ServerLimits()) as (ws, _):
        got = [(await ws.receive(WAIT_S)).data for _ in range(2)]
    assert got == ["one", "two"]
    assert seen == [(None, None)] * 2
