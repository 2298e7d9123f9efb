"""The connection to an upstream that speaks WebSocket: handshake, messages in parts, the end.

wsproto knows RFC 6455 and 7692. It does no IO and does not buffer whole messages. Here are the
connection, flow control, and what each way of ending means.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import cast

import h11
from wsproto import ConnectionType, WSConnection
from wsproto import events as ws
from wsproto.connection import ConnectionState
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from p2claw.agent.request_faults import AppBrokenFault, AppTimeoutFault, BadRequestFault
from p2claw.agent.upstream.address import UpstreamAddress
from p2claw.agent.upstream.dial import dial
from p2claw.agent.upstream.lenient import Fields
from p2claw.agent.websockets.close_codes import accept_any_code
from p2claw.config import UpstreamLimits
from p2claw.units import KIB
from p2claw.wire.frames.websocket_records import Close, Kind, Part

# The buffer of messages that nobody reads. asyncio's reader holds twice as much before it pauses.
READ_BYTES = 64 * KIB
# The buffer of messages that the upstream does not read.
WRITE_HIGH_BYTES = 256 * KIB
# DEFLATE makes at most 1,032 bytes of one: 8 KiB of input are at most 8 MiB at once.
INFLATE_BYTES = 8 * KIB
# How long an upstream may wait with its own Close, and with closing the connection after it.
CLOSE_S = 10.0


@dataclass(frozen=True, slots=True)
class Opening:
    """The handshake that is sent to the upstream.

    fields: without Host and those of the handshake. deflate: with which parameters compression
    (RFC 7692) is offered, None for not at all.
    """

    host: str
    target: str
    fields: Fields
    protocols: tuple[str, ...]
    deflate: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """The upstream's response: 101, and then messages follow; or a refusal, without a socket."""

    status: int
    fields: Fields
    socket: UpstreamSocket | None


class Broken(Exception):
    """The connection ended without a Close. code: sent to the upstream because it broke a rule."""

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code


