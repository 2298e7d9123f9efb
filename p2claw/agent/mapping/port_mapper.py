"""Keeps the UDP ports of a box forwarded by its router for as long as the agent runs.

A port that is forwarded is an address at which visitors reach the box without any NAT between, and
can dial it. What goes wrong is reported in `facts`, and tried again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from p2claw.agent.mapping.gateway import Gateway, PortTakenError, is_inside
from p2claw.config import PublicAddress
from p2claw.errors import LinkError
from p2claw.link.ice.host_addresses import list_now
from p2claw.log import get_log

log = get_log("agent")

# How long a router forwards a port of a box that is gone without a word; and how often it is asked
# to go on, so that one that was restarted forwards it again soon.
LEASE_S = 3600
RENEW_S = 600.0
RETRY_S = 60.0

# The same port outside as here, then some of those that no service has (RFC 6335 §6).
TRIES = 4
FREE_PORTS = range(49_152, 65_536)

END_S = 5.0


@dataclass(frozen=True, slots=True)
class MappingFacts:
    """One UDP port. address: where it is reached from outside, or "". code: why not, or ""."""

    udp_port: int
    address: str
    code: str = ""
    message: str = ""
    hint: str = ""


Find = Callable[[str], Awaitable[Gateway | None]]


class PortMapper:
    """Asks the router for the ports of this box, and again before that is over.

    ports: returns the UDP port of each worker, by number. changed: called with the addresses at
    which they are reached from outside, by worker, whenever these are others than before.
    """

    def __init__(
        self,
        ports: Callable[[], Mapping[int, int]],
        changed: Callable[[Mapping[int, PublicAddress]], None],
        *,
        find: Find = Gateway.find,
        draw: Callable[[], int] = lambda: random.choice(FREE_PORTS),
    ) -> None:
        self.facts: tuple[MappingFacts, ...] = ()
        self._ports = ports
        self._changed = changed
        self._find = find
        self._draw = draw
        self._gateway: Gateway | None = None
        self._external: dict[int, int] = {}  # by port of ours
        self._mapped: dict[int, PublicAddress] = {}
        self._moved = asyncio.Event()

    def addresses_changed(self) -> None:
        """This machine has other addresses: there may be another router, or none."""
        self._gateway = None
        self._moved.set()

    async def run(self) -> None:
        """Keep the ports forwarded until cancelled; then the router is asked to stop."""
        try:
            while True:
                wait_s = RENEW_S if await self._renew() else RETRY_S
                try:
                    async with asyncio.timeout(wait_s):
                        await self._moved.wait()
                except TimeoutError:
                    pass
                self._moved.clear()
        finally:
            await asyncio.shield(self._end())

    async def _renew(self) -> bool:
        """Ask for every port once; whether all are forwarded."""
        ports = dict(self._ports())
        try:
            gateway, address = await self._reached()
            facts = {
                number: await self._map(gateway, address, port) for number, port in ports.items()
            }
        except LinkError as error:
            self._gateway = None
            facts = {number: _failed(port, error) for number, port in ports.items()}
        self._report(facts)
        return all(not one.code for one in facts.values())

    async def _reached(self) -> tuple[Gateway, str]:
        """The router, and its address outside. Raises LinkError."""
        gateway = self._gateway or await self._found()
        address = await gateway.external_address()
        if not address or is_inside(address):
            raise LinkError(
                f"The router's address outside, {address or 'not known to it'}, "
                "is none of the Internet",
                code="gateway-behind-nat",
                hint="A second NAT is in front of it, often the provider's: its ports help nobody",
            )
        self._gateway = gateway
        return gateway, address

    async def _found(self) -> Gateway:
        for host in list_now():
            if is_inside(host.host) and (gateway := await self._find(host.host)) is not None:
                return gateway
        raise LinkError(
            "No router on this network forwards ports by UPnP",
            code="no-gateway",
            hint="Switch UPnP on in the router, or forward the port by hand "
            "and name --public-address",
        )

    async def _map(self, gateway: Gateway, address: str, port: int) -> MappingFacts:
        external = self._external.get(port, port)
        for _ in range(TRIES):
            try:
                await gateway.map(port, external, LEASE_S)
            except PortTakenError as error:
                failure: LinkError = error
                external = self._draw()
            except LinkError as error:
                return _failed(port, error)
            else:
                self._external[port] = external
                return MappingFacts(port, f"{address}:{external}")
        return _failed(port, failure)

    def _report(self, facts: dict[int, MappingFacts]) -> None:
        before = {one.udp_port: one for one in self.facts}
        for one in facts.values():
            if before.get(one.udp_port) == one:
                continue
            if one.code:
                log.warning(
                    "port not forwarded", udp_port=one.udp_port, code=one.code, error=one.message
                )
            else:
                log.info("port forwarded", udp_port=one.udp_port, address=one.address)
        self.facts = tuple(facts.values())
        mapped = {
            number: PublicAddress.parse(one.address) for number, one in facts.items() if one.address
        }
        if mapped != self._mapped:
            self._mapped = mapped
            self._changed(mapped)

    async def _end(self) -> None:
        gateway, external = self._gateway, self._external
        if gateway is None:
            return
        try:
            async with asyncio.timeout(END_S):
                for port in external.values():
                    await gateway.unmap(port)
        except (LinkError, TimeoutError):
            log.warning("port stays forwarded", for_s=LEASE_S, ports=len(external))


def _failed(port: int, error: LinkError) -> MappingFacts:
    return MappingFacts(port, "", error.code, error.message, error.hint)
