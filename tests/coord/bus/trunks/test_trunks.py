"""Messages between nodes without Redis: which way they go, what a loss does, and who is let in."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from p2claw.config import BusAddress
from p2claw.coord.bus.messages import Gone
from p2claw.coord.bus.redis_bus import RedisBus
from p2claw.coord.bus.scripts import announced_key, stream_key
from p2claw.coord.bus.trunks import kept, listening, trunk
from p2claw.coord.bus.trunks.frames import (
    MOST_BYTES,
    Batch,
    Challenge,
    Frame,
    Frames,
    Hello,
    Welcome,
    encoded,
)
from p2claw.coord.bus.trunks.identity import Identity, dialling
from p2claw.coord.bus.trunks.trunks import Trunks
from p2claw.errors import UsageError
from tests.coord.bus.test_redis_bus import Node
from tests.coord.peers import eventually
from tests.support.redis_server import RedisServer

ANYWHERE = "127.0.0.1:0"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trunk, "RETRY_S", 0.05)
    monkeypatch.setattr(trunk, "MOST_RETRY_S", 0.1)
    monkeypatch.setattr(trunk, "_LOOK_S", 0.05)
    monkeypatch.setattr(trunk, "ACK_S", 1.0)


@asynccontextmanager
async def nodes(rd: RedisServer, *listens: str) -> AsyncIterator[list[Node]]:
    rd.forget_all()
    async with AsyncExitStack() as stack:
        address = BusAddress.parse(rd.url)
        yield [Node(await stack.enter_async_context(RedisBus(address, one))) for one in listens]


def trunks_of(node: Node) -> Trunks:
    trunks = node.bus._trunks
    assert trunks is not None
    return trunks


async def opened(one: Node, two: Node) -> None:
    """One reaches the other directly from now on."""
    one.bus.send(two.bus.node, Gone("first"))
    await eventually(lambda: one.bus.reached_directly == 1)
    await eventually(lambda: two.received == [Gone("first")])


async def entries(node: Node) -> int:
    """How many its stream has had."""
    return int(await node.bus._redis.ask("XLEN", stream_key(node.bus.node)))


async def test_messages_go_directly_once_there_is_a_trunk_and_redis_sees_none(
    rd: RedisServer,
) -> None:
    async with nodes(rd, ANYWHERE, ANYWHERE) as (one, two):
        await opened(one, two)
        before = await entries(two)
        sent = [Gone(str(number)) for number in range(500)]
        for message in sent:
            one.bus.send(two.bus.node, message)
        await eventually(lambda: two.received[1:] == sent)
        assert await entries(two) == before
        await eventually(lambda: trunks_of(one)._trunks[two.bus.node].waits == 0)


async def test_they_go_on_while_redis_is_gone(rd: RedisServer) -> None:
    async with nodes(rd, ANYWHERE, ANYWHERE) as (one, two):
        await opened(one, two)
        rd.stop()
        one.bus.send(two.bus.node, Gone("without"))
        await eventually(lambda: two.received[1:] == [Gone("without")])
        rd.start()


@pytest.mark.parametrize("listens", [("", ANYWHERE), (ANYWHERE, "")])
async def test_a_node_without_a_trunk_is_reached_through_redis(
    rd: RedisServer, listens: tuple[str, str]
) -> None:
    async with nodes(rd, *listens) as (one, two):
        one.bus.send(two.bus.node, Gone("x"))
        await eventually(lambda: two.received == [Gone("x")])
        two.bus.send(one.bus.node, Gone("y"))
        await eventually(lambda: one.received == [Gone("y")])
        assert await entries(two) == await entries(one) == 2


async def test_all_arrive_once_and_in_order_while_the_trunk_breaks_again_and_again(
    rd: RedisServer,
) -> None:
    async with nodes(rd, ANYWHERE, ANYWHERE) as (one, two):
        await opened(one, two)
        sent = [Gone(str(number)) for number in range(400)]
        for number, message in enumerate(sent):
            one.bus.send(two.bus.node, message)
            if number % 40 == 20:  # cut at this end, or at the other
                trunks_of(one)._trunks[two.bus.node].lose("a test")
            elif number % 40 == 0:
                for entered in tuple(trunks_of(two)._listening.entered):
                    entered._transport.abort()  # type: ignore[union-attr]
            await asyncio.sleep(0.005)
        await eventually(lambda: len(two.received) == 1 + len(sent))
        assert two.received[1:] == sent


async def test_what_a_silent_node_does_not_acknowledge_goes_through_redis(
    rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(rd, ANYWHERE, ANYWHERE) as (one, two):
        await opened(one, two)
        await eventually(lambda: trunks_of(one)._trunks[two.bus.node].waits == 0)
        # As on a way that is cut: what is sent goes nowhere, and nothing tells so.
        for entered in trunks_of(two)._listening.entered:
            monkeypatch.setattr(entered, "data_received", lambda data: None)
        monkeypatch.setattr(trunks_of(one), "_look", None)
        one.bus.send(two.bus.node, Gone("second"))
        one.bus.send(two.bus.node, Gone("third"))
        await eventually(lambda: two.received[1:] == [Gone("second"), Gone("third")])
        await eventually(lambda: one.bus.reached_directly == 1)


async def test_of_more_than_is_kept_nothing_is_lost(
    rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 3)
    async with nodes(rd, ANYWHERE, ANYWHERE) as (one, two):
        await opened(one, two)
        sent = [Gone(str(number)) for number in range(20)]
        for message in sent:
            one.bus.send(two.bus.node, message)
            await asyncio.sleep(0)
        await eventually(lambda: two.received[1:] == sent)


async def test_a_node_that_ends_has_sent_what_it_had(rd: RedisServer) -> None:
    async with nodes(rd, ANYWHERE) as (two,):
        async with RedisBus(BusAddress.parse(rd.url), ANYWHERE) as bus:
            one = Node(bus)
            await opened(one, two)
            bus.send(two.bus.node, Gone("last"))
        await eventually(lambda: two.received[1:] == [Gone("last")])
        assert await two.bus._redis.ask("EXISTS", announced_key(bus.node)) == 0


class Stranger:
    """Speaks TLS with a node, and whatever frames a test wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = Frames(MOST_BYTES)

    async def read(self) -> list[Frame]:
        """The next frames; none: the node has closed the connection."""
        try:
            async with asyncio.timeout(5):
                data = await self._reader.read(65_536)
        except ConnectionError:
            return []
        return self._frames.receive(data)

    def send(self, frame: Frame) -> None:
        self._writer.write(encoded(frame))


