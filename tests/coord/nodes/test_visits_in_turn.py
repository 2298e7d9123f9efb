"""HAProxy by contrib/ in front of three nodes: visits go to each in turn, whoever has the boxes."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.coord.nodes.test_balancers import CONTRIB, FORGED, PAUSE_S, at_ports
from tests.coord.nodes.test_killed_node import box_at, free_port
from tests.coord.peers import registered_agent
from tests.support.agent import agent_process, expose_before_start
from tests.support.haproxy import HAPROXY, haproxy
from tests.support.postgresql import Postgresql
from tests.support.redis_server import RedisServer
from tests.support.server import ServerProcess, server_process
from tests.support.upstreams import echo, upstream_of

pytestmark = pytest.mark.skipif(not HAPROXY, reason="needs haproxy")

NODES = 3
# Another documentation network, which the PROXY protocol brings.
VISITOR = "198.51.100.7"


@dataclass
class Scene:
    """edge: of HAProxy. front: its port. alias: of a box that is online."""

    nodes: list[ServerProcess]
    http: aiohttp.ClientSession
    edge: str
    front: int
    alias: str

    async def visit(self, headers: dict[str, str] | None = None) -> str:
        """Begin a visit; what it is told first."""
        url = f"{self.edge}/__p2claw/v1/visit?v=2&alias={self.alias}&app=dog"
        async with self.http.post(url, json={"messages": []}, headers=headers) as response:
            assert response.status == 200
            return str(json.loads(await response.read())[0]["t"])

    def visits(self) -> list[int]:
        """How many visits have come to each node."""
        lines = [node.log_text().splitlines() for node in self.nodes]
        return [sum(" visit session=" in line for line in one) for one in lines]


def three(text: str) -> str:
    """The same configuration, with a third node."""
    lines = []
    for line in text.splitlines():
        lines.append(line)
        if line.startswith("    server two "):
            lines.append(line.replace("two", "three").replace("10.0.0.2", "10.0.0.3"))
    return "\n".join(lines) + "\n"


@asynccontextmanager
async def scene_of(
    folder: Path, pg: Postgresql, rd: RedisServer, bind: str = ""
) -> AsyncIterator[Scene]:
    """bind: further words of the line where HAProxy listens."""
    front, *ports = (free_port() for _ in range(1 + NODES))
    edge = f"http://127.0.0.1:{front}"
    shared = ["--store", pg.emptied_database(), "--bus", rd.url, "--public-port", str(front)]
    shared += ["--name", f"127.0.0.1:{front}", "--trusted-proxy", "127.0.0.1"]
    async with AsyncExitStack() as stack:
        nodes = [
            await stack.enter_async_context(
                server_process(folder / f"node{port}", *shared, listen=f"127.0.0.1:{port}")
            )
            for port in ports
        ]
        text = at_ports(three((CONTRIB / "haproxy" / "haproxy.cfg").read_text()), ports, front)
        text = text.replace(f"bind 127.0.0.1:{front}", f"bind 127.0.0.1:{front} {bind}")
        await stack.enter_async_context(haproxy(folder / "haproxy", text, front))
        upstream = await stack.enter_async_context(upstream_of(echo))
        (folder / "home").mkdir(mode=0o700)
        expose_before_start(folder / "home", {"dog": upstream.url})
        joins = f"http://127.0.0.1:{ports[0]}" if bind else edge
        agent = await stack.enter_async_context(agent_process(folder / "home", joins))
        await agent.api.online()
        alias = (await agent.api.get("/v1/status"))["alias"]
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Scene(nodes, http, edge, front, alias)


async def test_each_node_has_as_many_visits_as_another_however_many_boxes_it_has(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    async with scene_of(tmp_path, pg, rd) as scene, AsyncExitStack() as stack:
        for _ in range(8):
            # Past the balancer, as after the others were started again.
            key = Ed25519PrivateKey.generate()
            await stack.enter_async_context(registered_agent(scene.nodes[0].url, key))
        first = [await scene.visit() for _ in range(15)]
        assert first == ["introduced"] * 15
        assert scene.visits() == [5] * NODES


async def test_new_agents_go_to_the_node_that_has_the_fewest(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    async with scene_of(tmp_path, pg, rd) as scene, AsyncExitStack() as stack:
        for _ in range(8):
            key = Ed25519PrivateKey.generate()
            await stack.enter_async_context(registered_agent(scene.edge, key))
        online = [one.log_text().count("box online") for one in scene.nodes]
        assert online == [3] * NODES


async def test_a_node_that_is_drained_gets_no_visit_more_and_none_fails(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    async with scene_of(tmp_path, pg, rd) as scene:
        drained = (await box_at(scene.nodes) + 1) % NODES  # one that does not have the box
        told: Counter[str] = Counter()

        async def visit_on() -> None:
            while True:
                told[await scene.visit()] += 1
                await asyncio.sleep(PAUSE_S)

        visiting = asyncio.create_task(visit_on())
        assert await scene.nodes[drained].stop(signal.SIGTERM) == 0
        before = scene.visits()
        for _ in range(10):
            told[await scene.visit()] += 1
        visiting.cancel()
        after = scene.visits()
        assert told.keys() == {"introduced"}
        assert after[drained] == before[drained]
        assert sum(after) >= sum(before) + 10


async def test_the_address_of_a_visitor_is_the_one_that_the_balancer_saw(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    async with scene_of(tmp_path, pg, rd) as scene:
        for _ in range(NODES):
            await scene.visit({"X-Forwarded-For": FORGED})
        logs = "".join(one.log_text() for one in scene.nodes)
        assert logs.count("visitor=127.0.0.0/24") == NODES
        assert FORGED.rpartition(".")[0] not in logs


async def test_the_address_of_a_visitor_is_the_one_of_the_proxy_protocol(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> None:
    async with scene_of(tmp_path, pg, rd, "accept-proxy") as scene:
        reader, writer = await asyncio.open_connection("127.0.0.1", scene.front)
        target = f"/__p2claw/v1/visit?v=2&alias={scene.alias}&app=dog"
        writer.write(
            f"PROXY TCP4 {VISITOR} 192.0.2.1 50000 443\r\n"
            f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{scene.front}\r\n"
            f"X-Forwarded-For: {FORGED}\r\n"
            'Content-Length: 15\r\nConnection: close\r\n\r\n{"messages":[]}'.encode()
        )
        assert b'"introduced"' in await reader.read()
        writer.close()
        logs = "".join(one.log_text() for one in scene.nodes)
        assert f"visitor={VISITOR.rpartition('.')[0]}.0/24" in logs
        assert FORGED.rpartition(".")[0] not in logs
