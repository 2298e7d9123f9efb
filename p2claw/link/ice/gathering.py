"""Asks STUN and TURN servers for more addresses, in the background, while the link is opening.

Nothing waits for it: a server that is silent costs its own task and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from aioice import Candidate, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, relayed_candidate

from p2claw.link.ice.candidates import COMPONENT
from p2claw.link.ice.check_socket import CheckSocket
from p2claw.link.ice.ice_connection import IceConnection
from p2claw.link.ice.reflexive import ReflexiveAddresses
from p2claw.link.ice.servers import Servers, StunServer, TurnServer
from p2claw.link.news import Fact
from p2claw.log import get_log

log = get_log("link")

# A server that has not responded by then is of no use to this link.
GATHER_TIMEOUT_S = 10.0

# One allocation is enough. The next server is asked when the one before fails, or after this long:
# two round trips of 150 ms, and some more. Where no UDP goes out, TCP is asked that much later, and
# an allocation that turns out not to be needed costs a server some bytes.
TURN_HEAD_START_S = 0.35

# UDP is in doubt if no server has responded by it, and one has by TCP, after so many times as long
# as that took. Both take a round trip: the rest is for a server that is busy, and for jitter.
DOUBT_ROUND_TRIPS = 2.0
DOUBT_LEAST_S = 0.03

# Of the ports of this process.
_reflexive = ReflexiveAddresses()

OnCandidate = Callable[[Candidate | None], None]


class Gathering:
    """Gathers the candidates that servers give for one link.

    on_candidate: called with each candidate as it comes, and at the end once with None.
    """

    def __init__(
        self, connection: IceConnection, servers: Servers, on_candidate: OnCandidate
    ) -> None:
        self._connection = connection
        self._servers = servers
        self._on_candidate = on_candidate
        self._known = {(c.host, c.port) for c in connection.local_candidates}
        self._task: asyncio.Task[None] | None = None
        self._has_response = False  # by UDP
        self._in_doubt = Fact()  # whether UDP gets anywhere

    def remembered(self) -> list[Candidate]:
        """The candidates that a server has named lately, for the description itself."""
        if not self._servers.stun:
            return []
        now = asyncio.get_running_loop().time()
        found: list[Candidate] = []
        for base in self._connection.local_candidates:
            mapped = _reflexive.get((base.host, base.port), now) if base.type == "host" else None
            if mapped is not None and mapped not in self._known:
                self._known.add(mapped)
                found.append(_reflexive_candidate(base, mapped))
        return found

    def start(self) -> None:
        """Ask all of them. Candidates come from the next turn of the loop on."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop asking. What was allocated belongs to the connection."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        asked: list[Coroutine[Any, Any, None]] = [self._stun(s) for s in self._servers.stun]
        if self._servers.turn:
            asked.append(self._turn())
            if self._servers.stun:
                asked.append(self._doubt())
        await _all_ended(asked)
        self._task = None
        self._on_candidate(None)

    async def _stun(self, server: StunServer) -> None:
        try:
            async with asyncio.timeout(GATHER_TIMEOUT_S):
                addresses = await _resolve(server.host, server.port)
                hosts = [s for s in self._connection.sockets if s.local_candidate.type == "host"]
                await _all_ended([self._reflexive(host, addresses) for host in hosts])
        except TimeoutError:
            log.info("stun server silent", server=f"{server.host}:{server.port}")
        except OSError as error:
            log.info("stun server not found", server=server.host, error=error)

    async def _reflexive(self, host: StunProtocol, addresses: list[tuple[str, int]]) -> None:
        """Ask from one local address where the server sees it (RFC 8445 §5.1.1.2)."""
        base = host.local_candidate
        version = ipaddress.ip_address(base.host).version
        address = next(
            (a for a in addresses if ipaddress.ip_address(a[0]).version == version), None
        )
        if address is None:
            return
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        try:
            response, _ = await host.request(request, address)
        except stun.TransactionError:
            return
        self._has_response = True
        mapped = response.attributes.get("XOR-MAPPED-ADDRESS")
        if mapped is not None:
            now = asyncio.get_running_loop().time()
            _reflexive.put((base.host, base.port), mapped, now)
        # Where there is no NAT it is the host candidate once more (RFC 8445 §5.1.3).
        if mapped is None or mapped in self._known:
            return
        self._known.add(mapped)
        self._on_candidate(_reflexive_candidate(base, mapped))

    async def _doubt(self) -> None:
        """Find out soon if no UDP goes out, by how long TCP takes to a server that speaks both."""
        servers = [server for server in self._servers.turn if server.transport == "tcp"]
        # The first one may be the relay that has just died: who is reached first is the measure.
        if servers:
            await _first_true([self._doubt_by(server) for server in servers])

    async def _doubt_by(self, server: TurnServer) -> bool:
        """Whether TCP gets there: then it is known whether UDP is in doubt."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(TURN_HEAD_START_S):
                _, writer = await asyncio.open_connection(server.host, server.port)
        except (TimeoutError, OSError):
            return False
        writer.close()
        await asyncio.sleep(max(DOUBT_LEAST_S, DOUBT_ROUND_TRIPS * (loop.time() - began)))
        if not self._has_response and not self._in_doubt.is_set():
            log.debug("udp in doubt", server=f"{server.host}:{server.port}")
            self._in_doubt.set()
            self._connection.doubt_udp()
        return True

    async def _turn(self) -> None:
        """Ask one server after the other until one has given an address.

        Those by TCP and TLS are asked together once UDP is in doubt.
        """
        tries: set[asyncio.Task[bool]] = set()
        waiting = list(self._servers.turn)
        doubting = asyncio.create_task(self._in_doubt.wait())
        try:
            while tries or waiting:
                if self._in_doubt.is_set():
                    asked = [server for server in waiting if server.transport == "tcp"]
                    asked = asked or waiting[:1]
                else:
                    asked = waiting[:1]
                waiting = [server for server in waiting if server not in asked]
                tries |= {asyncio.create_task(self._allocate(server)) for server in asked}
                watched = {*tries} if doubting.done() or not waiting else {*tries, doubting}
                ended, _ = await asyncio.wait(
                    watched,
                    timeout=TURN_HEAD_START_S if waiting else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                tries -= ended
                if any(task.result() for task in ended if task is not doubting):
                    return
        finally:
            for task in {*tries, doubting}:
                task.cancel()
            await asyncio.wait({*tries, doubting})

    async def _allocate(self, server: TurnServer) -> bool:
        where = f"{server.host}:{server.port}/{'tls' if server.tls else server.transport}"
        try:
            async with asyncio.timeout(GATHER_TIMEOUT_S):
                candidate, protocol = await relayed_candidate(
                    component=COMPONENT,
                    hide_related_address=False,
                    protocol_factory=lambda: CheckSocket(self._connection),
                    turn_server=(server.host, server.port),
                    turn_username=server.username,
                    turn_password=server.credential,
                    turn_ssl=server.tls,
                    turn_transport=server.transport,
                )
        except TimeoutError:
            log.warning("turn server silent", server=where)
        except stun.TransactionFailed as error:
            # 401: wrong or expired credentials. The link opens without a relay, if it can.
            log.warning("turn server refused", server=where, code=error.response.error_code)
        except (stun.TransactionError, OSError) as error:
            log.warning("turn server failed", server=where, error=error)
        else:
            self._connection.add_relay(protocol)
            self._on_candidate(candidate)
            return True
        return False


def _reflexive_candidate(base: Candidate, mapped: tuple[str, int]) -> Candidate:
    preference = base.priority >> 8 & 0xFFFF  # RFC 8445 §5.1.2.1: the middle 16 bits
    return Candidate(
        foundation=candidate_foundation("srflx", "udp", base.host),
        component=COMPONENT,
        transport="udp",
        priority=candidate_priority(COMPONENT, "srflx", preference),
        host=mapped[0],
        port=mapped[1],
        type="srflx",
        related_address=base.host,
        related_port=base.port,
    )


async def _resolve(host: str, port: int) -> list[tuple[str, int]]:
    """Addresses of a server, numbers only, in the system's order of preference. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    return [(str(entry[4][0]), port) for entry in found]


async def _all_ended(coroutines: list[Coroutine[Any, Any, None]]) -> None:
    """Run all of them at once; a cancellation ends them all before it goes on."""
    async with asyncio.TaskGroup() as group:
        for coroutine in coroutines:
            group.create_task(coroutine)


async def _first_true(coroutines: list[Coroutine[Any, Any, bool]]) -> None:
    """Run all of them at once, until one has returned true, or all have ended."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        for ended in asyncio.as_completed(tasks):
            if await ended:
                return
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
