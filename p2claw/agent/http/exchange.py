"""One request of a visitor, carried to the upstream and its response back, both as they stream.

`visitors/proxy.py` chooses the upstream, and makes an error response of a fault.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from p2claw.agent.home.routes import Route
from p2claw.agent.http.bodies import begun, fill, sized_body, spooled_body, streamed_body
from p2claw.agent.http.body_flow import BodyFlow
from p2claw.agent.http.fields import (
    Fields,
    RequestFields,
    Visit,
    is_unlisted,
    look_through,
    media_type,
    response_fields,
    trailer_fields,
)
from p2claw.agent.http.https_only import HttpsOnlyApps, asks_for_https
from p2claw.agent.http.observer import Observer, may_show
from p2claw.agent.http.own_urls import origins_of
from p2claw.agent.http.request_fields import request_fields
from p2claw.agent.http.spool import SpoolSpace
from p2claw.agent.http.unread import LEAST_BYTES, Held, Unread
from p2claw.agent.request_faults import (
    BadRequestFault,
    RequestFault,
    UpstreamClosedFault,
    head_of_app,
)
from p2claw.agent.upstream.http_connection import HttpConnection
from p2claw.agent.upstream.pool import Lease, Pool
from p2claw.agent.upstream.request import (
    BODY_EXPECTED,
    LAST_CHUNK,
    chunk,
    framing_fields,
    request_head,
)
from p2claw.agent.upstream.response import UpstreamHead
from p2claw.errors import LocalProtocolError, P2clawError
from p2claw.link.stream import BoxStream
from p2claw.log import get_log
from p2claw.wire.frames.heads import BODILESS, ResponseHead, has_no_body

log = get_log("agent")

# RFC 9110 §9.2.2
IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))

_HTML = frozenset(("text/html", "application/xhtml+xml"))


class Exchange:
    """One request of a visitor and its response.

    responded: the head of a response was sent to the visitor, so no other can follow.

    https_only: the apps that serve nothing but https; this app is added if its response shows it.
    responding: called with the status of the app's response, before it is sent.

    user: fields for the app about the visitor. guarded: changes the fields of a response of an app
    that is not open to everyone.
    """

    def __init__(
        self,
        stream: BoxStream,
        route: Route,
        visit: Visit,
        pool: Pool,
        request_idle_s: float,
        https_only: HttpsOnlyApps,
        observer: Observer,
        unread: Unread,
        user: Fields = (),
    ) -> None:
        self.responded = False
        self.responding: Callable[[int], None] = lambda status: None
        self.guarded: Callable[[Fields], Fields] | None = None
        self._https_only = https_only
        self._observer = observer
        self._stream = stream
        self._request = stream.request
        self._route = route
        self._visit = visit
        self._pool = pool
        self._idle_s = request_idle_s
        self._user = user
        self._connection: HttpConnection | None = None  # that the response is read from
        self._held = Held(unread, id(visit), visit.visitor, self._unread_bytes)
        self._fields = self._request_fields()

    async def run(self, space: SpoolSpace) -> None:
        """Send the request to the upstream and its response to the visitor.

        Raises RequestFault, or the errors of the stream.
        """
        with self._held:
            if self._stream.request_ended:
                await self._without_body(self._fields.length)
            else:
                await self._with_some_body(space, self._fields.length)
            # The end waits in the session without a connection, but it is held all the same.
            if self._stream.queued > LEAST_BYTES:
                await self._stream.drained(LEAST_BYTES)

    async def _with_some_body(self, space: SpoolSpace, length: int | None) -> None:
        stream = self._stream
        if length is not None:
            await self._with_body(sized_body(stream, length, self._idle_s), length)
        elif self._route.chunked or self._route.upstream.folder:
            await self._with_body(streamed_body(stream, self._idle_s), None)
        else:
            async with space.spool(id(self._visit), self._visit.visitor) as spool:
                await fill(spool, stream, self._idle_s)
                await self._with_body(spooled_body(spool), spool.length)

    def _request_fields(self) -> RequestFields:
        secure = bool(self._https_only.known) and self._https_only.knows(self._route)
        return request_fields(
            self._request, self._route, self._visit, secure=secure, user=self._user
        )

    async def _without_body(self, length: int | None) -> None:
        """Send a request without a body: once more on a new connection if the upstream had closed
        the kept one, and once more if the app has turned out to insist on https."""
        if length:
            raise BadRequestFault("A request has no body, but a Content-Length")
        # One visit is one link, so visitors behind one address have a share each.
        request, pool, new = self._request, self._pool, False
        method, owner, network = request.method, id(self._visit), self._visit.visitor
        repeatable = method in IDEMPOTENT
        framing: Fields = ()
        if length is not None or method in BODY_EXPECTED:
            framing = framing_fields(method, length, chunked=False)
        while True:
            # Mostly there is a connection, and nothing to wait for.
            taken = None if new else pool.take_now(owner, network, repeatable=repeatable)
            connection, ticket = taken or await pool.take(
                owner, network, request.urgency, repeatable=repeatable, new=new
            )
            try:
                stale = connection.requests > 0
                self._begin(connection, self._head(framing))
                connection.end_request()
                try:
                    response = await connection.head()
                except UpstreamClosedFault:
                    if not (stale and repeatable):
                        raise
                    new = True
                    continue
                if response.status < 300 or not self._learns(response):
                    if not self._carry_whole(connection, response):
                        await self._carry_response(connection, response)
                    return
                self._fields, new = self._request_fields(), False
            finally:
                pool.give_back(connection, ticket)

    def _begin(self, connection: HttpConnection, head: bytes) -> None:
        self._connection = connection
        connection.may_read_on = self._held.has_room
        connection.begin(self._request.method, head)

    def _carry_whole(self, connection: HttpConnection, response: UpstreamHead) -> bool:
        """Carry a response that has come whole; False if it has not, or has trailers.

        Most do, and then nothing has to be waited for.
        """
        if response.status in BODILESS or self._request.method == "HEAD":
            return False
        pieces = connection.take_whole()
        if not pieces:
            return False
        head, shown_as = self._visible(response)
        if shown_as:
            self._look_at_body(response, shown_as, pieces[0])
        try:
            self._stream.put_whole(head, pieces)
        except LocalProtocolError as error:
            with head_of_app:
                self._stream.put_whole(_without_notice(head, error), pieces)
        self.responded = True
        self._connection = None
        return True

    def _learns(self, response: UpstreamHead) -> bool:
        if not asks_for_https(
            response.status, response.fields, self._request.target, self._route, self._visit
        ):
            return False
        if self._fields.secure:
            self._observer.insists_on_https(self._visit.app)
            return False
        self._https_only.learn(self._route)
        return True

    async def _with_body(self, pieces: AsyncGenerator[bytes, None], length: int | None) -> None:
        """Send a request with a body. length: None if the body goes in chunks."""
        framing = framing_fields(self._request.method, length, chunked=length is None)
        head = self._head(framing)
        # A visitor that announces a body and sends none must not hold a connection.
        pieces = await begun(pieces)
        visit, urgency = self._visit, self._request.urgency
        async with Lease(self._pool, False, False, id(visit), visit.visitor, urgency) as connection:
            self._begin(connection, head)
            upload = asyncio.create_task(self._upload(connection, pieces, length))
            try:
                response = await connection.head()
                if self._learns(response):
                    await self._ask_for_it_again()
                else:
                    await self._carry_response(connection, response)
            finally:
                # The response is whole, or nobody wants it: what is left of the request is not
                # sent.
                upload.cancel()
                await asyncio.wait({upload})

    async def _ask_for_it_again(self) -> None:
        """Redirect the browser to the same URL: a part of the body was sent already and cannot be
        sent again from here, but the browser still has all of it."""
        fields = (("location", self._request.target), ("cache-control", "no-store"))
        await self._stream.respond(ResponseHead(307, fields), end=True)
        self.responded = True

    async def _upload(
        self, connection: HttpConnection, pieces: AsyncGenerator[bytes, None], length: int | None
    ) -> None:
        """Send the body.

        A fault ends the connection, and is raised where the response is awaited.
        """
        left = length
        if left == 0:
            connection.end_request()
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    if not await connection.write(chunk(piece) if left is None else piece):
                        return
                    if left is not None:
                        left -= len(piece)
                        if left == 0:
                            connection.end_request()
            if left is None and await connection.write(LAST_CHUNK):
                connection.end_request()
        except RequestFault as fault:
            connection.fail(fault)
        except P2clawError:
            connection.abort()  # the visitor is gone; the task that waits is cancelled for that
        except Exception as error:
            log.fault("upload failed", error, app=self._visit.app)
            connection.abort()

    async def _carry_response(self, connection: HttpConnection, response: UpstreamHead) -> None:
        end = has_no_body(self._request.method, response.status) or connection.finished
        head, shown_as = self._visible(response)
        try:
            try:
                self._stream.put_head(head, end=end)
            except LocalProtocolError as error:
                with head_of_app:
                    self._stream.put_head(_without_notice(head, error), end=end)
            self.responded = True
            if not end:
                await self._carry_body(connection, response, shown_as)
        finally:
            self._connection = None

    async def _carry_body(
        self, connection: HttpConnection, response: UpstreamHead, shown_as: str
    ) -> None:
        stream = self._stream
        piece = await self._first_piece(connection)
        if shown_as:
            self._look_at_body(response, shown_as, piece)
        if not connection.finished:
            stream.put(piece)
            piece = await BodyFlow(connection, stream, self._held).run()
        trailers = trailer_fields(connection.trailers)
        if not trailers:
            stream.put(piece, end=True)
            return
        if piece:
            stream.put(piece)
        await stream.write_trailers(trailers)

    async def _first_piece(self, connection: HttpConnection) -> bytes:
        # A response that came whole with its head is read already, and no more than a frame.
        if not connection.is_whole:
            within = self._held.is_within()
            self._held.expect(within=within)
            connection.read_less(less=not within)
        return await connection.read()

    def _unread_bytes(self) -> int:
        connection = self._connection
        return self._stream.queued + (0 if connection is None else connection.buffered_bytes)

    def _visible(self, response: UpstreamHead) -> tuple[ResponseHead, str]:
        """The head for the visitor, which counts as sent; and the media type of the body if that
        may show something, else an empty one."""
        route, visit, status, raw = self._route, self._visit, response.status, response.fields
        fields, kind, coding = look_through(raw)
        kind = media_type(kind)
        notice = self._observer.response(
            self._request, status, raw, route, visit, are_plain=fields is not None
        )
        if fields is None or is_unlisted(route.app):
            fields = response_fields(raw, route, visit, self._fields)
        self.responding(status)
        head = ResponseHead(
            status,
            fields if self.guarded is None else self.guarded(fields),
            reason=response.reason,
            origins=origins_of(route.upstream) if kind in _HTML else (),
            notice=notice,
        )
        return head, kind if may_show(status, kind, coding) else ""

    def _look_at_body(self, response: UpstreamHead, kind: str, first: bytes) -> None:
        self._observer.body(response.status, kind, first, self._route, self._visit.app)

    def _head(self, framing: tuple[tuple[str, str], ...]) -> bytes:
        request, fields = self._request, self._fields
        return request_head(request.method, request.target, fields.host, fields.fields, framing)


def _without_notice(head: ResponseHead, error: LocalProtocolError) -> ResponseHead:
    """A head that is too large to be sent, without what the box has added to it.

    Raises the error if that is not the reason.
    """
    if error.code != "head-too-large" or not head.notice:
        raise error
    return replace(head, notice="")
