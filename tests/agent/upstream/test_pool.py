"""The connections to an upstream: kept, bounded, given up; what a dial that fails is called."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.agent.request_faults import (
    AppDownFault,
    AppTimeoutFault,
    BoxBusyFault,
    RequestFault,
    UpstreamClosedFault,
)
from p2claw.agent.upstream.address import UpstreamAddress, parse_upstream
from p2claw.agent.upstream.http_connection import HttpConnection
from p2claw.agent.upstream.pool import Pool
from p2claw.config import UpstreamLimits
from tests.support.upstreams import OK, Talk, Upstream, echo, until, upstream_of

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LIMITS = UpstreamLimits(connect_s=2, head_s=5, wait_s=5)


@asynccontextmanager
async def pool_to(
    upstream: Upstream | UpstreamAddress, limits: UpstreamLimits = LIMITS
) -> AsyncIterator[Pool]:
    address = parse_upstream(upstream.url) if isinstance(upstream, Upstream) else upstream
    pool = Pool(address, limits)
    try:
        yield pool
    finally:
        pool.close()


async def get(connection: HttpConnection) -> bytes:
    connection.begin("GET", GET)
    connection.end_request()
    await connection.head()
    body = b""
    while piece := await connection.read():
        body += piece
    return body


async def get_once(pool: Pool, *, repeatable: bool = True) -> bytes:
    async with pool.lease(repeatable=repeatable) as connection:
        return await get(connection)


async def test_a_connection_serves_one_request_after_another() -> None:
    async with upstream_of(echo) as upstream, pool_to(upstream) as pool:
        for _ in range(5):
            await get_once(pool)
        assert upstream.connections == 1


async def test_requests_at_once_have_a_connection_each() -> None:
    async with upstream_of(echo) as upstream, pool_to(upstream) as pool:
        async with pool.lease(repeatable=True) as first, pool.lease(repeatable=True) as second:
            await asyncio.gather(get(first), get(second))
        assert (upstream.connections, pool.idle) == (2, 2)


async def test_a_unix_socket_is_dialled(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    async with (
        upstream_of(echo, path=path) as upstream,
        pool_to(parse_upstream(f"unix:{path}")) as pool,
    ):
        await get_once(pool)
        assert upstream.connections == 1


async def test_localhost_is_found_where_only_ipv6_listens() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Content-Length: 2\r\n\r\nv6")
        writer.close()

    server = await asyncio.start_server(serve, "::1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, pool_to(parse_upstream(str(port))) as pool:
        assert await get_once(pool) == b"v6"


async def test_no_more_connections_are_kept_than_the_limit() -> None:
    limits = replace(LIMITS, idle_connections=1)
    async with upstream_of(echo) as upstream, pool_to(upstream, limits) as pool:
        async with pool.lease(repeatable=True) as first, pool.lease(repeatable=True) as second:
            await asyncio.gather(get(first), get(second))
        assert pool.idle == 1
        await upstream.has_ended()


async def test_a_connection_that_is_idle_for_long_is_closed() -> None:
    limits = replace(LIMITS, idle_s=0.05)
    async with upstream_of(echo) as upstream, pool_to(upstream, limits) as pool:
        await get_once(pool)
        await upstream.has_ended()
        assert pool.idle == 0


async def test_a_connection_that_the_app_closes_is_forgotten() -> None:
    async def once(talk: Talk) -> None:
        await talk.request()
        await talk.respond()

    async with upstream_of(once) as upstream, pool_to(upstream) as pool:
        await get_once(pool)
        await until(lambda: pool.idle == 0)
        await get_once(pool)
        assert upstream.connections == 2


async def test_a_connection_on_which_the_app_sends_unasked_is_given_up() -> None:
    async def late_words(talk: Talk) -> None:
        await talk.request()
        await talk.respond()
        await talk.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        await talk.until_closed()

    async with upstream_of(late_words) as upstream, pool_to(upstream) as pool:
        await get_once(pool)
        await upstream.has_ended()
        assert pool.idle == 0


async def test_what_must_not_be_repeated_uses_no_connection_that_rested(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("p2claw.agent.upstream.pool.FRESH_S", -1.0)
    async with upstream_of(echo) as upstream, pool_to(upstream) as pool:
        await get_once(pool)
        await get_once(pool, repeatable=False)
        assert upstream.connections == 2


async def test_what_must_not_be_repeated_may_use_one_in_use_a_moment_ago() -> None:
    async with upstream_of(echo) as upstream, pool_to(upstream) as pool:
        await get_once(pool)
        await get_once(pool, repeatable=False)
        assert upstream.connections == 1


async def test_an_exchange_that_is_left_early_closes_its_connection() -> None:
    async def endless(talk: Talk) -> None:
        await talk.request()
        await talk.send(OK + b"Content-Length: 1000000\r\n\r\nbegun")
        await talk.until_closed()

    async with upstream_of(endless) as upstream, pool_to(upstream) as pool:
        async with pool.lease(repeatable=True) as connection:
            connection.begin("GET", GET)
            await connection.head()
        await upstream.has_ended()
        assert pool.idle == 0


async def test_above_the_limit_a_request_waits_for_a_connection() -> None:
    limits = replace(LIMITS, connections=1)
    async with upstream_of(echo) as upstream, pool_to(upstream, limits) as pool:
        await asyncio.gather(*(get_once(pool) for _ in range(10)))
        assert upstream.connections == 1


async def test_one_that_waits_too_long_gets_that_the_box_is_busy() -> None:
    limits = replace(LIMITS, connections=1, wait_s=0.01)
    async with upstream_of(echo) as upstream, pool_to(upstream, limits) as pool:
        async with pool.lease(repeatable=True):
            with pytest.raises(BoxBusyFault):
                await get_once(pool)
        await get_once(pool)


async def test_a_full_queue_gets_at_once_that_the_box_is_busy() -> None:
    limits = replace(LIMITS, connections=1, waiting=1, wait_s=60)
    async with upstream_of(echo) as upstream, pool_to(upstream, limits) as pool:
        async with pool.lease(repeatable=True):
            waiting = asyncio.create_task(get_once(pool))
            await asyncio.sleep(0)
            with pytest.raises(BoxBusyFault):
                await get_once(pool)
        await waiting


async def test_one_that_waits_may_give_up_without_keeping_a_slot() -> None:
    limits = replace(LIMITS, connections=1)
    async with upstream_of(echo) as upstream, pool_to(upstream, limits) as pool:
        async with pool.lease(repeatable=True):
            waiting = asyncio.create_task(get_once(pool))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait({waiting})
        await get_once(pool)


async def dial_fault(address: UpstreamAddress, limits: UpstreamLimits = LIMITS) -> RequestFault:
    async with pool_to(address, limits) as pool:
        with pytest.raises(RequestFault) as caught:
            await get_once(pool)
        # The slot of the failed dial is free again.
        assert (pool.busy, pool.idle) == (0, 0)
    return caught.value


async def test_nothing_that_listens_is_an_app_that_is_down() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert type(await dial_fault(UpstreamAddress("127.0.0.1", port))) is AppDownFault


async def test_a_socket_that_is_not_there_is_an_app_that_is_down(tmp_path: Path) -> None:
    assert type(await dial_fault(parse_upstream(f"unix:{tmp_path}/no.sock"))) is AppDownFault


async def test_an_address_off_this_machine_is_not_dialled() -> None:
    fault = await dial_fault(UpstreamAddress("192.0.2.1", 80))
    assert type(fault) is AppDownFault
    assert "not this machine" in fault.message


async def test_a_dial_that_nobody_accepts_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        # One connection fills the backlog of 0; the kernel drops what comes after it.
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        fault = await dial_fault(UpstreamAddress("127.0.0.1", port), replace(LIMITS, connect_s=0.2))
        for filler in fillers:
            filler.close()
    assert type(fault) is AppTimeoutFault


async def test_no_more_descriptors_is_a_busy_box(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_socket(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    async with pool_to(UpstreamAddress("127.0.0.1", 9)) as pool:
        monkeypatch.setattr("p2claw.agent.upstream.dial._connect", no_socket)
        with pytest.raises(BoxBusyFault):
            await get_once(pool)


async def test_a_retired_pool_keeps_nothing_and_still_serves() -> None:
    async with upstream_of(echo) as upstream, pool_to(upstream) as pool:
        await get_once(pool)
        pool.retire()
        await upstream.has_ended()
        await get_once(pool)
        assert pool.idle == 0


async def test_closing_ends_exchanges_that_are_under_way() -> None:
    async def silent(talk: Talk) -> None:
        await talk.until_closed()

    async with upstream_of(silent) as upstream, pool_to(upstream) as pool:
        waiting = asyncio.create_task(get_once(pool))
        await until(lambda: upstream.connections == 1)
        pool.close()
        with pytest.raises(RequestFault):
            await waiting


async def test_a_kept_connection_that_was_stale_is_reported_so() -> None:
    async def once(talk: Talk) -> None:
        await talk.request()
        await talk.respond()
        await talk.head()

    async with upstream_of(once) as upstream, pool_to(upstream) as pool:
        await get_once(pool)
        with pytest.raises(UpstreamClosedFault):
            await get_once(pool)
