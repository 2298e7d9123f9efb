"""A real coturn for one test: its own process, ports and user, nothing of the system's service."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from p2claw.wire.signalling import IceServer

TURNSERVER = shutil.which("turnserver", path="/usr/bin:/usr/sbin:/usr/local/bin:/opt/homebrew/bin")
START_S = 15.0
STOP_S = 10.0
LOG = "turn.log"


@dataclass(frozen=True, slots=True)
class Coturn:
    """address: it listens for UDP and TCP on one port there. log: what it has written."""

    address: str
    port: int
    log: Path

    def server(self, *urls: str, credential: str = "right") -> IceServer:
        """An ICE server with these URLs, `{turn}` standing for where this one listens."""
        listed = urls or ("turn:{turn}",)
        turn = f"{self.address}:{self.port}"
        return IceServer(tuple(url.format(turn=turn) for url in listed), "visitor", credential)


@contextlib.asynccontextmanager
async def coturn(folder: Path) -> AsyncIterator[Coturn]:
    """Start a turnserver that relays for one user, and end it again."""
    address, port = _own_address(), _free_port()
    options = (f"--listening-ip={address}", f"--relay-ip={address}", f"--listening-port={port}")
    user = ("--lt-cred-mech", "--user", "visitor:right", "--realm", "p2claw.test")
    async with turnserver(folder, *options, *user):
        await listening(address, port)
        yield Coturn(address, port, folder / LOG)


@contextlib.asynccontextmanager
async def turnserver(
    folder: Path, *options: str, cli: bool = False
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A turnserver of its own files, without its configuration; ended at the end of the block, if
    it runs still.

    cli: with its command line, as options say.
    """
    assert TURNSERVER is not None, "coturn is not installed: run `make test`"
    process = await asyncio.create_subprocess_exec(
        *(TURNSERVER, "-c", "/dev/null", "--no-tls", "--no-dtls"),
        *(() if cli else ("--no-cli",)),
        *("--allow-loopback-peers", *options),
        *(f"--log-file={folder / LOG}", "--simple-log", f"--pidfile={folder / 'turn.pid'}"),
        *(f"--userdb={folder / 'turn.db'}",),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def listening(address: str, port: int) -> None:
    """Wait until something listens there by TCP."""
    async with asyncio.timeout(START_S):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(address, port)
                writer.close()
                return
            await asyncio.sleep(0.02)


def _own_address() -> str:
    """An address of this machine that is not loopback, where it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
