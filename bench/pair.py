"""Two bare channels' ends joined, and transfers between them measured from outside."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bench.figures import MB, Figures
from bench.processes import Child, cpu_s
from p2claw.errors import UsageError

# Both sides' windows are open and their code is warm after this.
WARM_UP_MB = 4
# Slower than any stack is on the busiest machine: what takes longer hangs.
SLOWEST_MB_PER_S = 0.5


@dataclass(frozen=True, slots=True)
class Pair:
    """sender, receiver: each one end, in a process of its own."""

    sender: Child
    receiver: Child

    async def transfer(self, megabytes: int) -> Figures:
        """Send so much; the processor time is of this transfer alone."""
        before_s = cpu_s(self.sender.pid), cpu_s(self.receiver.pid)
        await self.receiver.ask({"do": "receive", "bytes": megabytes * MB})
        self.sender.send({"do": "send", "bytes": megabytes * MB})
        reply = await self.receiver.receive(timeout_s=30 + megabytes / SLOWEST_MB_PER_S)
        await self.sender.receive()
        after_s = cpu_s(self.sender.pid), cpu_s(self.receiver.pid)
        return Figures.of(megabytes, reply["mb_per_s"], before_s, after_s)


@contextlib.asynccontextmanager
async def pair(stack: str) -> AsyncIterator[Pair]:
    """The sender and the receiver of a stack, joined and warmed up."""
    async with contextlib.AsyncExitStack() as ends:
        sender = await Child.start("bench.peers.bare_channel", "send", stack)
        ends.push_async_callback(sender.end)
        receiver = await Child.start("bench.peers.bare_channel", "receive", stack)
        ends.push_async_callback(receiver.end)
        sender.send(await receiver.ask(await sender.receive()))
        await sender.receive()
        await receiver.receive()
        joined = Pair(sender, receiver)
        await joined.transfer(WARM_UP_MB)
        yield joined


def need_wrtc() -> None:
    """Raises UsageError `wrtc-missing` where it is not installed."""
    if importlib.util.find_spec("webrtc") is None:
        raise UsageError(
            "wrtc is not installed",
            code="wrtc-missing",
            hint="Run `pip install --constraint constraints.txt '.[bench]'`, or `make build`",
        )
