"""Builds the laboratory: the public segment, and hosts behind NATs once they are asked for."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from tests.lab import wiring
from tests.lab.host import Host, host
from tests.lab.nats import NATS, Nat
from tests.lab.wiring import Line, Place
from tests.support import namespaces

SERVER_ADDRESSES = ("203.0.113.10", "203.0.113.11")
SERVER_ADDRESS6 = "2001:db8:0:a::10"


class Laboratory:
    """Made by `laboratory`. server: the public host, with two addresses."""

    def __init__(self, stem: str, ends: AsyncExitStack) -> None:
        self.server: Host
        self._stem = stem
        self._ends = ends
        self._count = 0
        self._internet = f"{stem}-i"
        self._hosts: dict[str, Host] = {}
        self._routers: dict[str, str] = {}
        self._places: dict[str, Place] = {}

    async def build(self, line: Line) -> None:
        """The internet and the server in it, at the end of this line."""
        self._namespace(self._internet)
        wiring.build_internet(self._internet)
        name, place = f"{self._stem}-s", self._place()
        self._namespace(name)
        namespaces.add(name)
        await wiring.join_line(self._ends, self._internet, name, place, 1500, line)
        for address in SERVER_ADDRESSES:
            namespaces.ip("-n", name, "address", "add", f"{address}/32", "dev", "lo")
            wiring.route_to(self._internet, place, f"{address}/32")
        namespaces.ip(
            "-n", name, "-6", "address", "add", f"{SERVER_ADDRESS6}/128", "dev", "lo", "nodad"
        )
        wiring.route_to(self._internet, place, f"{SERVER_ADDRESS6}/128")
        self.server = await self._ends.enter_async_context(host(name, *SERVER_ADDRESSES))

    async def host(self, who: str, kind: str | Nat, line: Line | None = None) -> Host:
        """The host of this name behind a NAT of this kind; made when it is first asked for."""
        key = f"{who} {kind}"
        if key not in self._hosts:
            nat = kind if isinstance(kind, Nat) else NATS[kind]
            self._hosts[key] = await self._behind(key, nat, line or Line())
        return self._hosts[key]

    def readdress(self, host: Host) -> None:
        """Take a host's address away and give it another one, as a network does that it joins."""
        wiring.readdress(host.name, host.address)

    def router(self, host: Host) -> str:
        """The namespace of the router in front of a host, to look at or to disturb."""
        return self._routers[host.name]

    def narrow(self, host: Host, mtu_bytes: int) -> None:
        """From now on the line of a host's router carries less, and nobody reports it."""
        router, place = self._routers[host.name], self._places[host.name]
        wiring.narrow(self._internet, router, place, mtu_bytes)

    def add_outer(self, host: Host, address: str) -> None:
        """Give the router in front of a host one more address outside."""
        router, place = self._routers[host.name], self._places[host.name]
        namespaces.ip("-n", router, "address", "add", f"{address}/32", "dev", "wan0")
        wiring.route_to(self._internet, place, f"{address}/32")

    async def move(self, host: Host, kind: str, line: Line | None = None) -> None:
        """Let a host leave its network for another, behind a router of its own of this kind."""
        place = self._place()
        namespaces.ip("-n", host.name, "link", "set", "eth0", "down")
        await self._wire(place, host.name, NATS[kind], line or Line(), device="eth1")

    async def _behind(self, key: str, nat: Nat, line: Line) -> Host:
        place = self._place()
        name = f"{self._stem}-h{place.number}"
        self._namespace(name)
        namespaces.add(name)
        addresses = await self._wire(place, name, nat, line)
        return await self._ends.enter_async_context(host(name, *addresses))

    async def _wire(
        self, place: Place, name: str, nat: Nat, line: Line, *, device: str = "eth0"
    ) -> list[str]:
        """A router, its line to the internet, and a host behind it; the host's addresses."""
        router = f"{self._stem}-r{place.number}"
        self._namespace(router)
        namespaces.add(router)
        inner, outer = place.inner(nat), place.outer
        if nat.carrier:
            carrier, inside = f"{self._stem}-c{place.number}", f"100.64.{place.number}.2"
            self._namespace(carrier)
            namespaces.add(carrier)
            await wiring.join_line(self._ends, self._internet, carrier, place, nat.mtu_bytes, line)
            wiring.join_routers(carrier, router, inside)
            wiring.make_router(carrier, nat.carrier, inner=inside, outer=outer, hides_mtu=False)
        else:
            await wiring.join_line(self._ends, self._internet, router, place, nat.mtu_bytes, line)
        wiring.attach_host(router, name, place, nat, device)
        hides = nat.mtu_bytes < 1500
        wiring.make_router(router, nat.rules, inner=inner, outer=outer, hides_mtu=hides)
        addresses = []
        if nat.ipv4:
            addresses.append(inner)
            if not nat.rules:
                wiring.route_to(self._internet, place, f"{inner}/32")
        if nat.ipv6:
            addresses.append(place.inner6)
            wiring.route_to(self._internet, place, f"{place.inner6}/128")
        self._routers[name], self._places[name] = router, place
        return addresses

    def _namespace(self, name: str) -> None:
        self._ends.callback(namespaces.remove, name)

    def _place(self) -> Place:
        self._count += 1
        return Place(self._count)


@contextlib.asynccontextmanager
async def laboratory(line: Line | None = None) -> AsyncIterator[Laboratory]:
    """Build it, and take it down with everything that runs in it. line: of the server.

    Raises UsageError `network-failed`, `iproute2-missing`, `nftables-missing`.
    """
    namespaces.sweep(wiring.PREFIX)
    async with AsyncExitStack() as ends:
        made = Laboratory(namespaces.stem(wiring.PREFIX), ends)
        await made.build(line or Line())
        yield made
