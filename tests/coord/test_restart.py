"""A coordinator as a process of its own, stopped and killed: what it acknowledged is kept."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.coord.peers import connected_visitor, key_of, registered_agent
from tests.support.server import server_process

KEY = key_of(1)


async def _alias(folder: Path, number: signal.Signals, apps: tuple[str, ...] = ()) -> str:
    """The alias that a box gets from a server that then ends by a signal."""
    async with server_process(folder) as server:
        async with registered_agent(server.url, KEY, apps) as (_, box):
            await server.stop(number)
        return box.alias


async def test_an_alias_outlives_the_server(tmp_path: Path) -> None:
    first = await _alias(tmp_path, signal.SIGTERM)
    assert await _alias(tmp_path, signal.SIGTERM) == first


async def test_an_alias_that_was_sent_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    first = await _alias(tmp_path, signal.SIGKILL)
    assert await _alias(tmp_path, signal.SIGTERM) == first


async def test_the_apps_that_were_acknowledged_outlive_a_server_that_is_killed(
    tmp_path: Path,
) -> None:
    await _alias(tmp_path, signal.SIGKILL, ("dog",))
    async with (
        server_process(tmp_path) as server,
        registered_agent(server.url, KEY) as (_, box),
        connected_visitor(server.url, f"v=1&alias={box.alias}&app=dog") as visitor,
    ):
        assert type(await visitor.next()).__name__ == "Introduced"


async def test_a_server_ends_well_by_sigterm(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server, registered_agent(server.url, KEY):
        assert await server.stop(signal.SIGTERM) == 0


async def test_an_agent_is_notified_that_the_server_goes_down(tmp_path: Path) -> None:
    async with (
        server_process(tmp_path) as server,
        registered_agent(server.url, KEY) as (agent, _),
    ):
        await server.stop(signal.SIGINT)
        assert await agent.close_code() == 1001


async def test_the_log_holds_no_address_in_full_and_no_description(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server:
        async with (
            registered_agent(server.url, KEY, ("dog",)) as (_, box),
            connected_visitor(server.url, f"v=1&alias={box.alias}&app=dog") as visitor,
        ):
            await visitor.next()
            await visitor.ws.send_str('{"t":"offer","sdp":"secret-description"}')
        await server.stop()
        log = server.log_text()
    assert "visitor=127.0.0.0/24" in log
    assert not any(word in log for word in ("secret-description", "127.0.0.1 ", "v=1&"))
