"""What goes into a channel comes out of it: messages of all sizes, and many of them."""

from __future__ import annotations

import pytest

from tests.interop.link import Channel, Link, Side, other
from tests.peers.pattern import Message, bulk, message_bytes, sum_of

# Around one fragment (1,128 bytes), one packet, 16-bit lengths, and the largest of ours.
SIZES = (
    *(1, 2, 3, 1127, 1128, 1129, 1200, 2256, 2257),
    *(16_384, 65_535, 65_536, 262_143, 262_144),
)
BULK_BYTES = 30_000_000
MESSAGE_BYTES = 16_384


def of_all_sizes(largest_bytes: int) -> list[Message]:
    sizes = [size for size in SIZES if size <= largest_bytes]
    messages: list[Message] = [("binary", size, size) for size in sizes]
    return messages + [("text", size, size + 1) for size in sizes]


async def check_messages(channel: Channel, sender: Side, messages: list[Message]) -> None:
    await channel.send(sender, messages)
    got = await channel.received(other(sender), len(messages))
    assert got == [(m[0], *sum_of([message_bytes(m)])) for m in messages]


async def check_bulk(channel: Channel, sender: Side, total_bytes: int) -> None:
    messages = bulk(total_bytes, MESSAGE_BYTES)
    expected = sum_of(message_bytes(m) for m in messages)
    await channel.send(sender, messages)
    assert await channel.digest(other(sender), expected[0]) == expected


async def test_messages_of_all_sizes_arrive_at_theirs(link: Link) -> None:
    await check_messages(link.first, "ours", of_all_sizes(link.ours.remote.message_bytes))


async def test_messages_of_all_sizes_arrive_at_ours(link: Link) -> None:
    await check_messages(link.first, "theirs", of_all_sizes(SIZES[-1]))


EMPTY: list[Message] = [("binary", 0, 0), ("text", 0, 0), ("text", 1, 1), ("binary", 0, 0)]


async def test_empty_messages_arrive_at_theirs(link: Link) -> None:
    await check_messages(link.first, "ours", EMPTY)


@pytest.mark.needs("empty")
async def test_empty_messages_arrive_at_ours(link: Link) -> None:
    await check_messages(link.first, "theirs", EMPTY)


async def test_thirty_megabytes_arrive_at_theirs(link: Link) -> None:
    await check_bulk(link.first, "ours", BULK_BYTES)


async def test_thirty_megabytes_arrive_at_ours(link: Link) -> None:
    await check_bulk(link.first, "theirs", BULK_BYTES)
