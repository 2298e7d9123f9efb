"""p2claw.agent.running_apps over real sockets."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from p2claw.agent.home.routes import Route
from p2claw.agent.running_apps import RunningApps
from p2claw.agent.upstream.address import parse_upstream
from p2claw.wire.signalling import Down

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone lists its sockets")


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


def silent() -> socket.socket:
    """A socket that has a port, which nobody else can take, and does not listen."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


def route_to(app: str, server: socket.socket) -> Route:
    return Route(app, parse_upstream(str(server.getsockname()[1])))


async def test_an_app_for_which_nothing_listens_is_named_until_something_does() -> None:
    with silent() as cat, silent() as dog:
        dog.listen()
        routes = {"cat": route_to("cat", cat), "dog": route_to("dog", dog)}
        running = RunningApps(lambda: routes)
        async with told(running) as said:
            assert await said.get() == Down(("cat",))
            cat.listen()
            running.changed()
            assert await said.get() == Down(())
            cat.close()
            running.changed()
            assert await said.get() == Down(("cat",))


async def test_nothing_is_said_before_an_app_is_down_and_no_app_is_connected_to() -> None:
    with silent() as cat, silent() as dog:
        dog.listen()
        dog.setblocking(False)
        routes = {"dog": route_to("dog", dog)}
        running = RunningApps(lambda: routes)
        async with told(running) as said:
            running.changed()
            routes["cat"] = route_to("cat", cat)
            running.changed()
            assert await said.get() == Down(("cat",))
        with pytest.raises(BlockingIOError):
            dog.accept()


async def test_a_folder_that_is_gone_is_down(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    routes = {"photos": Route("photos", parse_upstream(f"folder:{folder}"))}
    folder.rmdir()
    async with told(RunningApps(lambda: routes)) as said:
        assert await said.get() == Down(("photos",))


async def test_a_new_control_connection_is_told_anew() -> None:
    with silent() as cat:
        routes = {"cat": route_to("cat", cat)}
        running = RunningApps(lambda: routes)
        for _ in range(2):
            async with told(running) as said:
                assert await said.get() == Down(("cat",))