@asynccontextmanager
async def stranger(node: Node) -> AsyncIterator[Stranger]:
    announced = trunks_of(node).announced
    reader, writer = await asyncio.open_connection(
        *(announced.host, announced.port),
        ssl=dialling(announced.certificate),
        server_hostname="",
    )
    try:
        yield Stranger(reader, writer)
    finally:
        writer.transport.abort()


async def nonce_of(one: Stranger) -> bytes:
    (challenge,) = await one.read()
    assert isinstance(challenge, Challenge)
    return challenge.nonce


async def test_a_stranger_gets_nothing_and_nothing_of_it_is_taken(rd: RedisServer) -> None:
    async with nodes(rd, ANYWHERE) as (two,):
        own = trunks_of(two).announced.certificate
        for name in ("0" * 16, two.bus.node):  # nobody, and a node that Redis knows
            async with stranger(two) as one:
                forged = Identity(name).hello(own, await nonce_of(one))
                one.send(forged)
                one.send(Batch(1, b"\x91\x92\xa4gone\xa1x"))
                assert await one.read() == []
        async with stranger(two) as one:  # says nothing that is asked for
            await nonce_of(one)
            one.send(Batch(1, b"\x91\x92\xa4gone\xa1x"))
            assert await one.read() == []
        assert two.received == []


async def test_the_proof_of_a_node_is_good_for_one_connection_to_one_node(rd: RedisServer) -> None:
    async with nodes(rd, ANYWHERE, ANYWHERE, ANYWHERE) as (one, two, three):
        identity = trunks_of(one)._identity
        mine, others = (trunks_of(node).announced.certificate for node in (two, three))
        async with stranger(two) as good:
            hello = identity.hello(mine, await nonce_of(good))
            good.send(hello)
            assert await good.read() == [Welcome(0)]
        async with stranger(two) as again:
            await nonce_of(again)
            again.send(hello)  # as whoever heard it would
            assert await again.read() == []
        async with stranger(two) as passed_on:
            passed_on.send(identity.hello(others, await nonce_of(passed_on)))
            assert await passed_on.read() == []


async def test_a_stranger_that_dawdles_is_cut_and_of_many_some_are_closed_at_once(
    rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "ENTER_S", 0.5)
    monkeypatch.setattr(listening, "MOST_ENTERING", 2)
    async with nodes(rd, ANYWHERE) as (two,):
        announced = trunks_of(two).announced
        silent = []
        for _ in range(3):
            silent.append(await asyncio.open_connection(announced.host, announced.port))
        async with asyncio.timeout(5):
            assert await silent[2][0].read() == b"", "there was no place for the third"
            for reader, _ in silent:
                assert await reader.read() == b""
        for _, writer in silent:
            writer.transport.abort()


async def test_a_node_whose_certificate_is_another_is_not_spoken_to(rd: RedisServer) -> None:
    async with nodes(rd, ANYWHERE, ANYWHERE) as (one, two):
        with pytest.raises(ssl.SSLError):
            announced = trunks_of(two).announced
            await asyncio.open_connection(
                *(announced.host, announced.port),
                ssl=dialling(trunks_of(one).announced.certificate),
                server_hostname="",
            )


async def test_a_port_that_is_taken_is_named_with_its_option(rd: RedisServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UsageError) as refused:
            async with RedisBus(BusAddress.parse(rd.url), listen):
                pass
    assert refused.value.code == "listen-failed"
    assert "--node-listen" in (refused.value.hint or "")


def test_a_hello_is_short_enough_for_a_stranger() -> None:
    hello = Identity("0" * 16).hello(bytes(300), bytes(32))
    assert isinstance(hello, Hello)
    assert len(encoded(hello)) <= 256
