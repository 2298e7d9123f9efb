"""p2claw.coord.bus.redis_bus with a real Redis: leases, tokens, messages, and what a loss does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from p2claw.config import BusAddress
from p2claw.coord.bus import leases, locating, members, redis_bus
from p2claw.coord.bus.base import BusError
from p2claw.coord.bus.locating import Facts, Whereabouts
from p2claw.coord.bus.messages import Gone, Message, Replaced
from p2claw.coord.bus.redis_bus import RedisBus
from p2claw.coord.bus.scripts import stream_key
from p2claw.errors import UsageError
from tests.coord.peers import eventually
from tests.support.redis_server import RedisServer

BOX = "b" * 26
FACTS = Facts(bytes(32), False, ((b"signature", b"descriptor"),))


class Node:
    """A bus with what it has received."""

    def __init__(self, bus: RedisBus) -> None:
        self.bus = bus
        self.received: list[Message] = []
        self.backs = 0
        bus.on_message = self.received.append
        bus.on_back = self._back

    async def _back(self) -> None:
        self.backs += 1


@asynccontextmanager
async def nodes(server: RedisServer, count: int = 2) -> AsyncIterator[list[Node]]:
    server.forget_all()
    async with AsyncExitStack() as stack:
        address = BusAddress.parse(server.url)
        yield [Node(await stack.enter_async_context(RedisBus(address))) for _ in range(count)]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_S", 0.2)


async def where(node: Node, alias: str = BOX) -> Whereabouts:
    return (await node.bus.find(alias)).whereabouts


async def test_a_box_is_found_by_every_name_at_the_node_that_has_it(rd: RedisServer) -> None:
    async with nodes(rd) as (one, two):
        token = await one.bus.acquire(BOX, ("purplecrab", "crab"), FACTS)
        for alias in (BOX, "purplecrab", "crab"):
            found = await two.bus.find(alias)
            assert found.entry is not None
            assert (found.entry.node, found.entry.token) == (one.bus.node, token)
            assert found.entry.facts == FACTS
        assert await where(two, "unknown") is Whereabouts.OFFLINE


async def test_the_newest_has_the_box_and_the_one_before_is_notified(rd: RedisServer) -> None:
    async with nodes(rd) as (one, two):
        older = await one.bus.acquire(BOX, (), FACTS)
        newer = await two.bus.acquire(BOX, (), FACTS)
        assert newer > older
        await eventually(lambda: one.received == [Replaced(BOX, newer)])
        assert await one.bus.put(BOX, (), older, FACTS) == newer, "a lower token writes nothing"
        await one.bus.release(BOX, older)
        found = await one.bus.find(BOX)
        assert found.entry is not None and found.entry.node == two.bus.node


async def test_of_many_that_register_a_box_at_once_one_has_it(rd: RedisServer) -> None:
    async with nodes(rd, 3) as all_of_them:
        tokens = await asyncio.gather(
            *(node.bus.acquire(BOX, (), FACTS) for node in all_of_them * 10)
        )
        assert len(set(tokens)) == 30
        found = await all_of_them[0].bus.find(BOX)
        assert found.whereabouts is Whereabouts.OFFLINE or found.entry is not None
        (entry,) = {(await node.bus._entry(BOX)) for node in all_of_them}
        assert entry is not None and entry.token == max(tokens)


async def test_a_token_is_higher_than_all_before_also_if_redis_has_forgotten_them(
    rd: RedisServer,
) -> None:
    async with nodes(rd, 1) as (one,):
        older = await one.bus.acquire(BOX, (), FACTS)
        rd.forget_all()
        assert await one.bus.acquire(BOX, (), FACTS) > older


async def test_messages_arrive_in_their_order(rd: RedisServer) -> None:
    async with nodes(rd) as (one, two):
        sent = [Gone(str(number)) for number in range(500)]
        for message in sent:
            one.bus.send(two.bus.node, message)
        await eventually(lambda: len(two.received) == len(sent))
        assert two.received == sent


async def test_what_nobody_waits_for_goes_with_the_next_message_or_soon(rd: RedisServer) -> None:
    async with nodes(rd) as (one, two):
        stream = stream_key(two.bus.node)
        before = await one.bus._redis.ask("XLEN", stream)
        one.bus.send(two.bus.node, Gone("first"), later=True)
        await asyncio.sleep(0)
        one.bus.send(two.bus.node, Gone("second"))
        await eventually(lambda: len(two.received) == 2)
        assert two.received == [Gone("first"), Gone("second")]
        assert await one.bus._redis.ask("XLEN", stream) == before + 1
        one.bus.send(two.bus.node, Gone("third"), later=True)
        await eventually(lambda: two.received[2:] == [Gone("third")])


async def test_what_is_written_twice_is_read_once(rd: RedisServer) -> None:
    async with nodes(rd) as (one, two):
        one.bus.send(two.bus.node, Gone("first"))
        await eventually(lambda: two.received)
        one.bus._outgoing._number -= 1  # as after a reply that was lost
        one.bus.send(two.bus.node, Gone("first"))
        await one.bus._outgoing.flush()
        one.bus.send(two.bus.node, Gone("second"))
        await eventually(lambda: two.received[-1] == Gone("second"))
        assert two.received == [Gone("first"), Gone("second")]


async def test_what_is_sent_while_redis_has_forgotten_the_stream_arrives_once_it_is_there(
    rd: RedisServer,
) -> None:
    async with nodes(rd) as (one, two):
        await eventually(lambda: one.bus._members.gone_for_s(two.bus.node, 0) is not None)
        rd.forget_all()
        one.bus.send(two.bus.node, Gone("x"))
        await eventually(lambda: two.received == [Gone("x")])


async def test_a_message_to_a_node_that_is_gone_makes_nothing(rd: RedisServer) -> None:
    async with nodes(rd, 1) as (one,):
        one.bus.send("nobody", Gone("x"))
        await one.bus._outgoing.flush()
        assert await one.bus._redis.ask("EXISTS", "p2claw:node:nobody") == 0


async def test_boxes_of_a_node_that_ends_are_on_their_way_and_later_offline(
    rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(rd, 1) as (two,):
        async with RedisBus(BusAddress.parse(rd.url)) as one:
            await one.acquire(BOX, (), FACTS)
            assert await where(two) is Whereabouts.THERE
        await eventually(lambda: two.bus.gone_nodes({one.node}))
        assert await where(two) is Whereabouts.UNKNOWN
        monkeypatch.setattr(locating, "RETURN_S", 0.0)
        assert await where(two) is Whereabouts.OFFLINE


async def test_boxes_of_a_node_that_is_silent_are_offline_once_it_has_let_them_go(
    rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "LEASE_S", 0.5)
    monkeypatch.setattr(locating, "SETTLE_S", 0.0)
    monkeypatch.setattr(locating, "RETURN_S", 0.0)
    async with nodes(rd) as (one, two):
        await one.bus.acquire(BOX, (), FACTS)
        for task in one.bus._tasks:
            task.cancel()  # as if it alone were cut off
        await eventually(lambda: two.bus.undeclared() == [one.bus.node])
        unknown = "x" * 26
        assert [await where(two), await where(two, unknown)] == [Whereabouts.UNKNOWN] * 2
        rd.forget_all()  # nothing is written of the node any more, and it is not forgotten
        await two.bus._renew()
        assert [await where(two), await where(two, unknown)] == [Whereabouts.UNKNOWN] * 2
        two.bus.declared(one.bus.node)
        assert two.bus.undeclared() == []
        assert await where(two) is Whereabouts.UNKNOWN
        monkeypatch.setattr(members, "APART_S", 0.0)
        assert [await where(two), await where(two, unknown)] == [Whereabouts.OFFLINE] * 2


async def test_a_node_that_is_silent_loses_its_lease(
    rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "LEASE_S", 0.5)
    async with nodes(rd) as (one, two):
        await one.bus.acquire(BOX, (), FACTS)
        for task in one.bus._tasks:
            task.cancel()  # as if it were killed
        await eventually(lambda: two.bus.gone_nodes({one.bus.node}) == {one.bus.node})
        assert two.bus.gone_nodes({two.bus.node}) == set()


async def test_while_redis_is_gone_nothing_is_called_offline_and_afterwards_it_is_back(
    rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locating, "SETTLE_S", 2.0)
    async with nodes(rd) as (one, two):
        await one.bus.acquire(BOX, (), FACTS)
        rd.stop()
        assert await where(two) is Whereabouts.UNKNOWN
        with pytest.raises(BusError):
            await two.bus.spend("visits", "4:1", 1, 60.0)
        rd.start()
        await eventually(lambda: one.backs and two.backs and one.bus.is_there)
        assert await where(two) is Whereabouts.UNKNOWN, "it has forgotten, and is not asked yet"
        assert await one.bus.put(BOX, (), 1, FACTS) == 0
        assert await where(two) is Whereabouts.THERE
        one.bus.send(two.bus.node, Gone("after"))
        await eventually(lambda: two.received == [Gone("after")])
        await asyncio.sleep(locating.SETTLE_S)
        assert await where(two, "x" * 26) is Whereabouts.OFFLINE


async def test_a_redis_that_is_paused_is_waited_for_a_second_at_most(rd: RedisServer) -> None:
    async with nodes(rd, 1) as (one,):
        rd.pause()
        try:
            began = asyncio.get_running_loop().time()
            assert await where(one) is Whereabouts.UNKNOWN
            assert asyncio.get_running_loop().time() - began < 5
        finally:
            rd.go_on()
        await eventually(lambda: one.bus.is_there)


async def test_a_rate_is_that_of_all_nodes_together(rd: RedisServer) -> None:
    async with nodes(rd) as both:
        waits = [await both[number % 2].bus.spend("visits", "4:1", 6, 1.0) for number in range(8)]
        assert waits[:6] == [0.0] * 6
        assert all(0 < wait <= 60 for wait in waits[6:])
        assert await both[0].bus.spend("visits", "4:1", 6, 1.0, count=0) > 0
        assert await both[0].bus.spend("visits", "4:2", 6, 1.0, count=0) == 0
        assert await both[0].bus.spend("visits", "4:2", 1, 1.0) == 0, "a look uses nothing up"


async def test_a_bucket_fills_again(rd: RedisServer) -> None:
    async with nodes(rd, 1) as (one,):
        assert await one.bus.spend("visits", "4:1", 1, 600.0) == 0.0
        wait_s = await one.bus.spend("visits", "4:1", 1, 600.0)
        assert 0 < wait_s <= 0.1
        await asyncio.sleep(wait_s)
        assert await one.bus.spend("visits", "4:1", 1, 600.0) == 0.0


async def test_a_redis_that_is_not_there_is_refused_in_plain_words() -> None:
    with pytest.raises(UsageError) as refused:
        async with RedisBus(BusAddress.parse("redis://127.0.0.1:1")):
            pass
    assert refused.value.code == "bus-unavailable"
