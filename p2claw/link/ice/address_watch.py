"""Notices that the addresses of this machine, or the ways that lead out of it, have changed.

On Linux the kernel reports that something did (rtnetlink(7)); elsewhere a timer looks. What
changed is found by listing the addresses once more, so no message of the kernel is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable

from p2claw.link.ice import host_addresses
from p2claw.link.ice.host_addresses import HostAddress
from p2claw.log import get_log

log = get_log("link")

# If the system reports no changes.
POLL_S = 1.0

# An address comes with its routes, a lost one goes with them: some ten messages within a few
# milliseconds. And a machine with containers has changes that are none of ours all the time.
SETTLE_S = 0.05

# <linux/rtnetlink.h>: RTMGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR and _IPV6_ROUTE.
_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
_MESSAGES_BYTES = 65_536


_Addresses = tuple[tuple[HostAddress, ...], frozenset[str]]


class AddressWatch:
    """Calls `on_change` whenever other addresses than before would become host candidates, or
    packets leave from others.

    Start it and close it on the loop.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._known: _Addresses | None = None
        self._kernel: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._known = _addresses()
        self._kernel = _subscribe()
        if self._kernel is not None:
            asyncio.get_running_loop().add_reader(self._kernel.fileno(), self._noticed)
        else:
            self._look_in(POLL_S)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._kernel is not None:
            asyncio.get_running_loop().remove_reader(self._kernel.fileno())
            self._kernel.close()
            self._kernel = None

    def _noticed(self) -> None:
        assert self._kernel is not None
        # ENOBUFS: more changes were reported than the socket could hold. That is a change, too.
        with contextlib.suppress(OSError):
            while self._kernel.recv(_MESSAGES_BYTES):
                pass
        if self._timer is None:
            self._look_in(SETTLE_S)

    def _look_in(self, delay_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._kernel is None:
            self._look_in(POLL_S)
        found = _addresses()
        if found == self._known:
            return
        self._known = found
        log.info("addresses changed", addresses=len(found[0]))
        self._on_change()


def _addresses() -> _Addresses:
    """Those of this machine, and of its default routes: a route may come after its address."""
    return host_addresses.list_now(), host_addresses.routed()


def _subscribe() -> socket.socket | None:
    """A socket that becomes readable when something changes, or None if the system has none."""
    if sys.platform != "linux":
        return None
    try:
        made = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE
        )
    except OSError as error:  # a sandbox may forbid this kind of socket
        log.info("addresses are polled", error=error)
        return None
    try:
        made.bind((0, _GROUPS))
    except OSError as error:
        log.info("addresses are polled", error=error)
        made.close()
        return None
    return made
