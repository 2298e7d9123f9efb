"""Stands before guarded apps: each request of a visitor passes here, or gets a page of ours.

Who may enter is decided by `ledger_keeper.py`, in this process or in the agent's. The entrance also
knows which requests are under way by which session, and ends them with it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from p2claw.agent.access import login_settings, pages
from p2claw.agent.access.logins import LASTS_S
from p2claw.agent.access.own_requests import (
    form_of,
    is_own,
    link_of,
    login_cookie,
    own_origin,
    own_target,
    query_of,
    respond,
    session_cookie,
    shown_tokens,
)
from p2claw.agent.access.question import Ask, Grant, LoginStep, Question, Replies, Reply
from p2claw.agent.home.routes import Route, Routes
from p2claw.agent.http.fields import Visit
from p2claw.agent.http.own_cookie import NAME
from p2claw.agent.http.under_way import UnderWay
from p2claw.agent.request_faults import AccessEndedFault, AccessRequiredFault
from p2claw.link.stream import BoxStream
from p2claw.wire.frames.heads import Fields

# What is under way when an app is exposed no more may still end by itself.
GONE_S = 10.0

_PAGES = frozenset(("document", "iframe", "frame"))


class Entrance:
    """The way into the guarded apps of one process. under_way: all requests of it."""

    def __init__(self, ask: Replies, under_way: Iterable[UnderWay]) -> None:
        self._ask = ask
        self._under_way = under_way

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
            elif request.method in ("GET", "HEAD") and path in pages.FILES:
                await respond(stream, 200, *pages.file_of(path))
            elif route.guarded:
                await self._own_path(stream, route, visit, path)
            else:
                await _pass_by(stream)
            return None
        grant = await self._held(stream, visit)
        if grant is not None:
            return grant
        if not is_page(request.fields, request.method):
            raise AccessRequiredFault(f"{app} is guarded, and the request shows no session")
        await self._show_door(
            stream, route, visit, request.target if request.method == "GET" else "/"
        )
        return None

    def limit(self, under_way: UnderWay, route: Route, grant: Grant) -> None:
        """End a request when the time of the session is over that let it in, with
        AccessEndedFault."""
        under_way.end(_over(route.app), max(grant.until_s - time.time(), 0))

    def ended(self, sessions: Iterable[str]) -> None:
        """These sessions have ended: so do the requests by them."""
        gone = frozenset(sessions)
        for under_way in self._under_way:
            if under_way.route is not None and under_way.session in gone:
                under_way.end(_over(under_way.route.app))

    def apply(self, routes: Routes) -> None:
        """The routes have changed. What is under way to an app that is guarded now ends."""
        for under_way in self._under_way:
            entered_by = under_way.route
            if entered_by is None:
                continue
            app = entered_by.app
            route = routes.get(app)
            if route is None:
                under_way.end(_over(app), GONE_S)
            elif route.guarded and not entered_by.guarded:
                under_way.end(_over(app))

    async def _held(self, stream: BoxStream, visit: Visit) -> Grant | None:
        """What a session grants whose token the request shows."""
        for token in shown_tokens(stream.request.fields):
            reply = await self._ask(Question(Ask.SESSION, visit.app, token))
            if reply.grant is not None:
                return reply.grant
        return None

    async def _own_path(self, stream: BoxStream, route: Route, visit: Visit, path: str) -> None:
        method = stream.request.method
        match path, method:
            case pages.ENTER, "POST":
                await self._by_password(stream, route, visit)
            case pages.LOGIN, "POST" if route.login:
                await self._log_in(stream, route, visit)
            case login_settings.CALLBACK, "GET" | "HEAD" if route.login:
                page = pages.callback_page(visit.app, visit.names.alias)
                await respond(stream, 200, pages.PAGE_FIELDS, page)
            case pages.FINISH, "POST" if route.login:
                await self._by_login(stream, route, visit)
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
        sent = await self._sent(stream, route, visit)
        if sent is None:
            return
        origin, form = sent
        to = own_target(form.get("to", "/"))
        asked = Question(
            Ask.PASSWORD, visit.app, form.get("password", ""), visit.visitor, link_of(visit)
        )
        await self._let_in(stream, route, visit, await self._ask(asked), origin, to)

    async def _by_invitation(self, stream: BoxStream, route: Route, visit: Visit) -> None:
        """Asked for by the shell when a URL ends in `#i=`: no server but the box sees the token."""
        query = query_of(stream.request.target)
        token, to = (query.get(name, [""])[0] for name in ("t", "to"))
        held = next(iter(shown_tokens(stream.request.fields)), "")
        asked = Question(Ask.INVITATION, visit.app, token, visit.visitor, link_of(visit), held=held)
        await self._let_in(stream, route, visit, await self._ask(asked), "", own_target(to))

    async def _log_in(self, stream: BoxStream, route: Route, visit: Visit) -> None:
        """To the provider. The whole tab goes there: no provider lets itself be framed."""
        sent = await self._sent(stream, route, visit)
        if sent is None:
            return
        origin, form = sent
        step = LoginStep(origin, own_target(form.get("to", "/")), again=bool(form.get("again")))
        reply = await self._ask(_about_login(Ask.LOGIN, stream, visit, "", step))
        if not reply.location:
            await self._refuse(stream, route, visit, step.to, reply)
            return
        cookie = login_cookie(reply.token, LASTS_S, visit)
        fields = (("location", reply.location), ("cache-control", "no-store"))
        await respond(stream, 303, (*fields, ("set-cookie", cookie)), b"")

    async def _by_login(self, stream: BoxStream, route: Route, visit: Visit) -> None:
        """Back from the provider: the page before has read what it sent along."""
        sent = await self._sent(stream, route, visit)
        if sent is None:
            return
        origin, form = sent
        step = LoginStep(
            origin,
            state=form.get("state", ""),
            issuer=form.get("iss", ""),
            error=form.get("error", ""),
        )
        reply = await self._ask(_about_login(Ask.CODE, stream, visit, form.get("code", ""), step))
        if reply.code == "login-stale":  # or in already, by another tab
            reply = replace(reply, grant=await self._held(stream, visit))
        over = ("set-cookie", login_cookie("", 0, visit))
        await self._let_in(stream, route, visit, reply, origin, reply.location or "/", over)

    async def _sent(
        self, stream: BoxStream, route: Route, visit: Visit
    ) -> tuple[str, dict[str, str]] | None:
        """The origin and the values of a form of ours; None if the request has got its response."""
        origin = own_origin(stream.request.fields, visit)
        form = await form_of(stream) if origin is not None else None
        if origin is not None and form is not None:
            return origin, form
        why, status = ("access-foreign", 403) if origin is None else ("access-form", 400)
        await self._show_door(stream, route, visit, "/", why, status=status)
        return None

    async def _let_in(
        self,
        stream: BoxStream,
        route: Route,
        visit: Visit,
        reply: Reply,
        origin: str,
        to: str,
        *more: tuple[str, str],
    ) -> None:
        if reply.grant is None:
            await self._refuse(stream, route, visit, to, reply)
            return
        fields = [("location", origin + to), ("cache-control", "no-store"), *more]
        if reply.token:
            fields.append(("set-cookie", session_cookie(reply.token, reply.grant, visit)))
        await respond(stream, 303, tuple(fields), b"")

    async def _refuse(
        self, stream: BoxStream, route: Route, visit: Visit, to: str, reply: Reply
    ) -> None:
        status = 502 if reply.code == "login-provider" else 0
        await self._show_door(
            stream, route, visit, to, reply.code, retry_s=reply.retry_s, status=status
        )

    async def _leave(self, stream: BoxStream, visit: Visit) -> None:
        if own_origin(stream.request.fields, visit) is None:
            page = pages.leave_page(visit.app, visit.names.alias, has_left=False)
            await respond(stream, 403, pages.PAGE_FIELDS, page)
            return
        for token in shown_tokens(stream.request.fields):
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
        door = pages.Door(app, box, own_target(to), route.by_password, route.login, why, retry_s)
        fields = pages.PAGE_FIELDS
        if retry_s:
            fields = (*fields, ("retry-after", str(math.ceil(retry_s))))
        status = status or (429 if retry_s else 401)
        await respond(stream, status, fields, pages.door_page(door))


def is_page(fields: Fields, method: str) -> bool:
    """Whether a person is looking at what this request becomes."""
    named = dict(fields)
    if method not in ("GET", "HEAD", "POST"):
        return False
    if "sec-fetch-dest" in named or "sec-fetch-mode" in named:
        return named.get("sec-fetch-dest") in _PAGES or named.get("sec-fetch-mode") == "navigate"
    return "text/html" in named.get("accept", "")


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


def _about_login(
    ask: Ask, stream: BoxStream, visit: Visit, value: str, step: LoginStep
) -> Question:
    held = " ".join(shown_tokens(stream.request.fields))
    return Question(ask, visit.app, value, visit.visitor, link_of(visit), held, step)


async def _pass_by(stream: BoxStream) -> None:
    """The app is open: who comes by an invitation, or an old page of ours, is sent on."""
    to = query_of(stream.request.target).get("to", ["/"])[0]
    await respond(stream, 303, (("location", own_target(to)), ("cache-control", "no-store")), b"")
