"""Relays on hosts of their own, of which something becomes while a visit goes through one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.lab import services
from tests.lab.host import Host
from tests.lab.laboratory import Laboratory
from tests.lab.services import SECRET, TURN_PORT
from tests.lab.wiring import Line
from tests.support import namespaces
from tests.support.server import ServerProcess
from tests.support.turn import listening, turnserver

DEVICE = "eth0"
# Of a line that is too small for the visit: so much per second, and so long a queue.
SLOW_RATE, SLOW_BURST, SLOW_QUEUE = "300kbit", "5kb", "1500ms"
LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class LabRelay:
    """One coturn, and the host that has nothing else."""

    host: Host
    process: Process
    region: str = ""

    @property
    def option(self) -> str:
        """As `--relay` has it."""
        urls = [
            f"turn:{self.host.address}:{TURN_PORT}?transport={transport}"
            for transport in ("udp", "tcp")
        ]
        region = (f"region={self.region}",) if self.region else ()
        return ",".join((f"name={self.host.address}", *region, *urls))

    def kill(self) -> None:
        """The program dies without a word; its machine refuses what comes."""
        self.process.send_signal(signal.SIGKILL)

    def vanish(self) -> None:
        """The machine is gone: nothing refuses anything."""
        namespaces.ip("-n", self.host.name, "link", "set", DEVICE, "down")

    def slow(self) -> None:
        """Its line carries less than the visit needs, and all waits in a long queue."""
        tbf = ("tbf", "rate", SLOW_RATE, "burst", SLOW_BURST, "latency", SLOW_QUEUE)
        tc = namespaces.program("tc", "iproute2")
        inside = namespaces.inside(self.host.name)
        namespaces.run(*inside, tc, "qdisc", "add", "dev", DEVICE, "root", *tbf)

    def sent_bytes(self) -> int:
        """What it has sent so far."""
        (shown,) = json.loads(
            namespaces.ip("-n", self.host.name, "-json", "-stats", "link", "show", "dev", DEVICE)
        )
        return int(shown["stats64"]["tx"]["bytes"])


@contextlib.asynccontextmanager
async def segment_with_relays(
    lab: Laboratory, folder: Path, places: Sequence[tuple[str, Line]]
) -> AsyncIterator[tuple[ServerProcess, tuple[LabRelay, ...]]]:
    """The coordinator with its STUN server, and a relay in each place: its region, and its line."""
    async with AsyncExitStack() as ends:
        await ends.enter_async_context(lab.server.hold(services.relay(folder)))
        relays = []
        for number, (region, line) in enumerate(places):
            host = await lab.host(f"relay{number}", "none", line)
            own = folder / host.name
            own.mkdir()
            relays.append(await ends.enter_async_context(host.hold(_relay(host, own, region))))
        options = [word for relay in relays for word in ("--relay", relay.option)]
        coordinator = services.coordinator(lab.server, folder, *options, relays=False)
        yield await ends.enter_async_context(coordinator), tuple(relays)


async def busiest(relays: tuple[LabRelay, ...]) -> LabRelay:
    """The relay that the visit goes through just now."""
    before = [relay.sent_bytes() for relay in relays]
    await asyncio.sleep(LOOK_S)
    moved = [relay.sent_bytes() - was for relay, was in zip(relays, before, strict=True)]
    return relays[moved.index(max(moved))]


@contextlib.asynccontextmanager
async def _relay(host: Host, folder: Path, region: str) -> AsyncIterator[LabRelay]:
    running = turnserver(
        folder,
        *(f"--listening-ip={host.address}", f"--relay-ip={host.address}"),
        *(f"--listening-port={TURN_PORT}", "--use-auth-secret", f"--static-auth-secret={SECRET}"),
        *("--realm", "p2claw.test"),
    )
    async with running as process:
        await listening(host.address, TURN_PORT)
        yield LabRelay(host, process, region)
