"""The stage: one upstream, an nginx with files, and the servers before it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bench.path import bench_folder, files_of_nginx, write_file
from bench.port import port_counts
from bench.processes import Child
from bench.proxies import PROXIES
from bench.serve.browsers import Pages, browser_of, write_page
from bench.serve.cases import FILES, Case
from bench.serve.h2load import Connections
from bench.serve.server import Load, Server
from p2claw.errors import P2clawError
from tests.e2e.stack import stack
from tests.support.browser import Browser, Within

# A visitor that requests 1 KB a thousand times per second is a slow one.
REPLY_S = 120.0

__all__ = ["PROXIES", "scene"]


@contextlib.asynccontextmanager
async def scene(
    beside: Sequence[str], cases: Sequence[Case], *, before: Path | None
) -> AsyncIterator[list[Server]]:
    """Start all that the cases need, and end it again. beside: names of PROXIES.

    before: a work tree whose agent is measured too, beside the one of this tree.
    """
    with bench_folder() as folder:
        for name in {case.file for case in cases}:
            write_file(folder, name, FILES[name] / 1e6)
        async with AsyncExitStack() as ends:
            upstream = await ends.enter_async_context(files_of_nginx(folder))
            write_page(folder)
            browsers: dict[str, Browser] = {}
            for case in cases:
                if case.by != "visitors" and case.by not in browsers:
                    browser = browser_of(case.by, folder)
                    browsers[case.by] = await ends.enter_async_context(browser)
            counts = {case.visitors for case in cases if case.by == "visitors"}
            trees = {"p2claw": None} if before is None else {"p2claw": None, "before": before}
            servers = []
            for name, tree in trees.items():
                agent = _agent(folder / name, upstream, tree, counts, browsers)
                servers.append(await ends.enter_async_context(agent))
            for name in beside:
                home = folder / name
                proxy = await ends.enter_async_context(PROXIES[name](home, upstream, "127.0.0.1"))
                by_h2load = Connections(proxy.port, home).load
                pages = _pages(browsers, f"https://localhost:{proxy.port}", "top")
                servers.append(Server(name, proxy.pids, _by(by_h2load, pages)))
            yield servers


@contextlib.asynccontextmanager
async def _agent(
    home: Path,
    upstream: str,
    tree: Path | None,
    counts: Iterable[int],
    browsers: Mapping[str, Browser],
) -> AsyncIterator[Server]:
    """An agent and its coordinator, with one process of visitors per number of visitors."""
    home.mkdir()
    async with (
        stack(home, tree=tree and tree.resolve()) as running,
        AsyncExitStack() as ends,
    ):
        app = await running.expose("bench", upstream)
        crowds: dict[int, Child] = {}
        for count in counts:
            crowd = await Child.start("bench.serve.visits", app.url, running.edge, str(count))
            ends.push_async_callback(crowd.end)
            await crowd.receive()
            crowds[count] = crowd

        async def by_visitors(case: Case, requests: int) -> list[float]:
            command = {"path": case.path, "parallel": case.parallel, "requests": requests}
            reply = await crowds[case.visitors].ask(command, timeout_s=REPLY_S)
            if reply["bytes"] != requests * case.bytes:
                raise P2clawError(f"{command} got {reply['bytes']} bytes", code="bench-child")
            return list(reply["ms"])

        pages = _pages(browsers, app.url, "app")
        load = _by(by_visitors, pages)
        yield Server(home.name, (running.agent_pid,), load, lambda: port_counts(running))


def _pages(browsers: Mapping[str, Browser], url: str, within: Within) -> dict[str, Load]:
    return {by: Pages(browser, url, within).load for by, browser in browsers.items()}


def _by(visitors: Load, pages: Mapping[str, Load]) -> Load:
    """As a case says who asks."""
    loads = {"visitors": visitors, **pages}

    async def load(case: Case, requests: int) -> Sequence[float]:
        return await loads[case.by](case, requests)

    return load
