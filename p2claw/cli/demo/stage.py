"""Starts what a demo consists of: the app, the server, the agent.

Ends them in the reverse order.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from p2claw.agent.home.routes import Route, RouteFile
from p2claw.agent.upstream.address import parse_upstream
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.demo.child import Child, ChildError
from p2claw.errors import LinkError, P2clawError, RefusedError
from p2claw.visitor import PinStore, Visitor

USUAL_PORT = 8787
ONLINE_S = 30.0
RESPONDS_S = 30.0
POLL_S = 0.1

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a demo: what to publish, under which name, and the folder for its data."""

    name: str
    data_dir: Path
    upstream: str | None
    """Of the person's own app; None: the sample app."""
    server_port: int | None = None


@dataclass(slots=True)
class Stage:
    """A running demo."""

    plan: Plan
    note: Note
    children: list[Child] = field(default_factory=list)
    upstream: str = ""
    edge: str = ""
    url: str = ""
    key_url: str = ""
    error: str = ""
    """Where a response is the box's own, in the app's place (docs/WIRE.md §9)."""

    @property
    def home(self) -> Path:
        """Of the demo's box: the person's own key stays untouched."""
        return self.plan.data_dir / "box"

    async def put_up(self) -> None:
        """Start everything and wait until the URL can be visited. Raises P2clawError."""
        self.upstream = self.plan.upstream or await self._start_app()
        await self._start_server()
        self._write_route()
        await self._start_agent()
        await self._visit()

    async def close(self) -> None:
        """End everything, the agent first: it lets open requests finish."""
        for child in reversed(self.children):
            await child.end()

    def hurry(self) -> None:
        """End everything at once."""
        for child in self.children:
            child.kill()

    async def broken(self) -> P2clawError:
        """Wait until a child ends by itself; returns the error for that."""
        waits = {asyncio.create_task(child.ended()): child for child in self.children}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return waits[done.pop()].failure()
        finally:
            for wait in waits:
                wait.cancel()

    async def _start(
        self, title: str, module: str, *argv: str, env: dict[str, str] | None = None
    ) -> str:
        """Start a child; returns the first line that it prints."""
        self.note(f"starting the {title}")
        log = self.plan.data_dir / f"{title.split()[-1]}.log"
        child = await Child.start(title, module, *argv, log=log, env=env)
        self.children.append(child)
        try:
            return await child.first_line()
        except P2clawError:
            if child.has_ended:
                self.children.remove(child)
            raise

    async def _start_app(self) -> str:
        line = await self._start("sample app", "p2claw.demo_app", "--port", "0")
        match = re.search(r"http://\S+", line)
        if match is None:
            raise P2clawError(f"The sample app printed {line!r}", code="child-silent")
        return match[0]

    async def _start_server(self) -> None:
        """On the port that was asked for; else on the usual one, else on any."""
        if self.plan.server_port is not None:
            await self._serve_on(self.plan.server_port)
            return
        try:
            await self._serve_on(USUAL_PORT)
        except ChildError as error:
            if "listen-failed" not in error.log:
                raise
            self.note(f"port {USUAL_PORT} is taken; another is used, so the URL is another too")
            await self._serve_on(0)

    async def _serve_on(self, port: int) -> None:
        line = await self._start(
            *("server", "p2claw.cli.main", "server", "--json"),
            *("--listen", f"127.0.0.1:{port}", "--parent", "localhost"),
            *("--data", str(self.plan.data_dir / "server")),
        )
        self.edge = str(json.loads(line)["url"])

    def _write_route(self) -> None:
        """This app and no other: one of an earlier demo has nothing behind it now."""
        file = RouteFile(self.home / "routes.json")
        for app in file.load():
            if app != self.plan.name:
                file.remove(app)
        file.put(Route(self.plan.name, parse_upstream(self.upstream)))

    async def _start_agent(self) -> None:
        await self._start(
            *("agent", "p2claw.cli.main", "run", "--json"),
            *("--coordinator", f"http://localhost:{self.edge.rpartition(':')[2]}"),
            env={"P2CLAW_HOME": str(self.home)},
        )
        self.note("registering")
        entry = await self._registered(AgentClient(self.home / "agent.sock"))
        self.url, self.key_url = entry["url"], entry["key_url"]

    async def _registered(self, agent: AgentClient) -> dict[str, Any]:
        """The agent's entry of the app, once the coordinator knows it."""
        status: dict[str, Any] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ONLINE_S):
                while True:
                    self._check_children()
                    status = await asyncio.to_thread(agent.ask, "GET", "/v1/status")
                    entry: dict[str, Any] = status["apps"][0]
                    if entry["rejected"]:
                        raise P2clawError(
                            f"The coordinator refuses the name {self.plan.name!r}",
                            code=entry["rejected"],
                        )
                    if entry["url"] and status["coordinator"]["state"] == "online":
                        return entry
                    await asyncio.sleep(POLL_S)
        raise P2clawError(
            f"The agent did not reach the coordinator within {ONLINE_S:g} s: "
            f"{status.get('coordinator', {}).get('last_error')}",
            code="agent-offline",
            hint=f"See {self.plan.data_dir / 'agent.log'}",
        )

    async def _visit(self) -> None:
        """Ask for the page as a visitor would, over a link; nothing is shown that does not work."""
        self.note("visiting")
        pins = PinStore(self.home / "known_boxes.json")
        trouble: P2clawError | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RESPONDS_S):
                while True:
                    self._check_children()
                    try:
                        visitor = await Visitor.open(self.url, edge=self.edge, pins=pins)
                        async with visitor, await visitor.request("GET", "/") as response:
                            self.error = response.error
                            return
                    except (LinkError, RefusedError) as error:
                        if error.code == "wrong-key":
                            raise
                        trouble = error
                    await asyncio.sleep(POLL_S)
        raise trouble or P2clawError(
            f"{self.url} did not respond within {RESPONDS_S:g} s", code="link-timeout"
        )

    def _check_children(self) -> None:
        for child in self.children:
            if child.has_ended:
                raise child.failure()


@contextlib.asynccontextmanager
async def stage(plan: Plan, note: Note) -> AsyncIterator[Stage]:
    """A stage that is cleared whatever happens in the block."""
    built = Stage(plan, note)
    try:
        yield built
    finally:
        await built.close()
