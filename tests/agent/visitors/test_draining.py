"""What an agent that is stopped waits for: requests that end, and no streams that never do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.config import AgentLimits
from p2claw.errors import LinkError
from tests.support.agent import RunningAgent, running_agent
from tests.support.server import RunningServer
from tests.support.upstreams import OK, Talk, until, upstream_of

# Far above what an end takes that waits for nothing.
LIMITS = replace(AgentLimits(), drain_s=60.0)
ENDS_S = 20.0
EVENTS = OK + b"Content-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n\r\n"


class App:
    """GET /events: an event stream, of what `send` is given. All else: ends once `go_on` is set."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self._streams: list[Talk] = []

    async def send(self, event: bytes) -> None:
        for talk in self._streams:
            await talk.send(event)

    async def serve(self, talk: Talk) -> None:
        request = await talk.request()
        if request is not None and request.target == "/events" and request.method == "GET":
            await talk.send(EVENTS + b"data: 1\n\n")
            self._streams.append(talk)
            await talk.until_closed()
        elif request is not None:
            await talk.send(OK + b"Content-Type: text/event-stream\r\nContent-Length: 5\r\n\r\nhel")
            await self.go_on.wait()
            await talk.send(b"lo")


@pytest.fixture
async def app() -> App:
    return App()


@pytest.fixture
async def agent(tmp_path: Path, server: RunningServer, app: App) -> AsyncIterator[RunningAgent]:
    async with (
        upstream_of(app.serve) as upstream,
        running_agent(tmp_path / "box", server, {"dog": upstream.url}, limits=LIMITS) as running,
    ):
        yield running


async def test_an_event_stream_does_not_keep_the_agent(agent: RunningAgent) -> None:
    async with await agent.visit() as visitor:
        pieces = aiter(await visitor.request("GET", "/events"))
        assert await anext(pieces) == b"data: 1\n\n"
        agent.agent.stop()
        await asyncio.wait_for(asyncio.shield(agent.task), ENDS_S)
        with pytest.raises(LinkError):
            await anext(pieces)


async def test_an_event_stream_goes_on_while_another_request_does(
    agent: RunningAgent, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    """The other one is of another visitor, and by POST: it ends though its body is of events."""
    caplog.set_level("INFO", "p2claw.agent")
    async with await agent.visit() as listening, await agent.visit() as asking:
        pieces = aiter(await listening.request("GET", "/events"))
        assert await anext(pieces) == b"data: 1\n\n"
        response = await asking.request("POST", "/", body=b"?")
        agent.agent.stop()
        await until(lambda: "agent drains" in caplog.text)
        await asyncio.sleep(0.2)
        await app.send(b"data: 2\n\n")
        assert await anext(pieces) == b"data: 2\n\n"
        app.go_on.set()
        assert await response.body(100) == b"hello"
        await asyncio.wait_for(asyncio.shield(agent.task), ENDS_S)
