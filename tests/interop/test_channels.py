"""Channels open and close from both sides, by all terms, and their numbers are used again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.interop.link import SIDES, Link, Side, other
from tests.interop.stacks import Stack, need
from tests.interop.test_messages import check_messages
from tests.peers.pattern import Message

TERMS: dict[str, dict[str, Any]] = {
    "reliable": {"protocol": "p/1"},
    "unordered": {"ordered": False},
    "retransmits": {"maxRetransmits": 3},
    "lifetime": {"maxPacketLifeTime": 500},
    "unordered-retransmits": {"ordered": False, "maxRetransmits": 0, "protocol": "p/2"},
    "unordered-lifetime": {"ordered": False, "maxPacketLifeTime": 65_535},
}
DEFAULTS = {"protocol": "", "ordered": True, "maxRetransmits": None, "maxPacketLifeTime": None}
WORDS: list[Message] = [("text", 5, 1), ("binary", 5000, 2), ("text", 1, 3)]


@pytest.mark.needs("terms")
@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
async def test_terms_of_our_channel_are_known_to_theirs(link: Link, terms: dict[str, Any]) -> None:
    channel = await link.open("ours", "second", **terms)
    assert {name: channel.seen[name] for name in DEFAULTS} == {**DEFAULTS, **terms}
    assert channel.seen["id"] == channel.stream


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
async def test_terms_of_their_channel_are_known_to_ours(
    link: Link, stack: Stack, terms: dict[str, Any]
) -> None:
    if len(terms.keys() & {"ordered", "maxRetransmits", "maxPacketLifeTime"}) > 1:
        need(stack, "unordered-limits")
    channel = await link.open("theirs", "second", **terms)
    assert channel.seen == {**DEFAULTS, **terms}


@pytest.mark.parametrize("opener", SIDES)
async def test_names_are_known_letter_by_letter(link: Link, stack: Stack, opener: Side) -> None:
    if opener == "theirs":
        need(stack, "names")
    channel = await link.open(opener, "Käse 🧀", protocol="fromage/é")
    assert channel.seen["protocol"] == "fromage/é"


@pytest.mark.parametrize("opener", SIDES)
async def test_an_unordered_channel_carries_all(link: Link, opener: Side) -> None:
    channel = await link.open(opener, "unordered", ordered=False)
    for sender in SIDES:
        await channel.send(sender, WORDS * 10)
        assert len(await channel.received(other(sender), len(WORDS) * 10)) == len(WORDS) * 10


async def test_a_negotiated_channel_carries_both_ways(link: Link) -> None:
    channel = await link.open_negotiated(100)
    for sender in SIDES:
        await check_messages(channel, sender, WORDS)


async def test_both_open_many_channels_at_once(link: Link) -> None:
    opened = await asyncio.gather(
        *(link.open(side, f"{side} {n}") for n in range(16) for side in SIDES)
    )
    assert len({channel.stream for channel in opened}) == len(opened)
    for sender in SIDES:
        await asyncio.gather(*(check_messages(channel, sender, WORDS) for channel in opened))


@pytest.mark.parametrize("opener", SIDES)
@pytest.mark.parametrize("closer", SIDES)
async def test_a_channel_closes_after_its_last_message(
    link: Link, opener: Side, closer: Side
) -> None:
    channel = await link.open(opener, "short")
    await check_messages(channel, closer, WORDS)
    await channel.close(closer)
    await channel.closed()
    for sender in SIDES:
        await check_messages(link.first, sender, WORDS)


@pytest.mark.parametrize("opener", SIDES)
@pytest.mark.parametrize("closer", SIDES)
async def test_a_number_is_used_again(link: Link, opener: Side, closer: Side) -> None:
    streams = set()
    for turn in range(3):
        channel = await link.open(opener, f"turn {turn}", ordered=turn != 1)
        for sender in SIDES:
            await check_messages(channel, sender, [("binary", 2000 + turn, turn)])
        await channel.close(closer)
        await channel.closed()
        streams.add(channel.stream)
    assert len(streams) == 1
