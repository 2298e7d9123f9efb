"""Two real coturn on addresses of their own, one real Redis, and nodes that count from it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aioice import turn
from redis.asyncio import Redis

from p2claw.config import BusAddress
from p2claw.coord.ice import turn_credential
from p2claw.coord.relayed.ledger import Budget, Ledger
from p2claw.coord.relayed.lines import user_of
from p2claw.coord.relayed.relay_statistics import RelayStatistics
from p2claw.coord.relayed.relay_watch import RelayWatch
from tests.cli.setup.ports import free_port
from tests.coord.relayed.ledgers import file_ledger, ledgers_of_nodes
from tests.support.postgresql import Postgresql
from tests.support.redis_server import RedisServer, is_installed, redis_server
from tests.support.turn import TURNSERVER, listening, turnserver

pytestmark = pytest.mark.skipif(
    TURNSERVER is None or not is_installed(), reason="needs coturn and Redis"
)

BOX, OTHER = "swy2cibtnnw7hmbsetd4qw4r3f", "pzdgjrx42wxtntihqywc7ewczw"
PACKET = bytes(1_000)
PASSWORD = "of the command line"
WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Relay:
    address: str
    port: int
    cli: tuple[str, int, str]


@contextlib.asynccontextmanager
async def relay(folder: Path, number: int, redis: RedisServer) -> AsyncIterator[Relay]:
    """A coturn that publishes in Redis. It speaks to Redis by TCP alone."""
    folder.mkdir(exist_ok=True)
    address, port, cli = f"127.0.0.{10 + number}", free_port(), free_port()
    async with turnserver(
        folder,
        *(f"--listening-ip={address}", f"--relay-ip={address}", f"--listening-port={port}"),
        *("--use-auth-secret", "--static-auth-secret=secret", f"--realm=relay{number}"),
        *(f"--cli-port={cli}", f"--cli-password={PASSWORD}"),
        f"--redis-statsdb=ip=127.0.0.1 dbname=0 port={redis.port}",
        cli=True,
    ):
        await listening(address, port)
        yield Relay(address, port, ("127.0.0.1", cli, PASSWORD))


class Received(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.bytes = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.bytes += len(data)


@contextlib.asynccontextmanager
async def allocation(at: Relay, box: str) -> AsyncIterator[turn.TurnTransport]:
    username = user_of(int(time.time()) + 600, box, "a-visit_1")
    transport, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol,
        server_addr=(at.address, at.port),
        username=username,
        password=turn_credential("secret", username),
    )
    try:
        yield transport
    finally:
        transport.close()


async def send(transport: turn.TurnTransport, peer: tuple[str, int], packets: int) -> None:
    for number in range(packets):
        transport.sendto(PACKET, peer)
        if number % 20 == 0:
            await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def receiver() -> AsyncIterator[tuple[Received, tuple[str, int]]]:
    loop = asyncio.get_running_loop()
    transport, received = await loop.create_datagram_endpoint(Received, ("127.0.0.1", 0))
    yield received, transport.get_extra_info("sockname")
    transport.close()


@contextlib.asynccontextmanager
async def totals(redis: RedisServer) -> AsyncIterator[list[int]]:
    """What every coturn says itself of each allocation at its end."""
    found: list[int] = []
    client = Redis.from_url(redis.url)
    pubsub = client.pubsub(ignore_subscribe_messages=True)
    await pubsub.psubscribe("turn/realm/*/total_traffic")

    async def listen() -> None:
        async for message in pubsub.listen():
            found.append(sum(map(int, re.findall(rb"(?:rcvb|sentb)=(\d+)", message["data"]))))

    listening = asyncio.create_task(listen())
    yield found
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await pubsub.aclose()  # type: ignore[no-untyped-call]
    await client.aclose()


@contextlib.asynccontextmanager
async def node(
    redis: RedisServer, ledger: Ledger, *clis: tuple[str, int, str]
) -> AsyncIterator[RelayWatch]:
    source = RelayStatistics(BusAddress.parse(redis.url), ledger)
    watch = RelayWatch(source, ledger, clis=clis)
    running = asyncio.create_task(watch.run())
    await until(lambda: source.is_there)
    try:
        yield watch
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - of other processes
            await asyncio.sleep(0.05)


async def test_what_two_relays_move_counts_once_however_many_nodes_hear_of_it(
    tmp_path: Path, pg: Postgresql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One node is lost in the middle, and another begins; one hears only the second half."""
    monkeypatch.setattr("p2claw.coord.relayed.relay_watch.LOOK_S", 0.1)
    async with contextlib.AsyncExitStack() as stack:
        redis = stack.enter_context(redis_server(by_tcp=True))
        relays = [
            await stack.enter_async_context(relay(tmp_path / str(n), n, redis)) for n in (1, 2)
        ]
        ledgers = await stack.enter_async_context(ledgers_of_nodes(pg, tmp_path, 3))
        said = await stack.enter_async_context(totals(redis))
        _, peer = await stack.enter_async_context(receiver())
        lasting = await stack.enter_async_context(node(redis, ledgers[0]))
        async with contextlib.AsyncExitStack() as allocations:
            mine, other = [
                await allocations.enter_async_context(allocation(at, box))
                for at, box in zip(relays, (BOX, OTHER), strict=True)
            ]
            async with node(redis, ledgers[1]):
                await asyncio.gather(send(mine, peer, 5_000), send(other, peer, 3_000))
                await until(lambda: lasting.of(BOX)[0].month_bytes > 4_000_000)
            late = await stack.enter_async_context(node(redis, ledgers[2]))
            await asyncio.gather(send(mine, peer, 5_000), send(other, peer, 3_000))
        await until(lambda: len(said) == 2)
        expected = sorted(said)
        for watch in (lasting, late):
            await until(
                lambda watch=watch: (
                    sorted(watch.of(box)[0].month_bytes for box in (BOX, OTHER)) == expected
                )
            )
        await asyncio.sleep(0.5)
        await late.look()
        assert sorted(late.of(box)[0].day_bytes for box in (BOX, OTHER)) == expected


