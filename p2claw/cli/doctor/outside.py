"""`p2claw doctor URL`: visits an app from wherever this is, and shows how long each step took.

A step that fails ends the visit: those after it need it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from pathlib import Path

import aiohttp

from p2claw.cli.doctor.edge_client import edge_client
from p2claw.cli.doctor.finding import Finding, fail, failed, ok, warn
from p2claw.cli.doctor.network import check_clock
from p2claw.cli.doctor.served_files import check_served_files, expected_browser_side
from p2claw.cli.doctor.visiting import check_servers
from p2claw.edge.browser_side import BrowserSide
from p2claw.errors import P2clawError
from p2claw.names import is_localhost
from p2claw.system_errors import reason_of
from p2claw.units import SECOND_MS
from p2claw.visitor import Visitor
from p2claw.visitor.app_url import AppUrl, parse_app_url
from p2claw.visitor.signalling import introduce
from p2claw.wire.signalling import Introduced

# Of each step: a person waits.
STEP_S = 10.0
# An app may take its time, but not that of somebody who looks for a fault.
RESPONSE_S = 20.0


async def examine(
    url: str, *, edge: str | None, key: str | None, browser_side: Path | None
) -> AsyncIterator[Finding]:
    """Each finding as it is made. browser_side: the list of a release, to compare with.

    Raises UsageError if the URL cannot be one of an app, or the list is none.
    """
    address = parse_app_url(url, edge=edge, key=key)
    expected = expected_browser_side(browser_side)
    async for findings in _steps(address, url, edge, key, expected):
        for finding in findings:
            yield finding
        if any(finding.level == "fail" for finding in findings):
            return


async def _steps(
    address: AppUrl, url: str, edge: str | None, key: str | None, expected: BrowserSide | None
) -> AsyncIterator[list[Finding]]:
    yield [await _timed(_name(address))]
    yield [await _timed(_port(address))]
    yield await _server(address)
    yield [await _timed(check_served_files(address, expected))]
    began = time.monotonic()
    introduced = await _introduction(address)
    if isinstance(introduced, Finding):
        yield [_took(introduced, began)]
        return
    text = f"the box is online, its key is {introduced.peer_id}"
    if introduced.dial is not None:
        text += ", and it can be dialled"
    yield [_took(ok("introduction", text), began)]
    # A server that is silent need not matter to this visit.
    servers = await check_servers(list(introduced.ice_servers))
    yield [_noted(finding) for finding in servers]
    async for finding in _visit(url, edge, key):
        yield [finding]


async def _name(address: AppUrl) -> Finding:
    host = address.dial_host
    if is_localhost(host):
        return ok("name", f"{host} is this machine")
    try:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(STEP_S):
            found = await loop.getaddrinfo(host, address.dial_port, type=socket.SOCK_STREAM)
    except TimeoutError:
        return fail("name", f"{host}: no reply of the name server", "Look at this network's DNS")
    except OSError as error:
        return fail("name", f"{host}: {error.strerror}", "Check the URL for a typing error")
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return ok("name", f"{host} is {', '.join(addresses)}")


async def _port(address: AppUrl) -> Finding:
    """TCP, and TLS if the URL is an https one."""
    host = "127.0.0.1" if is_localhost(address.dial_host) else address.dial_host
    where = f"{address.dial_host}:{address.dial_port}"
    advice = "Look whether the server runs, and whether a firewall is in between"
    context = ssl.create_default_context() if address.dial_tls else None
    try:
        async with asyncio.timeout(STEP_S):
            _, writer = await asyncio.open_connection(
                host,
                address.dial_port,
                ssl=context,
                server_hostname=address.hostname if context else None,
            )
    except TimeoutError:
        return fail("server", f"nothing responds at {where} within {STEP_S:.0f} s", advice)
    except ssl.SSLCertVerificationError as error:
        return fail("server", f"{where}: {error.verify_message}", _certificate_advice(error))
    except OSError as error:
        return fail("server", f"{where}: {reason_of(error)}", advice)
    session = writer.get_extra_info("ssl_object")
    writer.close()
    text = f"{where} responds" + (f", {session.version()}" if session else "")
    return ok("server", text)


def _certificate_advice(error: ssl.SSLCertVerificationError) -> str:
    # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
    if error.verify_code in (9, 10):
        return "Look at the clock of this machine, then at the server's certificate"
    return "Check the name; the owner of the server has to see to its certificate"


async def _server(address: AppUrl) -> list[Finding]:
    """Whether what responds there is an edge; and its clock, by which credentials expire."""
    began = time.monotonic()
    try:
        async with edge_client(address, STEP_S) as client:
            got = await client.get("/")
    except (aiohttp.ClientError, OSError) as error:
        advice = "Look at the server's log, and at that of a proxy in front"
        return [_took(fail("edge", f"no page comes: {reason_of(error)}", advice), began)]
    if got.status != 200 or b"/__p2claw/" not in got.body:
        advice = "Check the URL; if it is right, see that the proxy in front leads this name here"
        return [_took(fail("edge", f"responds {got.status}, no page of ours", advice), began)]
    shell = _took(ok("edge", "gives the page that opens the link"), began)
    return [shell, *check_clock(got.date, is_box=False)]


async def _introduction(address: AppUrl) -> Introduced | Finding:
    try:
        async with asyncio.timeout(STEP_S):
            return await introduce(address)
    except TimeoutError:
        return fail("introduction", f"nothing came within {STEP_S:.0f} s", "Look at its log")
    except P2clawError as error:
        return failed("introduction", error)


async def _visit(url: str, edge: str | None, key: str | None) -> AsyncIterator[Finding]:
    began = time.monotonic()
    try:
        visitor = await Visitor.open(url, edge=edge, key=key)
    except P2clawError as error:
        yield _took(failed("link", error), began)
        return
    async with visitor:
        path = visitor.stats().path
        text = f"opens, {path}, and the box has proved its key"
        yield _took(ok("link", text), began)
        began = time.monotonic()
        try:
            async with await visitor.request(
                "GET", visitor.target, fields=[("accept", "text/html,*/*")], timeout_s=RESPONSE_S
            ) as response:
                rtt_s = visitor.stats().rtt_s
                finding = _took(_response(response.status, response.error), began)
        except P2clawError as error:
            yield _took(failed("app", error), began)
            return
        yield finding
        if rtt_s is not None:
            yield replace(ok("path", f"{path}, from here to the box and back"), took_ms=_ms(rtt_s))


def _response(status: int, error: str | None) -> Finding:
    if error == "access-required":
        return ok("app", "is guarded, and asks who is there")
    if error:
        advice = f"`p2claw help {error}` explains it; look at the app on the box"
        return fail("app", f"the box responds {status} in its place: {error}", advice)
    if status >= 500:
        return warn("app", f"responds {status}", "Look at the log of the app")
    return ok("app", f"responds {status}")


def _noted(finding: Finding) -> Finding:
    if finding.level != "fail":
        return finding
    return warn(finding.check, finding.text, finding.advice)


async def _timed(step: Coroutine[None, None, Finding]) -> Finding:
    began = time.monotonic()
    return _took(await step, began)


def _took(finding: Finding, began_s: float) -> Finding:
    return replace(finding, took_ms=_ms(time.monotonic() - began_s))


def _ms(seconds: float) -> float:
    return round(seconds * SECOND_MS, 1)
