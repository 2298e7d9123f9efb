"""One flow over a network: a sender's process, a receiver's, and what arrived when."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers.child import BIN_S
from bench.processes import Child, cpu_s
from bench.wan.network import Network
from p2claw.errors import UsageError

NODE_PEERS = {"node-datachannel": "node_datachannel.mjs"}
PEERS = Path(__file__).parents[1] / "peers"
OPEN_TIMEOUT_S = 40  # what the ends allow themselves, and the start of an interpreter
START_SLACK_S = 15
PRIORITY = 1  # of real-time ones; the emulator has 2


@dataclass(frozen=True, slots=True)
class Flown:
    """began: when the first message was given to the stack. bytes: in each BIN_S from then on.

    stats, samples: what the sender's stack reports, at the end and on the way; a sample also has
    mb_per_s, what arrived since the one before.
    receiver_drops: datagrams that found its socket full.
    """

    began: float
    bytes: list[int]
    stats: dict[str, Any]
    samples: list[dict[str, Any]]
    sender_cpu_s: float
    receiver_cpu_s: float
    receiver_drops: int

    @property
    def total_bytes(self) -> int:
        return sum(self.bytes)

    def between(self, start: float, end: float) -> int:
        """Bytes that arrived between two times of the clock of `began`."""
        return sum(
            size
            for number, size in enumerate(self.bytes)
            if start <= self.began + number * BIN_S < end
        )


class Flow:
    """Open it, then let it `run` once."""

    def __init__(self, stack: str, sender: Child, receiver: Child) -> None:
        self.stack = stack
        self._sender = sender
        self._receiver = receiver

    @classmethod
    async def open(
        cls, stack: str, made: Network, ends: contextlib.AsyncExitStack, *, real_time: bool
    ) -> Flow:
        """Start both processes and connect them. They end with `ends`.

        real_time: before all else on this machine, whose load is then no part of what is measured.
        """
        receiver_stack = "wrtc" if stack in NODE_PEERS else stack
        receiver = await Child.start(
            *("bench.peers.child", "receive", receiver_stack), within=made.inside(made.receiver)
        )
        ends.push_async_callback(receiver.end)
        inside = made.inside(made.sender)
        if stack in NODE_PEERS:
            program = PEERS / NODE_PEERS[stack]
            if not (PEERS / "node_modules").exists():
                raise UsageError(
                    f"{stack} is not installed", code="peer-missing", hint="Run `make bench-wan`"
                )
            sender = await Child.start_program("node", str(program), within=inside)
        else:
            sender = await Child.start("bench.peers.child", "send", stack, within=inside)
        ends.push_async_callback(sender.end)
        if real_time:
            for child in (sender, receiver):
                os.sched_setscheduler(child.pid, os.SCHED_RR, os.sched_param(PRIORITY))
        reply = await receiver.ask(await sender.receive(), timeout_s=OPEN_TIMEOUT_S)
        sender.send(reply)
        await sender.receive(timeout_s=OPEN_TIMEOUT_S)
        await receiver.receive(timeout_s=OPEN_TIMEOUT_S)
        return cls(stack, sender, receiver)

    async def run(self, seconds: float, *, sample_s: float = 0) -> Flown:
        """Send for so long. sample_s: how often to note what the stack reports; 0: never."""
        children = (self._sender, self._receiver)
        before = [cpu_s(child.pid) for child in children]
        drops = _datagrams_dropped(self._receiver.pid)
        began = (await self._sender.ask({"seconds": seconds, "sample_s": sample_s}))["began"]
        self._receiver.send({"began": began, "seconds": seconds})
        report = await self._sender.receive(timeout_s=seconds + START_SLACK_S)
        arrived = await self._receiver.receive(timeout_s=START_SLACK_S)
        after = [cpu_s(child.pid) for child in children]
        return Flown(
            began=began,
            bytes=arrived["bytes"],
            stats=report["stats"],
            samples=_with_rates(report["samples"], arrived["bytes"]),
            sender_cpu_s=after[0] - before[0],
            receiver_cpu_s=after[1] - before[1],
            receiver_drops=_datagrams_dropped(self._receiver.pid) - drops,
        )


def _with_rates(samples: list[dict[str, Any]], bins: list[int]) -> list[dict[str, Any]]:
    before = 0
    for sample in samples:
        number = round(sample["at_s"] / BIN_S)
        if number > before:
            sample["mb_per_s"] = round(
                sum(bins[before:number]) / (number - before) / BIN_S / 1e6, 2
            )
        before = number
    return samples


def _datagrams_dropped(pid: int) -> int:
    """Datagrams that found a full socket in the namespace of a process (proc(5), net/snmp)."""
    names, values = (
        line.split()
        for line in Path(f"/proc/{pid}/net/snmp").read_text().splitlines()
        if line.startswith("Udp:")
    )
    return int(values[names.index("RcvbufErrors")])
