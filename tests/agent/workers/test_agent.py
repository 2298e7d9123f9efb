"""A whole agent with two workers beside a real coordinator, visited over real links."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from p2claw.agent.workers.shared_port import SharedPort
from p2claw.config import AgentLimits
from p2claw.config.agent import IS_PORT_SHARED
from p2claw.errors import RefusedError
from p2claw.visitor.visitor import Visitor
from tests.cli.program import p2claw
from tests.support.agent import (
    AgentProcess,
    RunningAgent,
    agent_process,
    expose_before_start,
    running_agent,
)
from tests.support.processes import alive
from tests.support.server import RunningServer
from tests.support.upstreams import OK, Talk, Upstream, echo, until, upstream_of

GONE_S = 10.0


@pytest.fixture
async def agent(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> AsyncIterator[RunningAgent]:
    """Two workers; none of them outlives the agent."""
    routes = {"dog": upstream.url}
    async with running_agent(tmp_path / "home", server, routes, workers=2) as running:
        yield running
        pids = workers_of(running)
    assert not any(map(alive, pids))


def workers_of(agent: RunningAgent) -> list[int]:
    return [worker["pid"] for worker in agent.agent.status()["workers"]]


async def echoed(visitor: Visitor, body: bytes) -> bytes:
    """What the app, an echo, sends back."""
    return await (await visitor.request("POST", "/", body=body)).body(1_000)


async def test_visitors_land_on_both_workers(agent: RunningAgent) -> None:
    async with await agent.visit() as first, await agent.visit() as second:
        assert await echoed(first, b"one") == b"one"
        assert await echoed(second, b"two") == b"two"
        sessions = (await agent.api.get("/v1/sessions"))["sessions"]
        status = await agent.api.get("/v1/status")
    assert [session["worker"] for session in sessions] == [0, 1]
    assert [(worker["number"], worker["links"]) for worker in status["workers"]] == [(0, 1), (1, 1)]
    assert status["links"] == 2
    assert len({status["pid"], *workers_of(agent)}) == 3


async def test_changed_routes_count_for_all_workers(
    agent: RunningAgent, upstream: Upstream
) -> None:
    async def other(talk: Talk) -> None:
        while await talk.request():
            await talk.respond(b"the other")

    async with upstream_of(other) as moved, await agent.visit() as a, await agent.visit() as b:
        await agent.api.expose("dog", moved.url)
        assert [await echoed(a, b""), await echoed(b, b"")] == [b"the other"] * 2
        await agent.api.ask("DELETE", "/v1/routes/dog")
        for visitor in (a, b):
            assert (await visitor.request("GET", "/")).error == "app-unknown"
        await agent.api.expose("cat", upstream.url)
        async with await agent.visit("cat") as newcomer:
            assert await echoed(newcomer, b"new") == b"new"


async def test_the_limit_of_links_is_that_of_the_box(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    running = running_agent(
        *(tmp_path / "box", server, {"dog": upstream.url}),
        limits=AgentLimits(links=1),
        workers=2,
    )
    async with running as agent, await agent.visit():
        with pytest.raises(RefusedError) as caught:
            await agent.visit()
    assert caught.value.code == "box-busy"


async def test_a_worker_that_is_killed_is_replaced_and_nobody_else_notices(
    agent: RunningAgent,
) -> None:
    async def feed(talk: Talk) -> None:
        await talk.head()
        await talk.send(OK + b"\r\n")
        while True:
            await talk.send(b"x" * 10_000)
            await asyncio.sleep(0.01)

    async with upstream_of(feed) as upstream:
        await agent.api.expose("feed", upstream.url)
        unlucky = await agent.visit("feed")
        async with await agent.visit("feed") as lucky:
            download = aiter(await lucky.request("GET", "/"))
            await anext(download)
            killed, survivor = workers_of(agent)
            os.kill(killed, signal.SIGKILL)
            await until(lambda: agent.agent.status()["links"] == 1)
            for _ in range(20):
                assert await anext(download)
            async with await agent.visit() as newcomer:
                assert await echoed(newcomer, b"hello") == b"hello"
            await until(lambda: workers_of(agent)[0] not in (killed, None))
            first, second = (await agent.api.get("/v1/status"))["workers"]
            assert (first["restarts"], second["restarts"], second["pid"]) == (1, 0, survivor)
            assert await anext(download)
        await until(lambda: agent.agent.status()["links"] == 0)
        await lands_on(agent, 0)
        first, second = (await agent.api.get("/v1/status"))["workers"]
        assert (first["udp_port"] == second["udp_port"]) is IS_PORT_SHARED
        await unlucky.close()


async def lands_on(agent: RunningAgent, worker: int) -> None:
    """Visit until the links of a worker are among those that respond."""
    while True:
        async with await agent.visit() as visitor:
            assert await echoed(visitor, b"here") == b"here"
            (session,) = (await agent.api.get("/v1/sessions"))["sessions"]
        await until(lambda: agent.agent.status()["links"] == 0)
        if session["worker"] == worker:
            return


async def test_open_requests_of_all_workers_finish_while_the_agent_drains(
    tmp_path: Path, server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "p2claw.agent")
    go_on = asyncio.Event()

    async def slow(talk: Talk) -> None:
        await talk.request()
        await talk.send(OK + b"Content-Length: 5\r\n\r\nhel")
        await go_on.wait()
        await talk.send(b"lo")

    async with (
        upstream_of(slow) as upstream,
        running_agent(tmp_path / "box", server, {"dog": upstream.url}, workers=2) as agent,
    ):
        visitors = [await agent.visit(), await agent.visit()]
        responses = [await visitor.request("GET", "/") for visitor in visitors]
        agent.agent.stop()
        await until(lambda: "agent drains" in caplog.text)
        go_on.set()
        assert [await response.body(100) for response in responses] == [b"hello"] * 2
        await asyncio.wait_for(asyncio.shield(agent.task), 20)
        for visitor in visitors:
            await visitor.close()


async def test_requests_that_do_not_end_do_not_keep_the_workers(
    tmp_path: Path, server: RunningServer
) -> None:
    async def silent(talk: Talk) -> None:
        await talk.head()
        await talk.until_closed()

    limits = replace(AgentLimits(), drain_s=0.1)
    running = running_agent
    async with (
        upstream_of(silent) as upstream,
        running(
            *(tmp_path / "box", server, {"dog": upstream.url}), limits=limits, workers=2
        ) as agent,
    ):
        visitor = await agent.visit()
        asking = asyncio.create_task(visitor.request("GET", "/"))
        await until(lambda: bool(upstream.requests))
        pids = workers_of(agent)
        agent.agent.stop()
        await asyncio.wait_for(asyncio.shield(agent.task), 20)
        assert not any(map(alive, pids))
        await upstream.has_ended()
        await asyncio.wait({asking})
        assert asking.exception() is not None
        await visitor.close()


# As processes


async def pids_of(process: AgentProcess) -> list[int]:
    workers: list[dict[str, Any]] = (await process.api.get("/v1/status"))["workers"]
    return [worker["pid"] for worker in workers]


async def test_workers_end_where_their_agent_is_killed(tmp_path: Path) -> None:
    async with agent_process(tmp_path, "http://127.0.0.1:1", "--workers", "2") as process:
        pids = await pids_of(process)
        assert all(map(alive, pids))
        process.signal(signal.SIGKILL)
        await process.wait()
        async with asyncio.timeout(GONE_S):
            await until(lambda: not any(map(alive, pids)))


async def test_a_signal_to_every_process_of_a_service_lets_open_requests_finish(
    tmp_path: Path, server: RunningServer
) -> None:
    go_on = asyncio.Event()

    async def slow(talk: Talk) -> None:
        await talk.request()
        await talk.send(OK + b"Content-Length: 5\r\n\r\nhel")
        await go_on.wait()
        await talk.send(b"lo")

    home = tmp_path / "home"
    async with upstream_of(slow) as upstream:
        expose_before_start(home, {"dog": upstream.url})
        async with agent_process(home, server.url, "--workers", "2") as process:
            await process.api.online()
            url = (await process.api.get("/v1/status"))["apps"][0]["url"]
            visitor = await Visitor.open(url, edge=server.url)
            response = await visitor.request("GET", "/")
            pids = await pids_of(process)
            for pid in (process.pid, *pids):
                os.kill(pid, signal.SIGTERM)
            await until(lambda: "agent drains links=1" in process.log.read_text())
            go_on.set()
            assert await response.body(100) == b"hello"
            assert await process.wait() == 0
            assert not any(map(alive, pids))
            await visitor.close()
        text = process.log.read_text()
    assert "link open" in text and " worker=0\n" in text
    assert "Traceback" not in text


async def test_the_commands_show_the_workers(tmp_path: Path, server: RunningServer) -> None:
    home = tmp_path / "home"
    async with upstream_of(echo) as upstream:
        expose_before_start(home, {"dog": upstream.url})
        async with agent_process(home, server.url, "--workers", "2") as process:
            await process.api.online()
            url = (await process.api.get("/v1/status"))["apps"][0]["url"]
            async with (
                await Visitor.open(url, edge=server.url),
                await Visitor.open(url, edge=server.url),
            ):
                status = await asyncio.to_thread(p2claw, home, "status")
                sessions = await asyncio.to_thread(p2claw, home, "sessions")
            pids = await pids_of(process)
    assert "WORKER" in status.out and all(str(pid) in status.out for pid in pids)
    assert "WORKER" in sessions.out


@pytest.mark.skipif(not IS_PORT_SHARED, reason="workers share a port on Linux alone")
async def test_links_open_and_carry_everything_where_the_kernel_does_not_know_whose_they_are(
    tmp_path: Path, server: RunningServer, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SharedPort, "steer", lambda port: True)
    body = os.urandom(500_000)
    running = running_agent(tmp_path / "home", server, {"dog": upstream.url}, workers=2)
    async with running as agent, contextlib.AsyncExitStack() as ends:
        for _ in range(8):
            visitor = await ends.enter_async_context(await agent.visit())
            response = await visitor.request("POST", "/", body=body)
            assert await response.body(1_000_000) == body
        sessions = (await agent.api.get("/v1/sessions"))["sessions"]
        assert sum(session["udp"]["handed_in"] for session in sessions) > 0
        assert {session["worker"] for session in sessions} == {0, 1}
