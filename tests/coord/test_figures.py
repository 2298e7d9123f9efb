"""The figures of a server: what they count, and that nobody reads them on its public names."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from p2claw.errors import RefusedError
from p2claw.visitor.visitor import Visitor
from tests.support.agent import running_agent
from tests.support.prometheus import (
    complaints,
    needs_prometheus,
    read_figures,
    samples_of,
    value,
)
from tests.support.server import RunningServer, running_server


def socket_of(server: RunningServer) -> Path:
    return server.serving.config.data_dir / "server.sock"


async def test_boxes_and_visits_are_counted_and_named_nowhere(
    tmp_path: Path, server: RunningServer
) -> None:
    async with running_agent(tmp_path / "home", server, {"dog": "3000"}) as agent:
        async with await agent.visit():
            pass
        with pytest.raises(RefusedError):
            await Visitor.open("http://dog-nobodyhere.localhost/", edge=server.url)
        text = await read_figures(socket_of(server))
        alias = (await agent.api.get("/v1/status"))["alias"]
    found = samples_of(text)
    assert value(found, "p2claw_server_ready") == 1
    assert value(found, "p2claw_boxes_online") == 1
    assert value(found, "p2claw_registrations_total") == 1
    assert value(found, "p2claw_visits_introduced_total") == 1
    assert value(found, "p2claw_visits_answered_total") == 1
    assert value(found, "p2claw_visits_refused_total", code="alias-unknown") == 1
    assert 0 < value(found, "p2claw_sockets") < value(found, "p2claw_sockets_limit")
    assert alias not in text and "dog" not in text


@needs_prometheus
async def test_promtool_has_nothing_to_say(server: RunningServer) -> None:
    assert complaints(await read_figures(socket_of(server))) == ""


async def test_only_the_address_that_was_named_serves_them(tmp_path: Path) -> None:
    async with running_server(tmp_path, metrics="127.0.0.1:0") as server:
        hosts = ("127.0.0.1", "localhost", server.host("purplecrab"), server.host("dog-purplecrab"))
        async with aiohttp.ClientSession() as client:
            for host in hosts:
                async with client.get(f"{server.url}/metrics", headers={"Host": host}) as response:
                    assert "p2claw_boxes_online" not in await response.text()
            async with client.get(server.serving.metrics_url) as response:
                assert "p2claw_boxes_online 0.0" in await response.text()
