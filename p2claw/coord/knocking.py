"""Knocks at the UDP ports of a box that asks for it, at the address that the box itself has.

No other address can be named: who asks learns only what comes to its own ports. How often one
box may ask is the business of `agents.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterable

from p2claw.coord.client_address import Address
from p2claw.link.knocking import knock
from p2claw.log import get_log

log = get_log("coordinator")

# When each port is knocked at, from the beginning: of three knocks not all are lost.
TIMES_S = (0.0, 0.3, 1.0)

# Boxes that are knocked at, at once, each with a socket of its own.
AT_ONCE = 64


class Knocker:
    """The knocks of one coordinator."""

    def __init__(self) -> None:
        self._under_way = 0

    async def knock(self, address: Address, ports: Iterable[int], token: bytes) -> tuple[int, ...]:
        """Knock at the ports of this address; returns those that it was sent to.

        None at all where the address is none of another machine, or too many are knocked at now.
        """
        if address.is_loopback or address.is_link_local or address.is_multicast:
            return ()
        if address.is_unspecified or self._under_way >= AT_ONCE:
            return ()
        self._under_way += 1
        try:
            return await _knock(address, tuple(dict.fromkeys(ports)), knock(token))
        finally:
            self._under_way -= 1


async def _knock(address: Address, ports: tuple[int, ...], datagram: bytes) -> tuple[int, ...]:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sent: set[int] = set()
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            waited_s = 0.0
            for at_s in TIMES_S:
                await asyncio.sleep(at_s - waited_s)
                waited_s = at_s
                for port in ports:
                    # A port that nobody has open may be reported as refused, at the next send.
                    with contextlib.suppress(ConnectionError, BlockingIOError):
                        out.sendto(datagram, (str(address), port))
                        sent.add(port)
    except OSError as error:
        log.debug("not knocked", error=str(error))
        return ()
    return tuple(port for port in ports if port in sent)
