"""Stands before guarded apps: each request of a visitor passes here, or gets a page of ours.

Who may enter is decided by `ledger_keeper.py`, in this process or in the agent's. The entrance also
knows which requests are under way by which session, and ends them with it.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import parse_qs

from p2claw.agent.access import pages
from p2claw.agent.access.question import Ask, Grant, Question, Replies, Reply
from p2claw.agent.home.routes import Route, Routes
from p2claw.agent.http.fields import Visit
from p2claw.agent.http.own_cookie import NAME, own_tokens
from p2claw.agent.http.under_way import UnderWay
from p2claw.agent.request_faults import AccessEndedFault, AccessRequiredFault
from p2claw.link.stream import BoxStream
from p2claw.wire.frames.heads import Fields, ResponseHead
from p2claw.wire.frames.hello import WEBSOCKET

# A password of 1,024 bytes, each escaped, and where to go then.
FORM_BYTES = 8_192
FORM_S = 30.0
TO_CHARS = 2_048

# What is under way when an app is exposed no more may still end by itself.
GONE_S = 10.0

_FORM = "application/x-www-form-urlencoded"
_TO = re.compile(r"/[\x21-\x5b\x5d-\x7e]*")  # no backslash, which browsers read as /
_PAGES = frozenset(("document", "iframe", "frame"))


class _Passage(NamedTuple):
    """By what a request was let in. session: "" if the app is open to everyone."""

    route: Route
    session: str


class Entrance:
    """The way into the guarded apps of one process."""

    def __init__(self, ask: Replies) -> None:
        self._ask = ask
        self._under_way: dict[UnderWay, _Passage] = {}

    async def enter(
        self,
        stream: BoxStream,
        route: Route,
        visit: Visit,
        look: Callable[[], pages.LinkView] = pages.LinkView,
    ) -> Grant | None:
        """Let a request pass to a guarded app; None if it has got its response here.

        look: at the link by which it came.

        Raises AccessRequiredFault for what is no page, or the errors of the stream.
        """
        request, app = stream.request, visit.app
        if is_own(stream):
            path = request.target.partition("?")[0]
            if request.method in ("GET", "HEAD") and path == pages.LINK:
                page = pages.link_page(app, visit.names.alias, look())
                await respond(stream, 200, pages.LINK_FIELDS, page)
            elif request.method in ("GET", "HEAD") and path == pages.STYLE:
                await respond(stream, 200, pages.STYLE_FIELDS, pages.style())
            elif route.guarded:
                await self._own_path(stream, route, visit, path)
            else:
                await _pass_by(stream)
            return None
        for token in _tokens(request.fields):
            reply = await self._ask(Question(Ask.SESSION, app, token))
            if reply.grant is not None:
                return reply.grant
        if not is_page(request.fields, request.method):
            raise AccessRequiredFault(f"{app} is guarded, and the request shows no session")
        await self._show_door(
            stream, route, visit, request.target if request.method == "GET" else "/"
        )
        return None

    def watch(self, under_way: UnderWay, route: Route, grant: Grant | None) -> None:
        """End a request when the session that let it in ends, or the app is gone.

        It ends with AccessEndedFault.
        """
        self._under_way[under_way] = _Passage(route, grant.session if grant is not None else "")
        under_way.at_end(self._under_way.pop)
        if grant is not None:
            under_way.end(_over(route.app), max(grant.until_s - time.time(), 0))

    def ended(self, sessions: Iterable[str]) -> None:
        """These sessions have ended: so do the requests by them."""
        gone = frozenset(sessions)
        for under_way, passage in self._under_way.items():
            if passage.session in gone:
                under_way.end(_over(passage.route.app))

    def apply(self, routes: Routes) -> None:
        """The routes have changed. What is under way to an app that is guarded now ends."""
        for under_way, passage in self._under_way.items():
            app = passage.route.app
            route = routes.get(app)
            if route is None:
                under_way.end(_over(app), GONE_S)
            elif route.guarded and not passage.route.guarded:
                under_way.end(_over(app))

    async def _own_path(self, stream: BoxStream, route: Route, visit: Visit, path: str) -> None:
        method = stream.request.method
        match path, method:
            case pages.ENTER, "POST":
                await self._by_password(stream, route, visit)
            case pages.INVITATION, "GET":
                await self._by_invitation(stream, route, visit)
            case pages.LEAVE, "GET" | "HEAD":
                page = pages.leave_page(visit.app, visit.names.alias, has_left=False)
                await respond(stream, 200, pages.PAGE_FIELDS, page)
            case pages.LEAVE, "POST":
                await self._leave(stream, visit)
            case _:
                await self._show_door(stream, route, visit, "/", "", status=404)

    async def _by_password(self, stream: BoxStream, route: Route, visit: Visit) -> None:
        origin = _own_origin(stream.request.fields, visit)
        if origin is None:
            await self._show_door(stream, route, visit, "/", "access-foreign", status=403)
            return
        form = await _form(stream)
        if form is None:
            await self._show_door(stream, route, visit, "/", "access-form", status=400)
            return
        to = own_target(form.get("to", "/"))
        asked = Question(
            Ask.PASSWORD, visit.app, form.get("password", ""), visit.visitor, _link(visit)
        )
        await self._let_in(stream, route, visit, await self._ask(asked), origin, to)

    async def _by_invitation(self, stream: BoxStream, route: Route, visit: Visit) -> None:
        """Asked for by the shell when a URL ends in `#i=`: no server but the box sees the token."""
        query = _query(stream.request.target)
        token, to = (query.get(name, [""])[0] for name in ("t", "to"))
        held = next(iter(_tokens(stream.request.fields)), "")
        asked = Question(Ask.INVITATION, visit.app, token, visit.visitor, _link(visit), held=held)
        await self._let_in(stream, route, visit, await self._ask(asked), "", own_target(to))

    async def _let_in(
        self, stream: BoxStream, route: Route, visit: Visit, reply: Reply, origin: str, to: str
    ) -> None:
        if reply.grant is None:
            await self._show_door(stream, route, visit, to, reply.code, retry_s=reply.retry_s)
            return
        fields = [("location", origin + to), ("cache-control", "no-store")]
        if reply.token:
            fields.append(("set-cookie", _cookie(reply.token, reply.grant, visit)))
        await respond(stream, 303, tuple(fields), b"")

    async def _leave(self, stream: BoxStream, visit: Visit) -> None:
        if _own_origin(stream.request.fields, visit) is None:
            page = pages.leave_page(visit.app, visit.names.alias, has_left=False)
            await respond(stream, 403, pages.PAGE_FIELDS, page)
            return
        for token in _tokens(stream.request.fields):
            await self._ask(Question(Ask.LEAVE, visit.app, token))
        page = pages.leave_page(visit.app, visit.names.alias, has_left=True)
        gone = f"{NAME}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        await respond(stream, 200, (*pages.PAGE_FIELDS, ("set-cookie", gone)), page)

    async def _show_door(
        self,
        stream: BoxStream,
        route: Route,
        visit: Visit,
        to: str,
        why: str = "",
        *,
        retry_s: float = 0,
        status: int = 0,
    ) -> None:
        app, box = visit.app, visit.names.alias
        door = pages.Door(app, box, own_target(to), route.by_password, why, retry_s)
        fields = pages.PAGE_FIELDS
        if retry_s:
            fields = (*fields, ("retry-after", str(math.ceil(retry_s))))
        status = status or (429 if retry_s else 401)
        await respond(stream, status, fields, pages.door_page(door))


def is_own(stream: BoxStream) -> bool:
    """Whether a request is for a path that is ours at every app: no app ever gets a password."""
    request = stream.request
    return request.protocol != WEBSOCKET and request.target.startswith(pages.PREFIX)


def is_page(fields: Fields, method: str) -> bool:
    """Whether a person is looking at what this request becomes."""
    named = dict(fields)
    if method not in ("GET", "HEAD", "POST"):
        return False
    if "sec-fetch-dest" in named or "sec-fetch-mode" in named:
        return named.get("sec-fetch-dest") in _PAGES or named.get("sec-fetch-mode") == "navigate"
    return "text/html" in named.get("accept", "")


def own_target(to: str) -> str:
    """Where to go within the app once inside: "/" for all that might lead elsewhere."""
    plain = len(to) <= TO_CHARS and _TO.fullmatch(to) and not to.startswith(("//", pages.PREFIX))
    return to if plain else "/"


def for_nobody_else(fields: Fields, *, page: bool) -> Fields:
    """The fields of a response of a guarded app: no cache shows it without asking the box.

    page: it becomes a document, and is not kept at all, because Back shows what is kept.
    """
    of_app = [value for name, value in fields if name == "cache-control"]
    control = ", ".join([*of_app, "private", "no-store" if page else "no-cache"])
    kept = (item for item in fields if item[0] not in ("cache-control", "expires", "pragma"))
    return (*kept, ("cache-control", control))


def _over(app: str) -> AccessEndedFault:
    return AccessEndedFault(f"The right to use {app} has ended")


def _tokens(fields: Fields) -> list[str]:
    cookies = "; ".join(value for name, value in fields if name == "cookie")
    return own_tokens(cookies)


def _link(visit: Visit) -> str:
    return f"{id(visit):x}"


def _own_origin(fields: Fields, visit: Visit) -> str | None:
    """The origin of a request that a page of this very app makes; None if another's may have."""
    origins = {value for name, value in fields if name == "origin"}
    sites = {value for name, value in fields if name == "sec-fetch-site"}
    own = {f"{visit.names.scheme}://{host}" for host in visit.names.hosts(visit.app)}
    if len(origins) != 1 or not origins <= own or not sites <= {"same-origin"}:
        return None
    return next(iter(origins))


