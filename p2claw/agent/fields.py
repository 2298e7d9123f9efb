"""Header fields on their way through the box: what the upstream sees, what the visitor gets back.

An upstream checks Host, Origin and Referer against its own name (Vite answers 403 to another,
Django 400), so by default it sees the visit as a local one, and absolute references to itself are
mapped back. `preserve_host` turns both off.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from p2claw.agent.faults import BadRequestFault
from p2claw.agent.public import PublicNames
from p2claw.agent.rewriting import (
    after_origin,
    after_upstream,
    host_of,
    local_reference,
    local_refresh,
    without_domain,
)
from p2claw.agent.routes import Route
from p2claw.wire.heads import RequestHead

Fields = tuple[tuple[str, str], ...]

# RFC 9110 §7.6.1, and those that older servers take for the same.
_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade")
)

# What a visitor may not say: the box does, or nobody. Underscores too, because CGI-like interfaces
# make the same variable of `x_forwarded_for` and `x-forwarded-for`.
_NOT_FROM_VISITORS = _HOP_BY_HOP | frozenset(
    ("content-length", "expect", "forwarded", "host", "proxy-authorization", "trailer", "x-real-ip")
)
_PREFIXES_NOT_FROM_VISITORS = ("x-forwarded-", "x-p2claw-", "http2-")

_NOT_IN_TRAILERS = _NOT_FROM_VISITORS | frozenset(
    ("authorization", "content-encoding", "content-range", "content-type", "cookie", "set-cookie")
)

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_TARGET = re.compile(r"/[\x21-\x7e]*")


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks for what: the app, the names it is visited by, the visitor's shortened address."""

    app: str
    names: PublicNames
    visitor: str


@dataclass(frozen=True, slots=True)
class RequestFields:
    """What goes to the upstream, but for the framing of the body.

    host: the value of Host. fields: without it. public_host: by which name the app is visited.
    length: Content-Length that the visitor gave, None where it gave none.
    """

    host: str
    fields: Fields
    public_host: str
    length: int | None


def request_fields(head: RequestHead, route: Route, visit: Visit) -> RequestFields:
    """Make the upstream's fields. Raises BadRequestFault where they cannot be passed on safely."""
    if not _TOKEN.fullmatch(head.method) or head.method == "CONNECT":
        raise BadRequestFault(f"The method {head.method[:32]!r} is not forwarded")
    if not _TARGET.fullmatch(head.target) and (head.method, head.target) != ("OPTIONS", "*"):
        raise BadRequestFault("The target is not in origin form")
    named = _named_by_connection(head.fields)
    hosts = visit.names.hosts(visit.app)
    public_host = _public_host(head.fields, hosts)
    kept: list[tuple[str, str]] = []
    cookies: list[str] = []
    origin_rewritten = False
    for name, value in head.fields:
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise BadRequestFault("A field has a character that is not allowed")
        known = name.lower().replace("_", "-")
        if known in _NOT_FROM_VISITORS or known in named:
            continue
        if known.startswith(_PREFIXES_NOT_FROM_VISITORS):
            continue
        if known == "cookie":
            cookies.append(value)
            continue
        if known in ("origin", "referer") and not route.preserve_host:
            ours = after_origin(value, visit.names.scheme, hosts)
            if ours is not None:
                origin_rewritten = origin_rewritten or known == "origin"
                value = route.upstream.origin + ours
        if known == "origin" and any(other == "origin" for other, _ in kept):
            continue  # some browsers' workers say it twice; Django refuses that
        kept.append((name, value))
    if cookies:
        kept.append(("cookie", "; ".join(cookies)))  # RFC 9113 §8.2.3
    kept.append(("x-forwarded-for", _forwarded_for(visit.visitor)))
    # Frameworks that believe these compare Origin with them (Next.js and Rails by default), so they
    # are not said beside an Origin that was rewritten: the three would contradict each other.
    if not origin_rewritten:
        kept.append(("x-forwarded-host", public_host))
        kept.append(("x-forwarded-proto", visit.names.scheme))
    host = public_host if route.preserve_host else route.upstream.authority
    return RequestFields(host, tuple(kept), public_host, _length(head.fields))


def response_fields(fields: Fields, route: Route, visit: Visit, public_host: str) -> Fields:
    """Make the visitor's fields of the upstream's."""
    named = _named_by_connection(fields)
    kept: list[tuple[str, str]] = []
    for name, value in fields:
        if name in _HOP_BY_HOP or name in named:
            continue
        if name == "set-cookie":
            # A cookie is for the host of its app alone: a Domain would name the upstream's, or
            # reach the apps of others.
            value = without_domain(value)
        elif not route.preserve_host:
            value = _mapped_back(name, value, route, visit, public_host)
        kept.append((name, value))
    return tuple(kept)


def trailer_fields(fields: Fields) -> Fields:
    """Those fields after a body that may be there. Source: RFC 9110 §6.5.1."""
    return tuple((name, value) for name, value in fields if name not in _NOT_IN_TRAILERS)


def _named_by_connection(fields: Fields) -> frozenset[str]:
    """Fields that Connection makes hop-by-hop, but for those that it may not take away."""
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


def _public_host(fields: Fields, hosts: tuple[str, str]) -> str:
    """The one of our names that this page was loaded from, so far as the request tells."""
    for name, value in fields:
        if name in ("origin", "referer") and host_of(value) in hosts:
            return host_of(value)
    return hosts[0]


def _forwarded_for(visitor: str) -> str:
    """The visitor's shortened address without its prefix length."""
    try:
        return str(ipaddress.ip_address(visitor.partition("/")[0]))
    except ValueError:
        return "unknown"  # RFC 7239 §6.2


def _mapped_back(name: str, value: str, route: Route, visit: Visit, public_host: str) -> str:
    if name in ("location", "content-location"):
        return local_reference(value, route.upstream)
    if name == "refresh":
        return local_refresh(value, route.upstream)
    if name == "access-control-allow-origin" and after_upstream(value, route.upstream) == "":
        return f"{visit.names.scheme}://{public_host}"
    return value
