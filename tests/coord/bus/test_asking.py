"""p2claw.coord.bus.asking with a real Redis: many at once, one refused, one lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from p2claw.config import BusAddress
from p2claw.coord.bus.asking import Asking
from p2claw.coord.bus.connecting import connect
from tests.support.redis_server import RedisServer


@asynccontextmanager
async def asking(rd: RedisServer, reply_s: float = 5.0) -> AsyncIterator[Asking]:
    rd.forget_all()
    one = connect(BusAddress.parse(rd.url), reply_s=reply_s)
    try:
        yield one
    finally:
        await one.close()


async def test_each_of_many_at_once_has_its_own_reply(rd: RedisServer) -> None:
    async with asking(rd) as redis:
        replies = await asyncio.gather(*(redis.ask("ECHO", number) for number in range(500)))
        assert replies == [b"%d" % number for number in range(500)]


async def test_they_are_carried_out_in_the_order_in_which_they_were_asked(rd: RedisServer) -> None:
    async with asking(rd) as redis:
        replies = await asyncio.gather(*(redis.ask("INCR", "x") for _ in range(200)))
        assert replies == list(range(1, 201))


async def test_one_that_redis_refuses_fails_alone(rd: RedisServer) -> None:
    async with asking(rd) as redis:
        before, wrong, after = await asyncio.gather(
            *(redis.ask("ECHO", "a"), redis.ask("NOSUCH"), redis.ask("ECHO", "b")),
            return_exceptions=True,
        )
        assert (before, after) == (b"a", b"b")
        assert isinstance(wrong, ResponseError)


async def test_one_whose_asker_has_given_up_takes_no_reply_of_another(rd: RedisServer) -> None:
    async with asking(rd) as redis:
        await redis.ask("ECHO", "first")
        rd.pause()
        given_up = [asyncio.ensure_future(redis.ask("ECHO", "x")) for _ in range(2)]
        await asyncio.sleep(0)
        given_up[0].cancel()  # before it is sent
        await asyncio.sleep(0.05)
        given_up[1].cancel()  # when it has been sent
        kept = asyncio.ensure_future(redis.ask("ECHO", "kept"))
        rd.go_on()
        assert await kept == b"kept"


async def test_when_redis_is_silent_all_fail_and_the_next_is_asked_anew(rd: RedisServer) -> None:
    async with asking(rd, reply_s=0.2) as redis:
        await redis.ask("SET", "x", 1)
        rd.pause()
        replies = await asyncio.gather(
            *(redis.ask("GET", "x") for _ in range(3)), return_exceptions=True
        )
        assert all(isinstance(reply, TimeoutError | RedisError) for reply in replies)
        rd.go_on()
        assert await redis.ask("GET", "x") == b"1"


async def test_after_redis_was_started_again_the_next_but_one_is_asked_anew(
    rd: RedisServer,
) -> None:
    async with asking(rd) as redis:
        await redis.ask("SET", "x", 1)
        rd.stop()
        with pytest.raises((RedisError, OSError)):
            await redis.ask("GET", "x")
        rd.start()
        assert await redis.ask("GET", "x") is None


async def test_once_closed_nothing_is_asked_and_what_waits_fails(rd: RedisServer) -> None:
    async with asking(rd) as redis:
        await redis.ask("ECHO", "a")
        rd.pause()
        try:
            waiting = asyncio.ensure_future(redis.ask("ECHO", "b"))
            await asyncio.sleep(0.01)
            await redis.close()
            for late in (waiting, redis.ask("ECHO", "c")):
                with pytest.raises(RedisConnectionError):
                    await late
        finally:
            rd.go_on()
