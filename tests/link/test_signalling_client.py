"""WebSockets to a coordinator are opened where the URL says, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from p2claw.errors import LinkError
from p2claw.link.control import ControlConnection, ControlSocket
from p2claw.link.signalling_client import signalling_client
from p2claw.visitor import Visitor
from tests.support.sockets import until

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def served(handle: Handle) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def redirecting(status: int) -> AsyncIterator[tuple[int, list[str]]]:
    """The port of a server that sends everybody on, and the paths that the other one was asked."""
    reached: list[str] = []

    async def other(request: web.Request) -> web.StreamResponse:
        reached.append(request.path)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        return socket

    async with served(other) as there:

        async def first(request: web.Request) -> web.StreamResponse:
            return web.Response(
                status=status, headers={"Location": f"http://other.localhost:{there}/v1/visit"}
            )

        async with served(first) as here:
            yield here, reached


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_error(status: int) -> None:
    async with redirecting(status) as (port, reached), signalling_client() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="not followed") as found:
            await client.ws_connect(f"ws://here.localhost:{port}/")
        assert found.value.status == status
        assert reached == []


async def test_a_visitor_is_not_sent_to_another_server() -> None:
    async with redirecting(301) as (port, reached):
        with pytest.raises(LinkError, match=r"301 \(redirected to .*other\.localhost") as found:
            await Visitor.open(f"http://dog-crab.localhost:{port}/")
        assert found.value.code == "edge-unreachable"
        assert reached == []


async def test_a_box_is_not_sent_to_another_coordinator() -> None:
    async def serve(socket: ControlSocket) -> None:
        await socket.receive()

    async with redirecting(308) as (port, reached):
        connection = ControlConnection(f"ws://here.localhost:{port}/v1/agent", serve)
        running = asyncio.create_task(connection.run())
        await until(lambda: connection.last_error)
        running.cancel()
        await asyncio.wait([running])
        assert "not followed" in connection.last_error
        assert reached == []
