"""Coordinator, edge and agent as real processes in one folder, for browsers and benches to visit.

Everything writes its log into that folder and is ended by its pid.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, UnixConnector

from p2claw.errors import P2clawError
from tests.e2e.apps.foreign import free_port

START_TIMEOUT_S = 30
END_TIMEOUT_S = 15
COMMAND_TIMEOUT_S = 20
# How long the agent of a stack that is over may let requests finish.
DRAIN_S = 1
POLL_S = 0.1
PROGRAM = "p2claw.cli.main"


@dataclass(frozen=True, slots=True)
class AppUrl:
    """Where one app can be visited: by its box's given alias, and by the hash of the box's key."""

    url: str
    key_url: str


@dataclass(slots=True)
class Stack:
    """One coordinator with edge, one box. `port` is the edge's; `folder` holds homes and logs.

    program: the module that is run as `server --listen …` and as `run --coordinator …`.
    tree: the work tree that it is of, None for this one.
    bootstrap: the folder of a browser side built apart, None for the package's. listens_at: 0.0.0.0
    where others than this host visit. environments: what a process gets beside ours, by its name.
    """

    folder: Path
    port: int
    program: str = PROGRAM
    bootstrap: Path | None = None
    listens_at: str = "127.0.0.1"
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    tree: Path | None = None
    _processes: dict[str, Process] = field(default_factory=dict)

    @property
    def edge(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def server_log(self) -> Path:
        return self.folder / "server.log"

    @property
    def agent_log(self) -> Path:
        return self.folder / "agent.log"

    @property
    def agent_pid(self) -> int:
        return self._processes["agent"].pid

    @property
    def server_pid(self) -> int:
        return self._processes["server"].pid

    async def start_server(self, *options: str) -> None:
        listen = f"{self.listens_at}:{self.port}"
        data = str(self.folder / "server")
        static = ("--static", str(self.bootstrap)) if self.bootstrap else ()
        await self._start("server", "server", "--listen", listen, "--data", data, *static, *options)
        await self._until(self._listens, "the edge listens")

    async def start_agent(self, *options: str) -> None:
        # The name, not the number: what an agent dials is what it signs.
        await self._start(
            "agent", "run", "--coordinator", f"http://localhost:{self.port}", *options
        )
        await self._until(self.online, "the agent is online")

    def is_running(self, name: str) -> bool:
        """Whether a process that was started has not ended."""
        return self._processes[name].returncode is None

    async def kill(self, name: str) -> None:
        """End a process with SIGKILL, as a crash would."""
        process = self._processes.pop(name)
        process.kill()
        await process.wait()

    async def end(self, name: str, *, at_once: bool = False) -> None:
        """End a process with SIGTERM. at_once: ask again soon, so that no request holds it up."""
        process = self._processes.pop(name)
        for _ in range(2 if at_once else 1):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            if at_once:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), DRAIN_S)
        try:
            await asyncio.wait_for(process.wait(), END_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"{name} did not end on SIGTERM") from None

    async def end_all(self) -> None:
        for name in list(self._processes):
            await self.end(name, at_once=True)

    async def expose(self, app: str, upstream: str) -> AppUrl:
        """Expose an app and wait until a visitor would find it."""
        await self.ask("PUT", f"/v1/routes/{app}", {"upstream": upstream, "preserve_host": False})
        async with asyncio.timeout(START_TIMEOUT_S):
            while True:
                for entry in (await self.ask("GET", "/v1/status"))["apps"]:
                    if entry["app"] == app and entry["url"]:
                        return AppUrl(entry["url"], entry["key_url"])
                await asyncio.sleep(POLL_S)

    async def unexpose(self, app: str) -> None:
        await self.ask("DELETE", f"/v1/routes/{app}")

    async def online(self) -> bool:
        with contextlib.suppress(OSError, ClientError):
            status = await self.ask("GET", "/v1/status")
            return bool(status["coordinator"]["state"] == "online")
        return False

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the agent over its socket, as the commands do but without starting one each time."""
        connector = UnixConnector(path=str(self.folder / "home" / "agent.sock"))
        timeout = ClientTimeout(total=COMMAND_TIMEOUT_S)
        async with (
            ClientSession(connector=connector, timeout=timeout) as session,
            session.request(method, f"http://agent{path}", json=body) as response,
        ):
            text = await response.text()
            if response.status >= 400:
                raise RuntimeError(f"{method} {path}: {response.status}: {text}")
            return json.loads(text) if text else None

    async def p2claw(self, *argv: str) -> Any:
        """Run one command of the box's owner with --json and return what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "p2claw.cli.main", *argv, "--json"),
            env=self._env(),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), COMMAND_TIMEOUT_S)
        if process.returncode:
            raise RuntimeError(f"p2claw {' '.join(argv)}: {process.returncode}: {err.decode()}")
        return json.loads(out)

    async def _start(self, name: str, *argv: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self.program, *argv),
                env={**self._env(), **self.environments.get(name, {})},
                cwd=self.tree,  # the first place where Python looks for a module
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches who started it, which ends it
            )

    async def _until(self, condition: Any, what: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not await condition():
            if time.monotonic() > deadline or self._somebody_ended():
                logs = [log.read_text()[-2000:] for log in self.folder.glob("*.log")]
                text = "\n".join([f"never came true: {what}", *logs])
                raise P2clawError(text, code="stack-failed")
            await asyncio.sleep(POLL_S)

    async def _listens(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return True
        return False

    def _somebody_ended(self) -> bool:
        return any(process.returncode is not None for process in self._processes.values())

    def _env(self) -> dict[str, str]:
        home = {"P2CLAW_HOME": str(self.folder / "home"), "P2CLAW_CONFIG": os.devnull}
        return {**os.environ, **home}


@contextlib.asynccontextmanager
async def stack(
    folder: Path,
    *,
    program: str = PROGRAM,
    bootstrap: Path | None = None,
    listens_at: str = "127.0.0.1",
    tree: Path | None = None,
) -> AsyncIterator[Stack]:
    """Start coordinator, edge and agent, and end them again."""
    made = Stack(folder, free_port(), program, bootstrap, listens_at, tree=tree)
    try:
        await made.start_server()
        await made.start_agent()
        yield made
    finally:
        await made.end_all()
