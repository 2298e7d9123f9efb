"""One WebSocket of a visitor: its stream and the upstream's connection, joined until either ends.

The records of the stream are read in `wire/frames/websocket_records.py`; RFC 6455 is spoken in
`upstream_socket.py`.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from p2claw.agent.home.routes import Route
from p2claw.agent.http.fields import Fields, RequestFields, Visit, response_fields
from p2claw.agent.http.observer import Observer
from p2claw.agent.http.request_fields import request_fields
from p2claw.agent.http.unread import Unread
from p2claw.agent.request_faults import AppBrokenFault, BadRequestFault, head_of_app
from p2claw.agent.websockets.upstream_socket import (
    Broken,
    Opened,
    Opening,
    UpstreamSocket,
    open_socket,
)
from p2claw.config import UpstreamLimits
from p2claw.errors import RemoteProtocolError
from p2claw.link.stream import BoxStream
from p2claw.log import get_log
from p2claw.units import KIB
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import ResponseHead
from p2claw.wire.frames.websocket_records import (
    Close,
    Kind,
    Part,
    RecordReader,
    encode_close,
    encode_part,
)

log = get_log("agent")

# A message up to here is one frame to the upstream, as from a browser; a longer one is cut.
FRAME_BYTES = 128 * KIB

_HANDSHAKE = "sec-websocket-"


class WebSocketBridge:
    """One WebSocket of a visitor.

    responded: the response to the handshake was sent, so that no other can follow. responding:
    called with its status, 101 if the WebSocket opens. user: what the app learns of who visits.
    """

    def __init__(
        self,
        stream: BoxStream,
        route: Route,
        visit: Visit,
        limits: UpstreamLimits,
        observer: Observer,
        unread: Unread,
        user: Fields = (),
    ) -> None:
        self.responded = False
        self.responding: Callable[[int], None] = lambda status: None
        self._stream = stream
        self._route = route
        self._visit = visit
        self._limits = limits
        self._observer = observer
        self._user = user
        self._held = unread.hold(id(visit), visit.visitor, lambda: stream.queued)

    async def run(self) -> None:
        """Join the two until either ends. Raises RequestFault, or the errors of the stream."""
        stream, request = self._stream, self._stream.request
        if stream.request_ended:
            raise BadRequestFault("A WebSocket that ended before it began")
        # To the upstream the handshake is a GET, and all that holds for requests holds for it.
        fields = request_fields(
            replace(request, method="GET", protocol=""), self._route, self._visit, user=self._user
        )
        asked = Opening(
            host=fields.host,
            target=request.target,
            fields=tuple(item for item in fields.fields if not item[0].startswith(_HANDSHAKE)),
            protocols=_listed(request.fields, "sec-websocket-protocol"),
            deflate=_deflate_offer(_listed(request.fields, "sec-websocket-extensions")),
        )
        opened = await open_socket(self._route.upstream, asked, self._limits)
        try:
            await self._respond(opened, fields)
            if opened.socket is not None:
                with self._held:
                    await self._join(opened.socket)
        finally:
            if opened.socket is not None:
                opened.socket.abort()

    async def _respond(self, opened: Opened, asked: RequestFields) -> None:
        if opened.socket is None:
            log.info("websocket refused", app=self._visit.app, status=opened.status)
            with_origin = any(name == "origin" for name, _ in asked.fields)
            self._observer.socket_refused(self._visit.app, opened.status, with_origin=with_origin)
        if opened.status < 200 and opened.socket is None:
            raise AppBrokenFault(
                f"The app's response to a WebSocket's handshake was {opened.status}"
            )
        fields = response_fields(opened.fields, self._route, self._visit, asked)
        # A page learns only that its WebSocket failed, so the body of a refusal is dropped.
        fields = tuple(item for item in fields if item[0] != "content-length")
        status = 200 if opened.socket is not None else opened.status
        # 200 would mean that it is open, but an upstream that sends 200 has refused.
        if opened.socket is None and status == 200:
            status = 400
        self.responding(opened.status)
        with head_of_app:
            await self._stream.respond(ResponseHead(status, fields), end=opened.socket is None)
        self.responded = True

    async def _join(self, socket: UpstreamSocket) -> None:
        """Carry messages both ways until either direction ends, which ends the other too."""
        up = asyncio.create_task(self._up(socket))
        try:
            await self._down(socket)
        except Broken as error:
            log.info("websocket broken", app=self._visit.app, error=str(error))
            # Not a RESET: what the app sent before it broke off still reaches the page.
            if error.code is None:
                await self._stream.write(b"", end=True)
            else:
                await self._stream.write_trailers((("websocket-fault", str(error.code)),))
        finally:
            up.cancel()
            await asyncio.wait({up})

    async def _down(self, socket: UpstreamSocket) -> None:
        stream = self._stream
        async with aclosing(socket.parts()) as parts:
            async for part in parts:
                if isinstance(part, Part):
                    stream.put(encode_part(part.kind, part.data, final=part.final))
                    await self._held.room(stream)
                    continue
                # The page learns of it at once, even if the upstream closes its connection late.
                await stream.write(encode_close(part.code, part.reason), end=True)
        await socket.end()

    async def _up(self, socket: UpstreamSocket) -> None:
        """Carry messages up. A fault ends the connection, and is raised where that is read."""
        try:
            await self._carry_up(socket)
        except RemoteProtocolError as error:
            log.debug("websocket of a visitor broken", app=self._visit.app, error=error.message)
            self._stream.reset(Code.PROTOCOL, error.message)
            socket.abort()
        except Exception as error:
            if not isinstance(error, Broken):
                log.debug("websocket ended", app=self._visit.app, error=str(error))
            socket.abort()

    async def _carry_up(self, socket: UpstreamSocket) -> None:
        reader, frame = RecordReader(), _Frame()
        while piece := await self._stream.read():
            for part in reader.feed(piece):
                if isinstance(part, Close):
                    await socket.close(part)
                    return
                for whole in frame.add(part):
                    await socket.send(whole)
        raise RemoteProtocolError("a WebSocket that ended without a CLOSE")


class _Frame:
    """Gathers the parts of a message to frames, so that most messages are one frame."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._utf8 = codecs.getincrementaldecoder("utf-8")()

    def add(self, part: Part) -> list[Part]:
        """The frames that part completes. Raises RemoteProtocolError if a text is not UTF-8."""
        data = part.data
        if part.kind is Kind.TEXT:
            try:
                data = self._utf8.decode(data, part.final).encode()
            except UnicodeDecodeError:
                raise RemoteProtocolError("a text that is not UTF-8") from None
        self._held += data
        if not part.final and len(self._held) < FRAME_BYTES:
            return []
        whole = Part(part.kind, bytes(self._held), part.final)
        self._held.clear()
        return [whole]


# These parameters are accepted in an offer: browsers send them, and wsproto can do them.
_DEFLATE_OFFERS = ("", "client_max_window_bits")


def _deflate_offer(extensions: tuple[str, ...]) -> str | None:
    """The parameters of an offer of permessage-deflate, None if there is none."""
    for extension in extensions:
        name, _, rest = extension.partition(";")
        if name.strip() == "permessage-deflate" and rest.strip() in _DEFLATE_OFFERS:
            return rest.strip()
    return None


def _listed(fields: tuple[tuple[str, str], ...], name: str) -> tuple[str, ...]:
    """The items of a list in fields. Source: RFC 9110 §5.6.1."""
    values = [value for other, value in fields if other == name]
    items = [item.strip() for value in values for item in value.split(",")]
    return tuple(item for item in items if item)
