"""The stage: one upstream, an nginx with files, and the servers before it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bench.path import bench_folder, files_of_nginx, write_file
from bench.processes import Child
from bench.proxies import PROXIES
from bench.serve.cases import CASES, FILES, Case
from bench.serve.h2load import Connections
from bench.serve.server import Server
from p2claw.errors import P2clawError
from tests.e2e.stack import stack

# A visitor that requests 1 KB a thousand times per second is a slow one.
REPLY_S = 120.0

__all__ = ["PROXIES", "scene"]


@contextlib.asynccontextmanager
async def scene(beside: Sequence[str], *, before: Path | None) -> AsyncIterator[list[Server]]:
    """Start all of it, and end it again. beside: names of PROXIES.

    before: a work tree whose agent is measured too, beside the one of this tree.
    """
    with bench_folder() as folder:
        for name, size_bytes in FILES.items():
            write_file(folder, name, size_bytes / 1e6)
        async with AsyncExitStack() as ends:
            upstream = await ends.enter_async_context(files_of_nginx(folder))
            servers = [await ends.enter_async_context(_agent(folder, "p2claw", upstream, None))]
            if before is not None:
                server = _agent(folder, "before", upstream, before.resolve())
                servers.append(await ends.enter_async_context(server))
            for name in beside:
                home = folder / name
                proxy = await ends.enter_async_context(PROXIES[name](home, upstream, "127.0.0.1"))
                servers.append(Server(name, proxy.pids, Connections(proxy.port, home).load))
            yield servers


@contextlib.asynccontextmanager
async def _agent(
    folder: Path, name: str, upstream: str, tree: Path | None
) -> AsyncIterator[Server]:
    """An agent and its coordinator, with one process of visitors per number of visitors."""
    home = folder / name
    home.mkdir()
    async with stack(home, tree=tree) as running, AsyncExitStack() as ends:
        app = await running.expose("bench", upstream)
        crowds: dict[int, Child] = {}
        for count in {case.visitors for case in CASES.values()}:
            crowd = await Child.start("bench.serve.visits", app.url, running.edge, str(count))
            ends.push_async_callback(crowd.end)
            await crowd.receive()
            crowds[count] = crowd

        async def load(case: Case, requests: int) -> list[float]:
            command = {"path": case.path, "parallel": case.parallel, "requests": requests}
            reply = await crowds[case.visitors].ask(command, timeout_s=REPLY_S)
            if reply["bytes"] != requests * case.bytes:
                raise P2clawError(f"{command} got {reply['bytes']} bytes", code="bench-child")
            return list(reply["ms"])

        yield Server(name, (running.agent_pid,), load)
