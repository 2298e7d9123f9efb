"""Apps that serve nothing but https: each answers a plain request with a redirect to the same URL.

The visit is encrypted, so there is nowhere to be sent to: the app is told of it by
X-Forwarded-Proto from then on. Not from the start, because beside a rewritten Origin that breaks
other apps (docs/decisions/0002).
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from p2claw.agent.home.routes import Route
from p2claw.agent.http.fields import Fields, Visit
from p2claw.agent.http.rewriting import LOCAL_HOSTS
from p2claw.agent.upstream.address import UpstreamAddress

_REDIRECTS = frozenset((301, 302, 303, 307, 308))


class HttpsOnlyApps:
    """Which apps do; learnt from their answers, and kept as long as they listen at one address."""

    def __init__(self) -> None:
        self._known: dict[str, UpstreamAddress] = {}

    def knows(self, route: Route) -> bool:
        return self._known.get(route.app) == route.upstream

    def learn(self, route: Route) -> None:
        self._known[route.app] = route.upstream


def asks_for_https(status: int, fields: Fields, target: str, route: Route, visit: Visit) -> bool:
    """Whether an answer is a redirect to the https form of the very URL that was asked for.

    With whichever name the app takes for its own, and with or without a port.
    """
    location = dict(fields).get("location", "").strip()
    if status not in _REDIRECTS or not location.lower().startswith("https://"):
        return False
    try:
        parts = urlsplit(location)
        host = parts.hostname or ""
    except ValueError:
        return False
    public = [name.rpartition(":")[0] or name for name in visit.names.hosts(visit.app)]
    own = {*public, *(name.strip("[]") for name in (*LOCAL_HOSTS, route.upstream.host))}
    asked = urlsplit(target)
    return host in own and _same(parts.path or "/", asked.path) and _same(parts.query, asked.query)


def _same(one: str, other: str) -> bool:
    """Frameworks write the characters of a path in one of two ways."""
    return unquote(one) == unquote(other)