async def open_socket(address: UpstreamAddress, asked: Opening, limits: UpstreamLimits) -> Opened:
    """Connect and shake hands. Raises RequestFault."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(READ_BYTES, loop)
    made, protocol = await dial(
        address, lambda: asyncio.StreamReaderProtocol(reader, loop=loop), timeout_s=limits.connect_s
    )
    transport = cast(asyncio.WriteTransport, made)
    transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES)
    socket = UpstreamSocket(reader, asyncio.StreamWriter(transport, protocol, reader, loop))
    try:
        async with asyncio.timeout(limits.head_s):
            opened = await socket.open(asked)
    except TimeoutError:
        socket.abort()
        raise AppTimeoutFault(f"The app did not respond within {limits.head_s:g} s") from None
    except BaseException:
        socket.abort()
        raise
    if opened.socket is None:
        socket.abort()
    return opened


class UpstreamSocket:
    """One connection. One task reads `parts`, another may write."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._deflate: _Deflate | None = None
        self._late: asyncio.TimerHandle | None = (
            None  # of an upstream that does not reply to a Close
        )

    async def open(self, asked: Opening) -> Opened:
        """Raises RequestFault."""
        self._deflate = None if asked.deflate is None else _Deflate(asked.deflate)
        try:
            hello = self._ws.send(
                ws.Request(
                    host=asked.host,
                    target=asked.target,
                    subprotocols=list(asked.protocols),
                    extensions=[] if self._deflate is None else [self._deflate],
                    extra_headers=[
                        (name.encode("latin-1"), value.encode("latin-1"))
                        for name, value in asked.fields
                    ],
                )
            )
        except (h11.LocalProtocolError, UnicodeError) as error:
            raise BadRequestFault(f"The handshake cannot be sent: {error}") from None
        try:
            self._writer.write(hello)
            return await self._response()
        except OSError:
            raise AppBrokenFault("The app broke the connection in the handshake") from None

    async def parts(self) -> AsyncGenerator[Part | Close, None]:
        """The parts of messages as they arrive; the last item is a Close. Pings and the Close are
        replied to.

        Raises Broken, after a Close with the code was sent to the upstream (RFC 6455 §7.1.7).
        """
        while True:
            for event in self._ws.events():
                if isinstance(event, ws.Ping):
                    await self._send(event.response())
                elif isinstance(event, ws.CloseConnection):
                    yield await self._closed(event)
                    return
                elif isinstance(event, ws.TextMessage):
                    yield Part(Kind.TEXT, event.data.encode(), event.message_finished)
                elif isinstance(event, ws.BytesMessage):
                    yield Part(Kind.BINARY, bytes(event.data), event.message_finished)
            await self._feed()

    async def send(self, part: Part) -> None:
        """Send one frame; waits while the upstream does not read. Raises Broken."""
        if part.kind is Kind.TEXT:
            await self._send(ws.TextMessage(part.data.decode(), message_finished=part.final))
        else:
            await self._send(ws.BytesMessage(part.data, message_finished=part.final))

    async def close(self, close: Close) -> None:
        """Send a Close, once. The upstream's Close comes out of `parts`. Raises Broken."""
        if self._ws.state is ConnectionState.OPEN:
            code = CloseReason.NO_STATUS_RCVD if close.code is None else close.code
            self._late = asyncio.get_running_loop().call_later(CLOSE_S, self.abort)
            await self._send(ws.CloseConnection(code, close.reason or None))

    async def end(self) -> None:
        """Both sides have sent a Close.

        The upstream closes first (RFC 6455 §7.1.1): wait for it.
        """
        try:
            async with asyncio.timeout(CLOSE_S):
                while await self._reader.read(READ_BYTES):
                    pass
        except (TimeoutError, OSError):
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        if self._late is not None:
            self._late.cancel()
        self._writer.transport.abort()

    async def _response(self) -> Opened:
        try:
            while True:
                for event in self._ws.events():
                    if isinstance(event, ws.AcceptConnection):
                        return Opened(101, self._accepted(event), self)
                    if isinstance(event, ws.RejectConnection):
                        return Opened(event.status_code, _fields(event.headers), None)
                data = await self._reader.read(READ_BYTES)
                if not data:
                    raise AppBrokenFault("The app closed the connection in the handshake")
                self._ws.receive_data(data)
        except (RemoteProtocolError, h11.RemoteProtocolError, ValueError, IndexError) as error:
            raise AppBrokenFault(
                f"The app's handshake is not that of a WebSocket: {error}"
            ) from None

    def _accepted(self, event: ws.AcceptConnection) -> Fields:
        accept_any_code(self._ws)
        fields = _fields(event.extra_headers)
        if event.subprotocol is not None:
            fields += (("sec-websocket-protocol", event.subprotocol),)
        if event.extensions and self._deflate is not None:
            fields += (("sec-websocket-extensions", self._deflate.accepted),)
        return fields

    async def _feed(self) -> None:
        size = INFLATE_BYTES if self._deflate is not None else READ_BYTES
        try:
            data = await self._reader.read(size)
        except OSError as error:
            raise Broken(f"The app broke the connection: {error}") from None
        if not data:
            raise Broken("The app closed the connection without a Close")
        self._ws.receive_data(data)

    async def _closed(self, event: ws.CloseConnection) -> Close:
        """A Close of the upstream; or of wsproto, for an upstream that broke a rule."""
        state = self._ws.state
        if state not in (ConnectionState.REMOTE_CLOSING, ConnectionState.CLOSED):
            if state is ConnectionState.OPEN:
                await self._send(event)
            raise Broken(f"{event.reason} ({int(event.code)})", int(event.code))
        if state is ConnectionState.REMOTE_CLOSING:
            await self._send(event.response())
        return Close(None if event.code == 1005 else int(event.code), event.reason or "")

    async def _send(self, event: ws.Event) -> None:
        try:
            self._writer.write(self._ws.send(event))
            await self._writer.drain()
        except LocalProtocolError:
            pass  # a Close was sent meanwhile, and nothing may follow it
        except (OSError, RuntimeError) as error:  # how uvloop reports a connection that broke
            raise Broken(f"The app broke the connection: {error}") from None


class _Deflate(PerMessageDeflate):
    """permessage-deflate as the browser offers it. accepted: as the upstream accepted it."""

    accepted = ""

    def __init__(self, offered: str) -> None:
        super().__init__()
        self._offered = offered

    def offer(self) -> bool | str:
        return self._offered or True

    def finalize(self, offer: str) -> None:
        self.accepted = offer
        super().finalize(offer)


def _fields(headers: list[tuple[bytes, bytes]]) -> Fields:
    return tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers
    )
