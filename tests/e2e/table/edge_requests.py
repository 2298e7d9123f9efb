"""What of an app's use reached the edge: told request by request, and held to what may.

May: the document that the tab began with, files of ours, and the icon that a browser asks for at
the top of a tab by itself. None with a cookie or a body.
"""

from __future__ import annotations

import re
from collections import Counter

from tests.support.edge_log import Asked, EdgeLog

OURS = ("/__p2claw/", "/favicon.ico")
HASH = re.compile(r"-[0-9a-f]{12}(?=\.js\b)")


def told(log: EdgeLog, app: str, start: str) -> str:
    """One line for each kind of request since `log.forget`. Raises AssertionError for any that
    may not be. start: the path and query of the visit."""
    start = start.partition("#")[0]
    asked = [one for one in log.asked() if f"\nhost: {app}-" in "\n" + one.fields.lower()]
    assert asked, "the log sees nothing at all"
    wrong = [_said(one) for one in asked if not _may(one, start)]
    assert not wrong, f"reached the edge: {wrong}"
    counted = Counter(HASH.sub("-*", _said(one)) for one in asked)
    return "\n".join(f"    {number:3} {said}" for said, number in counted.items())


def _may(one: Asked, start: str) -> bool:
    named = one.target == start or one.target.startswith(OURS)
    fields = "\n" + one.fields.lower()
    length = re.search(r"\ncontent-length: *(\d+)", fields)
    empty = "\ntransfer-encoding:" not in fields and (not length or length[1] == "0")
    return named and not one.has_cookie and empty


def _said(one: Asked) -> str:
    to = re.search(r"(?im)^sec-fetch-dest: *(\S+)", one.fields)
    cookie = ", with a cookie" if one.has_cookie else ""
    return f"{one.method} {one.target}{f' ({to[1]})' if to else ''}{cookie}"
