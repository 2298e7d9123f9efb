"""What our association does differently from aiortc's: packets, timers, SACKs, stray input."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import pytest
from aiortc import rtcsctptransport as stock
from aiortc.rtcdtlstransport import RTCDtlsTransport
from google_crc32c import value as crc32c

from p2claw.link import association
from p2claw.link.association import CHANNEL_ID, Association
from p2claw.link.stock import SCTP_PACKET_BYTES
from tests.link.peers import DEADLINE_S, Pair, User, pair, send_all


def _association(peers: Pair, side: str) -> Association:
    return (peers.box if side == "box" else peers.visitor)._association


def _watch(monkeypatch: pytest.MonkeyPatch, seen: Callable[[bytes], None]) -> None:
    """Show every SCTP packet that any association of this process sends."""
    original = RTCDtlsTransport._send_data

    async def send_data(self: RTCDtlsTransport, data: bytes) -> None:
        seen(data)
        await original(self, data)

    monkeypatch.setattr(RTCDtlsTransport, "_send_data", send_data)


async def _transfer(peers: Pair, body: bytes) -> bytes:
    to_box, to_visitor = await peers.channels()
    at_visitor, at_box = User(), User()
    to_box.attach(at_visitor, low_water_bytes=65_536)
    to_visitor.attach(at_box, low_water_bytes=65_536)
    sending = asyncio.create_task(send_all(to_visitor, at_box, body))
    got = await at_visitor.take(len(body))
    await sending
    return got


async def test_no_packet_is_larger_than_every_tunnel_lets_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    _watch(monkeypatch, lambda packet: sizes.append(len(packet)))
    async with pair() as peers:
        await peers.join()
        await _transfer(peers, bytes(300_000))
    assert 1_100 < max(sizes) <= SCTP_PACKET_BYTES == 1_191


async def test_lost_packets_are_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every 25th packet of both sides is lost: SACKs, data and resent data."""
    original = RTCDtlsTransport._send_data
    numbers = itertools.count(1)

    async def send_data(self: RTCDtlsTransport, data: bytes) -> None:
        if next(numbers) % 25:
            await original(self, data)

    body = bytes(range(256)) * 2_000
    async with pair() as peers:
        await peers.join()
        await peers.channels()
        monkeypatch.setattr(RTCDtlsTransport, "_send_data", send_data)
        assert await _transfer(peers, body) == body


async def test_a_gap_is_filled_without_waiting_for_a_timer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("RTO_MIN_S", "RTO_MAX_S", "RTO_INITIAL_S"):
        monkeypatch.setattr(association, name, 3600)
    original = RTCDtlsTransport._send_data
    numbers = itertools.count(1)

    async def send_data(self: RTCDtlsTransport, data: bytes) -> None:
        if data[12] != stock.DataChunk.type or next(numbers) != 100:
            await original(self, data)

    async with pair() as peers:
        await peers.join()
        await peers.channels()
        monkeypatch.setattr(RTCDtlsTransport, "_send_data", send_data)
        assert len(await _transfer(peers, bytes(400_000))) == 400_000


async def test_the_timer_follows_a_fast_path_below_a_second() -> None:
    async with pair() as peers:
        await peers.join()
        await _transfer(peers, bytes(100_000))
        assert _association(peers, "box")._rto == association.RTO_MIN_S < 0.5


async def test_a_lost_init_is_repeated_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(association, "HANDSHAKE_RTO_S", 0.01)
    monkeypatch.setattr(stock, "SCTP_RTO_INITIAL", 3600)
    original = RTCDtlsTransport._send_data
    lost = 0

    async def send_data(self: RTCDtlsTransport, data: bytes) -> None:
        nonlocal lost
        if lost < 4:
            lost += 1
        else:
            await original(self, data)

    monkeypatch.setattr(RTCDtlsTransport, "_send_data", send_data)
    async with pair() as peers:
        await peers.join()
        await peers.channels()


async def test_long_transfers_are_acknowledged_by_every_second_packet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(association, "SACKS_AT_ONCE", 0)
    kinds: list[int] = []
    _watch(monkeypatch, lambda packet: kinds.append(packet[12]))
    async with pair() as peers:
        await peers.join()
        await _transfer(peers, bytes(400_000))
    data, sacks = kinds.count(stock.DataChunk.type), kinds.count(stock.SackChunk.type)
    assert data > 300
    assert sacks <= 0.7 * data


async def test_a_single_packet_is_acknowledged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(association, "SACKS_AT_ONCE", 0)
    async with pair() as peers:
        await peers.join()
        await _transfer(peers, b"x")
        sender = _association(peers, "box")
        async with asyncio.timeout(DEADLINE_S):
            while sender._sent_queue:  # noqa: ASYNC110 - aiortc tells nobody
                await asyncio.sleep(0.001)


async def test_a_malformed_packet_ends_the_link_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with pair() as peers:
        await peers.join()
        user = User()
        (await peers.channels())[0].attach(user, low_water_bytes=0)
        victim = _association(peers, "visitor")
        # Two INITs in one packet: aiortc asserts that there is one.
        init = bytes(stock.InitChunk())
        packet = stock.serialize_packet(5000, 5000, 0, stock.InitChunk()) + init
        header, chunks = packet[:8], packet[12:]
        checksum = crc32c(header + bytes(4) + chunks).to_bytes(4, "little")
        await victim._handle_data(header + checksum + chunks)
        await asyncio.wait_for(user.closed.wait(), DEADLINE_S)
    assert "association broken" in [record.getMessage() for record in caplog.records]


async def test_channels_that_the_peer_opens_are_ignored() -> None:
    async with pair() as peers:
        await peers.join()
        await peers.channels()
        await _association(peers, "box")._data_channel_receive(
            7, stock.WEBRTC_DCEP, b"\x03" + bytes(11)
        )
        assert list(_association(peers, "box")._data_channels) == [CHANNEL_ID]


async def test_text_is_handed_on_as_an_empty_message() -> None:
    async with pair() as peers:
        await peers.join()
        user = User()
        to_box, to_visitor = await peers.channels()
        to_visitor.attach(user, low_water_bytes=0)
        peers.visitor._channel.stock.send("text")
        to_box.send(b"binary")
        async with asyncio.timeout(DEADLINE_S):
            while len(user.messages) < 2:
                user.arrived.clear()
                await user.arrived.wait()
        assert user.messages == [b"", b"binary"]
