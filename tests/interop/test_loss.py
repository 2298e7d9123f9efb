"""Packets that are lost on their way, in both directions: what is reliable arrives, what is not is
given up by both sides alike."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest

from tests.dataplane.packets import chunks_of
from tests.interop.link import SIDES, Channel, Link, Side, other
from tests.interop.stacks import Stack, need
from tests.interop.test_messages import check_bulk, check_messages
from tests.peers.pattern import Message, message_bytes, sum_of

LOSSY_BYTES = 500_000
FEW = 10  # packets, of which some carried data
RECONFIG = 130  # RFC 6525 §3.1; its first parameter says whether it is a request or a response


class Losses:
    """Loses each packet with this probability, by a fixed seed. lost: how many so far."""

    def __init__(self, rate: float) -> None:
        self.lost = 0
        self._rate = rate
        self._random = Random(5)

    def passes(self, direction: str, packet: bytes) -> bool:
        is_lost = self._random.random() < self._rate
        self.lost += is_lost
        return not is_lost


class LostResets:
    """Loses the first request to reset a stream, and the first response, in both directions."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, int]] = set()

    def passes(self, direction: str, packet: bytes) -> bool:
        for kind, _, value in chunks_of(packet):
            what = direction, int.from_bytes(value[:2], "big")
            if kind == RECONFIG and what not in self._seen:
                self._seen.add(what)
                return False
        return True


@pytest.mark.parametrize("sender", SIDES)
async def test_a_transfer_arrives_whole_over_a_path_that_loses(link: Link, sender: Side) -> None:
    link.ours.passes = Losses(0.03).passes
    await check_bulk(link.first, sender, LOSSY_BYTES)


@pytest.mark.parametrize("opener", SIDES)
async def test_a_number_is_used_again_after_resets_that_were_lost(
    link: Link, stack: Stack, opener: Side
) -> None:
    if opener == "ours":
        need(stack, "resets")
    link.ours.passes = LostResets().passes
    streams = set()
    for closer in (opener, other(opener)):
        channel = await link.open(opener, f"closed by {closer}")
        await check_messages(channel, opener, [("binary", 10_000, 1)])
        await channel.close(closer)
        await channel.closed()
        streams.add(channel.stream)
    assert len(streams) == 1


@pytest.mark.parametrize("ordered", [True, False], ids=["ordered", "unordered"])
@pytest.mark.parametrize("sender", SIDES)
async def test_what_has_no_retransmits_is_given_up(
    link: Link, stack: Stack, sender: Side, ordered: bool
) -> None:
    if sender == "theirs":
        need(stack, "retransmits")
    elif ordered:
        need(stack, "skipping")
    channel = await link.open(sender, "hasty", ordered=ordered, maxRetransmits=0)
    losses = Losses(0.1)
    await given_up(link, losses, channel, sender, [("binary", 3000 + n, n) for n in range(100)])


@pytest.mark.parametrize("sender", SIDES)
async def test_what_is_too_old_is_given_up(link: Link, stack: Stack, sender: Side) -> None:
    if sender == "theirs":
        need(stack, "lifetimes")
    channel = await link.open(sender, "timely", ordered=False, maxPacketLifeTime=100)
    await given_up(link, Losses(1), channel, sender, [("text", 3000 + n, n) for n in range(10)])


async def given_up(
    link: Link, losses: Losses, channel: Channel, sender: Side, messages: list[Message]
) -> None:
    """Some arrive and some do not; what is sent once the path is well again arrives."""
    link.ours.passes = losses.passes
    await channel.send(sender, messages)
    await link.ours.until(lambda: losses.lost >= FEW)
    await asyncio.sleep(0.2)
    link.ours.passes = lambda direction, packet: True
    await check_messages(link.first, sender, [("text", 100, 1)])
    last: Message = ("text", 7, 7)
    await channel.send(sender, [last])
    expected = [(m[0], *sum_of([message_bytes(m)])) for m in [*messages, last]]
    got: list[Any] = []
    async with asyncio.timeout(20):
        while expected[-1] not in got:
            got = await channel.received(other(sender), len(got) + 1)
    assert set(got) < set(expected)
    if channel.seen["ordered"]:
        assert got == [message for message in expected if message in got]
