"""What the laboratory is made of below its hosts: namespaces, devices, addresses and routes.

`internet` is a router with one line to each router or public host. Every line has addresses of
203.0.113.0/24 (RFC 5737) and 2001:db8::/32 (RFC 3849), so nothing looks private that is not.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench.wan.network import DEVICE, Direction, emulated_line
from tests.lab.nats import Nat, ruleset
from tests.support import namespaces

PREFIX = "p2claw-lab-"
GATEWAY = "203.0.113.1"  # the internet's own end of every line
PERFECT = Direction()  # no delay, no loss, no limit
IPV6_LEAST_MTU_BYTES = 1280  # RFC 8200 §5

# The internet is one router here, and ten in life: what would not pass so many does not pass it.
_FAR = "chain far {\ntype filter hook forward priority filter\nip ttl < 10 drop\n}\n"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the host number n is: outer is the address that others see, inner its own."""

    number: int

    @property
    def outer(self) -> str:
        return f"203.0.113.{20 + self.number}"

    def inner(self, nat: Nat) -> str:
        network = f"198.51.{100 + self.number}" if not nat.rules else f"10.{100 + self.number}.0"
        return f"{network}.2"

    @property
    def inner6(self) -> str:
        return f"2001:db8:{100 + self.number}::2"


@dataclass(frozen=True, slots=True)
class Line:
    """What a line does to packets: `there` towards the host, `back` from it."""

    there: Direction = PERFECT
    back: Direction = PERFECT


def build_internet(name: str) -> None:
    """The public segment: it forwards between its lines, and what leads nowhere vanishes."""
    namespaces.add(name)
    _forward(name)
    # Without a way to everywhere, a TURN server is refused the private addresses of candidates.
    namespaces.ip("-n", name, "route", "add", "blackhole", "default")
    _load(name, ruleset(_FAR, inner="", outer="", hides_mtu=True))


async def join_line(
    ends: AsyncExitStack, internet: str, name: str, place: Place, mtu_bytes: int, line: Line
) -> None:
    """A line from the internet to a router or a public host, whose end is `wan0`."""
    outside = f"w{place.number}"
    if line.there == line.back == PERFECT:
        namespaces.ip(
            *("link", "add", outside, "netns", internet, "type", "veth"),
            *("peer", "name", "wan0", "netns", name),
        )
    else:
        await ends.enter_async_context(emulated_line(internet, name, line.there, line.back))
        namespaces.ip("-n", internet, "link", "set", DEVICE, "name", outside)
    six = f"2001:db8:0:{place.number:x}"
    for namespace, device, own, peer, own6 in (
        (internet, outside, GATEWAY, place.outer, f"{six}::1"),
        (name, "wan0", place.outer, GATEWAY, f"{six}::2"),
    ):
        namespaces.ip("-n", namespace, "link", "set", device, "mtu", str(mtu_bytes), "up")
        namespaces.ip("-n", namespace, "address", "add", own, "peer", peer, "dev", device)
        if mtu_bytes >= IPV6_LEAST_MTU_BYTES:
            six_own = ("-6", "address", "add", f"{own6}/64", "dev", device, "nodad")
            namespaces.ip("-n", namespace, *six_own)
    namespaces.ip("-n", name, "route", "add", "default", "via", GATEWAY)
    if mtu_bytes >= IPV6_LEAST_MTU_BYTES:
        namespaces.ip("-n", name, "-6", "route", "add", "default", "via", f"{six}::1")


def attach_host(router: str, name: str, place: Place, nat: Nat, device: str = "eth0") -> None:
    """A host behind a router, in a network of its own. device: the host's end."""
    namespaces.ip(
        *("link", "add", "lan0", "netns", router, "type", "veth"),
        *("peer", "name", device, "netns", name),
    )
    inner, inner6 = place.inner(nat), place.inner6
    for namespace, link, end in ((router, "lan0", "1"), (name, device, "2")):
        namespaces.ip("-n", namespace, "link", "set", link, "up")
        if nat.ipv4:
            own = f"{inner[:-1]}{end}/24"
            namespaces.ip("-n", namespace, "address", "add", own, "dev", link)
        if nat.ipv6:
            own6 = f"{inner6[:-1]}{end}/64"
            namespaces.ip("-n", namespace, "-6", "address", "add", own6, "dev", link, "nodad")
    if nat.ipv4:
        namespaces.ip("-n", name, "route", "add", "default", "via", f"{inner[:-1]}1")
    if nat.ipv6:
        namespaces.ip("-n", name, "-6", "route", "add", "default", "via", f"{inner6[:-1]}1")


