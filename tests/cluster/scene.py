"""Three nodes behind HAProxy, each with a network of its own, with PostgreSQL, a Redis that
Sentinels watch, and two coturn.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.network import MIDDLE, NodePlace
from tests.support.haproxy import HAPROXY
from tests.support.nginx import listens
from tests.support.postgresql import Postgresql
from tests.support.static_site import write_static_site
from tests.support.turn import TURNSERVER, listening
from tests.support.watched_redis import WatchedRedis

START_S = 60.0
END_S = 60.0
FRONT = 8080
NODE_PORT, METRICS_PORT = 8787, 9464
# The relays of both, 200 each.
TURN_PORTS = (3478, 3479)
_SECRET = "of the cluster's relays"
_CONFIGURATION = Path(__file__).parents[2] / "contrib" / "haproxy" / "haproxy.cfg"
# By which node a response came.
NODE_FIELD = "X-Test-Node"


@dataclass
class Scene:
    """places: of the nodes. nodes, turns: None while one does not run."""

    folder: Path
    pg: Postgresql
    rd: WatchedRedis
    store: str
    places: list[NodePlace]
    nodes: list[Process | None] = field(default_factory=list)
    turns: list[Process | None] = field(default_factory=lambda: [None] * len(TURN_PORTS))
    balancer: Process | None = None

    @property
    def audience(self) -> str:
        return f"127.0.0.1:{FRONT}"

    async def start_node(self, number: int) -> None:
        """Start one, and wait until it listens."""
        place, folder = self.places[number], self.folder / f"node{number}"
        folder.mkdir(exist_ok=True)
        secret = folder / "turn-secret"
        secret.write_text(_SECRET)
        secret.chmod(0o600)
        options = ["--listen", f"{place.address}:{NODE_PORT}", "--data", str(folder / "data")]
        options += ["--store", self.store, "--bus", self.rd.url, "--node-listen", ":8788"]
        options += ["--name", self.audience, "--public-port", str(FRONT)]
        options += ["--trusted-proxy", MIDDLE, "--joining", "invite"]
        options += ["--metrics", f"{place.address}:{METRICS_PORT}"]
        for port in TURN_PORTS:
            options += ["--turn", f"turn:{MIDDLE}:{port}?transport=udp"]
        options += ["--turn-secret-file", str(secret)]
        options += ["--static", str(write_static_site(folder / "static")), "--json"]
        with (folder / "server.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(*place.inside, sys.executable, "-m", "p2claw.cli.main", "server", *options),
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
        await _ended(process, how)

    async def start_turn(self, number: int) -> None:
        assert TURNSERVER is not None, "coturn is not installed: apt-get install coturn"
        folder, port, first = self.folder / f"turn{number}", TURN_PORTS[number], 50_000
        folder.mkdir(exist_ok=True)
        first += 200 * number
        with (folder / "output").open("ab") as output:
            self.turns[number] = await asyncio.create_subprocess_exec(
                *(TURNSERVER, "-c", "/dev/null", "--no-cli", "--no-tls", "--no-dtls"),
                *(f"--listening-ip={MIDDLE}", f"--relay-ip={MIDDLE}", f"--listening-port={port}"),
                *(f"--min-port={first}", f"--max-port={first + 199}", "--realm=p2claw.test"),
                *("--use-auth-secret", f"--static-auth-secret={_SECRET}", "--simple-log"),
                *(f"--log-file={folder / 'turn.log'}", f"--pidfile={folder / 'turn.pid'}"),
                f"--userdb={folder / 'turn.db'}",
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        await listening(MIDDLE, port)

    async def kill_turn(self, number: int) -> None:
        process, self.turns[number] = self.turns[number], None
        await _ended(process, signal.SIGKILL)

    async def start_balancer(self) -> None:
        assert HAPROXY is not None, "haproxy is not installed: apt-get install haproxy"
        text = "\n".join(self._balanced(_CONFIGURATION.read_text().splitlines())) + "\n"
        text = text.replace(
            "bind :443 ssl crt /etc/haproxy/p2claw.pem alpn h2,http/1.1", f"bind 127.0.0.1:{FRONT}"
        )
        text = text.replace("maxconn 40000", "maxconn 2000")
        # Visitors of a run are many, and come from one address.
        text = text.replace("%[src]", "%[req.hdr(X-Test-Address)]")
        file, log = self.folder / "haproxy.cfg", self.folder / "haproxy.log"
        file.write_text(text)
        with log.open("ab") as output:
            self.balancer = await asyncio.create_subprocess_exec(
                *(HAPROXY, "-db", "-f", str(file)),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        await listens(FRONT, self.balancer, log)

    def _balanced(self, lines: list[str]) -> Iterator[str]:
        """With the nodes of this run, in each backend; a response shows which of them it is by."""
        for line in lines:
            if line.startswith("    server one "):
                yield f"    http-response set-header {NODE_FIELD} %s"
                for place in self.places:
                    address = f"{place.address}:{NODE_PORT}"
                    server = line.replace("10.0.0.1:8787", address)
                    yield server.replace(" one ", f" n{place.number} ").replace(
                        "agents/one", f"agents/n{place.number}"
                    )
            elif not line.startswith("    server two "):
                yield line

    async def kill_balancer(self) -> None:
        process, self.balancer = self.balancer, None
        await _ended(process, signal.SIGKILL)

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
async def scene(
    folder: Path, pg: Postgresql, rd: WatchedRedis, places: list[NodePlace]
) -> AsyncIterator[Scene]:
    """All of it, started, and ended again."""
    made = Scene(folder, pg, rd, pg.new_database(), places, nodes=[None] * len(places))
    try:
        for number in range(len(TURN_PORTS)):
            await made.start_turn(number)
        for place in places:
            await made.start_node(place.number)
        await made.start_balancer()
        yield made
    finally:
        for number in range(len(places)):
            await made.end_node(number, signal.SIGKILL)
        for number in range(len(TURN_PORTS)):
            await made.kill_turn(number)
        await made.kill_balancer()


async def _ended(process: Process | None, how: signal.Signals) -> None:
    if process is not None and process.returncode is None:
        process.send_signal(how)
        async with asyncio.timeout(END_S):
            await process.wait()
