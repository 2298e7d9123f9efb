"""The fields of a visitor's request, as its app gets them."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from p2claw._codec import chosen
from p2claw.agent.home.routes import Route
from p2claw.agent.http.field_kinds import KINDS, Kind, named_in, plain_name
from p2claw.agent.http.fields import Fields, RequestFields, Visit
from p2claw.agent.http.own_cookie import without_own
from p2claw.agent.http.rewriting import host_of, remote_reference
from p2claw.agent.request_faults import BadRequestFault
from p2claw.wire.frames.heads import RequestHead

_USUAL_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(r"/[\x21-\x7e]*")
_OCTETS = re.compile(r"[\x00-\xff]*")
_TAGGED_URL = re.compile(r"<([^<>]*)>")

# Found once: an Enum looks its members up.
_PLAIN, _DROPPED = Kind.PLAIN, Kind.DROPPED

# Those that show under which name a page was loaded.
_SHOWING_HOST = frozenset(("origin", "referer"))


def request_fields(
    head: RequestHead,
    route: Route,
    visit: Visit,
    *,
    secure: bool = False,
    user: Fields = (),
) -> RequestFields:
    """Make the upstream's fields. Raises BadRequestFault if they cannot be passed on safely.

    secure: send X-Forwarded-Proto: https, because the app insists on it (docs/decisions/0002).
    user: the fields in which the box names the visitor of a guarded app.
    """
    usual = head.method in _USUAL_METHODS
    if not usual and (not _METHOD.fullmatch(head.method) or head.method == "CONNECT"):
        raise BadRequestFault(f"The method {head.method[:32]!r} is not forwarded")
    if not _TARGET.fullmatch(head.target) and (head.method, head.target) != ("OPTIONS", "*"):
        raise BadRequestFault("The target is not in origin form")
    # The rule is about single characters, so all values are looked at in one go.
    is_usual = chosen.fields_fault(head.fields) is None
    if not is_usual and not _are_values("".join([value for _, value in head.fields])):
        raise _not_allowed()
    secure = secure or route.upstream.secure
    kept: list[tuple[str, str]] = []
    passed: _Passed | None = None
    for item in head.fields:
        kind = KINDS[item[0]]
        if kind is _PLAIN:
            kept.append(item)
        elif kind is not _DROPPED:
            if passed is None:
                passed = _Passed(route, visit, kept, secure=secure)
            passed.add(kind, *item)
    if passed is None and not user:
        return _plain(kept, route, visit, secure=secure)
    passed = passed or _Passed(route, visit, kept, secure=secure)
    if passed.named:
        kept = [item for item in kept if plain_name(item[0]) not in passed.named]
    if passed.cookies:
        kept.append(("cookie", "; ".join(passed.cookies)))  # RFC 9113 §8.2.3
    kept += user
    kept.append(("x-forwarded-for", _forwarded_for(visit.visitor)))
    public_host = passed.host or passed.hosts[0]
    # Frameworks that believe these fields compare Origin with them (Next.js and Rails by default).
    # So an Origin that was rewritten is sent without X-Forwarded-Host, and with its own scheme. A
    # scheme is sent always: copyparty trusts no request that names an address without one.
    if not passed.is_origin_rewritten:
        kept.append(("x-forwarded-host", public_host))
    scheme = "http" if passed.is_origin_rewritten else passed.scheme
    is_https = secure or scheme == "https"
    kept.append(("x-forwarded-proto", "https" if is_https else scheme))
    return RequestFields(
        host=public_host if route.preserve_host else route.upstream.authority,
        fields=tuple(kept),
        public_host=public_host,
        host_known=passed.host != "",
        length=_length(passed.lengths),
        secure=is_https,
    )


def _plain(
    kept: list[tuple[str, str]], route: Route, visit: Visit, *, secure: bool
) -> RequestFields:
    """The fields if none was looked at: what is added is the same in each request of a visit."""
    known = visit.added.get(secure)
    if known is None or known[0] is not route:
        passed = _Passed(route, visit, [], secure=secure)
        host = passed.hosts[0]
        known = visit.added[secure] = (
            route,
            host if route.preserve_host else route.upstream.authority,
            (
                ("x-forwarded-for", _forwarded_for(visit.visitor)),
                ("x-forwarded-host", host),
                ("x-forwarded-proto", "https" if secure else passed.scheme),
            ),
        )
    _, host, added = known
    is_https = added[2][1] == "https"
    return RequestFields(host, (*kept, *added), added[1][1], False, None, is_https)


class _Passed:
    """The fields that pass so far. host: the name under which the page was loaded, if one shows it.

    named: those that Connection makes hop-by-hop. lengths: the values of Content-Length.
    """

    __slots__ = (
        *(
            "_preserves_host",
            "_secure",
            "_upstream",
            "cookies",
            "host",
            "hosts",
            "is_origin_rewritten",
        ),
        *("kept", "lengths", "named", "scheme"),
    )

    def __init__(
        self, route: Route, visit: Visit, kept: list[tuple[str, str]], *, secure: bool
    ) -> None:
        upstream = route.upstream
        self.kept = kept
        self.cookies: list[str] = []
        self.lengths: list[str] = []
        self.named: frozenset[str] = frozenset()
        self.host = ""
        self.is_origin_rewritten = False
        self.hosts = visit.names.hosts(visit.app)
        self.scheme = visit.names.scheme
        self._preserves_host = route.preserve_host
        self._upstream = upstream
        self._secure = secure

    def add(self, kind: Kind, name: str, value: str) -> None:
        """Look at a field that does not pass as it is. Raises BadRequestFault."""
        if kind is Kind.COOKIE:
            if own := without_own(value):
                self.cookies.append(own)
        elif kind is Kind.OWN_URL or kind is Kind.ORIGIN:
            self._add_own_url(kind, name, value)
        elif kind is Kind.TAGGED_URLS:
            self.kept.append(
                (name, _TAGGED_URL.sub(lambda url: f"<{self._mapped(url[1])}>", value))
            )
        elif kind is Kind.LENGTH:
            self.lengths.append(value)
        elif kind is Kind.CONNECTION:
            self.named |= named_in(value)
        else:
            raise _not_allowed()

    def _add_own_url(self, kind: Kind, name: str, value: str) -> None:
        if not self.host and name in _SHOWING_HOST and host_of(value) in self.hosts:
            self.host = host_of(value)
        mapped = self._mapped(value)
        if kind is Kind.ORIGIN:
            self.is_origin_rewritten |= mapped != value
            if any(other == "origin" for other, _ in self.kept):
                return  # workers of some browsers send it twice, and Django refuses that
        self.kept.append((name, mapped))

    def _mapped(self, url: str) -> str:
        if self._preserves_host:
            return url
        upstream = self._upstream
        origin = f"https://{upstream.authority}" if self._secure else upstream.origin
        return remote_reference(url, self.scheme, self.hosts, origin)


def _are_values(text: str) -> bool:
    # The app judges everything else, as it would on its own server.
    ends_nowhere = "\r" not in text and "\n" not in text and "\0" not in text
    return ends_nowhere and (text.isascii() or _OCTETS.fullmatch(text) is not None)


def _length(lengths: list[str]) -> int | None:
    if not lengths:
        return None
    text = lengths[0]
    if len(lengths) > 1 or not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequestFault("The request has no single Content-Length")
    return int(text)


def _not_allowed() -> BadRequestFault:
    return BadRequestFault("A field has a character that is not allowed")


@lru_cache(maxsize=1024)
def _forwarded_for(visitor: str) -> str:
    """The visitor's shortened address without its prefix length."""
    try:
        return str(ipaddress.ip_address(visitor.partition("/")[0]))
    except ValueError:
        return "unknown"  # RFC 7239 §6.2
