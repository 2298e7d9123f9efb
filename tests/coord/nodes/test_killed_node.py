"""Nodes as processes behind a real balancer: one is killed, and its box is back at another."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from pathlib import Path

import aiohttp

from p2claw.agent.home.routes import RouteFile, route_from
from p2claw.errors import P2clawError
from p2claw.visitor.visitor import Visitor
from tests.support.agent import agent_process
from tests.support.nginx import nginx
from tests.support.postgresql import Postgresql
from tests.support.redis_server import RedisServer
from tests.support.server import ServerProcess, server_process
from tests.support.upstreams import echo, upstream_of

# Agents are back within 15 s; a machine that is busy gets twice that.
BACK_S = 30.0

HTTP = """
map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
upstream nodes {{
    server 127.0.0.1:{one} max_fails=1 fail_timeout=2s;
    server 127.0.0.1:{two} max_fails=1 fail_timeout=2s;
}}
"""
LOCATIONS = """
location / {
    proxy_pass http://nodes;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_next_upstream error timeout http_503;
    proxy_next_upstream_tries 2;
}
"""


async def visited(url: str, edge: str) -> bytes:
    async with await Visitor.open(url, edge=edge) as visitor:
        response = await visitor.request("POST", "/", body=b"hello")
        return await response.body(100)


async def box_at(servers: list[ServerProcess]) -> int:
    """Which of the nodes logged last that the box is online."""
    async with asyncio.timeout(BACK_S):
        while True:
            online = [number for number, one in enumerate(servers) if _has_box(one)]
            if len(online) == 1:
                return online[0]
            await asyncio.sleep(0.05)


def _has_box(server: ServerProcess) -> bool:
    text = server.log_text()
    return text.count("box online") > text.count("control connection closed")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def test_a_node_is_killed_and_its_box_is_back_at_another_while_links_stay(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    ports = [free_port(), free_port()]
    async with contextlib.AsyncExitStack() as stack:
        http = HTTP.format(one=ports[0], two=ports[1])
        front = await stack.enter_async_context(
            nginx(tmp_path / "nginx", http=http, locations=LOCATIONS)
        )
        edge = f"http://127.0.0.1:{front}"
        shared = ["--store", pg.emptied_database(), "--bus", rd.url]
        shared += ["--name", f"127.0.0.1:{front}", "--trusted-proxy", "127.0.0.1"]
        servers = [
            await stack.enter_async_context(
                server_process(tmp_path / f"node{port}", *shared, listen=f"127.0.0.1:{port}")
            )
            for port in ports
        ]
        upstream = await stack.enter_async_context(upstream_of(echo))
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        RouteFile(home / "routes.json").put(route_from("dog", {"upstream": upstream.url}))
        agent = await stack.enter_async_context(agent_process(home, edge))
        await agent.api.online()
        url = (await agent.api.get("/v1/status"))["apps"][0]["url"]
        first = await box_at(servers)
        for server in servers:
            assert await visited(url, server.url) == b"hello"
        async with await Visitor.open(url, edge=edge) as stays:
            await servers[first].stop(signal.SIGKILL)
            async with asyncio.timeout(BACK_S):
                while True:
                    with contextlib.suppress(P2clawError, aiohttp.ClientError):
                        assert await visited(url, edge) == b"hello"
                        break
                    await asyncio.sleep(0.2)
            response = await stays.request("POST", "/", body=b"undisturbed")
            assert await response.body(100) == b"undisturbed"
        last = servers[1 - first]
        assert await last.stop() == 0
        assert "node drained" in last.log_text()
