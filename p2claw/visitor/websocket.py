"""A WebSocket to a coordinator, by wsproto. It follows no redirect.

Each `p2claw fetch` waits until this is imported: aiohttp's client, which the agent uses for its
control connection, takes 0.13 s of processor time longer. Who owns a URL names the server in it. A
server that sends visitors on would choose another one for them, perhaps without TLS; browsers do
not follow either (the WebSocket API fails the connection).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from typing import Any

import h11
from aiohappyeyeballs import start_connection
from wsproto import ConnectionType, WSConnection
from wsproto import events as ws
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from p2claw.names import is_localhost
from p2claw.units import KIB

READ_BYTES = 64 * KIB

# RFC 8305 §5: until the next address of a name is tried beside the first.
NEXT_ADDRESS_S = 0.25

# For the end of TLS: nothing depends on it.
TLS_GOODBYE_S = 1.0


class NoWebSocketError(Exception):
    """Whoever listens there does not speak WebSocket. status: of its response; 0 for none."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class WebSocket:
    """One connection to a coordinator. One task receives, another may send.

    message_bytes: the longest message that is received. close_code: once it has ended.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message_bytes: int
    ) -> None:
        self.close_code: int | None = None
        self._reader = reader
        self._writer = writer
        self._message_bytes = message_bytes
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._events: deque[ws.Event] = deque()
        self._parts: list[str] = []

    @classmethod
    async def open(
        cls, there: tuple[str, int], *, host: str, target: str, tls: str | None, message_bytes: int
    ) -> WebSocket:
        """Connect and shake hands. The caller has a deadline.

        there: host name or address, and port. host: of the Host field. tls: the name that the
        certificate has to have; None: without TLS. Raises OSError, NoWebSocketError.
        """
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(READ_BYTES, loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        connected = await connect(*there)
        try:
            transport, _ = await loop.create_connection(
                lambda: protocol, sock=connected, **_tls(tls)
            )
        except BaseException:
            connected.close()
            raise
        made = cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop), message_bytes)
        try:
            await made._shake_hands(host, target)
        except BaseException:
            transport.abort()
            raise
        return made

    async def send(self, text: str) -> None:
        """Send a message. Raises ConnectionError if nothing can be sent any more."""
        try:
            self._writer.write(self._ws.send(ws.TextMessage(text)))
            await self._writer.drain()
        except (LocalProtocolError, RuntimeError) as error:  # uvloop's, of one that broke
            raise ConnectionError(str(error)) from None

    async def receive(self) -> str | None:
        """The next message; None at the end, or if the server breaks a rule."""
        while self.close_code is None:
            if not self._events:
                await self._feed()
                continue
            event = self._events.popleft()
            if isinstance(event, ws.Ping):
                self._reply(event.response())
            elif isinstance(event, ws.CloseConnection):
                self.close_code = int(event.code)
            elif isinstance(event, ws.BytesMessage):
                self.close_code = CloseReason.UNSUPPORTED_DATA
            elif isinstance(event, ws.TextMessage):
                self._parts.append(event.data)
                if sum(map(len, self._parts)) > self._message_bytes:
                    self.close_code = CloseReason.MESSAGE_TOO_BIG
                elif event.message_finished:
                    text = "".join(self._parts)
                    self._parts.clear()
                    return text
        return None

    async def close(self, timeout_s: float) -> None:
        """Say goodbye, and leave timeout_s to the server's own."""
        self._reply(ws.CloseConnection(CloseReason.NORMAL_CLOSURE))
        try:
            async with asyncio.timeout(timeout_s):
                while await self.receive() is not None:
                    pass
        except TimeoutError:
            pass
        finally:
            self._writer.close()

    async def _shake_hands(self, host: str, target: str) -> None:
        self._writer.write(self._ws.send(ws.Request(host=host, target=target)))
        while not self._events:
            data = await self._reader.read(READ_BYTES)
            if not data:
                raise NoWebSocketError("it closes the connection")
            try:
                self._ws.receive_data(data)
                self._events.extend(self._ws.events())
            except (RemoteProtocolError, h11.RemoteProtocolError, ValueError, IndexError) as error:
                raise NoWebSocketError(f"its response is not HTTP: {error}") from None
        event = self._events.popleft()
        if isinstance(event, ws.RejectConnection):
            raise NoWebSocketError(_responds(event), event.status_code)

    async def _feed(self) -> None:
        try:
            data = await self._reader.read(READ_BYTES)
            self._ws.receive_data(data or None)
            self._events.extend(self._ws.events())
        except (OSError, RemoteProtocolError):
            data = b""
        if not data:
            self.close_code = CloseReason.ABNORMAL_CLOSURE

    def _reply(self, event: ws.Event) -> None:
        # Otherwise it has ended, or nothing can be sent any more.
        with contextlib.suppress(LocalProtocolError, RuntimeError):
            self._writer.write(self._ws.send(event))


async def connect(host: str, port: int) -> socket.socket:
    """A connection to whichever address of this host responds first. Raises OSError."""
    loop = asyncio.get_running_loop()
    known = "127.0.0.1" if is_localhost(host) else host
    found = await loop.getaddrinfo(known, port, type=socket.SOCK_STREAM)
    return await start_connection(
        found, happy_eyeballs_delay=NEXT_ADDRESS_S, interleave=1, loop=loop
    )


def _tls(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    return {
        "ssl": ssl.create_default_context(),
        "server_hostname": name,
        "ssl_shutdown_timeout": TLS_GOODBYE_S,
    }


def _responds(event: ws.RejectConnection) -> str:
    """What a refusal is about: where it would lead, if it is a redirect."""
    text = f"it responds {event.status_code}"
    if event.status_code // 100 != 3:
        return text
    found = [value for name, value in event.headers if name.lower() == b"location"]
    there = found[0].decode("latin-1") if found else "nowhere"
    return f"{text} (redirected to {there}, not followed)"
