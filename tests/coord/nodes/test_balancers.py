"""The configurations of contrib/ in front of two nodes: one is drained, and no request fails."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from p2claw.agent.home.routes import RouteFile, route_from
from tests.coord.nodes.test_killed_node import BACK_S, box_at, free_port, visited
from tests.support.agent import agent_process
from tests.support.caddy import CADDY, caddy
from tests.support.haproxy import HAPROXY, haproxy
from tests.support.nginx import nginx
from tests.support.postgresql import Postgresql
from tests.support.redis_server import RedisServer
from tests.support.server import server_process
from tests.support.upstreams import echo, upstream_of

CONTRIB = Path(__file__).parents[3] / "contrib"
# An address of a documentation network, which no visitor here has.
FORGED = "203.0.113.9"
PAGE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}
PAUSE_S = 0.05


def at_ports(text: str, nodes: list[int], front: int) -> str:
    """A configuration for these nodes, and without TLS."""
    for number, port in enumerate(nodes, 1):
        text = text.replace(f"10.0.0.{number}:8787", f"127.0.0.1:{port}")
    text = re.sub(r"(bind|listen) (:?)443 ssl[^;\n]*", rf"\1 127.0.0.1:{front}", text)
    text = text.replace("maxconn 40000", "maxconn 1000")
    text = re.sub(r"\n[\t ]*(tls|ssl_certificate(_key)?) .*", "", text)
    return text.replace("*.apps.example.org, apps.example.org {", f"http://:{front} {{").replace(
        "apps.example.org", "localhost"
    )


@asynccontextmanager
async def balanced(name: str, folder: Path, nodes: list[int], front: int) -> AsyncIterator[None]:
    text = at_ports(next((CONTRIB / name).iterdir()).read_text(), nodes, front)
    if name == "haproxy":
        async with haproxy(folder, text, front):
            yield
    elif name == "caddy":
        async with caddy(folder, text, front):
            yield
    else:
        async with nginx(folder, http=text):
            yield


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("haproxy", marks=pytest.mark.skipif(not HAPROXY, reason="needs haproxy")),
        pytest.param("caddy", marks=pytest.mark.skipif(not CADDY, reason="needs caddy")),
        "nginx",
    ],
)
async def test_a_node_is_drained_behind_it_and_no_request_fails(
    name: str, tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    front, *ports = (free_port() for _ in range(3))
    edge = f"http://127.0.0.1:{front}"
    shared = ["--store", pg.emptied_database(), "--bus", rd.url, "--public-port", str(front)]
    shared += ["--name", f"127.0.0.1:{front}", "--trusted-proxy", "127.0.0.1"]
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(
                server_process(tmp_path / f"node{port}", *shared, listen=f"127.0.0.1:{port}")
            )
            for port in ports
        ]
        await stack.enter_async_context(balanced(name, tmp_path / name, ports, front))
        upstream = await stack.enter_async_context(upstream_of(echo))
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        RouteFile(home / "routes.json").put(route_from("dog", {"upstream": upstream.url}))
        agent = await stack.enter_async_context(agent_process(home, edge))
        await agent.api.online()
        url = (await agent.api.get("/v1/status"))["apps"][0]["url"]
        assert await visited(url, edge) == b"hello"
        http = await stack.enter_async_context(aiohttp.ClientSession())
        await post_visit(http, edge, forged=True)
        assert not any(FORGED.rpartition(".")[0] in one.log_text() for one in servers)

        first = await box_at(servers)
        statuses: list[int] = []
        asking = asyncio.create_task(ask_on(http, edge, front, statuses))
        ending = asyncio.create_task(servers[first].stop(signal.SIGTERM))
        assert await ending == 0
        async with asyncio.timeout(BACK_S):
            while servers[1 - first].log_text().count("box online") < 1:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert not asking.done(), asking.exception()
        asking.cancel()
        assert set(statuses) == {200}
        assert await visited(url, edge) == b"hello"


async def ask_on(http: aiohttp.ClientSession, edge: str, front: int, statuses: list[int]) -> None:
    """Open a page and begin a visit, again and again."""
    headers = {**PAGE, "Host": f"dog-purplecrab.localhost:{front}"}
    while True:
        async with http.get(edge, headers=headers) as response:
            statuses.append(response.status)
        statuses.append(await post_visit(http, edge))
        await asyncio.sleep(PAUSE_S)


async def post_visit(http: aiohttp.ClientSession, edge: str, *, forged: bool = False) -> int:
    headers = {"X-Forwarded-For": FORGED} if forged else {}
    url = f"{edge}/__p2claw/v1/visit?v=1&alias=nobodyhere"
    async with http.post(url, json={"messages": []}, headers=headers) as response:
        return response.status
