"""Checks the network: UDP sockets and their buffers, the coordinator and its clock, STUN."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import ipaddress
import socket
import sys
import time
from datetime import datetime

import aiohttp

from p2claw.agent.greeting import ask_coordinator
from p2claw.cli.doctor.finding import Finding, fail, failed, ok, warn
from p2claw.cli.doctor.stun_socket import Address, StunSocket
from p2claw.config import ServerLimits
from p2claw.config import check_coordinator as check_coordinator_url
from p2claw.errors import P2clawError
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.link.kept_clock import is_clock_kept
from p2claw.link.localhost import LocalhostResolver
from p2claw.system_errors import reason_of
from p2claw.units import KIB, MIB

COORDINATOR_S = 10.0
UDP_S = 2.0
SKEW_NOTED_S = 30

# UDP_BUFFER_BYTES of `dataplane/carrier/udp/socket.h`.
BUFFER_BYTES = 4 * MIB
_BUFFERS = {"receive": socket.SO_RCVBUF, "send": socket.SO_SNDBUF}
# SO_RCVBUFFORCE, SO_SNDBUFFORCE of asm-generic/socket.h
_FORCED = {socket.SO_RCVBUF: 33, socket.SO_SNDBUF: 32}


async def check_udp() -> list[Finding]:
    """A datagram to ourselves on every address that links would use."""
    addresses = [address.host for address in host_addresses()]
    if not addresses:
        return [fail("udp", "this machine has no address", "Connect it to a network")]
    findings = []
    if all(ipaddress.ip_address(host).is_loopback for host in addresses):
        advice = "Connect it to a network"
        findings.append(warn("udp", "this machine is in no network but its own", advice))
    for host in addresses:
        trouble = await asyncio.to_thread(_echo, host)
        if trouble:
            advice = "Let p2claw send and receive UDP; see the firewall of this machine"
            findings.append(fail("udp", f"{host}: {trouble}", advice))
        else:
            findings.append(ok("udp", host))
    return findings


def _echo(host: str) -> str:
    """What went wrong, or ""."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as one:
            one.settimeout(UDP_S)
            one.bind((host, 0))
            one.sendto(b"p2claw", one.getsockname())
            return "" if one.recv(64) == b"p2claw" else "something else arrived"
    except OSError as error:
        return reason_of(error)


async def check_coordinator(url: str) -> list[Finding]:
    """Whether it is one, is ready, and agrees with our clock."""
    try:
        url = check_coordinator_url(url)
        await asyncio.to_thread(ask_coordinator, url)
    except P2clawError as error:
        return [failed("coordinator", error)]
    connector = aiohttp.TCPConnector(resolver=LocalhostResolver())
    timeout = aiohttp.ClientTimeout(total=COORDINATOR_S)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as client,
            client.get(f"{url.rstrip('/')}/readyz") as response,
        ):
            ready, date = response.status == 200, response.headers.get("date", "")
    except (aiohttp.ClientError, OSError) as error:
        text = f"{url} cannot be reached: {reason_of(error)}"
        return [fail("coordinator", text, "Look at the log of the server")]
    if not ready:
        return [fail("coordinator", f"{url} is not ready", "Look at the log of the server")]
    return [ok("coordinator", url), *check_clock(date)]


def check_clock(date: str, *, is_box: bool = True) -> list[Finding]:
    """Of this machine's and the coordinator's clock. date: of a response. is_box: it registers."""
    try:
        theirs: datetime = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return []
    skew_s = time.time() - theirs.timestamp()
    kept = is_clock_kept()
    text = f"{abs(skew_s):.0f} s {'ahead of' if skew_s > 0 else 'behind'} the coordinator"
    advice = "Set the clock, best by NTP: timedatectl set-ntp true"
    if kept:
        # Of two that differ, the one that nobody keeps is wrong.
        text += ", and a time server keeps the clock of this machine: the coordinator's is wrong"
        advice = "Let the owner of the coordinator set its clock"
    if is_box and abs(skew_s) > ServerLimits().clock_skew_s:
        return [fail("clock", f"{text}; it will not register this box", advice)]
    if abs(skew_s) > SKEW_NOTED_S:
        return [warn("clock", text, advice)]
    return [ok("clock", "agrees with the coordinator")]


async def check_stun(host: str, port: int) -> tuple[Finding, Address | None]:
    """Ask a STUN (or TURN) server over UDP for our address, as links do.

    Also returns its own IPv4 address, if it has responded there.
    """
    where = f"{host}:{port}"
    advice = "Let UDP to it through, or name another server to `p2claw server --stun`"
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        family, _, _, _, address = found[0]
        server = (str(address[0]), int(address[1]))
        with StunSocket(family) as asking:
            reply = await asking.ask(server)
    except OSError as error:
        return fail("stun", f"{where}: {error}", advice), None
    if reply is None:
        return fail("stun", f"{where} is silent", advice), None
    mapped = f"{reply.mapped[0]}:{reply.mapped[1]}"
    return ok("stun", f"{where} sees us as {mapped}"), server if ":" not in server[0] else None


def check_buffers() -> Finding:
    """What the system holds of UDP for a process that is busy: less loses packets of bulk."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        given = {name: _largest(asking, option) for name, option in _BUFFERS.items()}
    text = ", ".join(f"{name} {given_bytes // KIB:,} KiB" for name, given_bytes in given.items())
    if min(given.values()) >= BUFFER_BYTES:
        return ok("buffers", f"of UDP: {text}")
    return warn(
        "buffers",
        f"of UDP: {text}; fast transfers want {BUFFER_BYTES // KIB:,} KiB",
        f"As root: sysctl -w net.core.rmem_max={BUFFER_BYTES} net.core.wmem_max={BUFFER_BYTES}"
        if sys.platform == "linux"
        else f"As root: sysctl -w kern.ipc.maxsockbuf={2 * BUFFER_BYTES}",
    )


def _largest(asking: socket.socket, option: int) -> int:
    """As `udp/socket.c` asks for it: beyond the system's limit where we may."""
    try:
        if sys.platform != "linux":
            raise OSError
        asking.setsockopt(socket.SOL_SOCKET, _FORCED[option], BUFFER_BYTES)
    except OSError:
        with contextlib.suppress(OSError):
            asking.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
    given = asking.getsockopt(socket.SOL_SOCKET, option)
    return given // 2 if sys.platform == "linux" else given  # the kernel doubles what it is asked
