"""The local addresses of one link on the port that it shares: a socket and a candidate for each."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from aioice import Candidate
from aioice.candidate import candidate_foundation, candidate_priority

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.ice.candidates import COMPONENT
from p2claw.link.ice.check_socket import CheckSocket, Receiver
from p2claw.link.ice.host_addresses import HostAddress


class HostSockets:
    """The sockets of one link, by their local address. owner: gets what they receive."""

    __slots__ = ("_by_host", "_owner", "_port")

    def __init__(self, owner: Receiver, port: UdpPort) -> None:
        self._owner = owner
        self._port = port
        self._by_host: dict[str, CheckSocket] = {}

    def open(self, addresses: Iterable[HostAddress]) -> Iterable[CheckSocket]:
        """Open a socket for each address that the port can send from."""
        for address in addresses:
            if self._port.is_v4_only and _version(address.host) == 6:
                continue
            socket = CheckSocket.on_port(self._owner, self._port, address.host)
            socket.local_candidate = Candidate(
                foundation=candidate_foundation("host", "udp", address.host),
                component=COMPONENT,
                transport="udp",
                priority=candidate_priority(COMPONENT, "host", address.preference),
                host=address.host,
                port=self._port.number,
                type="host",
            )
            self._by_host[str(ipaddress.ip_address(address.host))] = socket
            yield socket

    def at(self, local_host: str, remote_host: str) -> CheckSocket | None:
        """The socket for a packet that came to one address from the other; None: there is none.

        An address may be newer than the link, or have no candidate. Any socket of the same version
        of IP stands for it then.
        """
        socket = self._by_host.get(local_host)
        if socket is not None:
            return socket
        version = _version(remote_host)
        return next((s for host, s in self._by_host.items() if _version(host) == version), None)


def _version(host: str) -> int:
    return ipaddress.ip_address(host).version
