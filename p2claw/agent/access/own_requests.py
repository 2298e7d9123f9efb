"""Requests of a visitor for paths of ours at an app, and the responses of ours to them.

What is asked is read here, and nowhere believed: an origin, a form, the tokens in a cookie.
"""

from __future__ import annotations

import asyncio
import re
import time
from urllib.parse import parse_qs

from p2claw.agent.access import pages
from p2claw.agent.access.question import Grant
from p2claw.agent.http.fields import Visit
from p2claw.agent.http.own_cookie import NAME, own_tokens
from p2claw.link.stream import BoxStream
from p2claw.wire.frames.heads import Fields, ResponseHead
from p2claw.wire.frames.hello import WEBSOCKET

# A password of 1,024 bytes, each escaped, and where to go then; or a provider's code.
FORM_BYTES = 8_192
FORM_S = 30.0
TO_CHARS = 2_048

_FORM = "application/x-www-form-urlencoded"
_TO = re.compile(r"/[\x21-\x5b\x5d-\x7e]*")  # no backslash, which browsers read as /


def is_own(stream: BoxStream) -> bool:
    """Whether a request is for a path that is ours at every app: no app ever gets a password."""
    request = stream.request
    return request.protocol != WEBSOCKET and request.target.startswith(pages.PREFIX)


def own_target(to: str) -> str:
    """Where to go within the app once inside: "/" for all that might lead elsewhere."""
    plain = len(to) <= TO_CHARS and _TO.fullmatch(to) and not to.startswith(("//", pages.PREFIX))
    return to if plain else "/"


def shown_tokens(fields: Fields) -> list[str]:
    """The tokens that a request shows in the box's own cookies."""
    cookies = "; ".join(value for name, value in fields if name == "cookie")
    return own_tokens(cookies)


def link_of(visit: Visit) -> str:
    """What distinguishes the link of a visit, for the limits of tries."""
    return f"{id(visit):x}"


def own_origin(fields: Fields, visit: Visit) -> str | None:
    """The origin of a request that a page of this very app makes; None if another's may have."""
    origins = {value for name, value in fields if name == "origin"}
    sites = {value for name, value in fields if name == "sec-fetch-site"}
    own = {f"{visit.names.scheme}://{host}" for host in visit.names.hosts(visit.app)}
    if len(origins) != 1 or not origins <= own or not sites <= {"same-origin"}:
        return None
    return next(iter(origins))


async def form_of(stream: BoxStream) -> dict[str, str] | None:
    """The values of a form; None if it is none, or too long, or does not come."""
    kind = dict(stream.request.fields).get("content-type", "")
    if kind.partition(";")[0].strip().lower() != _FORM or stream.request_ended:
        return None
    content = b""
    try:
        async with asyncio.timeout(FORM_S):
            while piece := await stream.read():
                content += piece
                if len(content) > FORM_BYTES:
                    return None
        parsed = parse_qs(
            content.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=8
        )
    except (TimeoutError, ValueError):
        return None
    return {name: values[0] for name, values in parsed.items() if len(values) == 1}


def query_of(target: str) -> dict[str, list[str]]:
    """The values of a target's query; none if it cannot be read."""
    try:
        return parse_qs(target.partition("?")[2], max_num_fields=8)
    except ValueError:
        return {}


def session_cookie(token: str, grant: Grant, visit: Visit) -> str:
    """The field by which a browser keeps the token of a session."""
    return _cookie(token, "/", max(0, int(grant.until_s - time.time())), visit)


def login_cookie(token: str, age_s: int, visit: Visit) -> str:
    """The same of a login: by the same name, so that no app sees it; for its own paths alone."""
    return _cookie(token, pages.LOGIN, age_s, visit)


def _cookie(token: str, path: str, age_s: int, visit: Visit) -> str:
    secure = "; Secure" if visit.names.scheme == "https" else ""
    return f"{NAME}={token}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={age_s}{secure}"


async def respond(stream: BoxStream, status: int, fields: Fields, body: bytes) -> None:
    """Send a whole response of ours. Raises the errors of the stream."""
    head = ResponseHead(status, (*fields, ("content-length", str(len(body)))))
    if stream.request.method == "HEAD" or not body:
        await stream.respond(head, end=True)
        return
    await stream.respond(head)
    await stream.write(body, end=True)
