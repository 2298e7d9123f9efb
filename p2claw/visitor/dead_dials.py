"""Dials that led to nobody, in one JSON file of the visitor: they are not tried again for a
while."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from p2claw.link.ice.host_addresses import host_addresses
from p2claw.visitor.host_cache import HostCache
from p2claw.wire.signalling.dialling import Descriptor

FILE_NAME = "dead_dials.json"

# For so long a box is not dialled at addresses where nobody was. A firewall is not changed more
# often, and a visit without a dial is two round trips longer, no more.
DEAD_S = 600.0


class DeadDials:
    """The file of dials that led to nobody: of each host `[what was dialled, until]`.

    What was dialled: a hash of the addresses and the certificate in the descriptor, and of the
    visitor's own network. If one of them changes, the box is dialled again at once: one that was
    started again has another certificate, and is silent to who has the old descriptor.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._cache = HostCache(path, "dead dials", self._is_dead)

    def is_dead(self, host: str, descriptor: Descriptor) -> bool:
        """Whether a dial of this kind led to nobody a short while ago."""
        value = self._cache.get(host)
        return value is not None and value[0] == _way(descriptor)

    def add(self, host: str, descriptor: Descriptor) -> None:
        """This dial led to nobody, though the box was there."""
        self._cache.put(host, [_way(descriptor), self._clock() + DEAD_S])

    def _is_dead(self, value: Any) -> bool:
        _, until_s = value
        # A clock that was set back makes nothing last longer than that.
        return 0 < float(until_s) - self._clock() <= DEAD_S


def _way(descriptor: Descriptor) -> str:
    """From where to where. Of IPv6 the /64 counts: the rest changes by itself each day."""
    networks = {_network(address.host) for address in host_addresses()}
    told = json.dumps(
        [sorted(descriptor.addresses), descriptor.fingerprint.hex(), sorted(networks)]
    )
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _network(host: str) -> str:
    if ipaddress.ip_address(host).version == 4:
        return host
    return str(ipaddress.ip_network((host, 64), strict=False))
