"""Whoever reaches the edge's port: sockets that send nothing, heads byte by byte, replies that
nobody reads. Others are served meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from p2claw.config import ServerLimits
from tests.coord.peers import key_of, registered_agent
from tests.support.certificates import write_certificate
from tests.support.server import RunningServer, running_server
from tests.support.upstreams import until

WAIT_S = 10.0
PAGE = {
    "Host": "dog-purplecrab.localhost",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}
HOST = b"Host: dog-purplecrab.localhost\r\n"


async def silent(
    server: RunningServer, count: int, source: str = "127.0.0.1"
) -> list[socket.socket]:
    """So many connections, of which none ever says a word."""
    loop = asyncio.get_running_loop()
    sockets = []
    for _ in range(count):
        one = socket.socket()
        one.bind((source, 0))
        one.setblocking(False)
        await loop.sock_connect(one, ("127.0.0.1", server.port))
        sockets.append(one)
    return sockets


async def is_closed(one: socket.socket) -> bool:
    """Whether the server closes it."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(WAIT_S):
            while await loop.sock_recv(one, 65_536):
                pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


async def status(server: RunningServer, path: str = "/", source: str = "127.0.0.1") -> int:
    """Of a request on a connection of its own, from an address of loopback."""
    connector = aiohttp.TCPConnector(local_addr=(source, 0))
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.get(server.url + path, headers=PAGE if path == "/" else {}) as response,
    ):
        return response.status


@contextlib.contextmanager
def closed_after(sockets: list[socket.socket]) -> Iterator[None]:
    try:
        yield
    finally:
        for one in sockets:
            one.close()


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[RunningServer]:
    """A server whose deadlines a test can wait for, with room for 64 connections."""
    limits = ServerLimits(sockets=64, client_head_s=0.5, client_unread_s=0.5)
    async with running_server(tmp_path, limits=limits) as server:
        yield server


async def test_who_sends_nothing_is_closed(hasty: RunningServer) -> None:
    sockets = await silent(hasty, 10)
    with closed_after(sockets):
        assert all(await asyncio.gather(*map(is_closed, sockets)))


async def test_a_head_byte_by_byte_is_closed_however_alive_it_looks(hasty: RunningServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty.port)
    begun = time.monotonic()
    with contextlib.suppress(ConnectionError):
        for byte in b"GET / HTTP/1.1\r\n" + HOST + b"X-Filler: " + b"a" * 1000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)
            if reader.at_eof():
                break
    assert time.monotonic() - begun < WAIT_S
    writer.close()


async def test_a_second_head_has_a_deadline_too(hasty: RunningServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.write(b"GET /healthz HT")
    async with asyncio.timeout(WAIT_S):
        with contextlib.suppress(ConnectionError):
            while await reader.read(65_536):
                pass
    writer.close()


async def test_a_connection_between_two_requests_is_kept(hasty: RunningServer) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(2):
            async with http.get(f"{hasty.url}/healthz") as response:
                assert response.status == 200
                name = await response.json()
            await asyncio.sleep(1.0)  # longer than a head may take
        assert name["status"] == "ok"
        assert hasty.places.in_use == 1


async def test_a_control_connection_outlives_all_deadlines(hasty: RunningServer) -> None:
    async with registered_agent(hasty.url, key_of(1), ("dog",)) as (agent, _):
        await asyncio.sleep(2.5)
        assert not agent.ws.closed
        assert len(hasty.rendezvous.boxes) == 1


async def test_who_reads_nothing_of_what_it_asked_for_is_closed(tmp_path: Path) -> None:
    limits = ServerLimits(client_unread_s=0.5)
    async with running_server(tmp_path, limits=limits) as server:
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(one, ("127.0.0.1", server.port))
            ask = b"GET / HTTP/1.1\r\n" + HOST + b"Sec-Fetch-Mode: navigate\r\n\r\n"
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(WAIT_S):
                    while True:  # more than all buffers between the two hold
                        await loop.sock_sendall(one, ask * 100)
            async with asyncio.timeout(WAIT_S):
                await until(lambda: server.places.in_use == 0)


async def test_a_full_address_leaves_others_their_service(
    hasty: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="p2claw"):
        sockets = await silent(hasty, 200)
        with closed_after(sockets):
            assert hasty.places.in_use <= 33  # half, and who asks here
            assert await status(hasty, source="127.0.0.2") == 200
    lines = [line for line in caplog.messages if "sockets refused" in line]
    assert len(lines) == 1, "one line when a limit begins, not one per socket"


async def test_the_last_places_are_for_agents_and_monitoring(tmp_path: Path) -> None:
    async with running_server(tmp_path, limits=ServerLimits(sockets=16)) as server:
        sockets = [
            one
            for number in range(10, 24)
            for one in await silent(server, 1, source=f"127.0.0.{number}")
        ]
        with closed_after(sockets):
            await until(lambda: server.places.in_use == 14)
            assert await status(server, source="127.0.0.9") == 503
            assert await status(server, "/healthz", source="127.0.0.9") == 200
            async with registered_agent(server.url, key_of(1), ("dog",)):
                assert len(server.rendezvous.boxes) == 1


async def test_a_tls_handshake_that_never_ends_is_closed(tmp_path: Path) -> None:
    limits = ServerLimits(sockets=16, client_head_s=0.5)
    cert, key = write_certificate(tmp_path, "hasty")
    async with running_server(tmp_path, limits=limits, tls_cert=cert, tls_key=key) as server:
        sockets = await silent(server, 4)
        sockets[0].send(b"\x16\x03\x01")
        with closed_after(sockets):
            assert all(await asyncio.gather(*map(is_closed, sockets)))
        async with asyncio.timeout(WAIT_S):
            await until(lambda: server.places.in_use == 0)
