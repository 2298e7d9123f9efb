"""Header fields on their way through the box; what an app sends, as its visitor gets it.

An upstream checks Host, Origin and Referer against its own name (Vite responds 403 to another,
Django 400), so by default it sees the visit as a local one (`request_fields.py`), and absolute
references to itself are mapped back. `preserve_host` turns both off.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from p2claw._codec import chosen
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import Route
from p2claw.agent.http.field_kinds import HOP_BY_HOP, NOT_FROM_VISITORS, named_in
from p2claw.agent.http.notices import Notice
from p2claw.agent.http.own_cookie import sets_own
from p2claw.agent.http.own_urls import MAPPED, mapped_back
from p2claw.agent.http.rewriting import local_cookie
from p2claw.names import is_unlisted as is_unlisted_name
from p2claw.value_class import value_class

Fields = tuple[tuple[str, str], ...]

# Whether an app is unlisted; asked with each response.
is_unlisted = lru_cache(maxsize=1024)(is_unlisted_name)

# The value of a field; of several of this name, the last one's.
value_of = chosen.value_of

_NOT_IN_TRAILERS = NOT_FROM_VISITORS | frozenset(
    ("authorization", "content-encoding", "content-range", "content-type", "cookie", "set-cookie")
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: the app, the names under which it is visited, the visitor's shortened address.

    reported: the notices about the app that the visitor's console has shown. added: what requests
    without anything unusual get, by whether they are secure: a route, the Host and the last fields.
    """

    app: str
    names: PublicNames
    visitor: str
    reported: set[Notice] = field(default_factory=set, compare=False)
    added: dict[bool, tuple[Route, str, Fields]] = field(
        default_factory=dict, compare=False, init=False
    )


@value_class(frozen=True, slots=True)
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


def response_fields(fields: Fields, route: Route, visit: Visit, asked: RequestFields) -> Fields:
    """Make the visitor's fields of the upstream's. asked: the fields of the request."""
    named: frozenset[str] = frozenset()
    kept: list[tuple[str, str]] = []
    for item in fields:
        name, value = item
        if name not in _LOOKED_AT:
            kept.append(item)
        elif name == "set-cookie":
            if not sets_own(value):
                kept.append((name, local_cookie(value, route.upstream)))
        elif name == "connection":
            named |= named_in(value)
        elif name not in HOP_BY_HOP:
            kept.append((name, _mapped_back(name, value, route, visit, asked)))
    if named:
        kept = [item for item in kept if item[0] not in named]
    if is_unlisted(route.app) and not any(name == "referrer-policy" for name, _ in kept):
        # The host alone gives the app away to every site that its pages link to.
        kept.append(("referrer-policy", "same-origin"))
    return tuple(kept)


def trailer_fields(fields: Fields) -> Fields:
    """The fields after a body without those that are not allowed there. Source: RFC 9110 §6.5.1."""
    if not fields:
        return fields
    return tuple((name, value) for name, value in fields if name not in _NOT_IN_TRAILERS)


def look_through(fields: Fields) -> tuple[Fields | None, str, str]:
    """What `response_fields` makes of the fields of an app that is listed, if none of them is
    changed or shows anything, else None; the type of the content, and its coding."""
    return chosen.look_through(fields, _LOOKED_AT)


def media_type(content_type: str) -> str:
    """The type that a value of Content-Type names, in lower case and without parameters."""
    # What is remembered must not fill the memory.
    parse = _known_type if len(content_type) <= _TYPE_CHARS else _type_in
    return parse(content_type)


def _type_in(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


_known_type = lru_cache(maxsize=256)(_type_in)
_TYPE_CHARS = 128


_LOOKED_AT = HOP_BY_HOP | MAPPED | frozenset(("set-cookie",))


def _mapped_back(name: str, value: str, route: Route, visit: Visit, asked: RequestFields) -> str:
    if route.preserve_host:
        return value
    origin = f"{visit.names.scheme}://{asked.public_host}"
    return mapped_back(name, value, route.upstream, origin, known=asked.host_known)
