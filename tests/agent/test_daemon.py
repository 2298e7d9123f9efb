"""A whole agent beside a real coordinator, visited over real links."""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.cli.doctor.visiting import check_notices
from p2claw.config import AgentLimits
from p2claw.errors import LinkError, RefusedError
from p2claw.link.pump import Pump
from p2claw.units import MIB
from p2claw.visitor.app_url import parse_app_url
from p2claw.visitor.signalling import open_channel
from p2claw.wire.frames.hello import Role
from p2claw.wire.session.session import Session
from tests.support.agent import RunningAgent, running_agent
from tests.support.server import RunningServer, server_process
from tests.support.upstreams import OK, Talk, Upstream, until, upstream_of


@pytest.fixture
async def agent(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> AsyncIterator[RunningAgent]:
    async with running_agent(tmp_path / "home", server, {"dog": upstream.url}) as running:
        yield running


async def test_a_visitor_gets_the_response_of_the_app(agent: RunningAgent) -> None:
    async with await agent.visit() as visitor:
        response = await visitor.request("POST", "/a", body=b"hello")
        assert (response.status, await response.body(100)) == (200, b"hello")


async def test_the_app_sees_a_local_visit(agent: RunningAgent, upstream: Upstream) -> None:
    async with await agent.visit() as visitor:
        await visitor.request("GET", "/")
    assert upstream.requests[0].values("host") == [f"127.0.0.1:{upstream.port}"]
    assert upstream.requests[0].values("x-forwarded-for") == ["127.0.0.0"]


@pytest.mark.parametrize("workers", [1, 2])
async def test_what_the_box_notices_of_an_app_is_in_its_status(
    workers: int, tmp_path: Path, server: RunningServer
) -> None:
    async def tempting(talk: Talk) -> None:
        page = b"<script src=http://localhost:1234/a.js></script>"
        while await talk.request():
            await talk.respond(page, fields=b"Content-Type: text/html\r\n")

    async with (
        upstream_of(tempting) as upstream,
        running_agent(tmp_path / "home", server, {"dog": upstream.url}, workers=workers) as agent,
    ):
        for _ in range(2 * workers):
            async with await agent.visit() as visitor:
                await (await visitor.request("GET", "/")).body(100)

        def notices() -> list[tuple[str, str]]:
            (app,) = agent.agent.status()["apps"]
            return [(notice["code"], notice["detail"]) for notice in app["notices"]]

        await until(lambda: bool(notices()))
        assert notices() == [("local-url", "localhost:1234")]
        (finding,) = check_notices(agent.agent.status())
        assert "dog: Its pages name localhost:1234" in finding.text
        await agent.api.expose("dog", upstream.url, preserve_host=True)
        assert notices() == []


async def test_a_large_upload_arrives_whole(agent: RunningAgent) -> None:
    async def hashing(talk: Talk) -> None:
        head = await talk.head()
        assert head is not None
        digest, left = hashlib.sha256(), int(head.values("content-length")[0])
        while left:
            piece = await talk.reader.read(min(left, 65_536))
            digest.update(piece)
            left -= len(piece)
        await talk.respond(digest.hexdigest().encode())

    body = bytes(range(256)) * (20 * MIB // 256)
    async with upstream_of(hashing) as upstream:
        await agent.api.expose("upload", upstream.url)
        async with await agent.visit("upload") as visitor:
            response = await visitor.request("POST", "/", body=body)
            assert await response.body() == hashlib.sha256(body).hexdigest().encode()


async def test_events_come_as_they_are_sent_and_a_cancel_reaches_the_app(
    agent: RunningAgent,
) -> None:
    async def feed(talk: Talk) -> None:
        await talk.head()
        await talk.send(OK + b"Content-Type: text/event-stream\r\n\r\n")
        for number in range(1_000_000):
            await talk.send(b"data: %d\n\n" % number)
            await asyncio.sleep(0.01)

    async with upstream_of(feed) as upstream:
        await agent.api.expose("feed", upstream.url)
        async with await agent.visit("feed") as visitor:
            response = await visitor.request("GET", "/")
            pieces = aiter(response)
            assert (await anext(pieces)).startswith(b"data: 0\n\n")
            assert (await anext(pieces)).startswith(b"data: ")
            await response.close()
            await upstream.has_ended()


async def test_a_visitor_that_leaves_ends_its_requests_at_the_app(agent: RunningAgent) -> None:
    async def silent(talk: Talk) -> None:
        await talk.head()
        await talk.until_closed()

    async with upstream_of(silent) as upstream:
        await agent.api.expose("silent", upstream.url)
        visitor = await agent.visit("silent")
        asking = asyncio.create_task(visitor.request("GET", "/"))
        await until(lambda: bool(upstream.requests))
        await visitor.close()
        await upstream.has_ended()
        await asyncio.wait({asking})
        assert asking.exception() is not None


async def test_an_app_that_is_down_is_reported(agent: RunningAgent) -> None:
    await agent.api.expose("gone", f"unix:{agent.config.home}/none.sock")
    async with await agent.visit("gone") as visitor:
        response = await visitor.request("GET", "/")
        assert (response.status, response.error) == (502, "app-down")


async def test_an_app_that_is_not_exposed_has_no_links(agent: RunningAgent) -> None:
    url = agent.agent.status()["apps"][0]["url"].replace("dog", "cat")
    with pytest.raises(RefusedError) as caught:
        await open_channel(parse_app_url(url, edge=agent.edge), None)
    assert caught.value.code == "app-unknown"


async def test_a_link_serves_the_app_it_was_introduced_for_and_no_other(
    agent: RunningAgent, upstream: Upstream
) -> None:
    await agent.api.expose("cat", upstream.url)
    url = agent.agent.status()["apps"][1]["url"]
    opened = await open_channel(parse_app_url(url, edge=agent.edge), None)
    pump = Pump(Session(Role.VISITOR, app="cat"), opened.channel)
    pump.start()
    loss = await asyncio.wait_for(pump.wait_closed(), 10)
    await opened.peer.close()
    assert loss.code == "app-unknown"
    assert upstream.requests == []


async def test_the_app_may_be_visited_by_the_name_that_proves_itself(agent: RunningAgent) -> None:
    url = agent.agent.status()["apps"][0]["key_url"]
    opened = await open_channel(parse_app_url(url, edge=agent.edge), None)
    await opened.peer.close()
    assert opened.peer_id == agent.agent.status()["peer_id"]


async def test_an_exposed_app_can_be_visited_at_once(
    agent: RunningAgent, upstream: Upstream
) -> None:
    route = await agent.api.expose("cat", upstream.url)
    assert route["url"].startswith("http://cat-")
    async with await agent.visit("cat") as visitor:
        assert (await visitor.request("GET", "/")).status == 200


async def test_an_unexposed_app_is_unknown_on_links_that_are_open(agent: RunningAgent) -> None:
    async with await agent.visit() as visitor:
        await agent.api.ask("DELETE", "/v1/routes/dog")
        response = await visitor.request("GET", "/")
        assert (response.status, response.error) == (404, "app-unknown")


async def test_a_changed_upstream_counts_for_links_that_are_open(agent: RunningAgent) -> None:
    async def other(talk: Talk) -> None:
        while await talk.request():
            await talk.respond(b"the other")

    async with upstream_of(other) as moved, await agent.visit() as visitor:
        await (await visitor.request("GET", "/")).body(100)
        await agent.api.expose("dog", moved.url)
        response = await visitor.request("GET", "/")
        assert await response.body(100) == b"the other"


async def test_links_live_on_without_the_coordinator_and_the_box_comes_back(
    tmp_path: Path, upstream: Upstream
) -> None:
    home = tmp_path / "home"
    async with server_process(tmp_path) as server:
        agent_runs = running_agent(home, server, {"dog": upstream.url})
        agent = await agent_runs.__aenter__()
        alias = agent.agent.status()["alias"]
        visitor = await agent.visit()
        await server.stop(signal.SIGKILL)
    response = await visitor.request("POST", "/", body=b"still here")
    assert await response.body(100) == b"still here"
    await visitor.close()
    assert agent.agent.status()["coordinator"]["state"] != "online"
    async with server_process(tmp_path, listen=f"127.0.0.1:{server.port}"):
        await agent.api.online()
        assert agent.agent.status()["alias"] == alias
        async with await agent.visit() as newcomer:
            assert (await newcomer.request("GET", "/")).status == 200
        await agent_runs.__aexit__(None, None, None)


async def test_a_box_with_all_its_links_is_busy(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    limits = AgentLimits(links=1)
    routes = {"dog": upstream.url}
    async with (
        running_agent(tmp_path / "box", server, routes, limits=limits) as agent,
        await agent.visit(),
    ):
        with pytest.raises(RefusedError) as caught:
            await agent.visit()
    assert caught.value.code == "box-busy"


async def test_one_network_cannot_hold_all_links(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    limits = AgentLimits(links=3)
    routes = {"dog": upstream.url}
    async with (
        running_agent(tmp_path / "box", server, routes, limits=limits) as agent,
        await agent.visit(),
        await agent.visit(),
    ):
        with pytest.raises(RefusedError) as caught:
            await agent.visit()
    assert caught.value.code == "box-busy"


async def test_a_link_that_ended_makes_room_for_another(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    limits = AgentLimits(links=1)
    routes = {"dog": upstream.url}
    async with running_agent(tmp_path / "box", server, routes, limits=limits) as agent:
        for _ in range(3):
            async with await agent.visit() as visitor:
                await visitor.request("GET", "/")
            await until(lambda: agent.agent.status()["links"] == 0)


async def test_open_requests_finish_while_the_agent_drains(
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
        running_agent(tmp_path / "box", server, {"dog": upstream.url}) as agent,
    ):
        visitor = await agent.visit()
        response = await visitor.request("GET", "/")
        agent.agent.stop()
        await until(lambda: "agent drains" in caplog.text)
        go_on.set()
        assert await response.body(100) == b"hello"
        await visitor.close()


async def test_a_request_that_does_not_end_does_not_keep_the_agent(
    tmp_path: Path, server: RunningServer
) -> None:
    async def silent(talk: Talk) -> None:
        await talk.head()
        await talk.until_closed()

    limits = replace(AgentLimits(), drain_s=0.1)
    async with (
        upstream_of(silent) as upstream,
        running_agent(tmp_path / "box", server, {"dog": upstream.url}, limits=limits) as agent,
    ):
        visitor = await agent.visit()
        asking = asyncio.create_task(visitor.request("GET", "/"))
        await until(lambda: bool(upstream.requests))
        agent.agent.stop()
        await asyncio.wait_for(asyncio.shield(agent.task), 20)
        await upstream.has_ended()
        await asyncio.wait({asking})
        assert isinstance(asking.exception(), LinkError)
        await visitor.close()
