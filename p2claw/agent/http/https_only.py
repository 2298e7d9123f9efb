"""Apps that serve nothing but https: each redirects a plain request to the same URL with https.

The visit is encrypted already, so following the redirect would lead nowhere. Instead the agent
sends such an app `X-Forwarded-Proto: https` from then on. It does not do so from the start, because
that breaks other apps when Origin is rewritten (docs/decisions/0002).
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from p2claw.agent.home.routes import Route
from p2claw.agent.http.fields import Fields, Visit, value_of
from p2claw.agent.http.rewriting import LOCAL_HOSTS
from p2claw.agent.upstream.address import UpstreamAddress

_REDIRECTS = frozenset((301, 302, 303, 307, 308))


class HttpsOnlyApps:
    """The apps that were found to insist on https. One is forgotten when its address changes.

    known: their addresses; mostly there are none.
    """

    def __init__(self) -> None:
        self.known: dict[str, UpstreamAddress] = {}

    def knows(self, route: Route) -> bool:
        known = self.known.get(route.app)
        return known is not None and known == route.upstream

    def learn(self, route: Route) -> None:
        self.known[route.app] = route.upstream


def asks_for_https(status: int, fields: Fields, target: str, route: Route, visit: Visit) -> bool:
    """Whether a response is a redirect to the https form of the very URL that was asked for.

    Any name counts that the app may regard as its own, with or without a port.
    """
    if status not in _REDIRECTS:
        return False
    location = value_of(fields, "location").strip()
    if not location.lower().startswith("https://"):
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
    """Whether two paths are equal; frameworks may escape characters of a path or not."""
    return unquote(one) == unquote(other)
