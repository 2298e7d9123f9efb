"""Two boxes, each with its coordinator and an app that is attacked; one has a neighbour."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.hostile.cores import Cores
from bench.path import bench_folder
from bench.processes import Child
from p2claw.link.ice.host_addresses import host_addresses
from tests.e2e.apps.foreign import free_port
from tests.e2e.stack import Stack


@dataclass(frozen=True, slots=True)
class Box:
    """attacked: the URL of the app that is. udp_port: of all its links."""

    name: str
    stack: Stack
    attacked: str
    udp_port: int

    async def refused(self) -> dict[str, int]:
        """How often the box has refused something so far, by what."""
        status = await self.stack.ask("GET", "/v1/status")
        return {
            f"{what}/{why}": count
            for what, counts in status["refused"].items()
            for why, count in counts.items()
        }


@dataclass(frozen=True, slots=True)
class Scene:
    """here: the box of the neighbour."""

    here: Box
    elsewhere: Box
    neighbour: Child

    def path_of_neighbour(self, box: Box, path: dict[str, Any]) -> str:
        """The addresses to be forged, as the attacker is given them."""
        return json.dumps({"own": path["own"], "box": (path["box"][0], box.udp_port)})


@contextlib.asynccontextmanager
async def scene(cores: Cores) -> AsyncIterator[Scene]:
    """All of it, each process on its core."""
    async with contextlib.AsyncExitStack() as running:
        here = await _box(running, "here", cores)
        elsewhere = await _box(running, "elsewhere", cores)
        cores.box(here.stack.agent_pid, here.stack.server_pid)
        cores.behind(elsewhere.stack.agent_pid, elsewhere.stack.server_pid)
        visited_app = await _app(running)
        visited = await here.stack.expose("bench", visited_app[0])
        neighbour = await Child.start("bench.hostile.neighbour", visited.url, here.stack.edge)
        running.push_async_callback(neighbour.end)
        cores.others(visited_app[1].pid, neighbour.pid)
        await neighbour.receive()
        yield Scene(here, elsewhere, neighbour)


async def _box(running: contextlib.AsyncExitStack, name: str, cores: Cores) -> Box:
    folder: Path = running.enter_context(bench_folder())
    made = Stack(folder, free_port())
    running.push_async_callback(made.end_all)
    await made.start_server()
    # So that it can be dialled. A forger needs IPv4.
    host = next(one.host for one in host_addresses() if ":" not in one.host)
    udp_port = free_port()
    await made.start_agent("--public-address", host, "--udp-port", str(udp_port))
    url, app = await _app(running)
    cores.behind(app.pid)
    return Box(name, made, (await made.expose("hog", url)).url, udp_port)


async def _app(running: contextlib.AsyncExitStack) -> tuple[str, Child]:
    child = await Child.start("bench.hostile.upstream")
    running.push_async_callback(child.end)
    return (await child.receive())["url"], child
