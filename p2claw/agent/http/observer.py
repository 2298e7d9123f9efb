"""Looks at responses in passing for problems that visitors suffer from; `notices.py` keeps them.

Only what the agent has in hand anyway is looked at: fields, and the first piece of a page. Nothing
is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from p2claw.agent.home.routes import Route
from p2claw.agent.http.fields import Fields, Visit, value_of
from p2claw.agent.http.notices import MOST_PER_APP, Notice
from p2claw.agent.http.own_urls import FOLLOWED, names_upstream
from p2claw.agent.http.rewriting import LOCAL_HOSTS, cookie_domain
from p2claw.units import KIB, MIB
from p2claw.wire.frames.heads import RequestHead

# What frameworks write if they do not know the Host.
# Source: Vite, webpack-dev-server, Django, Rails, Starlette, aiohttp's and Jupyter's own texts.
_HOST_REFUSED = re.compile(
    rb"Blocked request\. This host|Invalid Host header|Invalid host header|DisallowedHost|"
    rb"Invalid HTTP_HOST header|Blocked hosts?:|Blocking request with non-local 'Host'"
)
_ORIGIN_REFUSED = re.compile(
    rb"Origin checking failed|Invalid Origin header|Cross-site (?:POST )?form submissions? are "
    rb"forbidden|Cross Origin API request|HTTP Origin header \([^)]*\) didn't match"
)
_LOCAL_URL = re.compile(rb"(?i)\bhttps?://(localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0):(\d{2,5})\b")

# The head of a page; scripts, where libraries have such URLs in their comments, are not read.
_READ_KINDS = frozenset(("text/html", "application/json", "application/xhtml+xml"))
_REFUSING = frozenset((400, 403, 421, 422))
_READ_BYTES = 64 * KIB

# Under these names an app is on this machine.
_LOCAL = (*LOCAL_HOSTS, "::1")

# Smaller files are asked for in parts by nobody who suffers from the whole.
_LARGE_BYTES = 8 * MIB


class Observer:
    """Finds problems in responses. report: called with each notice, once per app, code and
    detail."""

    def __init__(self, report: Callable[[Notice], None]) -> None:
        self._report = report
        self._reported: dict[str, dict[Notice, None]] = {}
        self._routes: Mapping[str, Route] = {}

    def keep(self, routes: Mapping[str, Route]) -> None:
        """The routes have changed: an app with another route may be reported again."""
        for app, route in self._routes.items():
            if routes.get(app) != route:
                self._reported.pop(app, None)
        self._routes = dict(routes)

    def insists_on_https(self, app: str) -> None:
        """The app redirects to https though X-Forwarded-Proto was https already."""
        self._report_once(Notice(app, "https-loop"))

    def response(
        self,
        request: RequestHead,
        status: int,
        raw: Fields,
        route: Route,
        visit: Visit,
        *,
        are_plain: bool,
    ) -> str:
        """Look at the head of a response. raw: the fields as the upstream sent them. are_plain:
        all of them pass as they are, so that none of them can show a problem.

        Returns the line of one notice that this visit has not got yet; "" if it has got all.
        """
        if not are_plain:
            self._fields(raw, route, visit)
        if status == 200 and request.method == "GET" and value_of(request.fields, "range"):
            self._ranges(visit.app, request, raw)
        return self._unreported(visit) if self._reported else ""

    def body(self, status: int, kind: str, first: bytes, route: Route, app: str) -> None:
        """Look at a body that `may_show` something. first: its first piece, as the upstream sent
        it."""
        head = first[:_READ_BYTES]
        if status in _REFUSING:
            if _HOST_REFUSED.search(head):
                self._report_once(Notice(app, "host-refused", str(status)))
            elif _ORIGIN_REFUSED.search(head):
                self._report_once(Notice(app, "origin-refused", str(status)))
        elif kind in _READ_KINDS:
            for match in _LOCAL_URL.finditer(head):
                port = int(match[2])
                named = f"{match[1].decode().lower()}:{port}"
                code = "own-url" if port == route.upstream.port else "local-url"
                self._report_once(Notice(app, code, named))

    def socket_refused(self, app: str, status: int, *, with_origin: bool) -> None:
        """The upstream refused the handshake of a WebSocket with this status."""
        if status == 403 and with_origin:
            self._report_once(Notice(app, "origin-refused", "WebSocket, 403"))

    def _fields(self, raw: Fields, route: Route, visit: Visit) -> None:
        for name, value in raw:
            if name == "set-cookie":
                self._cookie(value, route, visit)
            elif name in FOLLOWED and _leads_home(name, value, route):
                self._report_once(Notice(visit.app, "own-url", route.upstream.host_text))

    def _unreported(self, visit: Visit) -> str:
        for notice in self._reported.get(visit.app, ()):
            # `own-url` is left out: most apps have it, and visitors notice nothing of it.
            if notice not in visit.reported and notice.code != "own-url":
                visit.reported.add(notice)
                return notice.line
        return ""

    def _cookie(self, value: str, route: Route, visit: Visit) -> None:
        domain = cookie_domain(value)
        own = {host.partition(":")[0] for host in visit.names.hosts(visit.app)}
        if domain and domain not in own and domain not in (route.upstream.host, *_LOCAL):
            self._report_once(Notice(visit.app, "cookie-domain", domain))

    def _ranges(self, app: str, request: RequestHead, raw: Fields) -> None:
        """Look at a whole response: was a part of it asked for?"""
        asked = value_of(request.fields, "range", "bytes=0-")
        # A range from 0 may be the whole file, and a request with If-Range may rightly get it all.
        if asked.startswith("bytes=0-") or any(name == "if-range" for name, _ in request.fields):
            return
        kind = value_of(raw, "content-type").partition(";")[0].strip().lower()
        length = value_of(raw, "content-length")
        large = length.isascii() and length.isdigit() and int(length) >= _LARGE_BYTES
        if large or kind.startswith(("video/", "audio/")):
            self._report_once(Notice(app, "no-ranges", kind or "a large file"))

    def _report_once(self, notice: Notice) -> None:
        reported = self._reported.setdefault(notice.app, {})
        if notice not in reported and len(reported) < MOST_PER_APP:
            reported[notice] = None
            self._report(notice)


def may_show(status: int, kind: str, coding: str) -> bool:
    """Whether anything is looked for in a body. kind: its media type."""
    return coding == "identity" and (kind in _READ_KINDS or status in _REFUSING)


def _leads_home(name: str, value: str, route: Route) -> bool:
    """Whether the app leads its visitors to its own local address."""
    return not route.preserve_host and names_upstream(name, value, route.upstream)
