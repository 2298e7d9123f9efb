"""p2claw.agent.running_apps over real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from p2claw.agent.home.routes import Route
from p2claw.agent.running_apps import RunningApps
from p2claw.agent.upstream.address import parse_upstream
from p2claw.wire.signalling import Down


@asynccontextmanager
async def told(running: RunningApps) -> AsyncIterator[asyncio.Queue[Down]]:
    """What one control connection is told meanwhile."""
    said: asyncio.Queue[Down] = asyncio.Queue()
    keeping = asyncio.create_task(running.keep(said.put_nowait))
    try:
        async with asyncio.timeout(10):
            yield said
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})


def listening(port: int = 0) -> socket.socket:
    server = socket.create_server(("127.0.0.1", port))
    server.settimeout(10)
    return server


async def looked_at(server: socket.socket) -> None:
    """Return once somebody has connected."""
    connection, _ = await asyncio.to_thread(server.accept)
    connection.close()


def route_to(app: str, upstream: str | int) -> Route:
    return Route(app, parse_upstream(str(upstream)))


async def test_an_app_for_which_nothing_listens_is_named_until_something_does() -> None:
    with listening() as up, listening() as gone:
        port = gone.getsockname()[1]
        gone.close()
        routes = {"cat": route_to("cat", port), "dog": route_to("dog", up.getsockname()[1])}
        running = RunningApps(lambda: routes)
        async with told(running) as said:
            assert await said.get() == Down(("cat",))
            with listening(port):
                running.changed()
                assert await said.get() == Down(())
            running.changed()
            assert await said.get() == Down(("cat",))


async def test_nothing_is_said_while_nothing_is_down() -> None:
    with listening() as up, listening() as other:
        routes = {"dog": route_to("dog", up.getsockname()[1])}
        running = RunningApps(lambda: routes)
        async with told(running) as said:
            await looked_at(up)
            routes["cat"] = route_to("cat", other.getsockname()[1])
            running.changed()
            await looked_at(other)
            assert said.empty()


async def test_a_folder_that_is_gone_is_down(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    routes = {"photos": route_to("photos", f"folder:{folder}")}
    folder.rmdir()
    async with told(RunningApps(lambda: routes)) as said:
        assert await said.get() == Down(("photos",))


async def test_a_new_connection_is_told_anew() -> None:
    with listening() as gone:
        routes = {"cat": route_to("cat", gone.getsockname()[1])}
    running = RunningApps(lambda: routes)
    for _ in range(2):
        async with told(running) as said:
            assert await said.get() == Down(("cat",))
