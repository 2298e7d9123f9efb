"""The figures of an agent: each is there before anything happens, and counts what happens."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from p2claw.metrics import FRESH_S
from tests.support.agent import RunningAgent, running_agent
from tests.support.prometheus import (
    Samples,
    complaints,
    needs_prometheus,
    read_figures,
    samples_of,
    value,
)
from tests.support.server import RunningServer
from tests.support.upstreams import Upstream


async def figures(agent: RunningAgent) -> Samples:
    return samples_of(await read_figures(agent.config.socket_path))


async def test_an_app_that_nobody_has_visited_has_counts_of_0(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    async with running_agent(tmp_path / "home", server, {"dog": upstream.url}) as agent:
        found = await figures(agent)
    assert ("p2claw_visits_total", (("app", "dog"), ("path", "relayed"))) in found
    assert value(found, "p2claw_agent_online") == 1
    assert value(found, "p2claw_apps") == 1
    assert value(found, "p2claw_worker_up", worker="0") == 1
    assert not any(number for (name, _), number in found.items() if name.startswith("p2claw_link"))


@pytest.mark.parametrize("workers", [1, 2])
async def test_visits_bytes_and_responses_are_counted(
    workers: int,
    tmp_path: Path,
    server: RunningServer,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("p2claw.agent.workers.workers.ALIVE_S", 1.5)
    routes = {"dog": upstream.url, "cat": "http://localhost:9"}
    async with (
        running_agent(tmp_path / "home", server, routes, workers=workers) as agent,
        await agent.visit() as visitor,
        await agent.visit("cat") as other,
    ):
        for _ in range(3):
            response = await visitor.request("POST", "/", body=bytes(100_000))
            await response.body(100_000)
        assert (await other.request("GET", "/")).status == 502
        direct = {"app": "dog", "path": "direct"}
        async with asyncio.timeout(60):
            while True:
                found = await figures(agent)
                ways = [
                    value(found, "p2claw_link_bytes_total", **direct, direction=way)
                    for way in ("in", "out")
                ]
                refused = value(found, "p2claw_refused_total", what="requests", code="app-down")
                if min(ways) >= 300_000 and refused:  # workers report by and by
                    break
                await asyncio.sleep(FRESH_S)
        assert max(ways) < 400_000
        assert refused == 1
        assert value(found, "p2claw_app_responses_total", app="dog", status="2xx") == 3
        assert value(found, "p2claw_links", **direct) == 1
        assert value(found, "p2claw_visits_total", **direct) == 1
        assert value(found, "p2claw_app_response_wait_seconds_count", app="dog") == 3
        le = {"app": "dog", "le": "+Inf"}
        assert value(found, "p2claw_app_response_wait_seconds_bucket", **le) == 3
        assert value(found, "p2claw_link_rtt_max_seconds", **direct) > 0
        links = sum(value(found, "p2claw_worker_links", worker=str(n)) for n in range(workers))
        assert links == 2


async def test_no_visitor_is_a_label(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    async with (
        running_agent(tmp_path / "home", server, {"dog": upstream.url}) as agent,
        await agent.visit() as visitor,
        await agent.visit() as other,
    ):
        for one in (visitor, other):
            await (await one.request("GET", "/")).body(1000)
        labels = {name for _, pairs in await figures(agent) for name, _ in pairs}
    known = {"app", "path", "direction", "status", "le", "what", "code", "worker", "version"}
    assert labels <= known


@needs_prometheus
async def test_promtool_has_nothing_to_say(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    async with (
        running_agent(tmp_path / "home", server, {"dog": upstream.url}) as agent,
        await agent.visit() as visitor,
    ):
        await (await visitor.request("GET", "/")).body(1000)
        text = await read_figures(agent.config.socket_path)
    assert complaints(text) == ""
