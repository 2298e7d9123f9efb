"""What a field of a request is to the box, by its name alone.

Requests have some twenty fields, and mostly the same: each name is looked at once and remembered.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from p2claw.agent.http.believed import is_set_by_proxies


class Kind(Enum):
    """What is done with a field."""

    PLAIN = auto()  # it passes as it is
    DROPPED = auto()  # a visitor may not send it
    CONNECTION = auto()  # the same, and it may name further ones
    LENGTH = auto()  # the same, but the box reads how long the body is
    COOKIE = auto()  # without the box's own
    ORIGIN = auto()  # a URL of the app, of which one is enough
    OWN_URL = auto()  # the whole value is a URL of the app
    TAGGED_URLS = auto()  # URLs of the app among other words
    INVALID = auto()  # its name is not one


# RFC 9110 §7.6.1, and those that older servers treat alike.
HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade")
)

# Fields that a visitor may not send, beside those of `believed.py`: the box sets them itself, or
# removes them.
NOT_FROM_VISITORS = HOP_BY_HOP | frozenset(
    ("content-length", "expect", "host", "proxy-authorization", "trailer")
)

# Fields that must always be passed on, whatever Connection names.
_ALWAYS = frozenset(("cookie", "content-type", "content-length", "set-cookie", "origin"))

_NONE: frozenset[str] = frozenset()

_OF_PLAIN_NAMES = {
    "connection": Kind.CONNECTION,
    "content-length": Kind.LENGTH,
    "cookie": Kind.COOKIE,
    "origin": Kind.ORIGIN,
    # Where WebDAV puts a copy, what htmx looks at.
    "destination": Kind.OWN_URL,
    "hx-current-url": Kind.OWN_URL,
    "referer": Kind.OWN_URL,
    "if": Kind.TAGGED_URLS,  # RFC 4918 §10.4: in angle brackets, among locks and etags
}

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# Longer names are not remembered, and all are forgotten once there are so many, so that they cannot
# fill the memory.
_NAME_CHARS = 64
_NAMES = 512


def plain_name(name: str) -> str:
    """A name as CGI reads it: in lower case, and underscores count as hyphens."""
    return name.lower().replace("_", "-")


def named_in(connection: str) -> frozenset[str]:
    """The fields that a value of Connection makes hop-by-hop."""
    if connection == "keep-alive":  # it names one that is, and many servers send it always
        return _NONE
    return frozenset(token.strip().lower() for token in connection.split(",")) - _ALWAYS


class _Kinds(dict[str, Kind]):
    """The kinds of names: those that are known, and any other as soon as it is looked up."""

    def __missing__(self, name: str) -> Kind:
        kind = _kind_of(name)
        if len(name) <= _NAME_CHARS:
            if len(self) >= _NAMES:
                self.clear()
            self[name] = kind
        return kind


def _kind_of(name: str) -> Kind:
    if not _TOKEN.fullmatch(name):
        return Kind.INVALID
    plain = plain_name(name)
    known = _OF_PLAIN_NAMES.get(plain)
    if known is not None:
        return known
    dropped = plain in NOT_FROM_VISITORS or is_set_by_proxies(name)
    return Kind.DROPPED if dropped else Kind.PLAIN


# The kind of a field of a name, in any case.
KINDS = _Kinds()
