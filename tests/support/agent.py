"""An agent for tests: in this process, or as a process of its own; and its local API."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from p2claw.agent.daemon.agent import Agent
from p2claw.agent.home.lock import only_agent
from p2claw.agent.home.routes import RouteFile, route_from
from p2claw.config import AgentConfig, AgentLimits, PublicAddress
from p2claw.visitor.visitor import Visitor
from tests.support.server import RunningServer, ServerProcess

REPOSITORY = Path(__file__).parents[2]
DEADLINE_S = 30.0


class LocalApi:
    """Asks an agent over its socket."""

    def __init__(self, socket_path: Path) -> None:
        self._path = str(socket_path)

    async def ask(
        self, method: str, path: str, body: object = None, *, deadline_s: float = DEADLINE_S
    ) -> tuple[int, Any]:
        """Status and JSON of the response."""
        timeout = aiohttp.ClientTimeout(total=deadline_s)
        connector = aiohttp.UnixConnector(self._path)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            data = None if body is None else content
            async with client.request(method, f"http://agent{path}", data=data) as response:
                return response.status, json.loads(await response.read())

    async def get(self, path: str) -> Any:
        """The JSON of a response that must be good."""
        status, document = await self.ask("GET", path)
        assert status == 200, document
        return document

    async def expose(self, app: str, upstream: str, **more: bool) -> Any:
        """Expose an app; what the agent says of it."""
        entry = {"upstream": upstream, **more}
        status, document = await self.ask("PUT", f"/v1/routes/{app}", entry)
        assert status == 200, document
        return document

    async def online(self) -> None:
        """Wait until the box is registered, and its apps known."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                if (await self.get("/v1/status"))["coordinator"]["state"] == "online":
                    break
                await asyncio.sleep(0.02)
            # Online is not announced yet: a reload returns once the coordinator knows the apps.
            await self.ask("POST", "/v1/reload")


@dataclass
class RunningAgent:
    """agent: itself. task: its life. edge: where its apps are visited."""

    agent: Agent
    task: asyncio.Task[None]
    config: AgentConfig
    api: LocalApi
    edge: str

    async def visit(self, app: str = "dog") -> Visitor:
        """A visitor of one of its apps, as soon as the coordinator knows of it."""
        names = self.agent.status()
        url = next(route["url"] for route in names["apps"] if route["app"] == app)
        return await Visitor.open(url, edge=self.edge)


def expose_before_start(home: Path, routes: dict[str, str]) -> None:
    """Write routes that an agent finds when it starts."""
    for app, upstream in routes.items():
        RouteFile(home / "routes.json").put(route_from(app, {"upstream": upstream}))


@contextlib.asynccontextmanager
async def running_agent(
    home: Path,
    server: RunningServer | ServerProcess,
    routes: dict[str, str] | None = None,
    *,
    limits: AgentLimits | None = None,
    workers: int = 1,
    online: bool = True,
    public_addresses: tuple[PublicAddress, ...] = (),
    metrics: str = "",
) -> AsyncIterator[RunningAgent]:
    """An agent in this process. routes: what it exposes from the start."""
    expose_before_start(home, routes or {})
    config = AgentConfig(
        home=home,
        coordinator=server.url,
        limits=limits or AgentLimits(),
        workers=workers,
        public_addresses=public_addresses,
        metrics=metrics,
    )
    ready = asyncio.Event()
    with only_agent(config.lock_path):
        agent = Agent(config)
        task = asyncio.create_task(agent.run(ready.set))
        try:
            await asyncio.wait_for(ready.wait(), DEADLINE_S)
            api = LocalApi(config.socket_path)
            if online:
                await api.online()
            yield RunningAgent(agent, task, config, api, server.url)
        finally:
            agent.stop()
            agent.stop()
            await asyncio.wait_for(task, DEADLINE_S)


class AgentProcess:
    """`p2claw run` as a process of its own; `log` has what it wrote to standard error."""

    def __init__(
        self, process: asyncio.subprocess.Process, facts: dict[str, Any], log: Path, home: Path
    ) -> None:
        self._process = process
        self.facts = facts
        self.log = log
        self.home = home
        self.pid = process.pid
        self.api = LocalApi(home / "agent.sock")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def wait(self) -> int:
        """The exit status, once it has ended."""
        return await asyncio.wait_for(self._process.wait(), DEADLINE_S)


@contextlib.asynccontextmanager
async def agent_process(
    home: Path, coordinator: str, *arguments: str, **environ: str
) -> AsyncIterator[AgentProcess]:
    """`p2claw run` with further arguments; killed at the end of the block if it still runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("P2CLAW_")}
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = home / "agent.log"
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "p2claw.cli.main", "run", "--json"],
            *["--coordinator", coordinator, *arguments],
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            cwd=REPOSITORY,
            env={
                **kept,
                "P2CLAW_CONFIG": os.devnull,
                "PYTHONPATH": str(REPOSITORY),
                "P2CLAW_HOME": str(home),
                **environ,
            },
        )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), DEADLINE_S)
        facts = json.loads(line) if line else {}
        yield AgentProcess(process, facts, log, home)
    finally:
        if process.returncode is None:
            process.kill()
            await asyncio.wait_for(process.wait(), DEADLINE_S)