async def _form(stream: BoxStream) -> dict[str, str] | None:
    """The values of a form; None if it is none, or too long, or does not come."""
    kind = dict(stream.request.fields).get("content-type", "")
    if kind.partition(";")[0].strip().lower() != _FORM or stream.request_ended:
        return None
    content = b""
    try:
        async with asyncio.timeout(FORM_S):
            while piece := await stream.read():
                content += piece
                if len(content) > FORM_BYTES:
                    return None
        parsed = parse_qs(
            content.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=8
        )
    except (TimeoutError, ValueError):
        return None
    return {name: values[0] for name, values in parsed.items() if len(values) == 1}


async def _pass_by(stream: BoxStream) -> None:
    """The app is open: who comes by an invitation, or an old page of ours, is sent on."""
    to = _query(stream.request.target).get("to", ["/"])[0]
    await respond(stream, 303, (("location", own_target(to)), ("cache-control", "no-store")), b"")


def _query(target: str) -> dict[str, list[str]]:
    try:
        return parse_qs(target.partition("?")[2], max_num_fields=8)
    except ValueError:
        return {}


def _cookie(token: str, grant: Grant, visit: Visit) -> str:
    age_s = max(0, int(grant.until_s - time.time()))
    secure = "; Secure" if visit.names.scheme == "https" else ""
    return f"{NAME}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age_s}{secure}"


async def respond(stream: BoxStream, status: int, fields: Fields, body: bytes) -> None:
    """Send a whole response of ours. Raises the errors of the stream."""
    head = ResponseHead(status, (*fields, ("content-length", str(len(body)))))
    if stream.request.method == "HEAD" or not body:
        await stream.respond(head, end=True)
        return
    await stream.respond(head)
    await stream.write(body, end=True)
