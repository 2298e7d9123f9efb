"""The datagrams of a handshake: sent again until there is a reply."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from p2claw.link import flights
from p2claw.link.flights import Flights
from p2claw.link.ice.ice_connection import IceConnection
from tests.link.peers import DEADLINE_S


class Line:
    """What goes out, and what comes in."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[bytes] = asyncio.Queue()
        self.coming: asyncio.Queue[bytes] = asyncio.Queue()
        self.rtt_s: float | None = None

    async def send(self, data: bytes) -> None:
        self.sent.put_nowait(data)

    async def recv(self) -> bytes:
        return await self.coming.get()

    async def next(self) -> bytes:
        return await asyncio.wait_for(self.sent.get(), DEADLINE_S)


async def test_a_flight_that_nobody_replies_to_is_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flights, "RESEND_FIRST_S", 0.02)
    line = Line()
    ours = Flights(cast(IceConnection, line))
    for part in (b"one", b"two"):
        await ours.send(part)
    receiving = asyncio.create_task(ours.receive())
    try:
        assert [await line.next() for _ in range(6)] == [b"one", b"two"] * 3
    finally:
        receiving.cancel()


async def test_a_flight_that_got_its_reply_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flights, "RESEND_FIRST_S", 0.02)
    line = Line()
    ours = Flights(cast(IceConnection, line))
    await ours.send(b"hello")
    line.coming.put_nowait(b"reply")
    assert await ours.receive() == b"reply"
    await ours.send(b"finished")
    receiving = asyncio.create_task(ours.receive())
    try:
        sent = [await line.next() for _ in range(4)]
        assert sent[0] == b"hello" and set(sent[1:]) == {b"finished"}
    finally:
        receiving.cancel()


@pytest.mark.parametrize(
    ("rtt_s", "first_s"),
    [(None, flights.RESEND_FIRST_S), (0.001, flights.RESEND_LEAST_S), (0.15, 0.3), (9, 1.0)],
)
def test_a_flight_waits_for_twice_the_round_trip_before_it_is_sent_again(
    rtt_s: float | None, first_s: float
) -> None:
    line = Line()
    line.rtt_s = rtt_s
    assert Flights(cast(IceConnection, line))._first_s() == first_s
