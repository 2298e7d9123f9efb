"""`routes.json`: which apps this box exposes, and the address of each.

The agent and the commands both change the file here, under one lock. A file that cannot be read is
an error; it never means "no apps", because apps must not vanish by accident.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import replace as with_changes
from pathlib import Path
from types import MappingProxyType
from typing import Any

from p2claw.agent.upstream.address import UpstreamAddress, parse_upstream
from p2claw.agent.upstream.tls import FINGERPRINT
from p2claw.errors import UsageError
from p2claw.locked_file import LockedFile
from p2claw.names import check_app
from p2claw.units import MIB

VERSION = 1
# As many as one announcement holds (docs/WIRE.md §11).
ROUTES = 256

FILE_BYTES = MIB
MOST_MONTHLY_BYTES = 10**18


@dataclass(frozen=True, slots=True)
class Route:
    """The route to one app.

    preserve_host: the upstream sees the public Host, Origin and Referer.
    chunked: the upstream reads chunked request bodies, so none needs to be spooled.
    monthly_bytes: how many it may move per month, both ways; 0: any number.
    guarded: only those enter whom `access/` lets in. by_password: they may do so by a password.
    login: the host of the provider where they may log in, "" if nowhere.
    """

    app: str
    upstream: UpstreamAddress
    preserve_host: bool = False
    chunked: bool = False
    guarded: bool = False
    by_password: bool = False
    login: str = ""
    monthly_bytes: int = 0


Routes = Mapping[str, Route]


class RouteFile:
    """The file `routes.json`. All methods block on the disk."""

    def __init__(self, path: Path) -> None:
        self._file = _locked_file(path)

    def load(self) -> Routes:
        """All routes, by app. Empty if there is no file.

        Raises UsageError `routes-exposed`, `routes-damaged`.
        """
        content = self._file.read()
        if content is None:
            return MappingProxyType({})
        return parse_routes(content, self._file.path)

    def put(self, route: Route) -> Routes:
        """Add or change one route; returns all. Raises UsageError."""
        check_app(route.app)

        def change(routes: dict[str, Route]) -> None:
            routes[route.app] = route
            if len(routes) > ROUTES:
                raise UsageError(f"A box exposes at most {ROUTES} apps", code="routes-full")

        return self._change(change)

    def remove(self, app: str) -> Routes:
        """Remove one route; returns the rest.

        Raises UsageError, `app-unknown` if it is not there.
        """

        def change(routes: dict[str, Route]) -> None:
            if routes.pop(app, None) is None:
                raise UsageError(
                    f"No app {app!r} is exposed here",
                    code="app-unknown",
                    hint="`p2claw routes` lists them",
                )

        return self._change(change)

    def _change(self, change: Callable[[dict[str, Route]], None]) -> Routes:
        with self._file.changing():
            routes = dict(self.load())
            change(routes)
            self._file.write(serialize_routes(routes))
        return MappingProxyType(routes)


def parse_routes(content: bytes, path: Path) -> Routes:
    """Read the JSON of a routes file; path is for the error text.

    A key that is not known is an error too: to pass over what a newer version wrote could expose
    an app with less protection than its owner asked for. Raises UsageError `routes-damaged`.
    """
    document = _locked_file(path).parse(content)
    if not isinstance(document, dict) or document.keys() != {"version", "routes"}:
        raise _damaged('it is not {"version": 1, "routes": {…}}', path)
    if document["version"] != VERSION:
        raise _damaged(f"its version is {document['version']!r} and not {VERSION}", path)
    entries = document["routes"]
    if not isinstance(entries, dict) or len(entries) > ROUTES:
        raise _damaged(f'"routes" is not a map of at most {ROUTES} apps', path)
    routes: dict[str, Route] = {}
    for app, entry in entries.items():
        try:
            routes[app] = route_from(app, entry)
        except UsageError as error:
            raise _damaged(f"{app!r}: {error.message}", path) from None
    return MappingProxyType(routes)


def route_from(app: str, entry: object) -> Route:
    """Read one route, of the file or of the local API. Raises UsageError."""
    check_app(app)
    known = {"upstream", "preserve_host", "chunked", "certificate", "spa", "writable", "guarded"}
    known |= {"login", "monthly_bytes"}
    if not isinstance(entry, dict) or not entry.keys() <= known:
        raise UsageError(f"A route has the keys {', '.join(sorted(known))}", code="route-invalid")
    upstream = entry.get("upstream")
    flags = [entry.get("preserve_host", False), entry.get("chunked", False)]
    spa = entry.get("spa", False)
    guarded, login = entry.get("guarded", []), entry.get("login", "")
    if guarded not in _GUARDED:
        raise UsageError(
            f"An app is guarded by {' or '.join(map(str, _GUARDED[1:]))}", code="route-invalid"
        )
    if not isinstance(login, str) or bool(login) != ("oidc" in guarded) or len(login) > 253:
        raise UsageError("An app with oidc has a login, and no other", code="route-invalid")
    if not isinstance(upstream, str) or not all(isinstance(flag, bool) for flag in (*flags, spa)):
        raise UsageError(
            "A route needs an upstream (text); flags are true or false", code="route-invalid"
        )
    address = _certified(parse_upstream(upstream), entry.get("certificate", ""))
    if spa and not address.folder:
        raise UsageError("Only a folder has one page for all paths", code="route-invalid")
    writable = entry.get("writable", "")
    if writable not in ("", "add", "replace") or (writable and (spa or not address.folder)):
        raise UsageError(
            "Only a folder is writable, by add or replace, and not with spa", code="route-invalid"
        )
    monthly_bytes = entry.get("monthly_bytes", 0)
    if type(monthly_bytes) is not int or not 0 <= monthly_bytes <= MOST_MONTHLY_BYTES:
        raise UsageError("monthly_bytes is a number of bytes, 0 for any", code="route-invalid")
    preserve_host, chunked = flags
    return Route(
        app,
        with_changes(address, spa=spa, writable=writable),
        preserve_host,
        chunked,
        guarded=bool(guarded),
        by_password="password" in guarded,
        login=login,
        monthly_bytes=monthly_bytes,
    )


# By what visitors enter an app; by nothing: it is open.
_GUARDED: tuple[list[str], ...] = (
    [],
    ["invitation"],
    ["password", "invitation"],
    ["oidc", "invitation"],
    ["password", "oidc", "invitation"],
)


def ways_of(route: Route) -> list[str]:
    """By what visitors enter an app: empty if it is open to everyone."""
    if not route.guarded:
        return []
    ways = {"password": route.by_password, "oidc": bool(route.login), "invitation": True}
    return [way for way, is_one in ways.items() if is_one]


def _certified(upstream: UpstreamAddress, certificate: object) -> UpstreamAddress:
    if not upstream.secure and certificate == "":
        return upstream
    text = certificate if isinstance(certificate, str) else ""
    if not upstream.secure or not FINGERPRINT.fullmatch(text):
        raise UsageError(
            "An https upstream needs the SHA-256 of its certificate, and no other has one",
            code="route-invalid",
            hint="`p2claw expose` finds it out",
        )
    return UpstreamAddress(upstream.host, upstream.port, secure=True, certificate=text)


def route_to_map(route: Route) -> dict[str, Any]:
    """The inverse of `route_from`, without the app."""
    entry: dict[str, Any] = {
        "upstream": route.upstream.text,
        "preserve_host": route.preserve_host,
    }
    if route.upstream.secure:
        entry["certificate"] = route.upstream.certificate
    if route.upstream.spa:
        entry["spa"] = True
    if route.upstream.writable:
        entry["writable"] = route.upstream.writable
    if route.guarded:
        entry["guarded"] = ways_of(route)
    if route.login:
        entry["login"] = route.login
    if route.monthly_bytes:
        entry["monthly_bytes"] = route.monthly_bytes
    return {**entry, "chunked": True} if route.chunked else entry


def serialize_routes(routes: Routes) -> bytes:
    """The inverse of `parse_routes`."""
    entries = {app: route_to_map(route) for app, route in sorted(routes.items())}
    return (json.dumps({"version": VERSION, "routes": entries}, indent=2) + "\n").encode()


def _locked_file(path: Path) -> LockedFile:
    mend = "Mend the file or restore it; nothing is exposed differently until it can be read"
    return LockedFile(path, "routes", FILE_BYTES, mend)


def _damaged(what: str, path: Path) -> UsageError:
    return _locked_file(path).damaged(what)
