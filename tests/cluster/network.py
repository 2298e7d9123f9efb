"""A network of the cluster's own: one namespace for each node, one for all else, and a bridge.

Whoever runs this is root. The process that makes it is in it from then on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from p2claw.errors import UsageError
from tests.support import namespaces
from tests.support.watched_redis import PORTS, SENTINEL_PORTS

PREFIX = "p2claw-cl-"
# Where Redis, coturn and the balancer are.
MIDDLE = "10.77.0.1"
_BRIDGE = "br0"

_DROP = """table inet cut {{
chain out {{ type filter hook output priority 0; ip daddr {middle} tcp dport {{ {ports} }} drop; }}
chain in {{ type filter hook input priority 0; ip saddr {middle} tcp sport {{ {ports} }} drop; }}
}}
"""


@dataclass(frozen=True, slots=True)
class NodePlace:
    """Where one node runs. inside: what stands before its command."""

    number: int
    name: str

    @property
    def address(self) -> str:
        return f"10.77.0.{11 + self.number}"

    @property
    def inside(self) -> tuple[str, ...]:
        return namespaces.inside(self.name)

    def cut_from_redis(self) -> None:
        """Drop every packet from and to Redis and its Sentinels, of open connections, too."""
        ports = ", ".join(str(port) for port in (*PORTS, *SENTINEL_PORTS))
        self._nft(_DROP.format(middle=MIDDLE, ports=ports))

    def mend(self) -> None:
        """Let everything through again; nothing if it was not cut."""
        with contextlib.suppress(UsageError):
            self._nft("delete table inet cut\n")

    def unplug(self) -> None:
        """As a cable that is pulled: nothing comes in, and nothing gets out."""
        namespaces.ip("-n", self.name, "link", "set", "eth0", "down")

    def plug_in(self) -> None:
        namespaces.ip("-n", self.name, "link", "set", "eth0", "up")

    def _nft(self, rules: str) -> None:
        nft = namespaces.program("nft", "nftables")
        namespaces.run(*self.inside, nft, "-f", "-", text=rules)


@contextlib.contextmanager
def own_network(nodes: int) -> Iterator[list[NodePlace]]:
    """The places of the nodes, while the block runs. This thread, and what it starts, stay in the
    namespace of the rest.

    Raises UsageError `network-failed`, `nftables-missing`.
    """
    namespaces.sweep(PREFIX)
    stem = namespaces.stem(PREFIX)
    middle, places = f"{stem}-m", [NodePlace(n, f"{stem}-n{n}") for n in range(nodes)]
    names = [middle, *(place.name for place in places)]
    try:
        for name in names:
            namespaces.add(name)
        for command in (
            f"link add {_BRIDGE} type bridge",
            f"address add {MIDDLE}/24 dev {_BRIDGE}",
            f"link set {_BRIDGE} up",
        ):
            namespaces.ip("-n", middle, *command.split())
        for place in places:
            outside = f"n{place.number}"
            namespaces.ip(
                *("link", "add", outside, "netns", middle, "type", "veth"),
                *("peer", "name", "eth0", "netns", place.name),
            )
            namespaces.ip("-n", middle, "link", "set", outside, "master", _BRIDGE, "up")
            own = f"{place.address}/24"
            namespaces.ip("-n", place.name, "address", "add", own, "dev", "eth0")
            namespaces.ip("-n", place.name, "link", "set", "eth0", "up")
        namespaces.enter(middle)
        yield places
    finally:
        for name in names:
            namespaces.remove(name)
