"""Two network namespaces joined by an emulated line (link.c), with nothing else in them.

Whatever happens, they are gone afterwards; what a killed process left is swept by the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from p2claw.errors import UsageError
from tests.support import namespaces

SOURCE = Path(__file__).with_name("link.c")
BUILT = Path(__file__).parents[2] / "build" / "bench" / "wan-link"
DEVICE = "wan0"
SENDER_ADDRESS, RECEIVER_ADDRESS = "10.99.0.1", "10.99.0.2"
NAME_PREFIX = "p2claw-wan-"
# More than a full-size queue and flight of any line here: what waits, waits in the emulator.
DEVICE_QUEUE_PACKETS = 20_000
MTU_BYTES = 1500
READY_TIMEOUT_S = 10
END_TIMEOUT_S = 5


@dataclass(frozen=True, slots=True)
class Direction:
    """What the line does to packets one way. 0: no limit, or never. Chances are in percent.

    queue_bytes: what may wait for the line, drop-tail. largest_bytes: larger packets vanish.
    port_offset: where in the header of UDP or TCP the port is that has a line of its own, 0 or 2;
    -1: everything goes through one.
    """

    rate_mbit: float = 0
    delay_ms: float = 0
    queue_bytes: int = 0
    loss_percent: float = 0
    reorder_percent: float = 0
    reorder_ms: float = 0
    largest_bytes: int = 0
    port_offset: int = -1

    def argument(self) -> str:
        return (
            f"{self.rate_mbit:g},{self.delay_ms * 1000:g},{self.queue_bytes},{self.loss_percent:g},"
            f"{self.reorder_percent:g},{self.reorder_ms * 1000:g},{self.largest_bytes},"
            f"{self.port_offset}"
        )


@dataclass(frozen=True, slots=True)
class Network:
    """sender, receiver: names of the namespaces. counts: of link.c, once the network is gone.

    line_pid: of the emulator.
    """

    sender: str
    receiver: str
    counts: dict[str, Any] = field(default_factory=dict)
    line_pid: int = 0

    def inside(self, namespace: str) -> tuple[str, ...]:
        """What to write before a command so that it runs there; the process stays the same."""
        return namespaces.inside(namespace)


@contextlib.asynccontextmanager
async def network(there: Direction, back: Direction, *, seed: int) -> AsyncIterator[Network]:
    """Join a sender's namespace and a receiver's.

    Raises UsageError: `root-needed`, `tun-missing`, `iproute2-missing`, `compiler-missing`,
    `network-failed`.
    """
    prepare()
    stem = namespaces.stem(NAME_PREFIX)
    made = Network(sender=f"{stem}-s", receiver=f"{stem}-r")
    try:
        for namespace in (made.sender, made.receiver):
            namespaces.add(namespace)
        line = emulated_line(made.sender, made.receiver, there, back, seed=seed, counts=made.counts)
        async with line as line_pid:
            _address(made.sender, SENDER_ADDRESS)
            _address(made.receiver, RECEIVER_ADDRESS)
            yield replace(made, line_pid=line_pid)
    finally:
        for namespace in (made.sender, made.receiver):
            namespaces.remove(namespace)


@contextlib.asynccontextmanager
async def emulated_line(
    left: str,
    right: str,
    there: Direction,
    back: Direction,
    *,
    seed: int = 1,
    counts: dict[str, Any] | None = None,
) -> AsyncIterator[int]:
    """Join two namespaces by the emulator: a device DEVICE in each, without addresses, down.

    Yields its pid. counts: filled with what happened to the packets, at the end. Raises as
    `network`.
    """
    process = await asyncio.create_subprocess_exec(
        *(str(prepare()), left, right, str(MTU_BYTES), str(seed)),
        *(there.argument(), back.argument()),
        stdin=PIPE,
        stdout=PIPE,
        start_new_session=True,  # Ctrl-C is for us: the line ends when we emit so
    )
    try:
        await _received(process)
        yield process.pid
    finally:
        counted = await _ended(process)
        if counts is not None:
            counts.update(counted)


def prepare() -> Path:
    """Check that it can work here, sweep, and compile the emulator where it is older than its
    source. Returns the program. Raises UsageError as `network` does."""
    if os.geteuid() != 0:
        raise UsageError(
            "network namespaces need root", code="root-needed", hint="Run it with sudo"
        )
    if not Path("/dev/net/tun").exists():
        raise UsageError(
            "there is no /dev/net/tun", code="tun-missing", hint="Load the kernel module tun"
        )
    namespaces.sweep(NAME_PREFIX)
    if BUILT.exists() and BUILT.stat().st_mtime >= SOURCE.stat().st_mtime:
        return BUILT
    compiler = shutil.which("cc")
    if compiler is None:
        raise UsageError("there is no C compiler", code="compiler-missing", hint="Install gcc")
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT.parent) as folder:
        fresh = Path(folder) / "link"
        subprocess.run([compiler, "-std=c11", "-O2", "-o", fresh, SOURCE], check=True)
        fresh.replace(BUILT)
    return BUILT


def _address(namespace: str, own: str) -> None:
    # Without link-local addresses the kernel says nothing of its own on the line.
    namespaces.ip("-n", namespace, "link", "set", DEVICE, "addrgenmode", "none")
    namespaces.ip(
        *("-n", namespace, "link", "set", DEVICE, "mtu", str(MTU_BYTES)),
        *("txqueuelen", str(DEVICE_QUEUE_PACKETS), "up"),
    )
    namespaces.ip("-n", namespace, "address", "add", f"{own}/30", "dev", DEVICE)


async def _received(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), READY_TIMEOUT_S)
    if not line:
        raise UsageError(
            f"the emulated line ended with {await process.wait()}", code="network-failed"
        )
    reply: dict[str, Any] = json.loads(line)
    return reply


async def _ended(process: Process) -> dict[str, Any]:
    """Ends the emulator, for sure, and gives what it counted."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        counts = await _received(process) if process.returncode is None else {}
        await asyncio.wait_for(process.wait(), END_TIMEOUT_S)
        return counts
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
