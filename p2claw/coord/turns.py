"""Turns of registrations, for whoever awaits them; `line.py` decides whose it is."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import random
from collections.abc import Sequence
from types import TracebackType

from aiohttp import web

from p2claw.config import Network, ServerLimits
from p2claw.coord.client_address import Address, is_within, network_of, parsed_address
from p2claw.coord.line import Line

BUSY = "coordinator-busy"
_MESSAGE = "Too many boxes register at this coordinator just now; come again when it is your time"


class Turns:
    """The line of one server. refused: how many have been told to come again so far."""

    def __init__(self, limits: ServerLimits, trusted_proxies: Sequence[Network] = ()) -> None:
        self.refused = 0
        self._line = Line(limits.registrations_at_work, limits.registrations_waiting)
        self._places = limits.registrations_waiting
        self._trusted = trusted_proxies
        self._numbers = itertools.count(1)
        self._asking: dict[int, asyncio.Future[None]] = {}

    @property
    def places_in_use(self) -> int:
        """How many registrations are under way."""
        return self._line.places_in_use

    def place(self, address: Address) -> Place | None:
        """The place of a registration of this address; None: there is none, see `again_s`."""
        network = network_of(address)
        return Place(self, network) if self._line.may_come(network) else None

    def has_place(self, host: str) -> bool:
        """Whether a connection of this host may find a place. A trusted proxy brings those of many
        addresses: for each of them there may be one as long as not all are taken.
        """
        address = parsed_address(host)
        if address is None or is_within(address, self._trusted):
            return self._line.places_in_use < self._places
        return self._line.may_come(network_of(address))

    def again_s(self) -> int:
        """After how many seconds one that found no place is to come again."""
        self.refused += 1
        now = asyncio.get_running_loop().time()
        return math.ceil(self._line.again_s(now, random.random()))

    async def _turn(self, network: str, *, opened: bool) -> int:
        number = next(self._numbers)
        if self._line.ask(number, network, opened=opened):
            return number
        asking = self._asking[number] = asyncio.get_running_loop().create_future()
        try:
            await asking
        except BaseException:
            self._asking.pop(number, None)
            self._line.withdraw(number, network)
            self._call_next()
            raise
        return number

    def _done(self, number: int) -> None:
        # Not at once: what awaited nothing would let all that wait do their work in this turn of
        # the loop, and everything else would wait for them.
        asyncio.get_running_loop().call_soon(self._make_room, number)

    def _make_room(self, number: int) -> None:
        self._line.done(number)
        self._call_next()

    def _call_next(self) -> None:
        while (number := self._line.next_turn()) is not None:
            asking = self._asking.pop(number)
            if not asking.done():
                asking.set_result(None)


class Place:
    """The place of one registration, until `leave`. Used as a context, while it is at work."""

    __slots__ = ("_network", "_number", "_turns", "opened")

    def __init__(self, turns: Turns, network: str) -> None:
        self.opened = False
        """Whether its agent has replied: then it comes before those that have just come."""
        self._turns = turns
        self._network: str | None = network
        self._number = 0
        turns._line.come(network)

    async def __aenter__(self) -> None:
        assert self._network is not None, "it has been left"
        self._number = await self._turns._turn(self._network, opened=self.opened)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._turns._done(self._number)

    def leave(self) -> None:
        """The registration is over, or its box is online."""
        network, self._network = self._network, None
        if network is not None:
            self._turns._line.leave(network)


def busy(again_s: int) -> web.Response:
    """The refusal of an agent that finds no place: 503, and when to come again."""
    return web.Response(
        status=503,
        body=_body(),
        content_type="application/json",
        headers={"Retry-After": str(again_s), "Cache-Control": "no-store"},
    )


def busy_bytes(again_s: int) -> bytes:
    """The same, before anything of HTTP has been read; the connection is closed after it."""
    body = _body()
    return (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nRetry-After: {again_s}\r\nCache-Control: no-store\r\n"
        "Server: p2claw\r\nConnection: close\r\n\r\n"
    ).encode() + body


def _body() -> bytes:
    return json.dumps({"code": BUSY, "message": _MESSAGE}).encode()
