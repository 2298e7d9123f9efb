"""The WebSocket to a coordinator: what well-behaved servers send, and what others do."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto import events as ws

from p2claw.visitor import websocket
from p2claw.visitor.websocket import NoWebSocketError, WebSocket

DEADLINE_S = 20
MOST_BYTES = 1000

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def served(serve: Serve) -> AsyncIterator[int]:
    """The port of a server that does this with each connection."""

    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await serve(reader, writer)
        writer.close()

    async with await asyncio.start_server(each, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def sending(*events: ws.Event, seen: list[ws.Event] | None = None) -> Serve:
    """Accept the handshake, send these at once with it, and keep what comes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = WSConnection(ConnectionType.SERVER)
        is_open = False
        while data := await reader.read(65_536):
            connection.receive_data(data)
            for event in connection.events():
                if seen is not None:
                    seen.append(event)
                if isinstance(event, ws.Request) and not is_open:
                    is_open = True
                    sent = [connection.send(one) for one in (ws.AcceptConnection(), *events)]
                    writer.write(b"".join(sent))
                elif isinstance(event, ws.CloseConnection):
                    writer.write(connection.send(event.response()))
                    await writer.drain()
                    return

    return serve


async def opened(port: int, **options: Any) -> WebSocket:
    async with asyncio.timeout(DEADLINE_S):
        return await WebSocket.open(
            ("127.0.0.1", port),
            host="dog-crab.example",
            target="/v1/visit?v=1",
            tls=None,
            message_bytes=MOST_BYTES,
            **options,
        )


async def received(socket: WebSocket) -> str | None:
    async with asyncio.timeout(DEADLINE_S):
        return await socket.receive()


async def test_the_handshake_names_host_and_target() -> None:
    seen: list[ws.Event] = []
    async with served(sending(seen=seen)) as port:
        await (await opened(port)).close(DEADLINE_S)
    asked = seen[0]
    assert isinstance(asked, ws.Request)
    assert (asked.host, asked.target) == ("dog-crab.example", "/v1/visit?v=1")


async def test_messages_that_come_with_the_handshake_are_received_one_by_one() -> None:
    parts = [
        ws.TextMessage("one"),
        ws.TextMessage("tw", message_finished=False),
        ws.TextMessage("o"),
        ws.TextMessage("three"),
    ]
    async with served(sending(*parts)) as port:
        socket = await opened(port)
        assert [await received(socket) for _ in range(3)] == ["one", "two", "three"]
        await socket.close(DEADLINE_S)


async def test_a_ping_is_replied_to() -> None:
    seen: list[ws.Event] = []
    async with served(sending(ws.Ping(b"there?"), ws.TextMessage("yes"), seen=seen)) as port:
        socket = await opened(port)
        assert await received(socket) == "yes"
        await socket.close(DEADLINE_S)
    assert [e.payload for e in seen if isinstance(e, ws.Pong)] == [b"there?"]


async def test_what_is_sent_arrives_before_goodbye() -> None:
    seen: list[ws.Event] = []
    async with served(sending(seen=seen)) as port:
        socket = await opened(port)
        await socket.send("hello")
        await socket.close(DEADLINE_S)
        with pytest.raises(ConnectionError):
            await socket.send("too late")
    kinds = [type(event) for event in seen]
    assert kinds[1:] == [ws.TextMessage, ws.CloseConnection]


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ((ws.CloseConnection(4000, "no"),), 4000),
        ((ws.TextMessage("x" * (MOST_BYTES + 1)),), 1009),
        ((ws.TextMessage("x" * 600, message_finished=False), ws.TextMessage("x" * 600)), 1009),
        ((ws.BytesMessage(b"x"),), 1003),
    ],
)
async def test_nothing_is_received_after_an_end(events: tuple[ws.Event, ...], code: int) -> None:
    async with served(sending(*events)) as port:
        socket = await opened(port)
        assert [await received(socket) for _ in range(2)] == [None, None]
        assert socket.close_code == code
        await socket.close(0.001)


HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    ("sent", "text", "status"),
    [
        (b"", "closes the connection", 0),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP", 0),
        (b"\x16\x03\x01\x02\x00" * 100 + b"\r\n\r\n", "not HTTP", 0),
        (HANDSHAKE + b"\r\n", "not HTTP", 0),
        (HANDSHAKE + b"Sec-WebSocket-Accept: wrong\r\n\r\n", "not HTTP", 0),
        (HANDSHAKE[:40], "closes the connection", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "it responds 200", 200),
        (b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n", "it responds 429", 429),
        (b"HTTP/1.1 302 F\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n", "to /there", 302),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "not HTTP", 0),
    ],
)
async def test_whoever_does_not_speak_websocket_is_named(
    sent: bytes, text: str, status: int
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()

    async with served(serve) as port:
        with pytest.raises(NoWebSocketError, match=text) as caught:
            await opened(port)
        assert caught.value.status == status


async def test_a_connection_that_breaks_is_an_end() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = WSConnection(ConnectionType.SERVER)
        connection.receive_data(await reader.readuntil(b"\r\n\r\n"))
        list(connection.events())
        writer.write(connection.send(ws.AcceptConnection()) + b"\x81\x7e")

    async with served(serve) as port:
        socket = await opened(port)
        assert await received(socket) is None
        assert socket.close_code == 1006
        await socket.close(0.001)


async def test_a_name_with_several_addresses_is_reached_at_whichever_responds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with served(sending(ws.TextMessage("here"))) as port:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)
        nobody = [(*found[0][:4], ("127.0.0.2", port))]

        async def addresses(*_: object, **__: object) -> list[Any]:
            return nobody + found

        monkeypatch.setattr(loop, "getaddrinfo", addresses)
        connected = await WebSocket.open(
            ("two.example", port), host="x", target="/", tls=None, message_bytes=MOST_BYTES
        )
        assert await received(connected) == "here"
        await connected.close(DEADLINE_S)


async def test_a_name_below_localhost_is_this_machine() -> None:
    async with served(sending()) as port:
        made = await websocket.connect("dog-crab.localhost", port)
        assert made.getpeername() == ("127.0.0.1", port)
        made.close()


async def test_nobody_there_is_an_error_of_the_system() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(OSError):
            await opened(taken.getsockname()[1])
