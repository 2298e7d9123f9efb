"""Coordinator and edge for tests: in this process, or as a process of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from p2claw.cli.serving import Serving, serving
from p2claw.config import ServerConfig
from p2claw.coord.rendezvous import Rendezvous
from p2claw.edge.places import Places
from tests.support.static_site import write_static_site

REPOSITORY = Path(__file__).parents[2]
START_S = 30.0
STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class RunningServer:
    """`url`: of the coordinator and of the edge. `host`: the Host that an app's URL has."""

    port: int
    serving: Serving

    @property
    def url(self) -> str:
        scheme = "https" if self.serving.certificates else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    @property
    def rendezvous(self) -> Rendezvous:
        return self.serving.coordinator.rendezvous

    @property
    def places(self) -> Places:
        return self.serving.places

    def host(self, label: str) -> str:
        return f"{label}.{self.serving.config.parent}:{self.port}"


@contextlib.asynccontextmanager
async def running_server(tmp_path: Path, **overrides: Any) -> AsyncIterator[RunningServer]:
    """A server in this process, on a free port of loopback, with its data below tmp_path.

    overrides: fields of ServerConfig. Without `static_dir` the bootstrap is a stand-in, so that
    what does not test the bootstrap need not build it.
    """
    settings: dict[str, Any] = {"listen": "127.0.0.1:0", "data_dir": tmp_path / "server"}
    settings.update(overrides)
    if "static_dir" not in settings:
        settings["static_dir"] = write_static_site(tmp_path / "static")
    async with serving(replace(ServerConfig(), **settings)) as running:
        yield RunningServer(port=running.config.listen_port, serving=running)


class ServerProcess:
    """A server as a process of its own; `log` has everything that it wrote to standard error."""

    def __init__(self, process: asyncio.subprocess.Process, facts: dict[str, Any], log: Path):
        self._process = process
        self.facts = facts
        self.log = log
        self.pid = process.pid
        self.url: str = facts["url"]
        self.port = int(facts["listen"].rpartition(":")[2])

    def log_text(self) -> str:
        """What it has logged so far."""
        return self.log.read_text()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit status (negative: the signal)."""
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await asyncio.wait_for(self._process.wait(), STOP_S)


@contextlib.asynccontextmanager
async def server_process(
    tmp_path: Path,
    *arguments: str,
    listen: str = "127.0.0.1:0",
    built_bootstrap: bool = False,
) -> AsyncIterator[ServerProcess]:
    """`p2claw server` with further arguments; killed at the end of the block if it still runs.

    Data are below tmp_path, so that a second one in the same place finds what the first one kept.
    built_bootstrap: serve the one of the package, which `make build` makes.
    """
    command = [sys.executable, "-m", "p2claw.cli.main", "server", "--json", "--listen", listen]
    command += ["--data", str(tmp_path / "server")]
    if not built_bootstrap:
        command += ["--static", str(write_static_site(tmp_path / "static"))]
    log = tmp_path / "server.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("P2CLAW_")}
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            cwd=REPOSITORY,
            env={**kept, "P2CLAW_CONFIG": os.devnull, "PYTHONPATH": str(REPOSITORY)},
        )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), START_S)
        if not line:
            raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")
        yield ServerProcess(process, json.loads(line), log)
    finally:
        if process.returncode is None:
            process.kill()
            await asyncio.wait_for(process.wait(), STOP_S)
