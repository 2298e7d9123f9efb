"""What of an app's use reached the edge: listed request by request, and held to what may.

May: the document that the tab began with, files of ours, the icon that a browser asks for at the
top of a tab by itself, and what the visitor says to the coordinator. None with a cookie, and no
body but that of the last, which must be messages of docs/WIRE.md §12 and nothing besides.
"""

from __future__ import annotations

import json
import re
from collections import Counter

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling.posted import Post, decode_post
from p2claw.wire.signalling.visit import VisitCandidate, VisitEnd, VisitOffer, encode_visit
from tests.support.edge_log import Asked, EdgeLog

OURS = ("/__p2claw/", "/favicon.ico")
VISITS = ("/__p2claw/v1/visit", "/__p2claw/v1/visit/next")
HASH = re.compile(r"-[0-9a-f]{12}(?=\.(?:js|txt)\b)")


def reached_edge(log: EdgeLog, app: str, start: str) -> str:
    """One line for each kind of request since `log.forget`. Raises AssertionError for any that
    may not be. start: the path and query of the visit."""
    start = start.partition("#")[0]
    asked = [one for one in log.asked() if f"\nhost: {app}-" in "\n" + one.fields.lower()]
    assert asked, "the log sees nothing at all"
    wrong = [_line(one) for one in asked if not may(one, start)]
    assert not wrong, f"reached the edge: {wrong}"
    counted = Counter(HASH.sub("-*", _line(one)) for one in asked)
    return "\n".join(f"    {number:3} {line}" for line, number in counted.items())


def may(one: Asked, start: str) -> bool:
    """Whether a request may reach the edge while an app is used."""
    if one.has_cookie or one.is_chunked:
        return False
    if one.target.partition("?")[0] in VISITS:
        return one.method == "POST" and _is_of_a_visit(one.body)
    return (one.target == start or one.target.startswith(OURS)) and not one.body


def _is_of_a_visit(body: bytes) -> bool:
    """Every message is one of a visitor's, and says nothing that such a message does not have."""
    try:
        post, given = decode_post(body), json.loads(body)
    except RemoteProtocolError:
        return False
    known = {"messages", *Post.__struct_fields__}
    return given.keys() <= known and all(
        isinstance(read, VisitOffer | VisitCandidate | VisitEnd)
        and message.keys() <= {"t", *json.loads(encode_visit(read))}
        for read, message in zip(post.messages, given["messages"], strict=True)
    )


def _line(one: Asked) -> str:
    to = re.search(r"(?im)^sec-fetch-dest: *(\S+)", one.fields)
    cookie = ", with a cookie" if one.has_cookie else ""
    return f"{one.method} {one.target}{f' ({to[1]})' if to else ''}{cookie}"
