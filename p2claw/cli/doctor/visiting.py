"""Checks whether the agent runs, is registered, and can be visited, by visiting it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.doctor.finding import Finding, fail, failed, ok, warn
from p2claw.cli.doctor.nat import check_nat
from p2claw.cli.doctor.network import check_stun
from p2claw.errors import P2clawError
from p2claw.link.ice.servers import read_servers
from p2claw.link.signalling_client import signalling_client
from p2claw.visitor import Visitor
from p2claw.visitor.app_url import parse_app_url
from p2claw.wire.signalling import IceServer, Introduced, decode_visit

INTRODUCED_S = 10.0

Status = dict[str, Any]


def check_agent(client: AgentClient) -> tuple[Finding, Status | None]:
    """Whether an agent runs and is registered; also returns its status."""
    try:
        status: Status = client.ask("GET", "/v1/status")
    except P2clawError as error:
        if error.code == "agent-not-running":
            return warn("agent", error.message, error.hint), None
        return failed("agent", error), None
    coordinator = status["coordinator"]
    if coordinator["state"] != "online":
        text = f"{coordinator['state']}: {coordinator['last_error'] or 'no reason known'}"
        return fail("agent", f"runs, but is {text}", "See the line of the coordinator"), status
    text = f"pid {status['pid']}, {status['alias']}, {status['links']} links"
    return ok("agent", text), status


async def check_visit(status: Status) -> list[Finding]:
    """Visit an app of ours: introduction, link, key. The app itself need not respond."""
    if status["coordinator"]["state"] != "online" or not status["apps"]:
        return []
    app = status["apps"][0]
    if app["rejected"]:
        return [
            fail("visit", f"{app['app']} is rejected: {app['rejected']}", "Choose another name")
        ]
    began = time.monotonic()
    try:
        async with await Visitor.open(app["url"], key=status["peer_id"]) as visitor:
            path = visitor.stats().path
    except P2clawError as error:
        return [failed("visit", error)]
    took_ms = (time.monotonic() - began) * 1000
    return [ok("visit", f"a link to {app['url']} opens, {path}, in {took_ms:.0f} ms")]


def check_ports(status: Status) -> list[Finding]:
    """The UDP port of each worker that strangers are meant to reach, as the knocks of the
    coordinator have found it.
    """
    found = []
    for worker in status["workers"]:
        text = f"UDP port {worker['udp_port']}"
        if len(status["workers"]) > 1:
            text += f" of worker {worker['number']}"
        if worker["is_port_open"] is False:
            text += " is closed: knocks of the coordinator do not arrive, and nobody dials it"
            advice = "Let it in at the firewall and at the router; it is tried again each minute"
            found.append(warn("port", text, advice))
        elif worker["is_port_open"]:
            found.append(ok("port", f"{text} is open for visitors"))
    return found


def check_notices(status: Status) -> list[Finding]:
    """What the agent noticed of its apps since it was started, or since they were exposed."""
    return [
        warn("app", f"{app['app']}: {notice['text']} ({notice['code']})", notice["advice"])
        for app in status["apps"]
        for notice in app["notices"]
    ]


async def check_ice_servers(status: Status | None, named: tuple[str, ...]) -> list[Finding]:
    """Every STUN server, and every TURN server over UDP, that links would ask; then the NAT."""
    given = [IceServer(urls=(url,)) for url in named]
    introduced: list[IceServer] | None = None
    if status is not None and status["coordinator"]["state"] == "online" and status["apps"]:
        introduced = await _introduced(str(status["apps"][0]["url"]))
        given += introduced or []
    if not given and introduced is None:
        return []
    return await check_servers(given)


async def check_servers(given: list[IceServer]) -> list[Finding]:
    """Each server of these that is asked by UDP, and then what they reveal of the NAT."""
    servers = read_servers(given)
    asked = {(server.host, server.port) for server in servers.stun}
    asked |= {(s.host, s.port) for s in servers.turn if s.transport == "udp" and not s.tls}
    if not asked:
        advice = "Give `p2claw server --stun` one where boxes or visitors are behind a NAT"
        return [warn("stun", "no STUN server is configured", advice)]
    found = await asyncio.gather(*(check_stun(host, port) for host, port in sorted(asked)))
    responding = dict.fromkeys(address for _, address in found if address is not None)
    return [*(finding for finding, _ in found), *await check_nat(list(responding))]


async def _introduced(url: str) -> list[IceServer] | None:
    """The ICE servers that the coordinator gives to visitors; None if a visit does not get that
    far.
    """
    address = parse_app_url(url)
    try:
        async with (
            asyncio.timeout(INTRODUCED_S),
            signalling_client() as client,
            client.ws_connect(address.visit_url, headers={"Host": address.host}) as socket,
        ):
            message = decode_visit(await socket.receive_str())
    except (aiohttp.ClientError, OSError, TypeError, P2clawError):
        return None
    return list(message.ice_servers) if isinstance(message, Introduced) else None