async def test_allocations_of_a_box_above_its_budget_end_and_those_of_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.coord.relayed.relay_watch.LOOK_S", 0.1)
    async with contextlib.AsyncExitStack() as stack:
        redis = stack.enter_context(redis_server(by_tcp=True))
        relays = [
            await stack.enter_async_context(relay(tmp_path / str(n), n, redis)) for n in (1, 2)
        ]
        ledger = await stack.enter_async_context(file_ledger(tmp_path))
        watch = await stack.enter_async_context(node(redis, ledger, *(one.cli for one in relays)))
        await watch.set_budget(BOX, Budget(day_bytes=3_000_000))
        received, peer = await stack.enter_async_context(receiver())
        others, others_peer = await stack.enter_async_context(receiver())
        mine = await stack.enter_async_context(allocation(relays[0], BOX))
        other = await stack.enter_async_context(allocation(relays[0], OTHER))
        sending = asyncio.gather(send(mine, peer, 30_000), send(other, others_peer, 500))
        await until(lambda: sum(watch.ended.values()) == 1)
        assert watch.used_up == {BOX}
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await asyncio.sleep(0.2)
        at_end, others_before = received.bytes, others.bytes
        await asyncio.gather(send(mine, peer, 200), send(other, others_peer, 200))
        await until(lambda: others.bytes > others_before)
        assert received.bytes == at_end


async def test_a_command_line_with_another_password_is_an_error_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("p2claw.coord.relayed.relay_watch.LOOK_S", 0.1)
    monkeypatch.setattr("p2claw.coord.relayed.relay_cli.REPLY_S", 1.0)
    async with contextlib.AsyncExitStack() as stack:
        redis = stack.enter_context(redis_server(by_tcp=True))
        at = await stack.enter_async_context(relay(tmp_path / "1", 1, redis))
        ledger = await stack.enter_async_context(file_ledger(tmp_path))
        watch = await stack.enter_async_context(node(redis, ledger, (*at.cli[:2], "another")))
        await watch.set_budget(BOX, Budget(day_bytes=1))
        _, peer = await stack.enter_async_context(receiver())
        mine = await stack.enter_async_context(allocation(at, BOX))
        await send(mine, peer, 2_500)
        await until(lambda: "relay not watched" in caplog.text)
        assert not watch.ended
