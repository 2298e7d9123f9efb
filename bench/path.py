"""The whole path, to be measured: an upstream, an agent, and a visitor in a process of its own."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import MB, Figures
from bench.pair import SLOWEST_MB_PER_S
from bench.processes import Child, cpu_s
from p2claw.errors import P2clawError
from tests.e2e.stack import stack
from tests.support.nginx import nginx

PACED_MB_PER_S = 20
# What runs as `p2claw`, by the plane under its links.
PROGRAMS = {"p2claw": "p2claw.cli.main", "aiortc": "bench.stock_agent"}


@dataclass(frozen=True, slots=True)
class WholePath:
    """One agent with one link to one visitor."""

    agent_pid: int
    visitor: Child

    async def download(self, path: str, megabytes: int) -> Figures:
        """The agent sends, the visitor receives."""
        return await self._transfer({"do": "get", "path": path}, megabytes, sender="agent")

    async def upload(self, path: str, megabytes: int) -> Figures:
        """The visitor sends, the agent receives."""
        command = {"do": "post", "path": path, "bytes": megabytes * MB}
        return await self._transfer(command, megabytes, sender="visitor")

    async def _transfer(self, command: dict[str, Any], megabytes: int, *, sender: str) -> Figures:
        before_s = self._clocks(sender)
        reply = await self.visitor.ask(command, timeout_s=30 + megabytes / SLOWEST_MB_PER_S)
        after_s = self._clocks(sender)
        if reply["status"] != 200 or reply["bytes"] != megabytes * MB:
            raise P2clawError(f"{command} got {reply}", code="bench-child")
        return Figures.of(megabytes, megabytes / reply["seconds"], before_s, after_s)

    def _clocks(self, sender: str) -> tuple[float, float]:
        agent_s, visitor_s = cpu_s(self.agent_pid), cpu_s(self.visitor.pid)
        return (agent_s, visitor_s) if sender == "agent" else (visitor_s, agent_s)


def write_file(folder: Path, name: str, megabytes: float) -> None:
    """A file of random bytes below `www`, which nginx serves."""
    www = folder / "www"
    www.mkdir(exist_ok=True)
    with (www / name).open("wb") as file:
        left_bytes = int(megabytes * MB)
        while left_bytes:
            left_bytes -= file.write(os.urandom(min(left_bytes, MB)))


@contextlib.asynccontextmanager
async def files_of_nginx(folder: Path) -> AsyncIterator[str]:
    """Serve folder/www; the URL. A connection lasts, so that none is made while it is measured.

    The same files are below `/paced/`, at `PACED_MB_PER_S` for each request.
    """
    paced = f"location /paced/ {{ alias {folder}/www/; limit_rate {PACED_MB_PER_S}m; }}"
    async with nginx(folder, requests_a_connection=1_000_000, locations=paced) as port:
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def bench_folder() -> Iterator[Path]:
    """A folder for the files and logs of one bench, gone after it."""
    with tempfile.TemporaryDirectory(prefix="p2claw-bench-") as name:
        yield Path(name)


@contextlib.asynccontextmanager
async def both_paths(files: Mapping[str, float]) -> AsyncIterator[dict[str, WholePath]]:
    """The whole path twice, beside each other, by plane, before one nginx.

    files: what it serves, by name, in megabytes.
    """
    with bench_folder() as folder:
        for file, megabytes in files.items():
            write_file(folder, file, megabytes)
        async with (
            files_of_nginx(folder) as upstream,
            whole_path(folder, "p2claw", upstream) as ours,
            whole_path(folder, "aiortc", upstream) as stock,
        ):
            yield {"p2claw": ours, "aiortc": stock}


@contextlib.asynccontextmanager
async def whole_path(folder: Path, plane: str, upstream: str) -> AsyncIterator[WholePath]:
    """Start all of it on one plane, `p2claw` or `aiortc`, and end it again. folder: its logs."""
    home = folder / plane
    home.mkdir()
    async with (
        stack(home, program=PROGRAMS[plane]) as running,
        contextlib.AsyncExitStack() as ends,
    ):
        app = await running.expose("bench", upstream)
        visitor = await Child.start("bench.visitor_child", app.url, running.edge, plane)
        ends.push_async_callback(visitor.end)
        await visitor.receive()
        yield WholePath(running.agent_pid, visitor)
