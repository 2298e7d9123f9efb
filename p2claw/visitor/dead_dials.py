"""Dials that led to nobody, in one JSON file of the visitor: they are not tried again for a while.

It is a cache. One that cannot be read or written costs a visit 0.3 s, and is no error.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import time
from collections.abc import Callable
from pathlib import Path

from p2claw.errors import UsageError
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.locked_file import LockedFile
from p2claw.units import KIB
from p2claw.wire.signalling.dialling import Descriptor

FILE_NAME = "dead_dials.json"
FILE_BYTES = 256 * KIB

# For so long a box is not dialled at addresses where nobody was. A firewall is not changed more
# often, and a visit without a dial is two round trips longer, no more.
DEAD_S = 600.0

# Of hosts; the one that is due first is forgotten.
MOST = 256


class DeadDials:
    """The file: `{"version": 1, "dials": {host: [what was dialled, until]}}`, mode 0600.

    What was dialled: a hash of the addresses in the descriptor and of the visitor's own network.
    If either changes, the box is dialled again at once.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._file = LockedFile(path, "dead dials", FILE_BYTES, "Delete it")
        self._clock = clock

    def is_dead(self, host: str, descriptor: Descriptor) -> bool:
        """Whether a dial of this kind led to nobody a short while ago."""
        dialled, until_s = self._read().get(host, ("", 0.0))
        # A clock that was set back makes nothing last longer than that.
        return 0 < until_s - self._clock() <= DEAD_S and dialled == _way(descriptor)

    def add(self, host: str, descriptor: Descriptor) -> None:
        """This dial led to nobody, though the box was there."""
        with contextlib.suppress(UsageError), self._file.changing():
            now_s = self._clock()
            dials = {name: one for name, one in self._read().items() if one[1] > now_s}
            dials.pop(host, None)
            dials[host] = (_way(descriptor), now_s + DEAD_S)
            newest = sorted(dials.items(), key=lambda one: one[1][1])[-MOST:]
            content = {"version": 1, "dials": dict(newest)}
            self._file.write((json.dumps(content, indent=2) + "\n").encode())

    def _read(self) -> dict[str, tuple[str, float]]:
        with contextlib.suppress(UsageError, KeyError, TypeError, ValueError, AttributeError):
            content = self._file.read()
            if content is not None:
                dials = self._file.parse(content)["dials"]
                return {
                    str(host): (str(way), float(until_s)) for host, (way, until_s) in dials.items()
                }
        return {}


def _way(descriptor: Descriptor) -> str:
    """From where to where. Of IPv6 the /64 counts: the rest changes by itself each day."""
    networks = {_network(address.host) for address in host_addresses()}
    told = json.dumps([sorted(descriptor.addresses), sorted(networks)])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _network(host: str) -> str:
    if ipaddress.ip_address(host).version == 4:
        return host
    return str(ipaddress.ip_network((host, 64), strict=False))
