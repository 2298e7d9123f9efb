"""Two network namespaces joined by an emulated line (link.c), with nothing else in them.

Whatever happens, they are gone afterwards; what a killed process left is swept by the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from p2claw.errors import UsageError

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
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Direction:
    """What the line does to packets one way. 0: no limit, or never. Chances are in percent.

    queue_bytes: what may wait for the line, drop-tail. largest_bytes: larger packets vanish.
    """

    rate_mbit: float = 0
    delay_ms: float = 0
    queue_bytes: int = 0
    loss_percent: float = 0
    reorder_percent: float = 0
    reorder_ms: float = 0
    largest_bytes: int = 0

    def argument(self) -> str:
        return (
            f"{self.rate_mbit:g},{self.delay_ms * 1000:g},{self.queue_bytes},{self.loss_percent:g},"
            f"{self.reorder_percent:g},{self.reorder_ms * 1000:g},{self.largest_bytes}"
        )


@dataclass(frozen=True, slots=True)
class Network:
    """sender, receiver: names of the namespaces. counts: of link.c, once the network is gone."""

    sender: str
    receiver: str
    counts: dict[str, Any] = field(default_factory=dict)

    def inside(self, namespace: str) -> tuple[str, ...]:
        """What to write before a command so that it runs there; the process stays the same."""
        return (*_ip(), "netns", "exec", namespace)


@contextlib.asynccontextmanager
async def network(there: Direction, back: Direction, *, seed: int) -> AsyncIterator[Network]:
    """Join a sender's namespace and a receiver's.

    Raises UsageError: `root-needed`, `tun-missing`, `iproute2-missing`, `compiler-missing`,
    `network-failed`.
    """
    program = prepare()
    stem = f"{NAME_PREFIX}{os.getpid()}-{next(_numbers)}"
    made = Network(sender=f"{stem}-s", receiver=f"{stem}-r")
    process: Process | None = None
    try:
        for namespace in (made.sender, made.receiver):
            _run("netns", "add", namespace)
            _run("-n", namespace, "link", "set", "lo", "up")
        process = await asyncio.create_subprocess_exec(
            *(str(program), made.sender, made.receiver, str(MTU_BYTES), str(seed)),
            *(there.argument(), back.argument()),
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,  # Ctrl-C is for us: the line ends when we say so
        )
        await _heard(process)
        _address(made.sender, SENDER_ADDRESS)
        _address(made.receiver, RECEIVER_ADDRESS)
        yield made
    finally:
        try:
            if process is not None:
                made.counts.update(await _ended(process))
        finally:
            for namespace in (made.sender, made.receiver):
                _remove(namespace)


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
    _ip()
    _sweep()
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


def _sweep() -> None:
    """Remove the namespaces of processes that are no more."""
    listed = _run("netns", "list").split()
    for name in (word for word in listed if word.startswith(NAME_PREFIX)):
        pid = name.removeprefix(NAME_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            _remove(name)


def _address(namespace: str, own: str) -> None:
    # Without link-local addresses the kernel says nothing of its own on the line.
    _run("-n", namespace, "link", "set", DEVICE, "addrgenmode", "none")
    _run(
        *("-n", namespace, "link", "set", DEVICE, "mtu", str(MTU_BYTES)),
        *("txqueuelen", str(DEVICE_QUEUE_PACKETS), "up"),
    )
    _run("-n", namespace, "address", "add", f"{own}/30", "dev", DEVICE)


async def _heard(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), READY_TIMEOUT_S)
    if not line:
        raise UsageError(
            f"the emulated line ended with {await process.wait()}", code="network-failed"
        )
    answer: dict[str, Any] = json.loads(line)
    return answer


async def _ended(process: Process) -> dict[str, Any]:
    """Ends the emulator, for sure, and gives what it counted."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        counts = await _heard(process) if process.returncode is None else {}
        await asyncio.wait_for(process.wait(), END_TIMEOUT_S)
        return counts
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _remove(namespace: str) -> None:
    subprocess.run([*_ip(), "netns", "delete", namespace], capture_output=True, check=False)


def _run(*arguments: str) -> str:
    done = subprocess.run([*_ip(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(
            f"`ip {' '.join(arguments)}` said: {done.stderr.strip()}", code="network-failed"
        )
    return done.stdout


def _ip() -> tuple[str]:
    program = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        raise UsageError("there is no `ip`", code="iproute2-missing", hint="Install iproute2")
    return (program,)
