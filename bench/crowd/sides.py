"""Who serves the same files to a crowd: p2claw's agent, nginx and Caddy.

All are in one namespace with the nginx that has the files, all visitors in another, and between
them each visitor has an emulated line of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from bench.path import bench_folder, files_of_nginx
from bench.processes import Child
from bench.proxies import PROXIES
from bench.scale.plan import PLANES
from bench.wan.network import SENDER_ADDRESS, Direction, network
from tests.e2e.stack import stack
from tests.lab.host import host

# 16 Mbit/s, 30 ms there and back, 0.1 %, a queue of 60 ms: a line at home. port_offset: of the
# visitor's port, which is the destination there and the source of what goes back.
THERE = Direction(16, 15, 120_000, 0.1, port_offset=2)
BACK = Direction(16, 15, 120_000, port_offset=0)

# docs/dataplane/STATISTICS.md, `udp`
COUNTS = ("wakes", "reads", "sends", "datagrams_in", "datagrams_out")


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
async def sides(files: dict[str, bytes], peers: tuple[str, ...]) -> AsyncIterator[Sides]:
    """files: what is served, by name. peers: some of PROXIES.

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
        whole = await ends.enter_async_context(
            here.hold(stack(folder, program=PLANES["p2claw"], listens_at="0.0.0.0"))
        )
        app = await here.run(whole.expose("bench", upstream))
        edge = f"http://{SENDER_ADDRESS}:{whole.port}"

        async def port() -> dict[str, int]:
            links = (await here.run(whole.ask("GET", "/v1/sessions")))["sessions"]
            return {name: links[0]["udp"][name] for name in COUNTS} if links else {}

        async def none() -> dict[str, int]:
            return {}

        served: list[tuple[str, int, int | None, tuple[str, ...]]] = [
            ("p2claw", whole.agent_pid, whole.server_pid, (app.url, edge))
        ]
        for peer in peers:
            running = PROXIES[peer](folder / peer, upstream, SENDER_ADDRESS)
            proxy = await ends.enter_async_context(here.hold(running))
            url = f"https://{SENDER_ADDRESS}:{proxy.port}"
            served.append((peer, proxy.pids[-1], None, (url,)))
        made = []
        for name, pid, coordinator, arguments in served:
            within = joined.inside(joined.receiver)
            child = await Child.start("bench.crowd.audience", *arguments, within=within)
            ends.push_async_callback(child.end)
            counts = none if coordinator is None else port
            made.append(Side(name, pid, coordinator, child, counts))
        yield Sides(joined.line_pid, made)
