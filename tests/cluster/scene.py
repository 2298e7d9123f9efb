"""Three nodes behind HAProxy, with PostgreSQL and Redis; each node has its own way to Redis."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.apps.foreign import free_port
from tests.support.haproxy import HAPROXY
from tests.support.nginx import listens
from tests.support.postgresql import Postgresql
from tests.support.redis_server import RedisServer
from tests.support.severed import Way, way_to
from tests.support.static_site import write_static_site

NODES = 3
START_S = 60.0
END_S = 60.0
_CONFIGURATION = Path(__file__).parents[2] / "contrib" / "haproxy" / "haproxy.cfg"


@dataclass
class Scene:
    """front: the port of the balancer. ways: of each node to Redis."""

    folder: Path
    pg: Postgresql
    rd: RedisServer
    store: str
    front: int
    ports: list[int]
    ways: list[Way] = field(default_factory=list)
    nodes: list[Process | None] = field(default_factory=list)
    balancer: Process | None = None

    @property
    def audience(self) -> str:
        return f"127.0.0.1:{self.front}"

    async def start_node(self, number: int) -> None:
        """Start one, and wait until it listens."""
        folder = self.folder / f"node{number}"
        folder.mkdir(exist_ok=True)
        options = ["--listen", f"127.0.0.1:{self.ports[number]}", "--data", str(folder / "data")]
        options += ["--store", self.store, "--bus", f"redis://127.0.0.1:{self.ways[number].port}"]
        options += ["--name", self.audience, "--public-port", str(self.front)]
        options += ["--trusted-proxy", "127.0.0.1", "--joining", "invite"]
        options += ["--static", str(write_static_site(folder / "static")), "--json"]
        with (folder / "server.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "p2claw.cli.main", "server", *options),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=log,
                env={**os.environ, "P2CLAW_CONFIG": os.devnull},
                start_new_session=True,
            )
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            line = await process.stdout.readline()
        if not line:
            text = (folder / "server.log").read_text()[-2000:]
            raise RuntimeError(f"node {number} did not start:\n{text}")
        json.loads(line)
        self.nodes[number] = process

    async def end_node(self, number: int, how: signal.Signals) -> None:
        """Send a signal, and wait for the end."""
        process, self.nodes[number] = self.nodes[number], None
        if process is not None and process.returncode is None:
            process.send_signal(how)
            async with asyncio.timeout(END_S):
                await process.wait()

    async def start_balancer(self) -> None:
        assert HAPROXY is not None, "haproxy is not installed: apt-get install haproxy"
        text = _CONFIGURATION.read_text().partition("    server one")[0]
        text = text.replace(
            "bind :443 ssl crt /etc/haproxy/p2claw.pem alpn h2,http/1.1",
            f"bind 127.0.0.1:{self.front}",
        )
        text = text.replace("maxconn 40000", "maxconn 2000")
        # Visitors of a run are many, and come from one address.
        text = text.replace("%[src]", "%[req.hdr(X-Test-Address)]")
        text += "".join(f"    server n{port} 127.0.0.1:{port}\n" for port in self.ports)
        file, log = self.folder / "haproxy.cfg", self.folder / "haproxy.log"
        file.write_text(text)
        with log.open("ab") as output:
            self.balancer = await asyncio.create_subprocess_exec(
                *(HAPROXY, "-db", "-f", str(file)),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        await listens(self.front, self.balancer, log)

    async def kill_balancer(self) -> None:
        process, self.balancer = self.balancer, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def invite(self, uses: int) -> str:
        """The code of an invitation."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "p2claw.cli.main", "server"),
            *("--data", str(self.folder / "node0" / "data"), "--store", self.store),
            *("invite", "--uses", str(uses), "--json"),
            stdout=PIPE,
            env={**os.environ, "P2CLAW_CONFIG": os.devnull},
        )
        output, _ = await process.communicate()
        return str(json.loads(output)["code"])


@contextlib.asynccontextmanager
async def scene(folder: Path, pg: Postgresql, rd: RedisServer) -> AsyncIterator[Scene]:
    """All of it, started, and ended again."""
    made = Scene(
        *(folder, pg, rd, pg.new_database(), free_port(), [free_port() for _ in range(NODES)]),
        nodes=[None] * NODES,
    )
    path = rd.url.removeprefix("unix://")
    async with contextlib.AsyncExitStack() as ends:
        for _ in range(NODES):
            opening = way_to(lambda: asyncio.open_unix_connection(path))
            made.ways.append(await ends.enter_async_context(opening))
        try:
            for number in range(NODES):
                await made.start_node(number)
            await made.start_balancer()
            yield made
        finally:
            for way in made.ways:
                way.mend()
            for number in range(NODES):
                await made.end_node(number, signal.SIGKILL)
            await made.kill_balancer()
