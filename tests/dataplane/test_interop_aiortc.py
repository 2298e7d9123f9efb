"""Our association against aiortc's own, both DTLS roles, in memory."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from random import Random

import pytest
from aiortc import RTCDataChannel, RTCDataChannelParameters

from p2claw.dataplane._sctp import (
    Association,
    AssociationClosed,
    ChannelClosed,
    ChannelOpened,
    MessageReceived,
)
from tests.support.aiortc_sctp import Against

PPID_STRING, PPID_BINARY = 51, 53
SIZES = [0, 1, 2, 3, 1159, 1160, 1161, 1200, 2320, 16384, 65535, 65536]


@pytest.fixture(params=["ours is server", "ours is client"])
async def against(request: pytest.FixtureRequest) -> AsyncIterator[Against]:
    is_server = request.param == "ours is server"
    seed = Random(7).randbytes(44)
    peers = Against(Association(server=is_server, seed=seed), ours_is_server=is_server)
    await peers.start()
    await peers.until(lambda: peers.ours.is_established and peers.theirs.state == "connected")
    yield peers
    await peers.stop()


def messages(against: Against) -> list[MessageReceived]:
    return [e for e in against.events if isinstance(e, MessageReceived)]


async def open_theirs(against: Against, **terms: object) -> tuple[RTCDataChannel, ChannelOpened]:
    channel = RTCDataChannel(against.theirs, RTCDataChannelParameters(label="theirs", **terms))
    against.watch(channel)
    await against.until(lambda: channel.readyState == "open")
    opened = next(e for e in against.events if isinstance(e, ChannelOpened))
    return channel, opened


async def test_a_channel_of_theirs_opens(against: Against) -> None:
    channel, opened = await open_theirs(against, protocol="p", ordered=False, maxRetransmits=3)
    assert opened.stream == channel.id
    assert (opened.label, opened.protocol, opened.by_peer) == ("theirs", "p", True)
    assert (opened.ordered, opened.max_retransmits, opened.max_lifetime_ms) == (False, 3, None)


async def test_a_channel_of_ours_opens(against: Against) -> None:
    stream = against.ours.open_channel("ours", "protocol")
    await against.until(lambda: bool(against.channels))
    await against.until(lambda: any(isinstance(e, ChannelOpened) for e in against.events))
    theirs = against.channels[0]
    assert (theirs.id, theirs.label, theirs.protocol) == (stream, "ours", "protocol")


async def test_messages_of_all_sizes_arrive_at_theirs(against: Against) -> None:
    stream = against.ours.open_channel("ours")
    sent: list[str | bytes] = []
    for size in SIZES:
        sent += [bytes([size % 251]) * size, "x" * size]
        against.ours.send(stream, PPID_BINARY, bytes([size % 251]) * size)
        against.ours.send(stream, PPID_STRING, b"x" * size)
    await against.until(lambda: len(against.received) == len(sent))
    assert against.received == sent


async def test_messages_of_all_sizes_arrive_at_ours(against: Against) -> None:
    channel, _ = await open_theirs(against)
    for size in SIZES:
        channel.send(bytes([size % 251]) * size)
        channel.send("x" * size)
    await against.until(lambda: len(messages(against)) == 2 * len(SIZES))
    got = [(m.ppid, m.data) for m in messages(against)]
    expected = []
    for size in SIZES:
        expected += [(PPID_BINARY, bytes([size % 251]) * size), (PPID_STRING, b"x" * size)]
    assert got == expected


async def test_ten_megabytes_arrive_at_theirs(against: Against) -> None:
    data = Random(1).randbytes(10_000_000)
    stream = against.ours.open_channel("bulk")
    for at in range(0, len(data), 16384):
        against.ours.send(stream, PPID_BINARY, data[at : at + 16384])
    digest = hashlib.sha256(data).hexdigest()
    await against.until(lambda: against.ours.buffered_bytes == 0, 100)
    got = b"".join(m for m in against.received if isinstance(m, bytes))
    assert hashlib.sha256(got).hexdigest() == digest


async def test_ten_megabytes_arrive_at_ours(against: Against) -> None:
    data = Random(1).randbytes(10_000_000)
    channel, _ = await open_theirs(against)
    for at in range(0, len(data), 16384):
        channel.send(data[at : at + 16384])
    await against.until(lambda: sum(len(m.data) for m in messages(against)) >= len(data), 100)
    got = b"".join(m.data for m in messages(against))
    assert hashlib.sha256(got).hexdigest() == hashlib.sha256(data).hexdigest()


async def test_a_channel_that_we_close_is_closed_at_both(against: Against) -> None:
    stream = against.ours.open_channel("ours")
    against.ours.send(stream, PPID_BINARY, b"last words")
    await against.until(lambda: against.received == [b"last words"])
    against.ours.reset_stream(stream)
    await against.until(lambda: any(isinstance(e, ChannelClosed) for e in against.events))
    await against.until(lambda: against.channels[0].readyState == "closed")


async def test_a_channel_that_they_close_is_closed_at_both(against: Against) -> None:
    channel, opened = await open_theirs(against)
    channel.send(b"last words")
    channel.close()
    await against.until(lambda: any(isinstance(e, ChannelClosed) for e in against.events))
    await against.until(lambda: channel.readyState == "closed")
    assert [m.data for m in messages(against)] == [b"last words"]
    closed = next(e for e in against.events if isinstance(e, ChannelClosed))
    assert closed.stream == opened.stream


async def test_a_number_is_used_again_after_its_channel_closed(against: Against) -> None:
    for turn in range(3):
        stream = against.ours.open_channel(f"turn {turn}")
        against.ours.send(stream, PPID_BINARY, b"%d" % turn)
        await against.until(lambda turn=turn: len(against.received) == turn + 1)
        against.ours.reset_stream(stream)
        await against.until(
            lambda turn=turn: (
                sum(isinstance(e, ChannelClosed) for e in against.events) == turn + 1
                and against.channels[turn].readyState == "closed"
            )
        )
    assert {c.id for c in against.channels} == {stream}
    assert against.received == [b"0", b"1", b"2"]


async def test_an_abort_of_ours_ends_theirs(against: Against) -> None:
    against.ours.abort("enough")
    await against.until(lambda: against.theirs.state == "closed")


async def test_an_abort_of_theirs_ends_ours(against: Against) -> None:
    await against.theirs.stop()
    await against.until(lambda: any(isinstance(e, AssociationClosed) for e in against.events))
    closed = against.events[-1]
    assert isinstance(closed, AssociationClosed)
    assert (closed.code, closed.by_peer) == ("aborted", True)
