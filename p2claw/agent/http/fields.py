"""Maps header fields on their way through the box, to the upstream and back to the visitor.

An upstream checks Host, Origin and Referer against its own name (Vite responds 403 to another,
Django 400), so by default it sees the visit as a local one, and absolute references to itself are
mapped back. `preserve_host` turns both off.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import Route
from p2claw.agent.http.believed import is_set_by_proxies
from p2claw.agent.http.notices import Notice
from p2claw.agent.http.own_cookie import sets_own, without_own
from p2claw.agent.http.own_urls import mapped_back
from p2claw.agent.http.rewriting import host_of, local_cookie, remote_reference
from p2claw.agent.request_faults import BadRequestFault
from p2claw.names import is_unlisted
from p2claw.wire.frames.heads import RequestHead

Fields = tuple[tuple[str, str], ...]

# RFC 9110 §7.6.1, and those that older servers treat alike.
_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade")
)

# Fields that a visitor may not send, beside those of `believed.py`: the box sets them itself, or
# removes them. Underscores count as hyphens, as for CGI.
_NOT_FROM_VISITORS = _HOP_BY_HOP | frozenset(
    ("content-length", "expect", "host", "proxy-authorization", "trailer")
)

# The whole value is a URL of the app: where WebDAV puts a copy, what htmx looks at.
_OWN_URL = frozenset(("destination", "hx-current-url", "origin", "referer"))
# RFC 4918 §10.4: URLs in angle brackets, among locks and etags.
_TAGGED_URL = re.compile(r"<([^<>]*)>")

_NOT_IN_TRAILERS = _NOT_FROM_VISITORS | frozenset(
    ("authorization", "content-encoding", "content-range", "content-type", "cookie", "set-cookie")
)

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# The app judges everything else, as it would on its own server.
_VALUE = re.compile(r"[\x01-\x09\x0b\x0c\x0e-\xff]*")
_TARGET = re.compile(r"/[\x21-\x7e]*")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: the app, the names under which it is visited, the visitor's shortened address.

    reported: the notices about the app that the visitor's console has shown.
    """

    app: str
    names: PublicNames
    visitor: str
    reported: set[Notice] = field(default_factory=set, compare=False)


@dataclass(frozen=True, slots=True)
class RequestFields:
    """The fields of a request to the upstream, without the framing of the body.

    host: the value of Host. fields: all others. public_host: the name under which the app is
    visited. host_known: the request itself showed that name. length: the visitor's Content-Length,
    or None. secure: X-Forwarded-Proto is https.
    """

    host: str
    fields: Fields
    public_host: str
    host_known: bool
    length: int | None
    secure: bool


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
    if not _TOKEN.fullmatch(head.method) or head.method == "CONNECT":
        raise BadRequestFault(f"The method {head.method[:32]!r} is not forwarded")
    if not _TARGET.fullmatch(head.target) and (head.method, head.target) != ("OPTIONS", "*"):
        raise BadRequestFault("The target is not in origin form")
    named = _named_by_connection(head.fields)
    hosts = visit.names.hosts(visit.app)
    named_host = _named_host(head.fields, hosts)
    public_host = named_host or hosts[0]
    scheme = visit.names.scheme
    secure = secure or route.upstream.secure
    origin = f"https://{route.upstream.authority}" if secure else route.upstream.origin
    kept: list[tuple[str, str]] = []
    cookies: list[str] = []
    origin_rewritten = False
    for name, value in head.fields:
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise BadRequestFault("A field has a character that is not allowed")
        known = name.lower().replace("_", "-")
        if known in _NOT_FROM_VISITORS or known in named or is_set_by_proxies(name):
            continue
        if known == "cookie":
            if own := without_own(value):
                cookies.append(own)
            continue
        if known in _OWN_URL and not route.preserve_host:
            mapped = remote_reference(value, scheme, hosts, origin)
            origin_rewritten = origin_rewritten or (known == "origin" and mapped != value)
            value = mapped
        elif known == "if" and not route.preserve_host:
            value = _TAGGED_URL.sub(
                lambda url: f"<{remote_reference(url[1], scheme, hosts, origin)}>", value
            )
        if known == "origin" and any(other == "origin" for other, _ in kept):
            continue  # workers of some browsers send it twice, and Django refuses that
        kept.append((name, value))
    if cookies:
        kept.append(("cookie", "; ".join(cookies)))  # RFC 9113 §8.2.3
    kept += user
    kept.append(("x-forwarded-for", _forwarded_for(visit.visitor)))
    # Frameworks that believe these fields compare Origin with them (Next.js and Rails by default).
    # So an Origin that was rewritten is sent without X-Forwarded-Host, and with its own scheme. A
    # scheme is sent always: copyparty trusts no request that names an address without one.
    if not origin_rewritten:
        kept.append(("x-forwarded-host", public_host))
    forwarded_scheme = "http" if origin_rewritten else scheme
    kept.append(("x-forwarded-proto", "https" if secure else forwarded_scheme))
    host = public_host if route.preserve_host else route.upstream.authority
    is_https = secure or (not origin_rewritten and scheme == "https")
    return RequestFields(
        host, tuple(kept), public_host, named_host != "", _length(head.fields), secure=is_https
    )


def response_fields(fields: Fields, route: Route, visit: Visit, asked: RequestFields) -> Fields:
    """Make the visitor's fields of the upstream's. asked: the fields of the request."""
    public_origin = f"{visit.names.scheme}://{asked.public_host}"
    named = _named_by_connection(fields)
    kept: list[tuple[str, str]] = []
    for name, value in fields:
        if name in _HOP_BY_HOP or name in named:
            continue
        if name == "set-cookie":
            if sets_own(value):
                continue
            value = local_cookie(value, route.upstream)
        elif not route.preserve_host:
            value = mapped_back(name, value, route.upstream, public_origin, known=asked.host_known)
        kept.append((name, value))
    if is_unlisted(route.app) and not any(name == "referrer-policy" for name, _ in kept):
        # The host alone gives the app away to every site that its pages link to.
        kept.append(("referrer-policy", "same-origin"))
    return tuple(kept)


def trailer_fields(fields: Fields) -> Fields:
    """The fields after a body without those that are not allowed there. Source: RFC 9110 §6.5.1."""
    return tuple((name, value) for name, value in fields if name not in _NOT_IN_TRAILERS)


def _named_by_connection(fields: Fields) -> frozenset[str]:
    """Fields that Connection makes hop-by-hop, except those that must always be passed on."""
    named = {
        token.strip().lower()
        for name, value in fields
        if name == "connection"
        for token in value.split(",")
    }
    return frozenset(named - {"cookie", "content-type", "content-length", "set-cookie", "origin"})


def _length(fields: Fields) -> int | None:
    lengths = [value for name, value in fields if name.replace("_", "-") == "content-length"]
    if not lengths:
        return None
    text = lengths[0]
    if len(lengths) > 1 or not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequestFault("The request has no single Content-Length")
    return int(text)


def _named_host(fields: Fields, hosts: tuple[str, ...]) -> str:
    """The one of our names that this page was loaded from, "" if the request does not show it."""
    for name, value in fields:
        if name in ("origin", "referer") and host_of(value) in hosts:
            return host_of(value)
    return ""


def _forwarded_for(visitor: str) -> str:
    """The visitor's shortened address without its prefix length."""
    try:
        return str(ipaddress.ip_address(visitor.partition("/")[0]))
    except ValueError:
        return "unknown"  # RFC 7239 §6.2
