"""Notices about apps: problems that a box sees and a visitor cannot. Kept for the owner.

`observer.py` finds them. Here is what each code means, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from p2claw.agent.home.routes import Route
from p2claw.log import get_log
from p2claw.wire.frames.limits import NOTICE_CHARS

log = get_log("agent")

# The most notices that are kept per app: its responses may give new reasons without end.
MOST_PER_APP = 16

# Per code, the problem and what to do about it. {} is the detail of a notice.
KINDS: Mapping[str, tuple[str, str]] = {
    "cookie-domain": (
        "It sets a cookie for {}, which no browser keeps here",
        "Let the app set its cookies without a domain",
    ),
    "https-loop": (
        "It redirects to https although the visit is https already, again and again",
        "Let it believe X-Forwarded-Proto (in Django SECURE_PROXY_SSL_HEADER, in Rails "
        "config.assume_ssl, in Express 'trust proxy'), or switch its redirect to https off",
    ),
    "local-url": (
        "Its pages name {}, a server that no visitor reaches",
        "Let the app reach that server through a path of its own (a proxy in its settings), or "
        "expose it too and name it by its own URL",
    ),
    "no-ranges": (
        "It sends {} whole where a part was asked for: films cannot be sought in, and broken "
        "downloads begin anew",
        "Serve large files by a server that knows Range: nginx, Caddy, or the framework's own way",
    ),
    "own-url": (
        "Its responses name {}, its own local address; visitors' browsers are led back to it",
        "Where links are sent on, in mail for example: set the public URL in the app, or "
        "`p2claw expose --preserve-host`",
    ),
    "host-refused": (
        "It refuses the name that it is visited by ({})",
        "Allow that name in the app (allowedHosts, ALLOWED_HOSTS, config.hosts), or expose it "
        "without --preserve-host",
    ),
    "origin-refused": (
        "It refuses a page's Origin ({})",
        "Allow that origin in the app (CSRF_TRUSTED_ORIGINS, allowed origins of its WebSockets), "
        "or expose it without --preserve-host",
    ),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. code: one of KINDS. detail: fills its text; never a path, cookie or body."""

    app: str
    code: str
    detail: str = ""

    @property
    def line(self) -> str:
        """All of it in one line, of at most NOTICE_CHARS."""
        facts = self.facts()
        cut = NOTICE_CHARS - len(facts["advice"]) - len("p2claw: . .")
        return f"p2claw: {facts['text'][:cut]}. {facts['advice']}."

    def facts(self) -> dict[str, str]:
        text, advice = KINDS[self.code]
        return {
            "code": self.code,
            "detail": self.detail,
            "text": text.format(self.detail),
            "advice": advice,
        }


class Notices:
    """All notices of an agent, of whichever of its processes."""

    def __init__(self) -> None:
        self._known: dict[str, dict[tuple[str, str], Notice]] = {}
        self._routes: dict[str, Route] = {}

    def add(self, notice: Notice) -> None:
        """Keep and log a notice, unless it is known already or its app has too many."""
        known = self._known.setdefault(notice.app, {})
        key = notice.code, notice.detail
        if key in known or len(known) >= MOST_PER_APP or notice.code not in KINDS:
            return
        known[key] = notice
        facts = {"app": notice.app, "code": notice.code, "detail": notice.detail}
        if notice.code == "own-url":
            log.info("app needs a look", **facts)  # a visitor notices nothing of it
        else:
            log.warning("app needs a look", **facts)

    def of(self, app: str) -> list[dict[str, str]]:
        """For people, in the order they came."""
        return [notice.facts() for notice in self._known.get(app, {}).values()]

    def keep(self, routes: Mapping[str, Route]) -> None:
        """Forget all of an app whose route has changed: another server, or other settings."""
        for app, route in self._routes.items():
            if routes.get(app) != route:
                self._known.pop(app, None)
        self._routes = dict(routes)
