"""What an upstream does when it is asked: a list of steps, most of them bytes as they are sent.

`{{HOST}}` in the bytes becomes the Host of the request, `{{OTHER}}` the origin of the other server.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

Fields = Iterable[tuple[str, str]]


class End(Enum):
    """How a connection ends before its time."""

    CLOSE = "close"  # FIN after what was sent
    RESET = "reset"  # RST
    HANG = "hang"  # send nothing more; the other side has to give up


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


class Echo(Enum):
    """A response made of the request."""

    HEAD = "head"  # JSON of method, target and fields
    BODY = "body"  # the body as it came
    COOKIES = "cookies"  # the value of Cookie
    HOP = "hop"  # JSON of what a redirect may change


Step = bytes | End | Pause | Echo
Play = tuple[Step, ...]


def phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Odd {status}"


def head(status: int, fields: Fields = (), *, reason: str | None = None) -> bytes:
    """A status line and fields; values may be any latin-1, so that each octet can be sent."""
    lines = [f"HTTP/1.1 {status} {phrase(status) if reason is None else reason}"]
    lines += [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def bodiless(status: int) -> bool:
    return status < 200 or status in (204, 304)


def reply(
    status: int = 200,
    fields: Fields = (),
    body: bytes | str = b"",
    *,
    kind: str | None = "text/plain",
    reason: str | None = None,
) -> Play:
    """An ordinary response with Content-Length. kind: Content-Type, None for none."""
    data = body.encode() if isinstance(body, str) else body
    all_fields = list(fields)
    if kind is not None:
        all_fields.append(("Content-Type", kind))
    if not bodiless(status):
        all_fields.append(("Content-Length", str(len(data))))
    start = head(status, all_fields, reason=reason)
    return (start,) if bodiless(status) or not data else (start + data,)


def html(body: str, fields: Fields = (), *, status: int = 200) -> Play:
    return reply(status, fields, body, kind="text/html; charset=utf-8")


def redirect(status: int, to: str, fields: Fields = ()) -> Play:
    return reply(status, [("Location", to), *fields], b"moved")


def chunked(
    *pieces: bytes, fields: Fields = (), status: int = 200, last: bytes = b"0\r\n\r\n"
) -> Play:
    """A chunked response, each piece in a chunk and a write of its own."""
    start = head(status, [*fields, ("Transfer-Encoding", "chunked")])
    return (start, *(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces), last)


def closed(body: bytes, fields: Fields = (), *, status: int = 200) -> Play:
    """A response without a length, whose end is the connection's."""
    return (head(status, [*fields, ("Connection", "close")]) + body, End.CLOSE)
