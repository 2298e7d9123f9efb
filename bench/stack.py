"""Coordinator, edge and agent as processes in a folder of their own, with one app exposed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

START_TIMEOUT_S = 30
DRAIN_S = 1
END_TIMEOUT_S = 15


@dataclass(frozen=True, slots=True)
class Stack:
    """url: of the app. edge: where the development edge listens. agent_pid: whose CPU counts."""

    url: str
    edge: str
    agent_pid: int


@contextlib.asynccontextmanager
async def stack(
    folder: Path, *, app: str, upstream: str, edge_port: int, program: str = "p2claw.cli.main"
) -> AsyncIterator[Stack]:
    """Start everything, wait until the app is announced, and end everything again.

    program: the module that is run as `server --listen …` and as `run --coordinator …`.
    """
    edge = f"http://127.0.0.1:{edge_port}"
    env = {**os.environ, "P2CLAW_HOME": str(folder / "home")}
    async with contextlib.AsyncExitStack() as ends:
        log = ends.enter_context((folder / "stack.log").open("wb"))

        async def start(*argv: str) -> Process:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", program, *argv),
                env=env,
                stdout=log,
                stderr=log,
                process_group=0,  # Ctrl-C reaches the bench alone, which ends it
            )
            ends.push_async_callback(_end, process)
            return process

        listen = f"127.0.0.1:{edge_port}"
        await start("server", "--listen", listen, "--data", str(folder / "server"))
        agent = await start("run", "--coordinator", edge)
        url = await _expose(env, app, upstream, folder / "stack.log")
        yield Stack(url=url, edge=edge, agent_pid=agent.pid)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _expose(env: dict[str, str], app: str, upstream: str, log: Path) -> str:

    deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
    while asyncio.get_running_loop().time() < deadline:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "p2claw.cli.main", "expose", app, upstream, "--json"),
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        out, _ = await process.communicate()
        url = json.loads(out).get("url") if process.returncode == 0 else None
        if url:
            return str(url)
        await asyncio.sleep(0.3)
    raise RuntimeError(f"the app was not announced; see {log}:\n{log.read_text()[-2000:]}")


async def _end(process: Process) -> None:
    """Ask, ask again, and make an end of it. An agent lets requests finish until asked again."""
    for patience_s in (DRAIN_S, END_TIMEOUT_S):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience_s)
    if process.returncode is None:
        process.kill()
        await process.wait()
