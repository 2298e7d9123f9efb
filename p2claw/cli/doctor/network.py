"""Checks the network: UDP sockets, the coordinator and its clock, STUN."""

from __future__ import annotations

import asyncio
import email.utils
import socket
import time
from datetime import datetime

import aiohttp
from aioice import stun

from p2claw.agent.greeting import ask_coordinator
from p2claw.cli.doctor.finding import Finding, fail, failed, ok, warn
from p2claw.config import ServerLimits
from p2claw.config import check_coordinator as check_coordinator_url
from p2claw.errors import P2clawError
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.link.localhost import LocalhostResolver

COORDINATOR_S = 10.0
# Three tries, as RFC 8489 §6.2.1 spaces the first ones.
STUN_TRIES_S = (0.5, 1.0, 2.0)
UDP_S = 2.0
SKEW_NOTED_S = 30


async def check_udp() -> list[Finding]:
    """A datagram to ourselves on every address that links would use."""
    addresses = [address.host for address in host_addresses()]
    if not addresses:
        return [fail("udp", "this machine has no address", "Connect it to a network")]
    findings = []
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
        return str(error)


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
        text = f"{url} cannot be reached: {_reason(error)}"
        return [fail("coordinator", text, "Look at the log of the server")]
    if not ready:
        return [fail("coordinator", f"{url} is not ready", "Look at the log of the server")]
    return [ok("coordinator", url), *_check_clock(date)]


def _reason(error: Exception) -> str:
    """The error of the system, if the library has wrapped it in one of its own."""
    cause = getattr(error, "os_error", error)
    return str(getattr(cause, "strerror", None) or cause or type(error).__name__)


def _check_clock(date: str) -> list[Finding]:
    try:
        theirs: datetime = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return []
    skew_s = time.time() - theirs.timestamp()
    text = f"{abs(skew_s):.0f} s {'ahead of' if skew_s > 0 else 'behind'} the coordinator"
    advice = "Set the clock, best by NTP: timedatectl set-ntp true"
    if abs(skew_s) > ServerLimits().clock_skew_s:
        return [fail("clock", f"{text}: it will not register this box", advice)]
    if abs(skew_s) > SKEW_NOTED_S:
        return [warn("clock", text, advice)]
    return [ok("clock", "agrees with the coordinator")]


async def check_stun(host: str, port: int) -> Finding:
    """Ask a STUN (or TURN) server over UDP for our address, as links do."""
    where = f"{host}:{port}"
    loop = asyncio.get_running_loop()
    advice = "Let UDP to it through, or name another server to `p2claw server --stun`"
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        family, _, _, _, address = found[0]
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            await loop.sock_connect(asking, address)
            mapped = await _binding(asking)
    except OSError as error:
        return fail("stun", f"{where}: {error}", advice)
    if mapped is None:
        return fail("stun", f"{where} is silent", advice)
    return ok("stun", f"{where} sees us as {mapped}")


async def _binding(asking: socket.socket) -> str | None:
    """Our address as the server sees it, or None. Source: RFC 8489 §6."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    loop = asyncio.get_running_loop()
    for wait_s in STUN_TRIES_S:
        await loop.sock_sendall(asking, bytes(request))
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    reply = _parse(await loop.sock_recv(asking, 2048))
                    if reply is not None and reply.transaction_id == request.transaction_id:
                        host, port = reply.attributes["XOR-MAPPED-ADDRESS"]
                        return f"{host}:{port}"
        except TimeoutError:
            continue
    return None


def _parse(datagram: bytes) -> stun.Message | None:
    try:
        message = stun.parse_message(datagram)
    except ValueError:
        return None
    return message if "XOR-MAPPED-ADDRESS" in message.attributes else None
