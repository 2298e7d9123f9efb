"""What listens on this machine, as Linux lists it: nothing is connected to, and no app notices."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Literal

from p2claw.agent.upstream.address import UpstreamAddress

# proc(5). The process's own folder is there in a hardened service, too.
_TABLES = ("/proc/self/net/tcp", "/proc/self/net/tcp6")
_LISTEN = "0A"  # TCP_LISTEN of Linux's include/net/tcp_states.h

_Address = IPv4Address | IPv6Address
ByteOrder = Literal["little", "big"]


class Listeners:
    """The TCP sockets that listen, as (address, port)."""

    def __init__(self, sockets: Iterable[tuple[_Address, int]]) -> None:
        self._sockets = frozenset(sockets)
        # An IPv6 socket for all addresses mostly takes IPv4 as well, and the table does not say.
        self._everywhere = {port for address, port in self._sockets if address.is_unspecified}

    def may_serve(self, upstream: UpstreamAddress) -> bool:
        """Whether something may accept a connection to the upstream; whether a folder is there.

        False is certain. A file of a Unix socket may have been left by a server that has ended.
        """
        if upstream.folder:
            return os.access(upstream.folder, os.R_OK | os.X_OK)
        if upstream.path:
            return _is_socket(Path(upstream.path))
        return upstream.port in self._everywhere or any(
            (ip_address(host), upstream.port) in self._sockets for host in upstream.dial_hosts()
        )


def read_listeners() -> Listeners | None:
    """Those of now; None where the system does not list them. Blocks."""
    try:
        tables = [Path(table).read_text(encoding="ascii") for table in _TABLES]
    except OSError:
        return None
    return Listeners(socket for table in tables for socket in listed(table))


def listed(table: str, order: ByteOrder = sys.byteorder) -> Iterator[tuple[_Address, int]]:
    """The sockets of a kernel's table that listen. order: in which that machine keeps bytes."""
    for line in table.splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        if state == _LISTEN:
            address, port = local.split(":")
            yield _address(address, order), int(port, 16)


def _address(words: str, order: ByteOrder) -> _Address:
    """An address as the kernel writes it: words of 32 bits, each as the machine keeps a number."""
    octets = b"".join(
        int(words[at : at + 8], 16).to_bytes(4, order) for at in range(0, len(words), 8)
    )
    if len(octets) == 4:
        return IPv4Address(octets)
    address = IPv6Address(octets)
    return address.ipv4_mapped or address


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False
