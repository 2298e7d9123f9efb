"""Visits by HTTP (docs/WIRE.md §12): a visitor posts what it has to send, and the reply has what
there is for it. On the connection that brought the page that costs no handshake, as a WebSocket's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from p2claw.config import ServerConfig
from p2claw.coord.nodes.relayed_posts import RelayedPosts
from p2claw.coord.rendezvous import BUSY_RETRY_S, RETURNING_RETRY_S
from p2claw.coord.server_timing import ServerTiming
from p2claw.coord.switchboard import Switchboard
from p2claw.coord.visitors import BOX_COOKIE, PATH, Visitors
from p2claw.coord.visits import Visits
from p2claw.coord.websockets import client_of
from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling import (
    POST_BYTES,
    Post,
    Unknown,
    VisitError,
    decode_post,
    encode_posted,
    encode_visit,
)

NEXT_PATH = f"{PATH}/next"

# How long a reply waits for a message: proxies give up on a silent one after 30 s or more.
HOLD_S = 20.0
# The same for the introduction, which comes at once if the box is connected to this node.
FIRST_S = 5.0
# How long a body of POST_BYTES may take to come.
READ_S = 10.0
# A visitor asks again as soon as it has a reply. One that has not for so long is gone.
SILENT_S = 10.0


class PostedVisits:
    """Serves the posts of visitors, at `PATH` and `NEXT_PATH`."""

    def __init__(
        self,
        config: ServerConfig,
        switchboard: Switchboard,
        visitors: Visitors,
        visits: Visits,
        server_timing: ServerTiming,
        relayed: RelayedPosts | None = None,
    ) -> None:
        self._relayed = relayed
        if relayed is not None:
            relayed.reply = self._reply_to_relayed
        self._config = config
        self._visits = visits
        self._server_timing = server_timing
        self._switchboard = switchboard
        self._visitors = visitors
        self._mailboxes: dict[str, _Mailbox] = {}

    async def begin(self, request: web.Request) -> web.Response:
        """A visit: its first messages come with it."""
        return self._shared(request, await self._begin(request))

    async def next(self, request: web.Request) -> web.Response:
        """What else a visitor has to send, and what there is for it, once there is something."""
        return self._shared(request, await self._reply_to(request))

    def _shared(self, request: web.Request, reply: web.Response) -> web.Response:
        """Let a page read the reply whose edge is another server than this."""
        origin = request.headers.get("Origin")
        if origin is None or origin.partition("://")[2] == request.headers.get("Host"):
            return reply
        if not self._visitors.is_foreign(origin):
            reply.headers["Access-Control-Allow-Origin"] = origin
            reply.headers["Access-Control-Expose-Headers"] = "Server-Timing"
            reply.headers["Vary"] = "Origin"
        return reply

    async def _begin(self, request: web.Request) -> web.Response:
        session = self._visitors.new_session()
        asked = await self._visitors.admit(request, session)
        if isinstance(asked, VisitError):
            return _reply([encode_visit(asked)])
        post = _decoded(await _read(request))
        if post is None:
            return _reply([encode_visit(_NO_POST)])
        if not await self._may_send(request, post):
            return _reply([encode_visit(_TOO_MUCH)])
        mailbox = _Mailbox(self._config.limits.outbox_messages, lambda: self._gone(session))
        self._mailboxes[session] = self._switchboard.visitors[session] = mailbox
        self._visitors.introduce(asked)
        self._accept(session, post)
        # For the next visit, whose page does not come from the edge.
        try:
            server_timing = await self._server_timing.of_box(
                asked.alias, asked.facts, asked.visitor, asked.team, asked.near, asks=True
            )
            if asked.node or asked.others:
                await mailbox.filled(FIRST_S)  # the introduction comes from another node, or box
        except BaseException:
            self._gone(session)
            raise
        messages = self._emptied(session, mailbox)
        if not messages:
            # The other node is silent. Without an introduction the page would not ask again.
            self._gone(session)
            messages = [encode_visit(_SILENT)]
        reply = _reply(messages)
        reply.headers["Server-Timing"] = server_timing
        if asked.box:
            reply.set_cookie(
                *(BOX_COOKIE, asked.box),
                path=PATH,
                httponly=True,
                samesite="Strict",
                secure=self._config.scheme == "https",
            )
        return reply

    async def _reply_to(self, request: web.Request) -> web.Response:
        body = await _read(request)
        post = _decoded(body)
        if not await self._may_send(request, post):
            return _reply([encode_visit(_TOO_MUCH)])
        if post is None or body is None:
            return _reply([encode_visit(_NO_POST)])
        if self._relayed is not None and self._relayed.is_elsewhere(post.session):
            return _reply(await self._relayed.ask(post.session, body))
        return _reply(await self._next(post))

    async def _next(self, post: Post) -> list[str]:
        mailbox = self._mailboxes.get(post.session)
        if mailbox is None:
            return [encode_visit(_OVER)]
        self._accept(post.session, post)
        if post.wait:
            await mailbox.filled(HOLD_S)
        return self._emptied(post.session, mailbox)

    async def _reply_to_relayed(self, body: bytes) -> list[str]:
        post = _decoded(body)
        return [encode_visit(_NO_POST)] if post is None else await self._next(post)

    async def _may_send(self, request: web.Request, post: Post | None) -> bool:
        """Wait for the turn of a post: it counts as one message, and each that it holds as one."""
        address = client_of(request, self._config.trusted_proxies)
        return await self._visitors.may_send(address, 1 + (len(post.messages) if post else 0))

    def _emptied(self, session: str, mailbox: _Mailbox) -> list[str]:
        """All that there is for a reply."""
        mailbox.rest(SILENT_S)
        messages = mailbox.empty()
        if mailbox.is_closed:
            self._gone(session)
        return messages

    def _accept(self, session: str, post: Post) -> None:
        for message in post.messages:
            if not isinstance(message, Unknown):
                self._visits.from_visitor(session, message)

    def _gone(self, session: str) -> None:
        mailbox = self._mailboxes.pop(session, None)
        if mailbox is None:
            return
        mailbox.discard()
        del self._switchboard.visitors[session]
        self._visitors.over(session)
        self._visits.gone(session)


_NO_POST = VisitError("protocol", "This is no post of a visitor")
_TOO_MUCH = VisitError("rate-limited", "Too many messages from this address", BUSY_RETRY_S)
_SILENT = VisitError(
    "going-down", "The server that has the box does not respond", RETURNING_RETRY_S
)
# It may have been lost with a server that was started again, or paused: the page begins anew.
_OVER = VisitError("going-down", "There is no such visit any more", RETURNING_RETRY_S)


class _Mailbox:
    """What waits for one visitor until it asks.

    most: so many messages, and the visit is over. on_silent: called when it has not asked for long.
    """

    def __init__(self, most: int, on_silent: Callable[[], None]) -> None:
        self.is_closed = False
        self._most = most
        self._on_silent = on_silent
        self._messages: list[str] = []
        self._waiting: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def send(self, payload: str) -> None:
        """Keep one message until it is asked for; at the limit the visit is over."""
        if self.is_closed:
            return
        self._messages.append(payload)
        if len(self._messages) >= self._most:
            self.is_closed = True
        self._wake()

    def close(self, code: int, reason: str) -> None:
        """Nothing comes after what waits."""
        self.is_closed = True
        self._wake()

    def empty(self) -> list[str]:
        """What there is."""
        messages, self._messages = self._messages, []
        return messages

    async def filled(self, timeout_s: float) -> None:
        """Wait until there is something, or a newer request of the same visitor waits."""
        self._stop_alarm()
        self._wake()
        if self._messages or self.is_closed:
            return
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait([waiting], timeout=timeout_s)
        finally:
            if self._waiting is waiting:
                self._waiting = None

    def rest(self, timeout_s: float) -> None:
        """The visitor has a reply, and is to ask again within this time."""
        if self._waiting is None:
            self._stop_alarm()
            self._alarm = asyncio.get_running_loop().call_later(timeout_s, self._on_silent)

    def discard(self) -> None:
        """The visit is over."""
        self.is_closed = True
        self._stop_alarm()
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _stop_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


async def _read(request: web.Request) -> bytes | None:
    """None: it is too long, or too slow."""
    if request.content_length is None or request.content_length > POST_BYTES:
        return None
    try:
        async with asyncio.timeout(READ_S):
            return await request.read()
    except TimeoutError:
        return None


def _decoded(body: bytes | None) -> Post | None:
    """None: it is not of the protocol."""
    try:
        return None if body is None else decode_post(body)
    except RemoteProtocolError:
        return None


def _reply(messages: list[str]) -> web.Response:
    return web.Response(
        body=encode_posted(messages),
        content_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