def readdress(name: str, inner: str) -> None:
    """Give a host behind a NAT another IPv4 address, of the same network."""
    network = inner.rpartition(".")[0]
    namespaces.ip("-n", name, "address", "delete", f"{inner}/24", "dev", "eth0")
    namespaces.ip("-n", name, "address", "add", f"{network}.77/24", "dev", "eth0")
    namespaces.ip("-n", name, "route", "add", "default", "via", f"{network}.1")


def narrow(internet: str, router: str, place: Place, mtu_bytes: int) -> None:
    """Let the line between the internet and a router carry less, without a word of ICMP."""
    for namespace, device in ((internet, f"w{place.number}"), (router, "wan0")):
        namespaces.ip("-n", namespace, "link", "set", device, "mtu", str(mtu_bytes))
    chain = "chain silent {\ntype filter hook output priority -10\nmeta l4proto icmp drop\n}\n"
    _load(router, f"table inet narrow {{\n{chain}}}\n")


def close_but_for(router: str, address: str) -> None:
    """Let a router forward no UDP but that from and to one address, until `open_again`."""
    rule = f"ip saddr != {address} ip daddr != {address} meta l4proto udp drop"
    chain = f"chain closed {{\ntype filter hook forward priority -10\n{rule}\n}}\n"
    _load(router, f"table inet closed {{\n{chain}}}\n")


def open_again(router: str) -> None:
    """Forward as before `close_but_for`."""
    _load(router, "delete table inet closed\n")


def join_routers(carrier: str, router: str, inside: str) -> None:
    """The line between a provider's NAT and the one behind it, whose address is `inside`."""
    namespaces.ip(
        *("link", "add", "lan0", "netns", carrier, "type", "veth"),
        *("peer", "name", "wan0", "netns", router),
    )
    gateway = f"{inside[:-1]}1"
    for namespace, device, own in ((carrier, "lan0", gateway), (router, "wan0", inside)):
        namespaces.ip("-n", namespace, "link", "set", device, "up")
        namespaces.ip("-n", namespace, "address", "add", f"{own}/24", "dev", device)
    namespaces.ip("-n", router, "route", "add", "default", "via", gateway)


def make_router(router: str, rules: str, *, inner: str, outer: str, hides_mtu: bool) -> None:
    """Let a namespace forward, by these rules."""
    _forward(router)
    _load(router, ruleset(rules, inner=inner, outer=outer, hides_mtu=hides_mtu))


def route_to(internet: str, place: Place, network: str) -> None:
    """Public addresses behind a router are found through it."""
    via = ("dev", f"w{place.number}")
    if ":" in network:
        namespaces.ip(
            "-n",
            internet,
            "-6",
            "route",
            "add",
            network,
            *via,
            "via",
            f"2001:db8:0:{place.number:x}::2",
        )
    else:
        namespaces.ip("-n", internet, "route", "add", network, "via", place.outer, *via)


def _forward(name: str) -> None:
    script = "\n".join(
        f"echo {value} >/proc/sys/net/{path}"
        for path, value in {
            "ipv4/ip_forward": "1",
            "ipv6/conf/all/forwarding": "1",
            "ipv4/conf/all/rp_filter": "0",
            "ipv4/conf/default/rp_filter": "0",
        }.items()
    )
    namespaces.run(*namespaces.inside(name), "sh", "-ec", script)


def _load(name: str, rules: str) -> None:
    nft = namespaces.program("nft", "nftables")
    namespaces.run(*namespaces.inside(name), nft, "-f", "-", text=rules)
