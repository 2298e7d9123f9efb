"""Who serves the same files to a crowd: p2claw's agent, perhaps an earlier one, nginx and Caddy.

All are in one namespace with the nginx that has the files, all visitors in another, and between
them each visitor has an emulated line of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bench.path import bench_folder, files_of_nginx
from bench.port import no_port, port_counts
from bench.processes import Child
from bench.proxies import PROXIES
from bench.scale.plan import PLANES
from bench.wan.network import SENDER_ADDRESS, Direction, network
from tests.e2e.stack import Stack, stack
from tests.lab.host import Host, host

# 16 Mbit/s, 30 ms there and back, 0.1 %, a queue of 60 ms: a line at home. port_offset: of the
# visitor's port, which is the destination there and the source of what goes back.
THERE = Direction(16, 15, 120_000, 0.1, port_offset=2)
BACK = Direction(16, 15, 120_000, port_offset=0)


@dataclass(frozen=True, slots=True)
class Side:
    """One that serves. pid: whose processor seconds count. coordinator: who introduces, or None.

    audience: the process of all who visit it. port: counts of the agent's UDP port, by name; empty
    where there is none, or no link.
    """

    name: str
    pid: int
    coordinator: int | None
    audience: Child
    port: Callable[[], Awaitable[dict[str, int]]]


@dataclass(frozen=True, slots=True)
class Sides:
    """line_pid: of the emulator of all lines."""

    line_pid: int
    all: list[Side]


@contextlib.asynccontextmanager
async def sides(
    files: dict[str, bytes], peers: tuple[str, ...], *, before: Path | None
) -> AsyncIterator[Sides]:
    """files: what is served, by name. peers: some of PROXIES.

    before: a work tree whose agent is measured too, visited by this tree's visitors.

    Raises UsageError, and what `network` raises.
    """
    async with contextlib.AsyncExitStack() as ends:
        folder = ends.enter_context(bench_folder())
        (folder / "www").mkdir()
        for name, content in files.items():
            (folder / "www" / name).write_bytes(content)
        joined = await ends.enter_async_context(network(THERE, BACK, seed=1))
        here = await ends.enter_async_context(host(joined.sender, SENDER_ADDRESS))
        upstream = await ends.enter_async_context(here.hold(files_of_nginx(folder)))

        async def seated(*arguments: str) -> Child:
            within = joined.inside(joined.receiver)
            child = await Child.start("bench.crowd.audience", *arguments, within=within)
            ends.push_async_callback(child.end)
            return child

        made = []
        for name, tree in (("p2claw", None), ("before", before)):
            if name == "before" and tree is None:
                continue
            home = folder / name
            home.mkdir()
            running = stack(home, program=PLANES["p2claw"], listens_at="0.0.0.0", tree=tree)
            whole = await ends.enter_async_context(here.hold(running))
            app = await here.run(whole.expose("bench", upstream))
            child = await seated(app.url, f"http://{SENDER_ADDRESS}:{whole.port}")
            made.append(
                Side(name, whole.agent_pid, whole.server_pid, child, _counts_of(here, whole))
            )
        for peer in peers:
            serving = PROXIES[peer](folder / peer, upstream, SENDER_ADDRESS)
            proxy = await ends.enter_async_context(here.hold(serving))
            child = await seated(f"https://{SENDER_ADDRESS}:{proxy.port}")
            made.append(Side(peer, proxy.pids[-1], None, child, no_port))
        yield Sides(joined.line_pid, made)


def _counts_of(here: Host, whole: Stack) -> Callable[[], Awaitable[dict[str, int]]]:
    return lambda: here.run(port_counts(whole))
