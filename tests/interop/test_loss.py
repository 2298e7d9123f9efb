"""Packets that are lost on their way, in both directions: what is reliable arrives, what is not is
given up by both sides alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tests.interop.link import SIDES, Channel, Link, Side, other
from tests.interop.stacks import Stack, need
from tests.interop.test_messages import check_bulk, check_messages
from tests.peers.pattern import Message, message_bytes, sum_of

LOSSY_BYTES = 2_000_000
Passes = Callable[[str, bytes], bool]


def losing(rate: float) -> Passes:
    """Loses each packet with this probability, the same ones in each run."""
    random = Random(5)
    return lambda direction, packet: random.random() >= rate


def everything(direction: str, packet: bytes) -> bool:
    return True


@pytest.mark.parametrize("sender", SIDES)
async def test_a_transfer_arrives_whole_over_a_path_that_loses(link: Link, sender: Side) -> None:
    link.ours.passes = losing(0.03)
    await check_bulk(link.first, sender, LOSSY_BYTES)


@pytest.mark.parametrize("opener", SIDES)
async def test_channels_open_and_close_over_a_path_that_loses(link: Link, opener: Side) -> None:
    link.ours.passes = losing(0.1)
    for turn in range(5):
        channel = await link.open(opener, f"turn {turn}")
        await check_messages(channel, opener, [("binary", 10_000, turn)])
        await channel.close(opener if turn % 2 else other(opener))
        await channel.closed()


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
    link.ours.passes = losing(0.1)
    await given_up(link, channel, sender, [("binary", 3000 + n, n) for n in range(100)])


@pytest.mark.parametrize("sender", SIDES)
async def test_what_is_too_old_is_given_up(link: Link, stack: Stack, sender: Side) -> None:
    if sender == "theirs":
        need(stack, "lifetimes")
    channel = await link.open(sender, "timely", maxPacketLifeTime=100)
    link.ours.passes = lambda direction, packet: False
    await given_up(link, channel, sender, [("text", 3000 + n, n) for n in range(10)])


async def given_up(link: Link, channel: Channel, sender: Side, messages: list[Message]) -> None:
    """Some arrive and some do not; what is sent once the path is well again arrives."""
    await channel.send(sender, messages)
    await asyncio.sleep(0.3)
    link.ours.passes = everything
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
