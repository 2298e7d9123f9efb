"""An agent that many may visit, nginx behind it, and crowds of visitors in processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from bench.path import bench_folder, files_of_nginx
from bench.processes import Child, cpu_s
from bench.scale.plan import PLANES
from bench.scale.usage import Usage, machine_cpu_s, usage
from p2claw.errors import P2clawError
from tests.e2e.stack import stack

# How many introductions of one crowd are under way at once.
AT_ONCE = 8
OPEN_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Clocks:
    """Processor seconds: of the agent, of all visitors together, of everything on this machine."""

    agent_s: float
    crowds_s: float
    machine_s: float

    def percent_since(self, before: Clocks, seconds: float) -> dict[str, float]:
        """Percent of one core, by side. rest: of all else, nginx, server and strangers among it."""
        agent_s, crowds_s = self.agent_s - before.agent_s, self.crowds_s - before.crowds_s
        rest_s = self.machine_s - before.machine_s - agent_s - crowds_s
        shares = {"agent": agent_s, "crowds": crowds_s, "rest": rest_s}
        return {f"{who}_cpu_percent": round(100 * s / seconds, 2) for who, s in shares.items()}


@dataclass(frozen=True, slots=True)
class Scene:
    """agent_pid: whose memory and processor count. crowds: the processes of the visitors."""

    agent_pid: int
    crowds: list[Child]

    def agent(self) -> Usage:
        """Of the agent now."""
        return usage(self.agent_pid)

    def clocks(self) -> Clocks:
        """What each side has used of the processor until now."""
        return Clocks(
            agent_s=cpu_s(self.agent_pid),
            crowds_s=sum(cpu_s(crowd.pid) for crowd in self.crowds),
            machine_s=machine_cpu_s(),
        )

    async def all(self, command: dict[str, Any], *, timeout_s: float = 120) -> list[Any]:
        """Send every crowd the same at once; the replies in the order of the crowds."""
        asked = (crowd.ask(command, timeout_s=timeout_s) for crowd in self.crowds)
        return list(await asyncio.gather(*asked))

    async def open(self, visitors: int, *, at_once: int = AT_ONCE) -> None:
        """Share out so many visitors among the crowds. Raises P2clawError if one gets no link."""
        more, each = visitors % len(self.crowds), visitors // len(self.crowds)
        shares = [each + (number < more) for number in range(len(self.crowds))]
        replies = await asyncio.gather(
            *(
                crowd.ask(
                    {"do": "open", "visitors": share, "at_once": at_once}, timeout_s=OPEN_TIMEOUT_S
                )
                for crowd, share in zip(self.crowds, shares, strict=True)
            )
        )
        if failures := [reply["failures"] for reply in replies if reply["failures"]]:
            raise P2clawError(f"links did not open: {failures}", code="bench-links")

    async def get(self, path: str) -> None:
        """GET once on every link. Raises P2clawError where a link is lost."""
        replies = await self.all({"do": "get", "path": path}, timeout_s=OPEN_TIMEOUT_S)
        if failures := [reply["failures"] for reply in replies if reply["failures"]]:
            raise P2clawError(f"links were lost: {failures}", code="bench-links")

    async def close(self) -> None:
        """End all links."""
        await self.all({"do": "close"}, timeout_s=OPEN_TIMEOUT_S)


@contextlib.asynccontextmanager
async def scene(files: dict[str, bytes], *, crowds: int, plane: str) -> AsyncIterator[Scene]:
    """files: what nginx serves, by name. crowds: processes of visitors. plane: one of PLANES."""
    async with contextlib.AsyncExitStack() as ends:
        folder = ends.enter_context(bench_folder())
        (folder / "www").mkdir()
        for name, content in files.items():
            (folder / "www" / name).write_bytes(content)
        upstream = await ends.enter_async_context(files_of_nginx(folder))
        whole = await ends.enter_async_context(stack(folder, program=PLANES[plane]))
        app = await whole.expose("bench", upstream)
        children = []
        for _ in range(crowds):
            child = await Child.start("bench.scale.crowd", app.url, whole.edge)
            ends.push_async_callback(child.end)
            children.append(child)
        yield Scene(whole.agent_pid, children)
